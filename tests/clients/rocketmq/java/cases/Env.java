package cases;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** What a case works with: clients that are closed with it, names that no other case uses, and checks. */
@SuppressWarnings("deprecation")
final class Env implements AutoCloseable {
    static final long PATIENCE_MS = 60_000;
    static final String BROKER = "broker-a";
    static final String CLUSTER = "DefaultCluster";
    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final String RUN = Long.toString(System.currentTimeMillis(), 36) + "-" + ProcessHandle.current().pid();
    private static DefaultMQAdminExt admin;

    final String names;
    private final String name;
    private final List<Runnable> open = new ArrayList<>();
    private DefaultMQPullConsumer reader;

    Env(String names, String name) {
        this.names = names;
        this.name = name;
    }

    /** A name of a topic, group or client that is new on this server. */
    String fresh(String what) {
        return what + "-" + name + "-" + RUN + "-" + NAMES.incrementAndGet();
    }

    String group() {
        return fresh("g");
    }

    void closing(Runnable close) {
        synchronized (open) {
            open.add(close);
        }
    }

    /** Each client is a client of its own on the wire, and looks often at what changed. */
    <T extends ClientConfig> T configured(T client) {
        client.setNamesrvAddr(names);
        client.setInstanceName(fresh("i"));
        client.setPollNameServerInterval(1000);
        client.setHeartbeatBrokerInterval(1000);
        client.setPersistConsumerOffsetInterval(500);
        return client;
    }

    /**
     * A client that traces. All that do so in one JVM, to name servers that are spelled the same, share one client for
     * their traces; one that closes may take it from one that is just starting, whose traces are lost then. So each spells
     * them in its own way.
     */
    <T extends ClientConfig> T tracing(T client) {
        configured(client).setNamesrvAddr(names + ";".repeat(NAMES.incrementAndGet()));
        return client;
    }

    /** mqadmin's client, one for all cases. */
    DefaultMQAdminExt admin() throws MQClientException {
        synchronized (NAMES) {
            if (admin == null) {
                admin = configured(new DefaultMQAdminExt(10_000));
                admin.start();
            }
            return admin;
        }
    }

    /** The broker's address. */
    String broker() throws Exception {
        return admin().examineBrokerClusterInfo().getBrokerAddrTable().get(BROKER).getBrokerAddrs().get(0L);
    }

    String topic(int queues) throws Exception {
        return topic(fresh("t"), queues);
    }

    String topic(String topic, int queues) throws Exception {
        admin().createAndUpdateTopicConfig(broker(), new TopicConfig(topic, queues, queues, 6));
        routed(topic);
        return topic;
    }

    /** Waits until the name server tells where the topic is; Java's broker answers before it has told it. */
    void routed(String topic) throws Exception {
        until("route of " + topic, () -> {
            try {
                return !admin().examineTopicRouteInfo(topic).getQueueDatas().isEmpty();
            } catch (MQClientException notYet) {
                return false;
            }
        });
    }

    DefaultMQProducer producer() throws Exception {
        return started(configured(new DefaultMQProducer(group())));
    }

    DefaultMQProducer started(DefaultMQProducer producer) throws Exception {
        producer.setSendMsgTimeout(10_000);
        producer.start();
        closing(producer::shutdown);
        return producer;
    }

