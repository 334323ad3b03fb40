package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.bodies;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.ok;
import static cases.Env.until;

import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** Filters by tag and by SQL92, each case one expression over the same messages. */
final class FilterCases {
    /** Number, name and what else stands in the properties of messages m0 to m9. */
    private static final String[] COLOURS = {"red", "green", "blue"};

    static void register() {
        add("filter-tag-one", env -> byTag(env, "red", "m0", "m3", "m6", "m9"));
        add("filter-tag-several", env -> byTag(env, "red || blue", "m0", "m2", "m3", "m5", "m6", "m8", "m9"));
        add("filter-tag-of-equal-hash-is-not-taken", FilterCases::equalHash);
        add("filter-sql-numbers", env -> bySql(env, "n > 2 AND n <= 5", "m3", "m4", "m5"));
        add("filter-sql-between", env -> bySql(env, "n BETWEEN 4 AND 6", "m4", "m5", "m6"));
        add("filter-sql-not-between", env -> bySql(env, "n NOT BETWEEN 1 AND 8", "m0", "m9"));
        add("filter-sql-in", env -> bySql(env, "colour IN ('red', 'blue') AND n < 4", "m0", "m2", "m3"));
        add("filter-sql-not-in", env -> bySql(env, "colour NOT IN ('red', 'blue')", "m1", "m4", "m7"));
        add("filter-sql-equal-text", env -> bySql(env, "colour = 'green'", "m1", "m4", "m7"));
        add("filter-sql-unequal-text", env -> bySql(env, "colour <> 'red' AND n < 3", "m1", "m2"));
        add("filter-sql-is-null", env -> bySql(env, "odd IS NULL", "m0", "m2", "m4", "m6", "m8"));
        add("filter-sql-is-not-null", env -> bySql(env, "odd IS NOT NULL", "m1", "m3", "m5", "m7", "m9"));
        add("filter-sql-boolean", env -> bySql(env, "odd = TRUE AND n > 4", "m5", "m7", "m9"));
        add("filter-sql-or-and-not", env -> bySql(env, "NOT (n > 1) OR (n = 7 AND odd = TRUE)", "m0", "m1", "m7"));
        add("filter-sql-decimal", env -> bySql(env, "price >= 2.5 AND price < 4.0", "m5", "m6", "m7"));
        add("filter-sql-by-tag-and-property", env -> bySql(env, "TAGS IS NOT NULL AND TAGS IN ('red') AND n > 3", "m6", "m9"));
        add("filter-sql-wrong-expression-refused", FilterCases::wrongExpression);
        add("filter-sql-pull", FilterCases::pull);
    }

    private static String sent(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 10; i++) {
            Message message = new Message(topic, COLOURS[i % 3], bytes("m" + i));
            message.putUserProperty("n", Integer.toString(i));
            message.putUserProperty("colour", COLOURS[i % 3]);
            message.putUserProperty("price", Double.toString(i * 0.5));
            if (i % 2 == 1) {
                message.putUserProperty("odd", "true");
            }
            ok(producer.send(message));
        }
        return topic;
    }

    private static void byTag(Env env, String expression, String... expected) throws Exception {
        String topic = sent(env);
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox inbox = Inbox.orderly(consumer, message -> true);
        consumer.subscribe(topic, expression);
        consumer.start();
        passed(env, topic, consumer, inbox, expected);
    }

    private static void bySql(Env env, String expression, String... expected) throws Exception {
        String topic = sent(env);
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox inbox = Inbox.orderly(consumer, message -> true);
        consumer.subscribe(topic, MessageSelector.bySql(expression));
        consumer.start();
        passed(env, topic, consumer, inbox, expected);
    }

    /** These came, and no other: the group's progress is beyond all ten. */
    private static void passed(Env env, String topic, DefaultMQPushConsumer consumer, Inbox inbox, String... expected)
        throws Exception {
        inbox.await(expected[expected.length - 1]);
        MessageQueue queue = new MessageQueue(topic, BROKER, 0);
        until("progress beyond all", () -> env.committed(consumer.getConsumerGroup(), queue) == 10);
        equal(List.of(expected), inbox.bodies(), "passed");
    }

    /** "Aa" and "BB" have the same hash code, by which the broker filters. */
    private static void equalHash(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox inbox = Inbox.orderly(consumer, message -> true);
        consumer.subscribe(topic, "Aa");
        consumer.start();
        DefaultMQProducer producer = env.producer();
        ok(producer.send(new Message(topic, "BB", bytes("other"))));
        ok(producer.send(new Message(topic, "Aa", bytes("wanted"))));
        inbox.await("wanted");
        equal(List.of("wanted"), inbox.bodies(), "passed");
    }

    private static void wrongExpression(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox.concurrent(consumer);
        consumer.subscribe(topic, MessageSelector.bySql("n BETWEEN 1 AND"));
        MQClientException refused = fails(MQClientException.class, () -> {
            consumer.start();
            return null;
        });
        equal(23, refused.getResponseCode(), "code");
        check(!refused.getMessage().isEmpty(), "no word why");
    }

    @SuppressWarnings("deprecation")
    private static void pull(Env env) throws Exception {
        String topic = sent(env);
        MessageQueue queue = new MessageQueue(topic, BROKER, 0);
        until("all in the queue", () -> env.maxOffset(queue) == 10);
        // The client asks only a broker whose version it knows, and that it is told with its first heartbeat.
        until("the heartbeat", () -> {
            try {
                return env.reader().pull(queue, MessageSelector.bySql("n >= 0"), 0, 32) != null;
            } catch (MQClientException notYet) {
                return false;
            }
        });
        PullResult some = env.reader().pull(queue, MessageSelector.bySql("n >= 8"), 0, 32);
        equal(List.of("m8", "m9"), bodies(some.getMsgFoundList()), "passed");
        PullResult none = env.reader().pull(queue, MessageSelector.bySql("n > 100"), 0, 32);
        equal(PullStatus.NO_MATCHED_MSG, none.getPullStatus(), "status without a match");
        equal(10L, none.getNextBeginOffset(), "next without a match");
    }

    private FilterCases() {
    }
}
