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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Half messages: committed, rolled back, and asked about. The body says what shall become of one. */
final class TransactionCases {
    static void register() {
        add("transaction-commit", TransactionCases::commit);
        add("transaction-rollback", TransactionCases::rollback);
        add("transaction-many-mixed", TransactionCases::mixed);
        add("transaction-half-is-not-seen", TransactionCases::halfNotSeen);
        add("transaction-check-back-commits", TransactionCases::checkCommits);
        add("transaction-check-back-rolls-back", TransactionCases::checkRollsBack);
        add("transaction-check-back-asks-again", TransactionCases::checkAgain);
        add("transaction-check-back-after-failed-local-part", TransactionCases::localPartFails);
        add("transaction-check-back-asks-another-producer-of-the-group", TransactionCases::anotherProducer);
        add("transaction-keeps-message", TransactionCases::keepsMessage);
        add("transaction-immunity-time", TransactionCases::immunity);
    }

    /** Says what the message's body says: before the dash at once, behind it when asked, letter by letter. */
    private static final class Script implements TransactionListener {
        final Map<String, List<MessageExt>> asked = new ConcurrentHashMap<>();

        @Override
        public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
            return state(body(message).charAt(0));
        }

        @Override
        public LocalTransactionState checkLocalTransaction(MessageExt message) {
            List<MessageExt> times = asked.computeIfAbsent(body(message), text -> new ArrayList<>());
            synchronized (times) {
                times.add(message);
                return state(body(message).split("-")[1].charAt(Math.min(times.size(), body(message).split("-")[1].length()) - 1));
            }
        }

        private static LocalTransactionState state(char letter) {
            return switch (letter) {
                case 'c' -> LocalTransactionState.COMMIT_MESSAGE;
                case 'r' -> LocalTransactionState.ROLLBACK_MESSAGE;
                case 'x' -> throw new IllegalStateException("the local part failed");
                default -> LocalTransactionState.UNKNOW;
            };
        }

