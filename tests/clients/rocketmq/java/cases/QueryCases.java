package cases;

import static cases.Driver.add;
import static cases.Env.bodies;
import static cases.Env.body;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.numbered;
import static cases.Env.ok;
import static cases.Env.sorted;
import static cases.Env.until;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages found by their id, a key, their unique key and their time. */
@SuppressWarnings("deprecation")
final class QueryCases {
    static void register() {
        add("query-by-offset-id", QueryCases::byOffsetId);
        add("query-by-unique-id", QueryCases::byUniqueId);
        add("query-by-unknown-id", QueryCases::unknownId);
        add("query-by-key", QueryCases::byKey);
        add("query-by-each-of-many-keys", QueryCases::manyKeys);
        add("query-by-key-at-most-so-many", QueryCases::atMost);
        add("query-by-key-and-time", QueryCases::byTime);
        add("query-by-key-of-another-topic-finds-nothing", QueryCases::otherTopic);
        add("query-by-key-of-equal-hash", QueryCases::equalHash);
        add("query-batch-by-key-and-id", QueryCases::ofBatch);
        add("query-compressed", QueryCases::compressed);
    }

    private static Message keyed(String topic, String keys, String body) {
        return new Message(topic, "tag", keys, bytes(body));
    }

    /** What the broker finds now; nothing is told as an exception. */
    private static List<MessageExt> query(Env env, String topic, String key, int max, long begin, long end) throws Exception {
        try {
            QueryResult result = env.producer().queryMessage(topic, key, max, begin, end);
            return result.getMessageList();
        } catch (MQClientException none) {
            return List.of();
        }
    }

    /** Asks until there are so many: the index follows the log. */
    private static List<MessageExt> found(Env env, String topic, String key, int count) throws Exception {
        DefaultMQProducer producer = env.producer();
        List<MessageExt> found = new ArrayList<>();
        until(count + " messages of key " + key, () -> {
            found.clear();
            try {
                found.addAll(producer.queryMessage(topic, key, 64, 0, Long.MAX_VALUE).getMessageList());
            } catch (MQClientException none) {
                return false;
            }
            return found.size() >= count;
        });
        return found;
    }

    private static void byOffsetId(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        SendResult sent = ok(producer.send(keyed(topic, "k", "m")));
        MessageExt found = env.admin().viewMessage(topic, sent.getOffsetMsgId());
        equal("m", body(found), "body");
        equal(List.of(topic, "tag", "k"), List.of(found.getTopic(), found.getTags(), found.getKeys()), "message");
        equal(sent.getMsgId(), found.getProperty("UNIQ_KEY"), "unique id");
        equal(sent.getQueueOffset(), found.getQueueOffset(), "offset");
    }

