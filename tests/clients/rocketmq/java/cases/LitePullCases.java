package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.bodies;
import static cases.Env.body;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.numbered;
import static cases.Env.ok;
import static cases.Env.sorted;
import static cases.Env.until;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** The lite pull consumer: subscribed and assigned. */
@SuppressWarnings("deprecation")
final class LitePullCases {
    static void register() {
        add("lite-subscribe", LitePullCases::subscribe);
        add("lite-subscribe-by-tag", LitePullCases::byTag);
        add("lite-subscribe-by-sql", LitePullCases::bySql);
        add("lite-assign", LitePullCases::assign);
        add("lite-seek", LitePullCases::seek);
        add("lite-seek-to-begin-and-end", LitePullCases::seekToEnds);
        add("lite-pause-and-resume", LitePullCases::pause);
        add("lite-commit-is-resumed-from", LitePullCases::commit);
        add("lite-auto-commit", LitePullCases::autoCommit);
        add("lite-offset-for-timestamp", LitePullCases::byTime);
        add("lite-two-members-share", LitePullCases::share);
        add("lite-poll-waits-and-gives-up", LitePullCases::givesUp);
    }

    private static MessageQueue first(String topic) {
        return new MessageQueue(topic, BROKER, 0);
    }

    /** Polls until there are so many. */
    private static List<MessageExt> poll(DefaultLitePullConsumer consumer, int count) throws Exception {
        List<MessageExt> got = new ArrayList<>();
        until(count + " messages polled", () -> {
            got.addAll(consumer.poll(100));
            return got.size() >= count;
        });
        return got;
    }

    /** Where a consumer goes. */
    private interface Seek {
        void run() throws Exception;
    }

    /**
     * Seeks, and polls until there are so many. A pull of this client's that is about to begin takes the place of a seek for
     * itself, is interrupted by the same seek, and the place is forgotten: where nothing comes, it is sought again.
     */
    private static List<MessageExt> pollFrom(DefaultLitePullConsumer consumer, Seek seek, int count) throws Exception {
        List<MessageExt> got = new ArrayList<>();
        long[] againAt = {0};
        until(count + " messages polled after a seek", () -> {
            if (got.isEmpty() && System.currentTimeMillis() >= againAt[0]) {
                seek.run();
                againAt[0] = System.currentTimeMillis() + 5000;
            }
            got.addAll(consumer.poll(100));
            return got.size() >= count;
        });
        return got;
    }

    private static DefaultLitePullConsumer assigned(Env env, String topic) throws Exception {
        DefaultLitePullConsumer consumer = env.lite(env.group());
        consumer.start();
        consumer.assign(List.of(first(topic)));
        return consumer;
    }

