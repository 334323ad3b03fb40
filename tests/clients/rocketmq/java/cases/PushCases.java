package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.bodies;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.numbered;
import static cases.Env.ok;
import static cases.Env.sorted;
import static cases.Env.until;

import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Push consumers that take messages concurrently: clustering, broadcasting, where they start, how far they are. */
final class PushCases {
    static void register() {
        add("push-receives-all", PushCases::receivesAll);
        add("push-receives-batches", PushCases::receivesBatches);
        add("push-two-groups-each-receive-all", PushCases::twoGroups);
        add("push-clustering-two-members-share", PushCases::share);
        add("push-member-that-leaves-is-replaced", PushCases::memberLeaves);
        add("push-more-members-than-queues", PushCases::idleMember);
        add("push-resumes-where-the-group-was", PushCases::resumes);
        add("push-from-last-offset-on-young-topic", PushCases::fromLastOnYoungTopic);
        add("push-from-timestamp", PushCases::fromTimestamp);
        add("push-two-topics", PushCases::twoTopics);
        add("push-new-queues-are-found", PushCases::newQueues);
        add("push-suspend-and-resume", PushCases::suspend);
        add("push-unsubscribed-topic-is-left", PushCases::unsubscribe);
        add("push-topic-made-after-the-consumer", PushCases::topicMadeLater);
        add("broadcast-all-members-receive-all", PushCases::broadcast);
        add("broadcast-progress-is-the-members-own", PushCases::broadcastProgress);
    }

    private static Inbox started(DefaultMQPushConsumer consumer, String topic, String expression) throws Exception {
        Inbox inbox = Inbox.concurrent(consumer);
        consumer.subscribe(topic, expression);
        consumer.start();
        return inbox;
    }