    private static void byUniqueId(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        List<SendResult> sent = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            sent.add(ok(producer.send(keyed(topic, "k", "m" + i))));
        }
        found(env, topic, "k", 5);
        for (int i = 0; i < 5; i++) {
            MessageExt found = producer.viewMessage(topic, sent.get(i).getMsgId());
            equal("m" + i, body(found), "body");
            equal(sent.get(i).getMsgId(), found.getMsgId(), "id");
        }
    }

    private static void unknownId(Env env) throws Exception {
        String topic = env.topic(1);
        SendResult sent = ok(env.producer().send(keyed(topic, "k", "m")));
        found(env, topic, "k", 1);
        // A place where no message begins, in an id of the broker's own form.
        String id = sent.getOffsetMsgId();
        String wrong = id.substring(0, 16) + String.format("%016X", Long.parseLong(id.substring(16), 16) + 1);
        fails(MQClientException.class, () -> env.admin().viewMessage(topic, wrong));
        fails(MQClientException.class, () -> env.producer().viewMessage(topic, "7F00000100002A139A5500000000FFFF"));
    }

    private static void byKey(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 20; i++) {
            ok(producer.send(keyed(topic, "key" + i % 2, "m" + i)));
        }
        List<MessageExt> found = found(env, topic, "key1", 10);
        List<String> expected = numbered("m", 20).stream().filter(text -> Integer.parseInt(text.substring(1)) % 2 == 1).toList();
        equal(sorted(expected), sorted(bodies(found)), "found");
    }

    private static void manyKeys(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        ok(producer.send(keyed(topic, "one two three", "m0")));
        ok(producer.send(keyed(topic, "three four", "m1")));
        equal(List.of("m0", "m1"), sorted(bodies(found(env, topic, "three", 2))), "three");
        equal(List.of("m0"), bodies(found(env, topic, "two", 1)), "two");
        equal(List.of("m1"), bodies(found(env, topic, "four", 1)), "four");
        equal(List.of(), query(env, topic, "one two", 32, 0, Long.MAX_VALUE), "both as one");
    }

    private static void atMost(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 20; i++) {
            ok(producer.send(keyed(topic, "k", "m" + i)));
        }
        found(env, topic, "k", 20);
        List<MessageExt> found = query(env, topic, "k", 5, 0, Long.MAX_VALUE);
        equal(numbered("m", 20).subList(15, 20), bodies(found).stream().sorted(
            java.util.Comparator.comparingInt(text -> Integer.parseInt(text.substring(1)))).toList(), "the last ones");
    }

    private static void byTime(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        ok(producer.send(keyed(topic, "k", "early")));
        // The index knows whole seconds.
        Thread.sleep(2100);
        ok(producer.send(keyed(topic, "k", "late")));
        List<MessageExt> both = found(env, topic, "k", 2);
        long early = both.stream().filter(message -> body(message).equals("early")).findFirst().orElseThrow().getStoreTimestamp();
        long late = both.stream().filter(message -> body(message).equals("late")).findFirst().orElseThrow().getStoreTimestamp();
        equal(List.of("early"), bodies(query(env, topic, "k", 32, early - 2000, early + 500)), "found until between");
        equal(List.of("late"), bodies(query(env, topic, "k", 32, late - 1000, late + 2000)), "found from between");
        equal(List.of(), query(env, topic, "k", 32, late + 60_000, late + 120_000), "found later");
    }

    private static void otherTopic(Env env) throws Exception {
        String topic = env.topic(1);
        String other = env.topic(1);
        DefaultMQProducer producer = env.producer();
        ok(producer.send(keyed(topic, "k", "m")));
        found(env, topic, "k", 1);
        equal(List.of(), query(env, other, "k", 32, 0, Long.MAX_VALUE), "found in the other topic");
    }

    /** "Aa" and "BB" have the same hash code, by which the index finds. */
    private static void equalHash(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        ok(producer.send(keyed(topic, "Aa", "first")));
        ok(producer.send(keyed(topic, "BB", "second")));
        found(env, topic, "BB", 1);
        equal(List.of("second"), bodies(found(env, topic, "BB", 1)), "found");
        equal(List.of("first"), bodies(found(env, topic, "Aa", 1)), "found");
    }

    private static void ofBatch(Env env) throws Exception {
        String topic = env.topic(1);
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            batch.add(keyed(topic, "key" + i, "m" + i));
        }
        SendResult sent = ok(env.producer().send(batch));
        equal(List.of("m3"), bodies(found(env, topic, "key3", 1)), "found by key");
        String[] places = sent.getOffsetMsgId().split(",");
        equal("m4", body(env.admin().viewMessage(topic, places[4])), "found by place");
        equal("m2", body(env.producer().viewMessage(topic, sent.getMsgId().split(",")[2])), "found by unique id");
    }

    private static void compressed(Env env) throws Exception {
        String topic = env.topic(1);
        String text = "compress me ".repeat(1000);
        SendResult sent = ok(env.producer().send(keyed(topic, "k", text)));
        check(text.equals(body(found(env, topic, "k", 1).get(0))), "the body found by key differs");
        check(text.equals(body(env.admin().viewMessage(topic, sent.getOffsetMsgId()))), "the body found by place differs");
    }

    private QueryCases() {
    }
}