    private static void subscribe(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultLitePullConsumer consumer = env.lite(env.group());
        consumer.subscribe(topic, "*");
        consumer.start();
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 40; i++) {
            ok(producer.send(new Message(topic, bytes("m" + i))));
        }
        equal(sorted(numbered("m", 40)), sorted(bodies(poll(consumer, 40))), "polled");
        equal(4, consumer.assignment().size(), "queues");
    }

    private static void byTag(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultLitePullConsumer consumer = env.lite(env.group());
        consumer.subscribe(topic, "even");
        consumer.start();
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 10; i++) {
            ok(producer.send(new Message(topic, i % 2 == 0 ? "even" : "odd", bytes("m" + i))));
        }
        equal(List.of("m0", "m2", "m4", "m6", "m8"), bodies(poll(consumer, 5)), "polled");
    }

    private static void bySql(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultLitePullConsumer consumer = env.lite(env.group());
        consumer.subscribe(topic, MessageSelector.bySql("n BETWEEN 3 AND 5"));
        consumer.start();
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 10; i++) {
            Message message = new Message(topic, bytes("m" + i));
            message.putUserProperty("n", Integer.toString(i));
            ok(producer.send(message));
        }
        equal(List.of("m3", "m4", "m5"), bodies(poll(consumer, 3)), "polled");
    }

    private static void assign(Env env) throws Exception {
        String topic = env.topic(3);
        for (int queue = 0; queue < 3; queue++) {
            env.send(new MessageQueue(topic, BROKER, queue), "q" + queue + "-", 5);
        }
        DefaultLitePullConsumer consumer = env.lite(env.group());
        consumer.start();
        equal(3, consumer.fetchMessageQueues(topic).size(), "queues");
        consumer.assign(List.of(new MessageQueue(topic, BROKER, 0), new MessageQueue(topic, BROKER, 2)));
        List<String> expected = new ArrayList<>(numbered("q0-", 5));
        expected.addAll(numbered("q2-", 5));
        equal(expected, sorted(bodies(poll(consumer, 10))), "polled");
    }

    private static void seek(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, "m", 20);
        DefaultLitePullConsumer consumer = assigned(env, topic);
        poll(consumer, 20);
        List<MessageExt> got = pollFrom(consumer, () -> consumer.seek(first(topic), 15), 5);
        equal(numbered("m", 20).subList(15, 20), bodies(got), "polled after the seek");
    }

    private static void seekToEnds(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, "m", 10);
        DefaultLitePullConsumer consumer = assigned(env, topic);
        poll(consumer, 10);
        List<MessageExt> got = pollFrom(consumer, () -> consumer.seekToBegin(first(topic)), 10);
        equal(numbered("m", 10), bodies(got), "polled from the beginning");
        consumer.seekToBegin(first(topic));
        consumer.seekToEnd(first(topic));
        env.send(topic, "new", 1);
        equal(List.of("new0"), bodies(poll(consumer, 1)), "polled from the end");
    }

    private static void pause(Env env) throws Exception {
        String topic = env.topic(2);
        MessageQueue other = new MessageQueue(topic, BROKER, 1);
        DefaultLitePullConsumer consumer = env.lite(env.group());
        consumer.start();
        consumer.assign(List.of(first(topic), other));
        consumer.pause(List.of(first(topic)));
        env.send(topic, "paused", 3);
        env.send(other, "open", 3);
        // A pull that waited already when the queue was paused may still bring what came first.
        List<String> got = new ArrayList<>();
        until("all of the open queue", () -> {
            got.addAll(bodies(consumer.poll(100)));
            return got.containsAll(numbered("open", 3));
        });
        env.send(topic, "late", 3);
        env.send(other, "more", 3);
        until("all of the open queue once more", () -> {
            got.addAll(bodies(consumer.poll(100)));
            return got.containsAll(numbered("more", 3));
        });
        check(!got.contains("late0"), "polled while the first is paused: " + got);
        consumer.resume(List.of(first(topic)));
        until("all of the resumed queue", () -> {
            got.addAll(bodies(consumer.poll(100)));
            return got.containsAll(numbered("paused", 3)) && got.containsAll(numbered("late", 3));
        });
        equal(12, got.size(), "polled in all");
    }

    private static void commit(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        env.send(topic, "m", 10);
        DefaultLitePullConsumer consumer = env.lite(group);
        consumer.subscribe(topic, "*");
        consumer.setPullBatchSize(5);
        consumer.start();
        List<MessageExt> got = new ArrayList<>(poll(consumer, 5));
        consumer.commitSync();
        until("the commit is known", () -> env.committed(group, first(topic)) == got.size());
        consumer.shutdown();
        DefaultLitePullConsumer next = env.lite(group);
        next.subscribe(topic, "*");
        next.start();
        equal(numbered("m", 10).subList(got.size(), 10), bodies(poll(next, 10 - got.size())), "polled by the next member");
        equal((long) got.size(), next.committed(first(topic)), "committed, as the client says");
    }

    private static void autoCommit(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        DefaultLitePullConsumer consumer = env.lite(group);
        consumer.subscribe(topic, "*");
        consumer.setAutoCommit(true);
        consumer.setAutoCommitIntervalMillis(1000);
        consumer.start();
        env.send(topic, "m", 10);
        poll(consumer, 10);
        until("everything is committed", () -> {
            consumer.poll(50);
            return env.committed(group, first(topic)) == 10;
        });
    }

    private static void byTime(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, "m", 3);
        Thread.sleep(5);
        long between = System.currentTimeMillis();
        Thread.sleep(5);
        env.send(topic, "late", 3);
        env.read(topic, 6);
        DefaultLitePullConsumer consumer = assigned(env, topic);
        equal(3L, consumer.offsetForTimestamp(first(topic), between), "offset");
        // One that waits at the end forgets nothing.
        poll(consumer, 6);
        List<MessageExt> got = pollFrom(consumer, () -> consumer.seek(first(topic), 3), 3);
        equal(numbered("late", 3), bodies(got), "polled from there");
    }

    private static void share(Env env) throws Exception {
        String topic = env.topic(4);
        String group = env.group();
        DefaultLitePullConsumer one = env.lite(group);
        DefaultLitePullConsumer two = env.lite(group);
        for (DefaultLitePullConsumer consumer : List.of(one, two)) {
            consumer.subscribe(topic, "*");
            consumer.start();
        }
        until("two queues each", () -> one.assignment().size() == 2 && two.assignment().size() == 2);
        check(Set.of(0, 1, 2, 3).equals(union(one, two)), "queues are shared: " + union(one, two));
        for (int queue = 0; queue < 4; queue++) {
            env.send(new MessageQueue(topic, BROKER, queue), "q" + queue + "-", 3);
        }
        List<MessageExt> first = poll(one, 6);
        List<MessageExt> second = poll(two, 6);
        List<String> all = new ArrayList<>(bodies(first));
        all.addAll(bodies(second));
        equal(12L, all.stream().distinct().count(), "distinct messages");
        check(first.stream().noneMatch(message -> second.stream().anyMatch(
            other -> body(other).equals(body(message)))), "one message at two members");
    }

    private static Set<Integer> union(DefaultLitePullConsumer one, DefaultLitePullConsumer two) throws Exception {
        Set<Integer> queues = new java.util.HashSet<>();
        one.assignment().forEach(queue -> queues.add(queue.getQueueId()));
        two.assignment().forEach(queue -> queues.add(queue.getQueueId()));
        return queues;
    }

    private static void givesUp(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultLitePullConsumer consumer = assigned(env, topic);
        equal(List.of(), consumer.poll(200), "polled while there is nothing");
        env.send(topic, "m", 1);
        equal(List.of("m0"), bodies(poll(consumer, 1)), "polled then");
    }

    private LitePullCases() {
    }
}