        int asked(String body) {
            return asked.getOrDefault(body, List.of()).size();
        }
    }

    private static TransactionMQProducer producer(Env env, String group, TransactionListener listener) throws Exception {
        TransactionMQProducer producer = env.configured(new TransactionMQProducer(group));
        producer.setTransactionListener(listener);
        env.started(producer);
        return producer;
    }

    private static Inbox inbox(Env env, String topic) throws Exception {
        DefaultMQPushConsumer consumer = env.push(env.group());
        Inbox inbox = Inbox.orderly(consumer, message -> true);
        consumer.subscribe(topic, "*");
        consumer.start();
        return inbox;
    }

    private static TransactionSendResult send(TransactionMQProducer producer, String topic, String body) throws Exception {
        TransactionSendResult sent = producer.sendMessageInTransaction(new Message(topic, bytes(body)), null);
        ok(sent);
        return sent;
    }

    private static void commit(Env env) throws Exception {
        String topic = env.topic(1);
        Inbox inbox = inbox(env, topic);
        TransactionMQProducer producer = producer(env, env.group(), new Script());
        TransactionSendResult sent = send(producer, topic, "c");
        equal(LocalTransactionState.COMMIT_MESSAGE, sent.getLocalTransactionState(), "state");
        MessageExt got = inbox.await("c");
        equal(sent.getMsgId(), got.getMsgId(), "id");
        equal(sent.getTransactionId(), got.getTransactionId(), "transaction");
        equal(0L, got.getQueueOffset(), "offset in its own queue");
        equal(8, got.getSysFlag() & 12, "flag that says committed");
    }

    private static void rollback(Env env) throws Exception {
        String topic = env.topic(1);
        Script script = new Script();
        TransactionMQProducer producer = producer(env, env.group(), script);
        equal(LocalTransactionState.ROLLBACK_MESSAGE, send(producer, topic, "r-c").getLocalTransactionState(), "state");
        send(producer, topic, "u-r");
        send(producer, topic, "c-c");
        // Asked about the later one, so the earlier one was looked at and was ended.
        until("the later one is asked about", () -> script.asked("u-r") > 0);
        equal(List.of("c-c"), bodies(env.read(topic, 1)), "read");
        equal(0, script.asked("r-c"), "asked about what was rolled back");
    }

    private static void mixed(Env env) throws Exception {
        String topic = env.topic(2);
        TransactionMQProducer producer = producer(env, env.group(), new Script());
        List<String> committed = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            String body = (i % 3 == 0 ? "c" : i % 3 == 1 ? "r" : "u-c") + (i % 3 == 2 ? "" : "-") + i;
            send(producer, topic, body);
            if (i % 3 != 1) {
                committed.add(body);
            }
        }
        List<MessageExt> read = env.read(topic, committed.size());
        equal(Env.sorted(committed), Env.sorted(bodies(read)), "read");
    }

    private static void halfNotSeen(Env env) throws Exception {
        String topic = env.topic(1);
        TransactionMQProducer producer = producer(env, env.group(), new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                try {
                    equal(0L, env.maxOffset(new MessageQueue(topic, BROKER, 0)), "messages while it is half");
                    return LocalTransactionState.COMMIT_MESSAGE;
                } catch (Exception error) {
                    return LocalTransactionState.ROLLBACK_MESSAGE;
                }
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                return LocalTransactionState.ROLLBACK_MESSAGE;
            }
        });
        TransactionSendResult sent = send(producer, topic, "half");
        equal(LocalTransactionState.COMMIT_MESSAGE, sent.getLocalTransactionState(), "nothing was seen");
        equal(List.of("half"), bodies(env.read(topic, 1)), "read");
    }

    private static void checkCommits(Env env) throws Exception {
        String topic = env.topic(1);
        Inbox inbox = inbox(env, topic);
        Script script = new Script();
        TransactionSendResult sent = send(producer(env, env.group(), script), topic, "u-c");
        MessageExt got = inbox.await("u-c");
        equal(sent.getMsgId(), got.getMsgId(), "id");
        MessageExt asked = script.asked.get("u-c").get(0);
        equal(sent.getTransactionId(), asked.getTransactionId(), "transaction asked about");
        equal(topic, asked.getProperty("REAL_TOPIC"), "its topic");
    }

    private static void checkRollsBack(Env env) throws Exception {
        String topic = env.topic(1);
        Script script = new Script();
        TransactionMQProducer producer = producer(env, env.group(), script);
        send(producer, topic, "u-r");
        until("asked about", () -> script.asked("u-r") > 0);
        send(producer, topic, "c");
        equal(List.of("c"), bodies(env.read(topic, 1)), "read");
    }

    private static void checkAgain(Env env) throws Exception {
        String topic = env.topic(1);
        Script script = new Script();
        send(producer(env, env.group(), script), topic, "u-uuc");
        equal(List.of("u-uuc"), bodies(env.read(topic, 1)), "read");
        // Who is slow to answer is asked once more.
        List<String> told = script.asked.get("u-uuc").stream()
            .map(message -> message.getUserProperty("TRANSACTION_CHECK_TIMES")).limit(3).toList();
        equal(List.of("1", "2", "3"), told, "which time it is");
    }

    private static void localPartFails(Env env) throws Exception {
        String topic = env.topic(1);
        Script script = new Script();
        TransactionMQProducer producer = producer(env, env.group(), script);
        TransactionSendResult sent = send(producer, topic, "x-c");
        equal(LocalTransactionState.UNKNOW, sent.getLocalTransactionState(), "state");
        equal(List.of("x-c"), bodies(env.read(topic, 1)), "read");
    }

    private static void anotherProducer(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        TransactionMQProducer first = producer(env, group, new Script());
        send(first, topic, "u-c");
        first.shutdown();
        Script script = new Script();
        // A producer makes itself known to the brokers that it sends to.
        send(producer(env, group, script), topic, "c");
        equal(List.of("c", "u-c"), bodies(env.read(topic, 2)), "read");
        check(script.asked("u-c") > 0, "the second was not asked");
    }

    private static void keepsMessage(Env env) throws Exception {
        String topic = env.topic(4);
        TransactionMQProducer producer = producer(env, env.group(), new Script());
        Message message = new Message(topic, "tag", "key", 7, bytes("c"), true);
        message.putUserProperty("p", "v");
        TransactionSendResult sent = producer.sendMessageInTransaction(message, null);
        MessageExt read = env.read(topic, 1).get(0);
        equal(List.of("tag", "key", "v"), List.of(read.getTags(), read.getKeys(), read.getUserProperty("p")), "message");
        equal(7, read.getFlag(), "flag");
        equal(sent.getMessageQueue().getQueueId(), read.getQueueId(), "queue");
        equal(producer.getProducerGroup(), read.getProperty("PGROUP"), "group");
    }

    /** A message may say for how long nobody shall be asked about it. */
    private static void immunity(Env env) throws Exception {
        String topic = env.topic(1);
        Script script = new Script();
        TransactionMQProducer producer = producer(env, env.group(), script);
        Message message = new Message(topic, bytes("u-c"));
        message.putUserProperty("CHECK_IMMUNITY_TIME_IN_SECONDS", "8");
        long before = System.currentTimeMillis();
        ok(producer.sendMessageInTransaction(message, null));
        equal(List.of("u-c"), bodies(env.read(topic, 1)), "read");
        long waited = System.currentTimeMillis() - before;
        check(waited >= 8000, "asked about after " + waited + " ms");
        DefaultMQProducer plain = env.producer();
        ok(plain.send(new Message(topic, bytes("last"))));
        equal(List.of("u-c", "last"), bodies(env.read(topic, 2)), "read");
    }

    private TransactionCases() {
    }
}
