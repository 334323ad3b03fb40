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
import static cases.Env.until;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Push consumers that take each queue in order. */
final class OrderCases {
    static void register() {
        add("order-of-each-queue", OrderCases::eachQueue);
        add("order-by-key", OrderCases::byKey);
        add("order-refused-message-holds-its-queue", OrderCases::holdsQueue);
        add("order-refused-message-goes-to-dead-letters", OrderCases::deadLetter);
        add("order-two-members-share", OrderCases::share);
        add("order-member-that-leaves-gives-its-locks", OrderCases::givesLocks);
        add("order-resumes-where-the-group-was", OrderCases::resumes);
    }

    private static Inbox started(DefaultMQPushConsumer consumer, String topic) throws Exception {
        Inbox inbox = Inbox.orderly(consumer, message -> true);
        consumer.subscribe(topic, "*");
        consumer.start();
        return inbox;
    }

    private static List<String> ofQueue(List<MessageExt> messages, int queue) {
        return bodies(messages.stream().filter(message -> message.getQueueId() == queue).toList());
    }

    private static void eachQueue(Env env) throws Exception {
        String topic = env.topic(4);
        Inbox inbox = started(env.push(env.group()), topic);
        for (int queue = 0; queue < 4; queue++) {
            env.send(new MessageQueue(topic, BROKER, queue), "q" + queue + "-", 25);
        }
        List<MessageExt> got = inbox.await(100);
        for (int queue = 0; queue < 4; queue++) {
            equal(numbered("q" + queue + "-", 25), ofQueue(got, queue), "queue " + queue);
        }
    }

    private static void byKey(Env env) throws Exception {
        String topic = env.topic(4);
        Inbox inbox = started(env.push(env.group()), topic);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 100; i++) {
            String order = "order" + i % 10;
            ok(producer.send(new Message(topic, bytes(order + "-" + i / 10)), new SelectMessageQueueByHash(), order));
        }
        List<String> got = bodies(inbox.await(100));
        for (int i = 0; i < 10; i++) {
            String prefix = "order" + i + "-";
            equal(numbered(prefix, 10), got.stream().filter(text -> text.startsWith(prefix)).toList(), prefix);
        }
    }

    private static void holdsQueue(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQPushConsumer consumer = env.push(env.group());
        consumer.setSuspendCurrentQueueTimeMillis(50);
        AtomicInteger refusals = new AtomicInteger();
        Inbox inbox = Inbox.orderly(consumer, message -> !body(message).equals("m2") || refusals.incrementAndGet() > 3);
        consumer.subscribe(topic, "*");
        consumer.start();
        env.send(topic, "m", 5);
        inbox.await("m4");
        equal(List.of("m0", "m1", "m2", "m2", "m2", "m2", "m3", "m4"), inbox.bodies(), "consumed");
    }

    private static void deadLetter(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        DefaultMQPushConsumer consumer = env.push(group);
        consumer.setSuspendCurrentQueueTimeMillis(50);
        consumer.setMaxReconsumeTimes(2);
        Inbox inbox = Inbox.orderly(consumer, message -> !body(message).equals("m1"));
        consumer.subscribe(topic, "*");
        consumer.start();
        env.send(topic, "m", 3);
        inbox.await("m2");
        equal(List.of("m0", "m1", "m1", "m1", "m2"), inbox.bodies(), "consumed");
        List<MessageExt> dead = env.read("%DLQ%" + group, 1);
        equal(List.of("m1"), bodies(dead), "dead letters");
        equal(topic, dead.get(0).getProperty("RETRY_TOPIC"), "where it came from");
    }

    private static void share(Env env) throws Exception {
        String topic = env.topic(4);
        String group = env.group();
        Inbox one = started(env.push(group), topic);
        Inbox two = started(env.push(group), topic);
        DefaultMQProducer producer = env.producer();
        // Queues change hands while messages come; what is seen after each member has two is what counts.
        until("both take part", () -> {
            ok(producer.send(new Message(topic, bytes("warm"))));
            return !one.all().isEmpty() && !two.all().isEmpty();
        });
        for (int queue = 0; queue < 4; queue++) {
            env.send(new MessageQueue(topic, BROKER, queue), "q" + queue + "-", 20);
        }
        until("all consumed", () -> one.bodies().stream().filter(text -> text.startsWith("q")).distinct().count()
            + two.bodies().stream().filter(text -> text.startsWith("q")).distinct().count() >= 80);
        for (int queue = 0; queue < 4; queue++) {
            String prefix = "q" + queue + "-";
            List<String> first = one.bodies().stream().filter(text -> text.startsWith(prefix)).toList();
            List<String> second = two.bodies().stream().filter(text -> text.startsWith(prefix)).toList();
            check(first.isEmpty() || second.isEmpty(), "both read queue " + queue);
            equal(numbered(prefix, 20), first.isEmpty() ? second : first, "queue " + queue);
        }
    }

    private static void givesLocks(Env env) throws Exception {
        String topic = env.topic(2);
        String group = env.group();
        DefaultMQPushConsumer leaver = env.push(group);
        Inbox first = started(leaver, topic);
        for (int queue = 0; queue < 2; queue++) {
            env.send(new MessageQueue(topic, BROKER, queue), "before" + queue + "-", 5);
        }
        first.await(10);
        leaver.shutdown();
        Inbox second = started(env.push(group), topic);
        for (int queue = 0; queue < 2; queue++) {
            env.send(new MessageQueue(topic, BROKER, queue), "after" + queue + "-", 5);
        }
        List<MessageExt> got = second.await(10);
        for (int queue = 0; queue < 2; queue++) {
            equal(numbered("after" + queue + "-", 5), ofQueue(got, queue), "queue " + queue);
        }
    }

    private static void resumes(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        Set<String> seen = ConcurrentHashMap.newKeySet();
        List<String> all = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            DefaultMQPushConsumer consumer = env.push(group);
            Inbox inbox = started(consumer, topic);
            env.send(topic, "r" + round + "-", 5);
            inbox.await("r" + round + "-4");
            consumer.shutdown();
            all.addAll(inbox.bodies());
            seen.addAll(inbox.bodies());
        }
        equal(15, seen.size(), "distinct messages");
        equal(all.stream().distinct().toList(), all, "messages, none twice");
    }

    private OrderCases() {
    }
}
