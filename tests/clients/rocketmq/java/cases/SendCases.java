package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.bodies;
import static cases.Env.body;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.numbered;
import static cases.Env.ok;
import static cases.Env.sorted;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Sending one message at a time: sync, async, one-way; what comes back, what is kept, what is refused. */
final class SendCases {
    static void register() {
        add("send-sync", SendCases::sync);
        add("send-sync-offsets-are-dense", SendCases::dense);
        add("send-sync-round-robin", SendCases::roundRobin);
        add("send-async-200", SendCases::async);
        add("send-async-to-queue", SendCases::asyncToQueue);
        add("send-oneway", SendCases::oneway);
        add("send-oneway-to-queue-and-selector", SendCases::onewayToQueue);
        add("send-selector-same-key-same-queue", SendCases::selector);
        add("send-creates-topic", SendCases::createsTopic);
        add("send-everything-kept", SendCases::everythingKept);
        add("send-hosts-and-times", SendCases::hostsAndTimes);
        add("send-compressed", SendCases::compressed);
        add("send-4-MiB", SendCases::large);
        add("send-too-large-refused", SendCases::tooLarge);
        add("send-too-many-properties-refused", SendCases::tooManyProperties);
        add("send-to-missing-queue-refused", SendCases::missingQueue);
        add("send-to-read-only-topic", SendCases::readOnly);
        add("send-without-wait", SendCases::withoutWait);
        add("send-longest-topic-name", SendCases::longestTopic);
        add("send-four-producers-at-once", SendCases::four);
    }

    private static void sync(Env env) throws Exception {
        String topic = env.topic(1);
        Message message = new Message(topic, "a", "k1 k2", bytes("hello"));
        SendResult sent = ok(env.producer().send(message));
        equal(new MessageQueue(topic, BROKER, 0), sent.getMessageQueue(), "queue");
        equal(0L, sent.getQueueOffset(), "offset");
        equal("DefaultRegion", sent.getRegionId(), "region");
        equal(message.getProperty("UNIQ_KEY"), sent.getMsgId(), "id");
        equal(env.broker(), address(MessageDecoder.decodeMessageId(sent.getOffsetMsgId()).getAddress()), "address in the id");
        MessageExt read = env.read(topic, 1).get(0);
        equal(List.of("hello", "a", "k1 k2"), List.of(body(read), read.getTags(), read.getKeys()), "message");
        equal(sent.getMsgId(), read.getMsgId(), "id of the message read");
        equal(MessageDecoder.decodeMessageId(sent.getOffsetMsgId()).getOffset(), read.getCommitLogOffset(), "place in the id");
    }

    private static String address(java.net.SocketAddress address) {
        InetSocketAddress inet = (InetSocketAddress) address;
        return inet.getAddress().getHostAddress() + ":" + inet.getPort();
    }

    private static void dense(Env env) throws Exception {
        String topic = env.topic(2);
        for (int queue = 0; queue < 2; queue++) {
            List<SendResult> sent = env.send(new MessageQueue(topic, BROKER, queue), "m", 50);
            for (int i = 0; i < sent.size(); i++) {
                equal((long) i, sent.get(i).getQueueOffset(), "offset in queue " + queue);
            }
        }
        List<MessageExt> read = env.read(topic, 100);
        equal(numbered("m", 50), bodies(read.subList(0, 50)), "queue 0");
        equal(numbered("m", 50), bodies(read.subList(50, 100)), "queue 1");
    }

    private static void roundRobin(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        Map<Integer, Integer> counts = new HashMap<>();
        for (int i = 0; i < 40; i++) {
            SendResult sent = ok(producer.send(new Message(topic, bytes("m" + i))));
            counts.merge(sent.getMessageQueue().getQueueId(), 1, Integer::sum);
        }
        equal(Map.of(0, 10, 1, 10, 2, 10, 3, 10), counts, "messages by queue");
        equal(sorted(numbered("m", 40)), sorted(bodies(env.read(topic, 40))), "read");
    }

    /** Counts answers down and keeps them. */
    private static final class Answers implements SendCallback {
        final Map<String, SendResult> sent = new ConcurrentHashMap<>();
        final List<Throwable> failed = java.util.Collections.synchronizedList(new ArrayList<>());
        final CountDownLatch open;

        Answers(int count) {
            open = new CountDownLatch(count);
        }

        @Override
        public void onSuccess(SendResult result) {
            sent.put(result.getMsgId(), result);
            open.countDown();
        }

        @Override
        public void onException(Throwable error) {
            failed.add(error);
            open.countDown();
        }

        void await() throws InterruptedException {
            check(open.await(Env.PATIENCE_MS, TimeUnit.MILLISECONDS), open.getCount() + " sends without an answer");
            equal(List.of(), failed, "failures");
        }
    }

