package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.bodies;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.numbered;
import static cases.Env.ok;
import static cases.Env.until;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.MQPullConsumerScheduleService;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullCallback;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** The consumer that asks for each pull itself: what a pull says, and offsets by number and by time. */
@SuppressWarnings("deprecation")
final class PullCases {
    static void register() {
        add("pull-found", PullCases::found);
        add("pull-at-end-finds-nothing", PullCases::atEnd);
        add("pull-beyond-end-is-told-the-end", PullCases::beyondEnd);
        add("pull-empty-queue", PullCases::emptyQueue);
        add("pull-by-tag", PullCases::byTag);
        add("pull-by-tag-without-match", PullCases::noMatch);
        add("pull-async", PullCases::async);
        add("pull-waits-for-a-message", PullCases::waits);
        add("pull-many-wait-for-messages", PullCases::manyWait);
        add("pull-min-and-max-offset", PullCases::minAndMax);
        add("pull-offset-by-time", PullCases::byTime);
        add("pull-earliest-store-time", PullCases::earliest);
        add("pull-progress-kept-by-the-broker", PullCases::progress);
        add("pull-schedule-service", PullCases::schedule);
        add("pull-missing-topic-has-no-queues", PullCases::missingTopic);
    }

    private static MessageQueue first(String topic) {
        return new MessageQueue(topic, BROKER, 0);
    }

    /** Sends and waits until everything can be pulled. */
    private static List<SendResult> sent(Env env, String topic, int count) throws Exception {
        List<SendResult> sent = env.send(topic, "m", count);
        until("all in the queue", () -> env.maxOffset(first(topic)) == count);
        return sent;
    }

    private static void found(Env env) throws Exception {
        String topic = env.topic(1);
        sent(env, topic, 40);
        PullResult pulled = env.reader().pull(first(topic), "*", 5, 20);
        equal(PullStatus.FOUND, pulled.getPullStatus(), "status");
        equal(numbered("m", 25).subList(5, 25), bodies(pulled.getMsgFoundList()), "messages");
        equal(List.of(25L, 0L, 40L),
            List.of(pulled.getNextBeginOffset(), pulled.getMinOffset(), pulled.getMaxOffset()), "next, min, max");
    }

    private static void atEnd(Env env) throws Exception {
        String topic = env.topic(1);
        sent(env, topic, 3);
        PullResult pulled = env.reader().pull(first(topic), "*", 3, 32);
        equal(PullStatus.NO_NEW_MSG, pulled.getPullStatus(), "status");
        equal(3L, pulled.getNextBeginOffset(), "next");
    }

    private static void beyondEnd(Env env) throws Exception {
        String topic = env.topic(1);
        sent(env, topic, 3);
        PullResult pulled = env.reader().pull(first(topic), "*", 1000, 32);
        equal(PullStatus.OFFSET_ILLEGAL, pulled.getPullStatus(), "status");
        equal(List.of(3L, 0L, 3L),
            List.of(pulled.getNextBeginOffset(), pulled.getMinOffset(), pulled.getMaxOffset()), "next, min, max");
    }

    private static void emptyQueue(Env env) throws Exception {
        String topic = env.topic(1);
        PullResult first = env.reader().pull(first(topic), "*", 0, 32);
        equal(PullStatus.NO_NEW_MSG, first.getPullStatus(), "status at 0");
        PullResult beyond = env.reader().pull(first(topic), "*", 7, 32);
        equal(PullStatus.OFFSET_ILLEGAL, beyond.getPullStatus(), "status at 7");
        equal(0L, beyond.getNextBeginOffset(), "next");
    }

