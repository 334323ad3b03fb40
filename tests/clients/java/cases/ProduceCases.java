package cases;

import static cases.Driver.add;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.partitions;
import static cases.Env.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.TimestampType;

/** What a producer sends, a reader gets back. */
final class ProduceCases {
    static void register() {
        add("produce-acks-all", env -> roundTrip(env, "acks", "all"));
        add("produce-acks-1", env -> roundTrip(env, "acks", "1", "enable.idempotence", "false"));
        add("produce-acks-0", env -> roundTrip(env, "acks", "0", "enable.idempotence", "false"));
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            add("produce-codec-" + codec, env -> codec(env, codec));
        }
        add("produce-codec-set-by-topic", ProduceCases::codecSetByTopic);
        add("produce-headers", ProduceCases::headers);
        add("produce-null-key-null-value-empty-value", ProduceCases::nulls);
        add("produce-900-KiB-record", ProduceCases::largeRecord);
        add("produce-5-MiB-record-where-topic-allows", ProduceCases::hugeRecord);
        add("produce-too-large-refused", ProduceCases::tooLarge);
        add("produce-idempotent-20000-in-order", ProduceCases::idempotent);
        add("produce-idempotent-two-producers-one-partition", ProduceCases::twoProducers);
        add("produce-same-key-same-partition", ProduceCases::sameKey);
        add("produce-100-partitions", ProduceCases::manyPartitions);
        add("produce-one-by-one", ProduceCases::oneByOne);
        add("produce-offsets-are-dense", ProduceCases::denseOffsets);
        add("produce-create-time-kept", ProduceCases::createTime);
        add("produce-log-append-time", ProduceCases::logAppendTime);
        add("produce-timestamp-in-future-refused", ProduceCases::futureTimestamp);
        add("produce-creates-topic", ProduceCases::createsTopic);
        add("produce-bad-topic-name-refused", env -> fails(InvalidTopicException.class,
            () -> env.producer().send(new ProducerRecord<>("bad name!", bytes("v"))).get()));
        add("produce-internal-topic-refused", ProduceCases::internalTopic);
        add("produce-missing-partition-times-out", ProduceCases::missingPartition);
        add("produce-compacted-topic-needs-key", ProduceCases::compactedNeedsKey);
        add("produce-flush-waits-for-all", ProduceCases::flush);
    }

    private static void roundTrip(Env env, Object... config) throws Exception {
        String topic = env.topic(2);
        Producer<byte[], byte[]> producer = env.producer(config);
        for (int i = 0; i < 1000; i++) {
            producer.send(new ProducerRecord<>(topic, i % 2, bytes("k" + i), bytes("v" + i)));
        }
        producer.flush();
        List<ConsumerRecord<byte[], byte[]>> records = env.exactly(env.reader(partitions(topic, 2)), 1000);
        int[] next = {0, 1};
        for (ConsumerRecord<byte[], byte[]> record : records) {
            int i = next[record.partition()];
            equal("v" + i, text(record.value()), "value");
            equal("k" + i, text(record.key()), "key");
            next[record.partition()] += 2;
        }
    }

    private static void codec(Env env, String codec) throws Exception {
        String topic = env.topic(1);
        Random random = new Random(7);
        byte[] noise = new byte[4000];
        random.nextBytes(noise);
        Producer<byte[], byte[]> producer = env.producer("compression.type", codec, "linger.ms", "20");
        for (int i = 0; i < 300; i++) {
            byte[] value = i % 3 == 0 ? noise : bytes("abc".repeat(i));
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, 0, bytes("k" + i), value);
            record.headers().add("n", bytes("" + i));
            producer.send(record);
        }
        producer.flush();
        List<ConsumerRecord<byte[], byte[]>> records = env.exactly(env.reader(partitions(topic, 1)), 300);
        for (int i = 0; i < 300; i++) {
            byte[] value = i % 3 == 0 ? noise : bytes("abc".repeat(i));
            check(Arrays.equals(value, records.get(i).value()), "value " + i);
            equal("" + i, text(records.get(i).headers().lastHeader("n").value()), "header");
        }
    }

    private static void codecSetByTopic(Env env) throws Exception {
        String topic = env.topic(1, "compression.type", "producer");
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            env.send(topic, 0, 50, codec, "compression.type", codec, "linger.ms", "20");
        }
        List<ConsumerRecord<byte[], byte[]>> records = env.exactly(env.reader(partitions(topic, 1)), 250);
        equal("none0", text(records.get(0).value()), "first");
        equal("zstd49", text(records.get(249).value()), "last");
    }

    private static void headers(Env env) throws Exception {
        String topic = env.topic(1);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, bytes("v"));
        record.headers().add("a", bytes("1")).add("b", null).add("a", bytes("2")).add("", new byte[0]).add("ü", bytes("ß"));
        env.producer().send(record).get();
        List<Header> got = new ArrayList<>();
        env.exactly(env.reader(partitions(topic, 1)), 1).get(0).headers().forEach(got::add);
        equal(List.of("a", "b", "a", "", "ü"), got.stream().map(Header::key).toList(), "header keys in order");
        equal("2", text(got.get(2).value()), "repeated header");
        equal(null, got.get(1).value(), "null header");
        equal(0, got.get(3).value().length, "empty header");
        equal("ß", text(got.get(4).value()), "text header");
    }

    private static void nulls(Env env) throws Exception {
        String topic = env.topic(1);
        Producer<byte[], byte[]> producer = env.producer();
        producer.send(new ProducerRecord<>(topic, null, bytes("no key")));
        producer.send(new ProducerRecord<>(topic, bytes("tombstone"), null));
        producer.send(new ProducerRecord<>(topic, new byte[0], new byte[0]));
        producer.flush();
        List<ConsumerRecord<byte[], byte[]>> records = env.exactly(env.reader(partitions(topic, 1)), 3);
        equal(null, records.get(0).key(), "null key");
        equal(null, records.get(1).value(), "null value");
        equal(0, records.get(2).key().length, "empty key");
        equal(0, records.get(2).value().length, "empty value");
    }

    private static void largeRecord(Env env) throws Exception {
        large(env, 900 * 1024, env.topic(1));
    }

    private static void hugeRecord(Env env) throws Exception {
        large(env, 5 << 20, env.topic(1, "max.message.bytes", "8388608"));
    }

    private static void large(Env env, int size, String topic) throws Exception {
        byte[] value = new byte[size];
        new Random(1).nextBytes(value);
        Producer<byte[], byte[]> producer = env.producer("max.request.size", 16 << 20, "buffer.memory", 64 << 20);
        for (int i = 0; i < 4; i++) {
            producer.send(new ProducerRecord<>(topic, 0, bytes("" + i), value)).get();
        }
        // Smaller limits than the record: a reader must still get on.
        Consumer<byte[], byte[]> reader =
            env.reader(partitions(topic, 1), "max.partition.fetch.bytes", 1024, "fetch.max.bytes", 1024);
        for (ConsumerRecord<byte[], byte[]> record : env.exactly(reader, 4)) {
            check(Arrays.equals(value, record.value()), "value of record " + record.offset());
        }
    }

    private static void tooLarge(Env env) throws Exception {
        String topic = env.topic(1, "max.message.bytes", "2000");
        Producer<byte[], byte[]> producer = env.producer();
        fails(RecordTooLargeException.class, () -> producer.send(new ProducerRecord<>(topic, new byte[4000])).get());
        producer.send(new ProducerRecord<>(topic, new byte[100])).get();
        env.exactly(env.reader(partitions(topic, 1)), 1);
    }

    private static void idempotent(Env env) throws Exception {
        String topic = env.topic(4);
        Producer<byte[], byte[]> producer = env.producer("enable.idempotence", "true", "linger.ms", "2");
        for (int i = 0; i < 20_000; i++) {
            producer.send(new ProducerRecord<>(topic, i % 4, null, bytes("" + i)));
        }
        producer.flush();
        int[] next = {0, 1, 2, 3};
        for (ConsumerRecord<byte[], byte[]> record : env.exactly(env.reader(partitions(topic, 4)), 20_000)) {
            equal("" + next[record.partition()], text(record.value()), "order in partition " + record.partition());
            next[record.partition()] += 4;
        }
    }

    private static void twoProducers(Env env) throws Exception {
        String topic = env.topic(1);
        List<Producer<byte[], byte[]>> both = List.of(env.producer(), env.producer());
        for (int i = 0; i < 1000; i++) {
            both.get(i % 2).send(new ProducerRecord<>(topic, 0, bytes("" + i % 2), bytes("" + i)));
        }
        both.forEach(Producer::flush);
        int[] next = {0, 1};
        for (ConsumerRecord<byte[], byte[]> record : env.exactly(env.reader(partitions(topic, 1)), 1000)) {
            int which = Integer.parseInt(text(record.key()));
            equal("" + next[which], text(record.value()), "order of producer " + which);
            next[which] += 2;
        }
    }

    private static void sameKey(Env env) throws Exception {
        String topic = env.topic(7);
        Map<String, Integer> where = new HashMap<>();
        Producer<byte[], byte[]> producer = env.producer();
        for (int i = 0; i < 200; i++) {
            String key = "key-" + i % 20;
            int partition = producer.send(new ProducerRecord<>(topic, bytes(key), bytes("v"))).get().partition();
            Integer before = where.put(key, partition);
            check(before == null || before == partition, key + " moved");
        }
        check(new HashSet<>(where.values()).size() > 3, "keys spread over partitions");
    }

    private static void manyPartitions(Env env) throws Exception {
        String topic = env.topic(100);
        Producer<byte[], byte[]> producer = env.producer("linger.ms", "5");
        for (int i = 0; i < 2000; i++) {
            producer.send(new ProducerRecord<>(topic, i % 100, null, bytes("" + i)));
        }
        producer.flush();
        Set<TopicPartition> seen = new HashSet<>();
        env.exactly(env.reader(partitions(topic, 100)), 2000)
            .forEach(record -> seen.add(new TopicPartition(record.topic(), record.partition())));
        equal(100, seen.size(), "partitions read");
    }

    private static void oneByOne(Env env) throws Exception {
        String topic = env.topic(1);
        Producer<byte[], byte[]> producer = env.producer();
        for (int i = 0; i < 100; i++) {
            equal((long) i, producer.send(new ProducerRecord<>(topic, bytes("" + i))).get().offset(), "offset");
        }
    }

    private static void denseOffsets(Env env) throws Exception {
        String topic = env.topic(1);
        List<RecordMetadata> acked = env.send(topic, 0, 500, "v", "linger.ms", "10", "batch.size", "4096");
        for (int i = 0; i < 500; i++) {
            equal((long) i, acked.get(i).offset(), "offset");
        }
        for (ConsumerRecord<byte[], byte[]> record : env.exactly(env.reader(partitions(topic, 1)), 500)) {
            equal("v" + record.offset(), text(record.value()), "value at its offset");
        }
    }

    private static void createTime(Env env) throws Exception {
        String topic = env.topic(1);
        long base = System.currentTimeMillis() - 3_600_000;
        long[] times = {base, base + 5, base - 1};
        Producer<byte[], byte[]> producer = env.producer("linger.ms", "20");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (long time : times) {
            sent.add(producer.send(new ProducerRecord<>(topic, 0, time, null, bytes("v"))));
        }
        for (int i = 0; i < times.length; i++) {
            equal(times[i], sent.get(i).get().timestamp(), "acknowledged time");
        }
        List<ConsumerRecord<byte[], byte[]>> records = env.exactly(env.reader(partitions(topic, 1)), 3);
        for (int i = 0; i < times.length; i++) {
            equal(times[i], records.get(i).timestamp(), "time read");
            equal(TimestampType.CREATE_TIME, records.get(i).timestampType(), "kind of time");
        }
    }

    private static void logAppendTime(Env env) throws Exception {
        String topic = env.topic(1, "message.timestamp.type", "LogAppendTime");
        long before = System.currentTimeMillis() - 1000;
        RecordMetadata acked = env.producer().send(new ProducerRecord<>(topic, 0, 5L, null, bytes("v"))).get();
        ConsumerRecord<byte[], byte[]> record = env.exactly(env.reader(partitions(topic, 1)), 1).get(0);
        equal(TimestampType.LOG_APPEND_TIME, record.timestampType(), "kind of time");
        check(record.timestamp() >= before, "time is the broker's, got " + record.timestamp());
        equal(acked.timestamp(), record.timestamp(), "acknowledged and read time");
    }

    private static void futureTimestamp(Env env) throws Exception {
        String topic = env.topic(1);
        long future = System.currentTimeMillis() + 2 * 3_600_000;
        fails(InvalidTimestampException.class,
            () -> env.producer().send(new ProducerRecord<>(topic, 0, future, null, bytes("v"))).get());
    }

    private static void createsTopic(Env env) throws Exception {
        String topic = env.fresh("auto");
        env.producer().send(new ProducerRecord<>(topic, bytes("v"))).get();
        check(env.admin().listTopics().names().get().contains(topic), "topic is listed");
    }

    private static void internalTopic(Env env) throws Exception {
        String topic = env.topic(1);
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", env.fresh("g"));
        consumer.subscribe(List.of(topic));
        env.until("assignment", () -> {
            consumer.poll(Env.POLL);
            return !consumer.assignment().isEmpty();
        });
        fails(InvalidTopicException.class,
            () -> env.producer().send(new ProducerRecord<>("__consumer_offsets", 0, bytes("k"), bytes("v"))).get());
    }

    private static void missingPartition(Env env) throws Exception {
        String topic = env.topic(1);
        fails(TimeoutException.class, () -> env.producer("max.block.ms", "500")
            .send(new ProducerRecord<>(topic, 5, null, bytes("v"))).get());
    }

    private static void compactedNeedsKey(Env env) throws Exception {
        String topic = env.topic(1, "cleanup.policy", "compact");
        Producer<byte[], byte[]> producer = env.producer();
        fails(org.apache.kafka.common.InvalidRecordException.class,
            () -> producer.send(new ProducerRecord<>(topic, null, bytes("v"))).get());
        producer.send(new ProducerRecord<>(topic, bytes("k"), bytes("v"))).get();
    }

    private static void flush(Env env) throws Exception {
        String topic = env.topic(3);
        Producer<byte[], byte[]> producer = env.producer("linger.ms", "60000", "delivery.timeout.ms", "120000");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            sent.add(producer.send(new ProducerRecord<>(topic, i % 3, null, bytes("" + i))));
        }
        producer.flush();
        check(sent.stream().allMatch(Future::isDone), "all done after flush");
    }

    private ProduceCases() {
    }
}
