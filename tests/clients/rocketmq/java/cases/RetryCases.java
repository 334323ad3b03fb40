package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.bodies;
import static cases.Env.body;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.ok;
import static cases.Env.until;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Messages that a consumer did not take: again later, and to the dead letters in the end. */
final class RetryCases {
    static void register() {
        add("retry-once", RetryCases::once);
        add("retry-keeps-message", RetryCases::keepsMessage);
        add("retry-level-chosen-by-consumer", RetryCases::chosenLevel);
        add("retry-to-dead-letters", RetryCases::deadLetter);
        add("retry-straight-to-dead-letters", RetryCases::straight);
        add("retry-only-for-own-group", RetryCases::ownGroup);
        add("retry-part-of-a-batch", RetryCases::partOfBatch);
        add("retry-sent-back-by-puller", RetryCases::sentBack);
        add("retry-not-when-broadcasting", RetryCases::broadcasting);
        add("retry-dead-letters-can-be-consumed", RetryCases::consumeDead);
    }

    /** A consumer that refuses, with a level for the next try, as long as {@code tries} says. */
    private static List<MessageExt> refusing(DefaultMQPushConsumer consumer, String topic, int tries, int level) throws Exception {
        List<MessageExt> got = Collections.synchronizedList(new ArrayList<>());
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            got.addAll(messages);
            context.setDelayLevelWhenNextConsume(level);
            return messages.get(0).getReconsumeTimes() >= tries
                ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        consumer.subscribe(topic, "*");
        consumer.start();
        return got;
    }

    private static void once(Env env) throws Exception {
        String topic = env.topic(1);
        List<MessageExt> got = refusing(env.push(env.group()), topic, 1, 0);
        env.send(topic, "m", 1);
        until("consumed twice", () -> got.size() >= 2);
        equal(List.of("m0", "m0"), bodies(List.copyOf(got)), "consumed");
        equal(List.of(0, 1), got.stream().map(MessageExt::getReconsumeTimes).toList(), "reconsume times");
        long apart = got.get(1).getStoreTimestamp() - got.get(0).getStoreTimestamp();
        check(apart >= DelayCases.SECONDS[2] * 1000L, "level 3 waits, " + apart + " ms");
    }

    private static void keepsMessage(Env env) throws Exception {
        String topic = env.topic(1);
        List<MessageExt> got = refusing(env.push(env.group()), topic, 1, 1);
        Message message = new Message(topic, "tag", "key", 7, bytes("body"), true);
        message.putUserProperty("p", "v");
        SendResult sent = ok(env.producer().send(message));
        until("consumed twice", () -> got.size() >= 2);
        MessageExt again = got.get(1);
        equal(List.of(topic, "tag", "key", "v"),
            List.of(again.getTopic(), again.getTags(), again.getKeys(), again.getUserProperty("p")), "message");
        equal(7, again.getFlag(), "flag");
        equal(sent.getMsgId(), again.getMsgId(), "id");
        equal(sent.getOffsetMsgId(), again.getProperty("ORIGIN_MESSAGE_ID"), "id of the first");
        equal(got.get(0).getBornTimestamp(), again.getBornTimestamp(), "born at");
    }

    private static void chosenLevel(Env env) throws Exception {
        String topic = env.topic(1);
        List<MessageExt> got = refusing(env.push(env.group()), topic, 2, 1);
        env.send(topic, "m", 1);
        until("consumed three times", () -> got.size() >= 3);
        for (int i = 0; i < 3; i++) {
            equal(i, got.get(i).getReconsumeTimes(), "reconsume times");
        }
    }

    private static void deadLetter(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        DefaultMQPushConsumer consumer = env.push(group);
        consumer.setMaxReconsumeTimes(2);
        List<MessageExt> got = refusing(consumer, topic, 100, 1);
        SendResult sent = env.send(topic, "m", 1).get(0);
        List<MessageExt> dead = env.read("%DLQ%" + group, 1);
        equal(List.of("m0"), bodies(dead), "dead letters");
        equal(topic, dead.get(0).getProperty("RETRY_TOPIC"), "where it came from");
        equal(sent.getMsgId(), dead.get(0).getMsgId(), "id");
        equal(3, got.size(), "consumed before");
    }

    private static void straight(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        List<MessageExt> got = refusing(env.push(group), topic, 100, -1);
        env.send(topic, "m", 1);
        equal(List.of("m0"), bodies(env.read("%DLQ%" + group, 1)), "dead letters");
        equal(1, got.size(), "consumed before");
    }

    private static void ownGroup(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQPushConsumer other = env.push(env.group());
        Inbox contented = Inbox.concurrent(other);
        other.subscribe(topic, "*");
        other.start();
        List<MessageExt> got = refusing(env.push(env.group()), topic, 1, 1);
        env.send(topic, "m", 1);
        until("consumed twice", () -> got.size() >= 2);
        contented.exactly(List.of("m0"));
    }

    private static void partOfBatch(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, "m", 4);
        env.read(topic, 4);
        DefaultMQPushConsumer consumer = env.push(env.group());
        consumer.setConsumeMessageBatchMaxSize(4);
        List<MessageExt> got = Collections.synchronizedList(new ArrayList<>());
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            got.addAll(messages);
            context.setDelayLevelWhenNextConsume(1);
            if (messages.get(0).getReconsumeTimes() == 0) {
                context.setAckIndex(1);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.subscribe(topic, "*");
        consumer.start();
        until("consumed", () -> got.size() >= 6);
        List<String> again = bodies(got.stream().filter(message -> message.getReconsumeTimes() == 1).toList());
        equal(List.of("m2", "m3"), Env.sorted(again), "consumed again");
    }

    @SuppressWarnings("deprecation")
    private static void sentBack(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        env.send(topic, "m", 2);
        env.read(topic, 2);
        // What it sends back is what it pulled: a client that does not know the broker yet would send a message of its own.
        DefaultMQPullConsumer puller = env.puller(group);
        MessageQueue queue = puller.fetchSubscribeMessageQueues(topic).iterator().next();
        List<MessageExt> pulled = puller.pull(queue, "*", 0, 32).getMsgFoundList();
        puller.sendMessageBack(pulled.get(1), 1, BROKER);
        List<MessageExt> again = env.read("%RETRY%" + group, 1);
        equal(List.of("m1"), bodies(again), "sent back");
        equal(1, again.get(0).getReconsumeTimes(), "reconsume times");
        equal(topic, again.get(0).getProperty("RETRY_TOPIC"), "where it came from");
    }

    private static void broadcasting(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        DefaultMQPushConsumer consumer = env.push(group);
        Version.broadcasting(consumer);
        Inbox inbox = Inbox.concurrent(consumer, message -> !body(message).equals("m0"));
        consumer.subscribe(topic, "*");
        consumer.start();
        env.send(topic, "m", 3);
        inbox.exactly(List.of("m0", "m1", "m2"));
        var stats = env.admin().examineTopicStats("%RETRY%" + group).getOffsetTable().values();
        check(stats.stream().allMatch(queue -> queue.getMaxOffset() == 0), "something was sent back");
    }

    private static void consumeDead(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        refusing(env.push(group), topic, 100, -1);
        env.send(topic, "m", 1);
        env.read("%DLQ%" + group, 1);
        DefaultMQPushConsumer undertaker = env.push(env.group());
        Inbox inbox = Inbox.concurrent(undertaker);
        undertaker.subscribe("%DLQ%" + group, "*");
        undertaker.start();
        MessageExt dead = inbox.await("m0");
        equal("%DLQ%" + group, dead.getTopic(), "topic");
    }

    private RetryCases() {
    }
}