    /** Not started, reads from the first message on. */
    DefaultMQPushConsumer push(String group) {
        DefaultMQPushConsumer consumer = configured(new DefaultMQPushConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(2);
        consumer.setConsumeThreadMax(2);
        closing(consumer::shutdown);
        return consumer;
    }

    /** Not started, commits when told. */
    DefaultLitePullConsumer lite(String group) {
        DefaultLitePullConsumer consumer = configured(new DefaultLitePullConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setAutoCommit(false);
        consumer.setPullThreadNums(2);
        closing(consumer::shutdown);
        return consumer;
    }

    DefaultMQPullConsumer puller(String group) throws Exception {
        DefaultMQPullConsumer consumer = configured(new DefaultMQPullConsumer(group));
        consumer.start();
        closing(consumer::shutdown);
        return consumer;
    }

    DefaultMQPullConsumer reader() throws Exception {
        if (reader == null) {
            reader = puller(group());
        }
        return reader;
    }

    /** The topic's queues, in order. */
    List<MessageQueue> queues(String topic) throws Exception {
        List<MessageQueue> queues = new ArrayList<>(reader().fetchSubscribeMessageQueues(topic));
        queues.sort(Comparator.naturalOrder());
        return queues;
    }

    long maxOffset(MessageQueue queue) throws Exception {
        return reader().maxOffset(queue);
    }

    /** Everything in the topic, queue by queue, once there are at least {@code count} messages. */
    List<MessageExt> read(String topic, int count) throws Exception {
        routed(topic);
        List<MessageExt> all = new ArrayList<>();
        until(count + " messages in " + topic, () -> {
            all.clear();
            for (MessageQueue queue : queues(topic)) {
                all.addAll(read(queue));
            }
            return all.size() >= count;
        });
        return all;
    }

    private List<MessageExt> read(MessageQueue queue) throws Exception {
        List<MessageExt> found = new ArrayList<>();
        long offset = reader().minOffset(queue);
        long end = reader().maxOffset(queue);
        while (offset < end) {
            PullResult pulled = reader().pull(queue, "*", offset, 32);
            if (pulled.getPullStatus() == PullStatus.FOUND) {
                found.addAll(pulled.getMsgFoundList());
            }
            check(pulled.getNextBeginOffset() > offset, "a pull at " + offset + " went on");
            offset = pulled.getNextBeginOffset();
        }
        return found;
    }

    /** Sends {@code prefix0 … prefix(n-1)} to one queue, one after the other. */
    List<SendResult> send(MessageQueue queue, String prefix, int count) throws Exception {
        DefaultMQProducer producer = producer();
        List<SendResult> sent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sent.add(ok(producer.send(new Message(queue.getTopic(), bytes(prefix + i)), queue)));
        }
        return sent;
    }

    /** As above, to the topic's only queue. */
    List<SendResult> send(String topic, String prefix, int count) throws Exception {
        return send(new MessageQueue(topic, BROKER, 0), prefix, count);
    }

    /** How far the group is in a queue, as the broker tells it; 0 if it knows nothing, -1 where it does not know the group. */
    long committed(String group, MessageQueue queue) throws Exception {
        try {
            var progress = admin().examineConsumeStats(group, queue.getTopic()).getOffsetTable().get(queue);
            return progress == null ? -1 : progress.getConsumerOffset();
        } catch (MQClientException | MQBrokerException notYet) {
            return -1;
        }
    }

    static SendResult ok(SendResult sent) {
        equal(SendStatus.SEND_OK, sent.getSendStatus(), "status");
        return sent;
    }

    /** Calls again until {@code ready}; for states that follow an answer rather than come with it. */
    static void until(String what, Callable<Boolean> ready) throws Exception {
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (!ready.call()) {
            check(System.currentTimeMillis() < end, "never: " + what);
            Thread.sleep(20);
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String body(Message message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }

    static List<String> bodies(List<? extends Message> messages) {
        return messages.stream().map(Env::body).toList();
    }

    /** {@code prefix0 … prefix(n-1)}. */
    static List<String> numbered(String prefix, int count) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(prefix + i);
        }
        return all;
    }

    static List<String> sorted(List<String> texts) {
        return texts.stream().sorted().toList();
    }

    static void check(boolean held, String what) {
        if (!held) {
            throw new AssertionError(what);
        }
    }

    static void equal(Object expected, Object actual, String what) {
        check(Objects.equals(expected, actual), what + ": expected " + expected + ", got " + actual);
    }

    /** Runs {@code body}, which must fail with {@code kind} (perhaps as the cause of what it throws). */
    static <T extends Throwable> T fails(Class<T> kind, Callable<?> body) {
        Throwable thrown = null;
        try {
            body.call();
        } catch (Throwable error) {
            thrown = error;
        }
        for (Throwable at = thrown; at != null; at = at.getCause()) {
            if (kind.isInstance(at)) {
                return kind.cast(at);
            }
        }
        throw new AssertionError("expected " + kind.getSimpleName() + ", got " + thrown, thrown);
    }

    @Override
    public void close() {
        for (int i = open.size() - 1; i >= 0; i--) {
            try {
                open.get(i).run();
            } catch (RuntimeException ignored) {
                // The case has its verdict; a client that was never started may close badly.
            }
        }
    }
}