    private static void async(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        Answers answers = new Answers(200);
        for (int i = 0; i < 200; i++) {
            producer.send(new Message(topic, bytes("m" + i)), answers);
        }
        answers.await();
        equal(200, answers.sent.size(), "distinct ids");
        List<MessageExt> read = env.read(topic, 200);
        equal(sorted(numbered("m", 200)), sorted(bodies(read)), "read");
        for (MessageExt message : read) {
            SendResult sent = answers.sent.get(message.getMsgId());
            equal(message.getQueueId(), sent.getMessageQueue().getQueueId(), "queue of " + body(message));
            equal(message.getQueueOffset(), sent.getQueueOffset(), "offset of " + body(message));
        }
    }

    private static void asyncToQueue(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        Answers answers = new Answers(20);
        for (int i = 0; i < 10; i++) {
            producer.send(new Message(topic, bytes("m" + i)), new MessageQueue(topic, BROKER, 3), answers);
            producer.send(new Message(topic, bytes("m" + i)), (queues, message, id) -> queues.get((int) id), 2, answers);
        }
        answers.await();
        List<MessageExt> read = env.read(topic, 20);
        equal(List.of(2, 3), read.stream().map(MessageExt::getQueueId).distinct().toList(), "queues");
        equal(sorted(numbered("m", 10)), sorted(bodies(read.subList(0, 10))), "queue 2");
        equal(sorted(numbered("m", 10)), sorted(bodies(read.subList(10, 20))), "queue 3");
    }