    private static void tagged(Env env, String topic) throws Exception {
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 30; i++) {
            ok(producer.send(new Message(topic, "tag" + i % 3, bytes("m" + i))));
        }
        until("all in the queue", () -> env.maxOffset(first(topic)) == 30);
    }

    private static void byTag(Env env) throws Exception {
        String topic = env.topic(1);
        tagged(env, topic);
        PullResult pulled = env.reader().pull(first(topic), "tag0 || tag2", 0, 32);
        equal(PullStatus.FOUND, pulled.getPullStatus(), "status");
        equal(20, pulled.getMsgFoundList().size(), "messages");
        check(pulled.getMsgFoundList().stream().noneMatch(message -> message.getTags().equals("tag1")), "tag1 came too");
        PullResult selected = env.reader().pull(first(topic), MessageSelector.byTag("tag1"), 0, 32);
        equal(List.of("m1", "m4", "m7"), bodies(selected.getMsgFoundList().subList(0, 3)), "tag1");
    }

    private static void noMatch(Env env) throws Exception {
        String topic = env.topic(1);
        tagged(env, topic);
        PullResult pulled = env.reader().pull(first(topic), "other", 0, 32);
        equal(PullStatus.NO_MATCHED_MSG, pulled.getPullStatus(), "status");
        equal(30L, pulled.getNextBeginOffset(), "next");
    }

    /** Keeps a pull's outcome. */
    private static final class Answer implements PullCallback {
        final CompletableFuture<PullResult> result = new CompletableFuture<>();

        @Override
        public void onSuccess(PullResult pulled) {
            result.complete(pulled);
        }

        @Override
        public void onException(Throwable error) {
            result.completeExceptionally(error);
        }

        PullResult get() throws Exception {
            return result.get(Env.PATIENCE_MS, TimeUnit.MILLISECONDS);
        }
    }

    private static void async(Env env) throws Exception {
        String topic = env.topic(1);
        sent(env, topic, 10);
        Answer answer = new Answer();
        env.reader().pull(first(topic), "*", 4, 32, answer);
        equal(numbered("m", 10).subList(4, 10), bodies(answer.get().getMsgFoundList()), "messages");
    }

    private static void waits(Env env) throws Exception {
        String topic = env.topic(1);
        Answer answer = new Answer();
        env.reader().pullBlockIfNotFound(first(topic), "*", 0, 32, answer);
        // The pull is held now: another one is answered on the same connection, and this one is not.
        equal(PullStatus.NO_NEW_MSG, env.reader().pull(first(topic), "*", 0, 32).getPullStatus(), "status beside it");
        check(!answer.result.isDone(), "answered before there was a message");
        env.send(topic, "m", 1);
        equal(List.of("m0"), bodies(answer.get().getMsgFoundList()), "messages");
    }

    private static void manyWait(Env env) throws Exception {
        String topic = env.topic(4);
        Answer[] answers = new Answer[12];
        for (int i = 0; i < answers.length; i++) {
            answers[i] = new Answer();
            env.puller(env.group()).pullBlockIfNotFound(new MessageQueue(topic, BROKER, i % 4), "*", 0, 32, answers[i]);
        }
        for (int queue = 0; queue < 4; queue++) {
            env.send(new MessageQueue(topic, BROKER, queue), "q" + queue + "-", 1);
        }
        for (int i = 0; i < answers.length; i++) {
            equal(List.of("q" + i % 4 + "-0"), bodies(answers[i].get().getMsgFoundList()), "messages of pull " + i);
        }
    }

    private static void minAndMax(Env env) throws Exception {
        String topic = env.topic(2);
        equal(0L, env.maxOffset(first(topic)), "max while empty");
        sent(env, topic, 12);
        equal(0L, env.reader().minOffset(first(topic)), "min");
        equal(12L, env.maxOffset(first(topic)), "max");
        equal(0L, env.maxOffset(new MessageQueue(topic, BROKER, 1)), "max of the other queue");
    }

    private static void byTime(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 10; i++) {
            ok(producer.send(new Message(topic, bytes("m" + i))));
            Thread.sleep(5);
        }
        List<MessageExt> read = env.read(topic, 10);
        DefaultMQPullConsumer reader = env.reader();
        for (int i = 0; i < 10; i++) {
            long stored = read.get(i).getStoreTimestamp();
            equal((long) i, reader.searchOffset(first(topic), stored), "offset at the time of message " + i);
            if (i > 0 && stored - read.get(i - 1).getStoreTimestamp() > 1) {
                equal((long) i, reader.searchOffset(first(topic), stored - 1), "offset just before message " + i);
            }
        }
        equal(0L, reader.searchOffset(first(topic), read.get(0).getStoreTimestamp() - 100_000), "offset long before");
        equal(10L, reader.searchOffset(first(topic), System.currentTimeMillis() + 100_000), "offset in the future");
    }

    private static void earliest(Env env) throws Exception {
        String topic = env.topic(1);
        equal(-1L, env.admin().earliestMsgStoreTime(first(topic)), "while empty");
        sent(env, topic, 3);
        long stored = env.read(topic, 3).get(0).getStoreTimestamp();
        equal(stored, env.admin().earliestMsgStoreTime(first(topic)), "time of the first message");
    }

    private static void progress(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        sent(env, topic, 10);
        DefaultMQPullConsumer one = env.puller(group);
        one.updateConsumeOffset(first(topic), 7);
        // The broker refuses progress of a group that it does not know yet, and nobody waits for its answer.
        until("progress is known", () -> {
            one.getOffsetStore().persist(first(topic));
            return env.committed(group, first(topic)) == 7;
        });
        one.shutdown();
        equal(7L, env.puller(group).fetchConsumeOffset(first(topic), true), "progress told to another member");
        // Zero, and not "none": the queue is young, its first message is there and in memory.
        equal(0L, env.puller(env.group()).fetchConsumeOffset(first(topic), true), "progress told to another group");
    }

    private static void schedule(Env env) throws Exception {
        String topic = env.topic(2);
        List<String> seen = java.util.Collections.synchronizedList(new java.util.ArrayList<>());
        MQPullConsumerScheduleService service = new MQPullConsumerScheduleService(env.group());
        env.configured(service.getDefaultMQPullConsumer());
        service.registerPullTaskCallback(topic, (queue, context) -> {
            try {
                DefaultMQPullConsumer consumer = (DefaultMQPullConsumer) context.getPullConsumer();
                long offset = Math.max(0, consumer.fetchConsumeOffset(queue, false));
                PullResult pulled = consumer.pull(queue, "*", offset, 32);
                if (pulled.getPullStatus() == PullStatus.FOUND) {
                    seen.addAll(bodies(pulled.getMsgFoundList()));
                }
                consumer.updateConsumeOffset(queue, pulled.getNextBeginOffset());
                context.setPullNextDelayTimeMillis(20);
            } catch (Exception error) {
                seen.add(error.toString());
            }
        });
        service.start();
        env.closing(service::shutdown);
        for (int queue = 0; queue < 2; queue++) {
            env.send(new MessageQueue(topic, BROKER, queue), "q" + queue + "-", 5);
        }
        until("all seen", () -> seen.size() >= 10);
        List<String> expected = new java.util.ArrayList<>(numbered("q0-", 5));
        expected.addAll(numbered("q1-", 5));
        equal(expected, Env.sorted(List.copyOf(seen)), "seen");
    }

    private static void missingTopic(Env env) throws Exception {
        var refused = Env.fails(org.apache.rocketmq.client.exception.MQClientException.class,
            () -> env.reader().fetchSubscribeMessageQueues(env.fresh("t")));
        check(refused.getMessage().contains("not"), "said: " + refused.getMessage());
    }

    private PullCases() {
    }
}