    private static void send(Env env, String topic, String prefix, int count) throws Exception {
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < count; i++) {
            ok(producer.send(new Message(topic, bytes(prefix + i))));
        }
    }

    private static void receivesAll(Env env) throws Exception {
        String topic = env.topic(4);
        String group = env.group();
        Inbox inbox = started(env.push(group), topic, "*");
        send(env, topic, "m", 100);
        inbox.exactly(numbered("m", 100));
        for (MessageExt message : inbox.all()) {
            equal(topic, message.getTopic(), "topic");
            equal(0, message.getReconsumeTimes(), "reconsume times");
        }
        for (int queue = 0; queue < 4; queue++) {
            MessageQueue at = new MessageQueue(topic, BROKER, queue);
            until("progress in queue " + queue, () -> env.committed(group, at) == 25);
        }
    }

    private static void receivesBatches(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, "m", 64);
        DefaultMQPushConsumer consumer = env.push(env.group());
        List<Integer> sizes = java.util.Collections.synchronizedList(new ArrayList<>());
        List<MessageExt> got = java.util.Collections.synchronizedList(new ArrayList<>());
        consumer.setConsumeMessageBatchMaxSize(16);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            sizes.add(messages.size());
            got.addAll(messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.subscribe(topic, "*");
        consumer.start();
        until("all consumed", () -> got.size() >= 64);
        equal(sorted(numbered("m", 64)), sorted(bodies(List.copyOf(got))), "consumed");
        check(sizes.stream().allMatch(size -> size <= 16) && sizes.contains(16), "batches of " + sizes);
    }

    private static void twoGroups(Env env) throws Exception {
        String topic = env.topic(2);
        Inbox one = started(env.push(env.group()), topic, "*");
        Inbox two = started(env.push(env.group()), topic, "*");
        send(env, topic, "m", 20);
        one.exactly(numbered("m", 20));
        two.exactly(numbered("m", 20));
    }

    /** Waits until each of these members has so many queues. */
    private static void shared(Env env, String group, int... queues) throws Exception {
        until("queues are shared", () -> {
            List<Integer> counts = new ArrayList<>();
            for (var connection : env.admin().examineConsumerConnectionInfo(group).getConnectionSet()) {
                var running = env.admin().getConsumerRunningInfo(group, connection.getClientId(), false);
                counts.add((int) running.getMqTable().keySet().stream()
                    .filter(queue -> !queue.getTopic().startsWith("%RETRY%")).count());
            }
            counts.sort(null);
            List<Integer> wanted = new ArrayList<>();
            for (int count : queues) {
                wanted.add(count);
            }
            return counts.equals(wanted);
        });
    }

    private static void share(Env env) throws Exception {
        String topic = env.topic(4);
        String group = env.group();
        Inbox one = started(env.push(group), topic, "*");
        Inbox two = started(env.push(group), topic, "*");
        shared(env, group, 2, 2);
        send(env, topic, "m", 40);
        until("all consumed", () -> one.all().size() + two.all().size() >= 40);
        List<String> all = new ArrayList<>(one.bodies());
        all.addAll(two.bodies());
        equal(sorted(numbered("m", 40)), sorted(all), "consumed");
        equal(20, one.all().size(), "consumed by the first");
        long shared = one.all().stream().map(MessageExt::getQueueId).distinct()
            .filter(queue -> two.all().stream().anyMatch(message -> message.getQueueId() == queue)).count();
        equal(0L, shared, "queues that both read");
    }

    private static void memberLeaves(Env env) throws Exception {
        String topic = env.topic(4);
        String group = env.group();
        DefaultMQPushConsumer leaver = env.push(group);
        started(leaver, topic, "*");
        Inbox stays = started(env.push(group), topic, "*");
        shared(env, group, 2, 2);
        leaver.shutdown();
        shared(env, group, 4);
        send(env, topic, "m", 40);
        stays.exactly(numbered("m", 40));
    }

    private static void idleMember(Env env) throws Exception {
        String topic = env.topic(2);
        String group = env.group();
        List<Inbox> inboxes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            inboxes.add(started(env.push(group), topic, "*"));
        }
        shared(env, group, 0, 1, 1);
        send(env, topic, "m", 20);
        until("all consumed", () -> inboxes.stream().mapToInt(inbox -> inbox.all().size()).sum() >= 20);
        List<Integer> counts = inboxes.stream().map(inbox -> inbox.all().size()).sorted().toList();
        equal(List.of(0, 10, 10), counts, "messages by member");
    }

    private static void resumes(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        DefaultMQPushConsumer first = env.push(group);
        Inbox before = started(first, topic, "*");
        env.send(topic, "before", 10);
        before.exactly(numbered("before", 10));
        until("progress is known", () -> env.committed(group, new MessageQueue(topic, BROKER, 0)) == 10);
        first.shutdown();
        env.send(topic, "after", 10);
        Inbox after = started(env.push(group), topic, "*");
        after.exactly(numbered("after", 10));
    }

    /** The broker lets a new group begin at the start of a topic whose first message is still in memory, whatever it wants. */
    private static void fromLastOnYoungTopic(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, "before", 5);
        env.read(topic, 5);
        DefaultMQPushConsumer consumer = env.push(env.group());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        Inbox inbox = started(consumer, topic, "*");
        inbox.exactly(numbered("before", 5));
    }

    private static void fromTimestamp(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, "m", 3);
        env.read(topic, 3);
        DefaultMQPushConsumer consumer = env.push(env.group());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_TIMESTAMP);
        consumer.setConsumeTimestamp(new SimpleDateFormat("yyyyMMddHHmmss").format(new Date(System.currentTimeMillis() - 60_000)));
        Inbox inbox = started(consumer, topic, "*");
        env.send(topic, "late", 2);
        inbox.await("late1");
        equal(5, inbox.all().size(), "consumed");
    }

    private static void twoTopics(Env env) throws Exception {
        String one = env.topic(1);
        String two = env.topic(1);
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox inbox = Inbox.concurrent(consumer);
        consumer.subscribe(one, "*");
        consumer.subscribe(two, "wanted");
        consumer.start();
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 5; i++) {
            ok(producer.send(new Message(one, bytes("one" + i))));
            ok(producer.send(new Message(two, i % 2 == 0 ? "wanted" : "other", bytes("two" + i))));
        }
        List<String> expected = new ArrayList<>(numbered("one", 5));
        expected.addAll(List.of("two0", "two2", "two4"));
        inbox.exactly(expected);
    }

    private static void newQueues(Env env) throws Exception {
        String topic = env.topic(1);
        Inbox inbox = started(env.push(env.group()), topic, "*");
        env.send(topic, "m", 1);
        inbox.await("m0");
        env.admin().createAndUpdateTopicConfig(env.broker(), new TopicConfig(topic, 3, 3, 6));
        until("three queues", () -> env.queues(topic).size() == 3);
        env.send(new MessageQueue(topic, BROKER, 2), "new", 1);
        inbox.await("new0");
    }

    private static void suspend(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox inbox = started(consumer, topic, "*");
        env.send(topic, "m", 1);
        inbox.await("m0");
        consumer.suspend();
        env.send(topic, "held", 1);
        consumer.resume();
        inbox.await("held0");
        equal(2, inbox.all().size(), "consumed");
    }

    private static void unsubscribe(Env env) throws Exception {
        String kept = env.topic(1);
        String left = env.topic(1);
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox inbox = Inbox.concurrent(consumer);
        consumer.subscribe(kept, "*");
        consumer.subscribe(left, "*");
        consumer.start();
        env.send(left, "left", 1);
        inbox.await("left0");
        consumer.unsubscribe(left);
        String group = consumer.getConsumerGroup();
        until("the queue is given up", () -> {
            String client = env.admin().examineConsumerConnectionInfo(group).getConnectionSet().iterator().next().getClientId();
            return env.admin().getConsumerRunningInfo(group, client, false).getMqTable().keySet().stream()
                .noneMatch(queue -> queue.getTopic().equals(left));
        });
        env.send(left, "unread", 1);
        env.send(kept, "kept", 1);
        inbox.await("kept0");
        equal(List.of("left0", "kept0"), inbox.bodies(), "consumed");
    }

    private static void topicMadeLater(Env env) throws Exception {
        String topic = env.fresh("t");
        Inbox inbox = started(env.push(env.group()), topic, "*");
        ok(env.producer().send(new Message(topic, bytes("first"))));
        inbox.await("first");
    }

    private static void broadcast(Env env) throws Exception {
        String topic = env.topic(4);
        String group = env.group();
        List<Inbox> inboxes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            DefaultMQPushConsumer consumer = env.push(group);
            Version.broadcasting(consumer);
            inboxes.add(started(consumer, topic, "*"));
        }
        send(env, topic, "m", 40);
        for (Inbox inbox : inboxes) {
            inbox.exactly(numbered("m", 40));
        }
    }

    private static void broadcastProgress(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        String instance = env.fresh("i");
        List<String> expected = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            DefaultMQPushConsumer consumer = env.push(group);
            consumer.setInstanceName(instance);
            Version.broadcasting(consumer);
            Inbox inbox = started(consumer, topic, "*");
            env.send(topic, "round" + round + "-", 5);
            inbox.exactly(numbered("round" + round + "-", 5));
            expected.addAll(inbox.bodies());
            consumer.shutdown();
        }
        equal(10L, expected.stream().distinct().count(), "messages of both rounds");
        equal(0L, env.committed(group, new MessageQueue(topic, BROKER, 0)), "progress at the broker");
    }

    private PushCases() {
    }
}