    private static void oneway(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 100; i++) {
            producer.sendOneway(new Message(topic, bytes("m" + i)));
        }
        equal(sorted(numbered("m", 100)), sorted(bodies(env.read(topic, 100))), "read");
    }

    private static void onewayToQueue(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        producer.sendOneway(new Message(topic, bytes("queue")), new MessageQueue(topic, BROKER, 1));
        producer.sendOneway(new Message(topic, bytes("selector")), (queues, message, id) -> queues.get((int) id), 2);
        List<MessageExt> read = env.read(topic, 2);
        equal(List.of("queue", "selector"), bodies(read), "read");
        equal(List.of(1, 2), read.stream().map(MessageExt::getQueueId).toList(), "queues");
    }

    private static void selector(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        Map<String, Set<Integer>> queues = new HashMap<>();
        for (int i = 0; i < 60; i++) {
            String key = "order" + i % 12;
            SendResult sent = ok(producer.send(new Message(topic, bytes(key)), new SelectMessageQueueByHash(), key));
            queues.computeIfAbsent(key, k -> new HashSet<>()).add(sent.getMessageQueue().getQueueId());
        }
        check(queues.values().stream().allMatch(used -> used.size() == 1), "a key in two queues: " + queues);
        check(queues.values().stream().distinct().count() > 1, "all keys in one queue");
        for (MessageExt message : env.read(topic, 60)) {
            equal(queues.get(body(message)), Set.of(message.getQueueId()), "queue of " + body(message));
        }
    }

    private static void createsTopic(Env env) throws Exception {
        String topic = env.fresh("t");
        DefaultMQProducer producer = env.producer();
        producer.setDefaultTopicQueueNums(3);
        ok(producer.send(new Message(topic, bytes("first"))));
        equal(List.of("first"), bodies(env.read(topic, 1)), "read");
        equal(3, env.queues(topic).size(), "queues, as the producer wants");
        equal(6, env.admin().examineTopicConfig(env.broker(), topic).getPerm(), "permissions");
    }

    private static void everythingKept(Env env) throws Exception {
        String topic = env.topic(1);
        byte[] body = new byte[256];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) i;
        }
        Message message = new Message(topic, "tag", "key", 0x12345678, body, true);
        message.putUserProperty("plain", "value");
        message.putUserProperty("größe", "値 🚀");
        message.putUserProperty("long", "x".repeat(20_000));
        message.setBuyerId("buyer");
        ok(env.producer().send(message));
        MessageExt read = env.read(topic, 1).get(0);
        check(Arrays.equals(body, read.getBody()), "the body differs");
        equal(0x12345678, read.getFlag(), "flag");
        equal("value", read.getUserProperty("plain"), "plain");
        equal("値 🚀", read.getUserProperty("größe"), "not ASCII");
        equal("x".repeat(20_000), read.getUserProperty("long"), "long");
        equal("buyer", read.getBuyerId(), "buyer");
        equal(0, read.getReconsumeTimes(), "reconsume times");
    }

    private static void hostsAndTimes(Env env) throws Exception {
        String topic = env.topic(1);
        long before = System.currentTimeMillis();
        ok(env.producer().send(new Message(topic, bytes("m"))));
        long after = System.currentTimeMillis();
        MessageExt read = env.read(topic, 1).get(0);
        check(before <= read.getBornTimestamp() && read.getBornTimestamp() <= after, "born at " + read.getBornTimestamp());
        check(before <= read.getStoreTimestamp() && read.getStoreTimestamp() <= after, "stored at " + read.getStoreTimestamp());
        equal("127.0.0.1", read.getBornHostString(), "born on");
        equal(env.broker(), address(read.getStoreHost()), "stored on");
        equal("true", read.getProperty("TRACE_ON"), "trace");
        equal("DefaultRegion", read.getProperty("MSG_REGION"), "region");
        equal(BROKER, read.getBrokerName(), "broker");
    }

    private static void compressed(Env env) throws Exception {
        String topic = env.topic(1);
        String text = "compress me ".repeat(20_000);
        ok(env.producer().send(new Message(topic, bytes(text))));
        MessageExt read = env.read(topic, 1).get(0);
        equal(text, body(read), "body");
        check(read.getStoreSize() < 20_000, "stored with " + read.getStoreSize() + " bytes");
    }

    private static byte[] noise(int size) {
        byte[] noise = new byte[size];
        new java.util.Random(7).nextBytes(noise);
        return noise;
    }

    private static void large(Env env) throws Exception {
        String topic = env.topic(1);
        byte[] body = noise(4 << 20);
        DefaultMQProducer producer = env.producer();
        producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        ok(producer.send(new Message(topic, body)));
        check(Arrays.equals(body, env.read(topic, 1).get(0).getBody()), "the body differs");
    }

    private static void tooLarge(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        producer.setMaxMessageSize(16 << 20);
        producer.setRetryTimesWhenSendFailed(0);
        MQBrokerException refused =
            fails(MQBrokerException.class, () -> producer.send(new Message(topic, noise((4 << 20) + 1))));
        equal(13, refused.getResponseCode(), "code");
        ok(producer.send(new Message(topic, bytes("small"))));
        equal(List.of("small"), bodies(env.read(topic, 1)), "read");
    }

    private static void tooManyProperties(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        producer.setRetryTimesWhenSendFailed(0);
        Message message = new Message(topic, bytes("m"));
        message.putUserProperty("p", "x".repeat(Short.MAX_VALUE));
        MQBrokerException refused = fails(MQBrokerException.class, () -> producer.send(message));
        equal(13, refused.getResponseCode(), "code");
        ok(producer.send(new Message(topic, bytes("small"))));
        equal(List.of("small"), bodies(env.read(topic, 1)), "read");
    }

    private static void missingQueue(Env env) throws Exception {
        String topic = env.topic(2);
        DefaultMQProducer producer = env.producer();
        MQBrokerException refused = fails(MQBrokerException.class,
            () -> producer.send(new Message(topic, bytes("m")), new MessageQueue(topic, BROKER, 2)));
        equal(29, refused.getResponseCode(), "code");
        ok(producer.send(new Message(topic, bytes("last")), new MessageQueue(topic, BROKER, 1)));
        equal(List.of("last"), bodies(env.read(topic, 1)), "read");
    }

    /** Its route has no queue to write to; who names one all the same is not refused, by Java's broker neither. */
    private static void readOnly(Env env) throws Exception {
        String topic = env.fresh("t");
        env.admin().createAndUpdateTopicConfig(env.broker(), new TopicConfig(topic, 1, 1, 4));
        env.routed(topic);
        DefaultMQProducer producer = env.producer();
        fails(MQClientException.class, () -> producer.send(new Message(topic, bytes("m"))));
        ok(producer.send(new Message(topic, bytes("named")), new MessageQueue(topic, BROKER, 0)));
        equal(List.of("named"), bodies(env.read(topic, 1)), "read");
    }

    private static void withoutWait(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 20; i++) {
            Message message = new Message(topic, bytes("m" + i));
            message.setWaitStoreMsgOK(false);
            equal((long) i, ok(producer.send(message)).getQueueOffset(), "offset");
        }
        equal(numbered("m", 20), bodies(env.read(topic, 20)), "read");
    }

    private static void longestTopic(Env env) throws Exception {
        String topic = env.fresh("t");
        topic = env.topic(topic + "x".repeat(127 - topic.length()), 1);
        ok(env.producer().send(new Message(topic, bytes("m"))));
        MessageExt read = env.read(topic, 1).get(0);
        equal(topic, read.getTopic(), "topic");
        equal("m", body(read), "body");
    }

    private static void four(Env env) throws Exception {
        String topic = env.topic(1);
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failed = java.util.Collections.synchronizedList(new ArrayList<>());
        Set<Long> offsets = ConcurrentHashMap.newKeySet();
        for (int i = 0; i < 4; i++) {
            String prefix = "p" + i + "-";
            DefaultMQProducer producer = env.producer();
            threads.add(new Thread(() -> {
                try {
                    for (int n = 0; n < 100; n++) {
                        offsets.add(ok(producer.send(new Message(topic, bytes(prefix + n)))).getQueueOffset());
                    }
                } catch (Throwable error) {
                    failed.add(error);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join(Env.PATIENCE_MS);
        }
        equal(List.of(), failed, "failures");
        equal(400, offsets.size(), "distinct offsets");
        List<String> read = bodies(env.read(topic, 400));
        for (int i = 0; i < 4; i++) {
            String prefix = "p" + i + "-";
            equal(numbered(prefix, 100), read.stream().filter(text -> text.startsWith(prefix)).toList(), "order of " + prefix);
        }
    }

    private SendCases() {
    }
}
