package cases;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What a case works with: clients that are closed with it, names that no other case uses, and checks. */
final class Env implements AutoCloseable {
    static final Duration POLL = Duration.ofMillis(200);
    static final long PATIENCE_MS = 30_000;
    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final String RUN = Long.toString(System.currentTimeMillis(), 36);

    final String bootstrap;
    private final String name;
    private final List<AutoCloseable> open = new ArrayList<>();

    Env(String bootstrap, String name) {
        this.bootstrap = bootstrap;
        this.name = name;
    }

    /** A name of a topic, group or client that is new on this server. */
    String fresh(String what) {
        return what + "-" + name + "-" + RUN + "-" + NAMES.incrementAndGet();
    }

    <T extends AutoCloseable> T closing(T client) {
        synchronized (open) {
            open.add(client);
        }
        return client;
    }

    private Properties properties(Object... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("client.id", "java-" + name);
        for (int i = 0; i < pairs.length; i += 2) {
            properties.put(pairs[i], pairs[i + 1].toString());
        }
        return properties;
    }

    Admin admin() {
        return closing(Admin.create(properties("default.api.timeout.ms", PATIENCE_MS)));
    }

    Producer<byte[], byte[]> producer(Object... pairs) {
        Properties properties = properties(pairs);
        properties.putIfAbsent("delivery.timeout.ms", "30000");
        properties.putIfAbsent("request.timeout.ms", "15000");
        properties.putIfAbsent("linger.ms", "0");
        return closing(new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer()));
    }

    Consumer<byte[], byte[]> consumer(Object... pairs) {
        Properties properties = properties(pairs);
        properties.putIfAbsent("auto.offset.reset", "earliest");
        properties.putIfAbsent("enable.auto.commit", "false");
        properties.putIfAbsent("heartbeat.interval.ms", "300");
        properties.putIfAbsent("session.timeout.ms", "10000");
        return closing(new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
    }

    /** A consumer that reads all of these partitions from their beginning, outside any group. */
    Consumer<byte[], byte[]> reader(Collection<TopicPartition> partitions, Object... pairs) {
        Consumer<byte[], byte[]> consumer = consumer(pairs);
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return consumer;
    }

    String topic(int partitions, String... configs) throws Exception {
        String topic = fresh("t");
        create(topic, partitions, configs);
        return topic;
    }

    void create(String topic, int partitions, String... configs) throws Exception {
        Map<String, String> map = new java.util.HashMap<>();
        for (int i = 0; i < configs.length; i += 2) {
            map.put(configs[i], configs[i + 1]);
        }
        try (Admin admin = Admin.create(properties())) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(map))).all().get();
            // Kafka answers a moment before its broker half knows the topic.
            until("topic is known", () -> {
                try {
                    return !admin.describeTopics(List.of(topic)).allTopicNames().get().isEmpty();
                } catch (ExecutionException notYet) {
                    return false;
                }
            });
        }
    }

    /** Sends values {@code prefix0 … prefix(n-1)} to one partition and waits for every acknowledgement. */
    List<RecordMetadata> send(String topic, int partition, int count, String prefix, Object... pairs) throws Exception {
        Producer<byte[], byte[]> producer = producer(pairs);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sent.add(producer.send(new ProducerRecord<>(topic, partition, bytes("k" + i), bytes(prefix + i))));
        }
        List<RecordMetadata> acked = new ArrayList<>();
        for (Future<RecordMetadata> future : sent) {
            acked.add(future.get(PATIENCE_MS, TimeUnit.MILLISECONDS));
        }
        return acked;
    }

    /** Polls until {@code count} records came; one more poll must bring none. */
    List<ConsumerRecord<byte[], byte[]>> exactly(Consumer<byte[], byte[]> consumer, int count) {
        List<ConsumerRecord<byte[], byte[]>> records = atLeast(consumer, count);
        consumer.poll(Duration.ofMillis(20)).forEach(records::add);
        equal(count, records.size(), "records read");
        return records;
    }

    List<ConsumerRecord<byte[], byte[]>> atLeast(Consumer<byte[], byte[]> consumer, int count) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (records.size() < count && System.currentTimeMillis() < end) {
            consumer.poll(POLL).forEach(records::add);
        }
        check(records.size() >= count, "read only " + records.size() + " of " + count + " records");
        return records;
    }

    /** Calls again until {@code ready}; for states that follow an answer rather than come with it. */
    void until(String what, Callable<Boolean> ready) throws Exception {
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (!ready.call()) {
            check(System.currentTimeMillis() < end, "never: " + what);
            Thread.sleep(20);
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    static List<TopicPartition> partitions(String topic, int count) {
        List<TopicPartition> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new TopicPartition(topic, i));
        }
        return all;
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
            thrown = error instanceof ExecutionException ? error.getCause() : error;
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
            AutoCloseable client = open.get(i);
            try {
                if (client instanceof Producer<?, ?> producer) {
                    producer.close(Duration.ofSeconds(2));
                } else {
                    client.close();
                }
            } catch (Exception ignored) {
                // The case has its verdict; a client that a fenced or failed case left behind may close badly.
            }
        }
    }
}
