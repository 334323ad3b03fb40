package cases;

import static cases.Driver.add;
import static cases.Env.body;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.ok;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages that wait for their level. */
final class DelayCases {
    /** What the levels wait, as the servers under test are started (xtask/src/clients/rocketmq.rs). */
    static final int[] SECONDS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};

    static void register() {
        add("delay-all-18-levels", DelayCases::all);
        add("delay-keeps-message", DelayCases::keepsMessage);
        add("delay-level-beyond-last-is-the-last", DelayCases::beyondLast);
        add("delay-to-queue", DelayCases::toQueue);
        add("delay-not-seen-by-pull-before", DelayCases::notBefore);
    }

    private static Message delayed(String topic, String body, int level) {
        Message message = new Message(topic, bytes(body));
        message.setDelayTimeLevel(level);
        return message;
    }

    private static Inbox inbox(Env env, String topic) throws Exception {
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox inbox = Inbox.concurrent(consumer);
        consumer.subscribe(topic, "*");
        consumer.start();
        return inbox;
    }

    private static void all(Env env) throws Exception {
        String topic = env.topic(1);
        Inbox inbox = inbox(env, topic);
        DefaultMQProducer producer = env.producer();
        Map<String, Long> before = new HashMap<>();
        for (int level = SECONDS.length; level >= 1; level--) {
            before.put("level" + level, System.currentTimeMillis());
            ok(producer.send(delayed(topic, "level" + level, level)));
        }
        List<MessageExt> got = inbox.await(SECONDS.length);
        for (MessageExt message : got) {
            int level = Integer.parseInt(body(message).substring("level".length()));
            long waited = message.getStoreTimestamp() - before.get(body(message));
            check(waited >= SECONDS[level - 1] * 1000L, body(message) + " came after " + waited + " ms");
        }
        equal(SECONDS.length, new HashSet<>(inbox.bodies()).size(), "distinct messages");
    }

    private static void keepsMessage(Env env) throws Exception {
        String topic = env.topic(1);
        Inbox inbox = inbox(env, topic);
        Message message = new Message(topic, "tag", "key", 7, bytes("body"), true);
        message.putUserProperty("p", "v");
        message.setDelayTimeLevel(1);
        SendResult sent = ok(env.producer().send(message));
        MessageExt got = inbox.await("body");
        equal(List.of(topic, "tag", "key", "v"),
            List.of(got.getTopic(), got.getTags(), got.getKeys(), got.getUserProperty("p")), "message");
        equal(7, got.getFlag(), "flag");
        equal(sent.getMsgId(), got.getMsgId(), "id");
        equal(0L, got.getQueueOffset(), "offset in its own queue");
        equal(0, got.getReconsumeTimes(), "reconsume times");
    }

    private static void beyondLast(Env env) throws Exception {
        String topic = env.topic(1);
        Inbox inbox = inbox(env, topic);
        DefaultMQProducer producer = env.producer();
        long before = System.currentTimeMillis();
        ok(producer.send(delayed(topic, "far", 99)));
        ok(producer.send(delayed(topic, "now", 0)));
        inbox.await("now");
        long waited = inbox.await("far").getStoreTimestamp() - before;
        check(waited >= SECONDS[SECONDS.length - 1] * 1000L, "came after " + waited + " ms");
    }

    private static void toQueue(Env env) throws Exception {
        String topic = env.topic(4);
        Inbox inbox = inbox(env, topic);
        ok(env.producer().send(delayed(topic, "m", 1), (queues, message, id) -> queues.get((int) id), 3));
        MessageExt got = inbox.await("m");
        equal(3, got.getQueueId(), "queue");
    }

    private static void notBefore(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        ok(producer.send(delayed(topic, "later", 2)));
        ok(producer.send(new Message(topic, bytes("now"))));
        equal(List.of("now"), Env.bodies(env.read(topic, 1)), "read at once");
        List<MessageExt> read = env.read(topic, 2);
        equal(List.of("now", "later"), Env.bodies(read), "read at last");
    }

    private DelayCases() {
    }
}
