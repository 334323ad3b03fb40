package cases;

import static cases.Driver.add;
import static cases.Env.POLL;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.partitions;
import static cases.Env.text;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;

/** Reading without a group: positions, limits, waiting, time lookup, sessions. */
final class ConsumeCases {
    static void register() {
        add("consume-from-latest", ConsumeCases::fromLatest);
        add("consume-seek", ConsumeCases::seek);
        add("consume-seek-inside-batch", ConsumeCases::seekInsideBatch);
        add("consume-beginning-and-end-offsets", ConsumeCases::endOffsets);
        add("consume-offsets-for-times", ConsumeCases::offsetsForTimes);
        add("consume-offsets-for-times-across-batches", ConsumeCases::offsetsForTimesAcrossBatches);
        add("consume-pause-and-resume", ConsumeCases::pause);
        add("consume-max-poll-records", ConsumeCases::maxPollRecords);
        add("consume-no-reset-policy-throws", ConsumeCases::noReset);
        add("consume-out-of-range-throws-without-policy", ConsumeCases::outOfRange);
        add("consume-out-of-range-resets", ConsumeCases::outOfRangeResets);
        add("consume-reset-by-duration", ConsumeCases::resetByDuration);
        add("consume-long-poll-wakes-on-append", ConsumeCases::longPoll);
        add("consume-fetch-min-bytes-waits", ConsumeCases::minBytes);
        add("consume-fetch-session-60-partitions", ConsumeCases::fetchSession);
        add("consume-fetch-session-change-of-assignment", ConsumeCases::fetchSessionChange);
        add("consume-read-committed", ConsumeCases::readCommitted);
        add("consume-pattern-finds-new-topics", ConsumeCases::pattern);
        add("consume-missing-topic-appears-later", ConsumeCases::appearsLater);
        add("consume-partitions-for-and-list-topics", ConsumeCases::partitionsFor);
        add("consume-bad-topic-name-refused", ConsumeCases::badName);
        add("consume-lag", ConsumeCases::lag);
        add("consume-leader-epoch-known", ConsumeCases::leaderEpoch);
        add("consume-topic-deleted-while-reading", ConsumeCases::deletedWhileReading);
        add("consume-while-producing-50000", ConsumeCases::whileProducing);
        add("consume-compacted-topic", ConsumeCases::compacted);
    }

    private static void fromLatest(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 10, "old");
        Consumer<byte[], byte[]> consumer = env.consumer("auto.offset.reset", "latest");
        consumer.assign(partitions(topic, 1));
        equal(10L, consumer.position(new TopicPartition(topic, 0)), "position");
        env.send(topic, 0, 3, "new");
        equal("new0", text(env.exactly(consumer, 3).get(0).value()), "first");
    }

    private static void seek(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        env.send(topic, 0, 100, "v");
        Consumer<byte[], byte[]> consumer = env.reader(List.of(partition));
        for (long offset : new long[] {90, 0, 99, 42}) {
            consumer.seek(partition, offset);
            equal(offset, env.atLeast(consumer, 1).get(0).offset(), "first offset after seek");
        }
        consumer.seekToEnd(List.of(partition));
        equal(100L, consumer.position(partition), "end");
    }

    private static void seekInsideBatch(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 50, "v", "linger.ms", "100", "batch.size", 1 << 20);
        Consumer<byte[], byte[]> consumer = env.reader(partitions(topic, 1));
        for (long offset : new long[] {49, 25, 1}) {
            consumer.seek(new TopicPartition(topic, 0), offset);
            equal("v" + offset, text(env.atLeast(consumer, 1).get(0).value()), "record at offset");
        }
    }

    private static void endOffsets(Env env) throws Exception {
        String topic = env.topic(3);
        env.send(topic, 0, 7, "v");
        env.send(topic, 2, 5, "v");
        Consumer<byte[], byte[]> consumer = env.consumer();
        List<TopicPartition> all = partitions(topic, 3);
        equal(Map.of(all.get(0), 0L, all.get(1), 0L, all.get(2), 0L), consumer.beginningOffsets(all), "beginning");
        equal(Map.of(all.get(0), 7L, all.get(1), 0L, all.get(2), 5L), consumer.endOffsets(all), "end");
    }

    private static void offsetsForTimes(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        long base = System.currentTimeMillis() - 3_600_000;
        Producer<byte[], byte[]> producer = env.producer("linger.ms", "50");
        for (int i = 0; i < 20; i++) {
            producer.send(new ProducerRecord<>(topic, 0, base + i * 10, null, bytes("" + i)));
        }
        producer.flush();
        Consumer<byte[], byte[]> consumer = env.consumer();
        long[][] expected = {{0, 0, base}, {base, 0, base}, {base + 1, 1, base + 10}, {base + 190, 19, base + 190}};
        for (long[] row : expected) {
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, row[0])).get(partition);
            equal(row[1], found.offset(), "offset for time " + row[0]);
            equal(row[2], found.timestamp(), "time found for " + row[0]);
        }
        equal(null, consumer.offsetsForTimes(Map.of(partition, base + 191)).get(partition), "time after the last");
    }

    private static void offsetsForTimesAcrossBatches(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        Producer<byte[], byte[]> producer = env.producer("batch.size", "16384", "linger.ms", "20");
        long base = System.currentTimeMillis() - 3_600_000;
        byte[] value = new byte[1000];
        for (int i = 0; i < 3000; i++) {
            producer.send(new ProducerRecord<>(topic, 0, base + i, null, value));
        }
        producer.flush();
        Consumer<byte[], byte[]> consumer = env.consumer();
        for (long i = 0; i < 3000; i += 271) {
            equal(i, consumer.offsetsForTimes(Map.of(partition, base + i)).get(partition).offset(), "offset");
        }
    }

    private static void pause(Env env) throws Exception {
        String topic = env.topic(2);
        List<TopicPartition> both = partitions(topic, 2);
        Consumer<byte[], byte[]> consumer = env.reader(both);
        consumer.pause(List.of(both.get(0)));
        env.send(topic, 0, 10, "a");
        env.send(topic, 1, 10, "b");
        env.exactly(consumer, 10).forEach(record -> equal(1, record.partition(), "partition not paused"));
        consumer.resume(both);
        env.exactly(consumer, 10).forEach(record -> equal(0, record.partition(), "partition resumed"));
    }

    private static void maxPollRecords(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 100, "v");
        Consumer<byte[], byte[]> consumer = env.reader(partitions(topic, 1), "max.poll.records", "7");
        int read = 0;
        while (read < 100) {
            int count = consumer.poll(Duration.ofSeconds(10)).count();
            check(count > 0 && count <= 7, "records of one poll: " + count);
            read += count;
        }
    }

    private static void noReset(Env env) throws Exception {
        String topic = env.topic(1);
        Consumer<byte[], byte[]> consumer = env.consumer("auto.offset.reset", "none", "group.id", env.fresh("g"));
        consumer.assign(partitions(topic, 1));
        fails(NoOffsetForPartitionException.class, () -> consumer.poll(Duration.ofSeconds(10)));
    }

    private static void outOfRange(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        env.send(topic, 0, 5, "v");
        Consumer<byte[], byte[]> consumer = env.consumer("auto.offset.reset", "none", "group.id", env.fresh("g"));
        consumer.assign(List.of(partition));
        consumer.seek(partition, 1000);
        OffsetOutOfRangeException error = fails(OffsetOutOfRangeException.class, () -> {
            for (int i = 0; i < 50; i++) {
                consumer.poll(POLL);
            }
            return null;
        });
        equal(Map.of(partition, 1000L), error.offsetOutOfRangePartitions(), "offset named");
    }

    private static void outOfRangeResets(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 5, "v");
        Consumer<byte[], byte[]> consumer = env.consumer("auto.offset.reset", "earliest");
        consumer.assign(partitions(topic, 1));
        consumer.seek(new TopicPartition(topic, 0), 1000);
        equal("v0", text(env.exactly(consumer, 5).get(0).value()), "starts again");
    }

    private static void resetByDuration(Env env) throws Exception {
        String topic = env.topic(1);
        long now = System.currentTimeMillis();
        Producer<byte[], byte[]> producer = env.producer();
        producer.send(new ProducerRecord<>(topic, 0, now - 7_200_000, null, bytes("two hours old"))).get();
        producer.send(new ProducerRecord<>(topic, 0, now, null, bytes("new"))).get();
        Consumer<byte[], byte[]> consumer = env.consumer("auto.offset.reset", "by_duration:PT1H");
        consumer.assign(partitions(topic, 1));
        equal("new", text(env.exactly(consumer, 1).get(0).value()), "first record");
    }

    private static void longPoll(Env env) throws Exception {
        String topic = env.topic(1);
        Consumer<byte[], byte[]> consumer = env.reader(partitions(topic, 1), "fetch.max.wait.ms", "5000");
        equal(0, consumer.poll(Duration.ofMillis(300)).count(), "nothing yet");
        Producer<byte[], byte[]> producer = env.producer();
        producer.send(new ProducerRecord<>(topic, bytes("now"))).get();
        long started = System.nanoTime();
        env.exactly(consumer, 1);
        long ms = (System.nanoTime() - started) / 1_000_000;
        check(ms < 3_000, "woke after " + ms + " ms, long before fetch.max.wait.ms");
    }

    private static void minBytes(Env env) throws Exception {
        String topic = env.topic(1);
        Consumer<byte[], byte[]> consumer =
            env.reader(partitions(topic, 1), "fetch.min.bytes", "5000", "fetch.max.wait.ms", "5000");
        consumer.poll(Duration.ofMillis(100));
        Producer<byte[], byte[]> producer = env.producer();
        producer.send(new ProducerRecord<>(topic, new byte[100])).get();
        equal(0, consumer.poll(Duration.ofMillis(500)).count(), "records below fetch.min.bytes");
        producer.send(new ProducerRecord<>(topic, new byte[6000])).get();
        long started = System.nanoTime();
        env.exactly(consumer, 2);
        check(System.nanoTime() - started < 3_000_000_000L, "answered once there was enough");
    }

    private static void fetchSession(Env env) throws Exception {
        String topic = env.topic(60);
        Consumer<byte[], byte[]> consumer = env.reader(partitions(topic, 60));
        consumer.poll(POLL);
        Producer<byte[], byte[]> producer = env.producer();
        for (int round = 0; round < 40; round++) {
            int partition = round * 7 % 60;
            producer.send(new ProducerRecord<>(topic, partition, null, bytes("r" + round))).get();
            ConsumerRecord<byte[], byte[]> record = env.atLeast(consumer, 1).get(0);
            equal("r" + round, text(record.value()), "record of this round");
            equal(partition, record.partition(), "its partition");
        }
    }

    private static void fetchSessionChange(Env env) throws Exception {
        String topic = env.topic(10);
        Consumer<byte[], byte[]> consumer = env.consumer();
        Producer<byte[], byte[]> producer = env.producer();
        for (int round = 0; round < 10; round++) {
            // Another set of partitions each round: the session must forget and add.
            List<TopicPartition> some = partitions(topic, 10).subList(round % 5, round % 5 + 4);
            consumer.assign(some);
            consumer.seekToEnd(some);
            some.forEach(consumer::position);
            producer.send(new ProducerRecord<>(topic, some.get(2).partition(), null, bytes("r" + round))).get();
            equal("r" + round, text(env.exactly(consumer, 1).get(0).value()), "record of this round");
        }
    }

    private static void readCommitted(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 20, "v");
        Consumer<byte[], byte[]> consumer = env.reader(partitions(topic, 1), "isolation.level", "read_committed");
        env.exactly(consumer, 20);
        TopicPartition partition = new TopicPartition(topic, 0);
        equal(20L, consumer.endOffsets(List.of(partition)).get(partition), "last stable offset");
    }

    private static void pattern(Env env) throws Exception {
        String prefix = env.fresh("pat");
        env.create(prefix + ".a", 1);
        env.send(prefix + ".a", 0, 1, "a");
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", env.fresh("g"), "metadata.max.age.ms", "500");
        consumer.subscribe(Pattern.compile(Pattern.quote(prefix) + "\\..*"));
        equal("a0", text(env.exactly(consumer, 1).get(0).value()), "first topic");
        consumer.commitSync();
        env.create(prefix + ".b", 1);
        env.send(prefix + ".b", 0, 1, "b");
        equal("b0", text(env.exactly(consumer, 1).get(0).value()), "topic created later");
    }

    private static void appearsLater(Env env) throws Exception {
        String topic = env.fresh("later");
        Consumer<byte[], byte[]> consumer =
            env.consumer("group.id", env.fresh("g"), "metadata.max.age.ms", "500", "allow.auto.create.topics", "false");
        consumer.subscribe(List.of(topic));
        consumer.poll(POLL);
        check(!env.admin().listTopics().names().get().contains(topic), "consumer created the topic");
        env.create(topic, 2);
        env.send(topic, 1, 1, "v");
        env.exactly(consumer, 1);
    }

    private static void partitionsFor(Env env) throws Exception {
        String topic = env.topic(3);
        Consumer<byte[], byte[]> consumer = env.consumer();
        List<PartitionInfo> partitions = consumer.partitionsFor(topic);
        equal(3, partitions.size(), "partitions");
        for (PartitionInfo info : partitions) {
            equal(1, info.replicas().length, "replicas");
            equal(1, info.inSyncReplicas().length, "in-sync replicas");
            check(info.leader() != null && !info.leader().isEmpty(), "has a leader");
        }
        equal(3, consumer.listTopics().get(topic).size(), "listed partitions");
    }

    private static void badName(Env env) {
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", env.fresh("g"));
        consumer.subscribe(List.of("bad name!"));
        fails(InvalidTopicException.class, () -> {
            for (int i = 0; i < 50; i++) {
                consumer.poll(POLL);
            }
            return null;
        });
    }

    private static void lag(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        env.send(topic, 0, 50, "v");
        Consumer<byte[], byte[]> consumer = env.reader(List.of(partition), "max.poll.records", "10");
        env.until("first records", () -> consumer.poll(POLL).count() > 0);
        equal(40L, consumer.currentLag(partition).getAsLong(), "lag after ten records");
    }

    private static void leaderEpoch(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 3, "v");
        for (ConsumerRecord<byte[], byte[]> record : env.exactly(env.reader(partitions(topic, 1)), 3)) {
            check(record.leaderEpoch().isPresent() && record.leaderEpoch().get() >= 0, "record carries its leader epoch");
        }
    }

    private static void deletedWhileReading(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 3, "old");
        Consumer<byte[], byte[]> consumer = env.reader(partitions(topic, 1), "metadata.max.age.ms", "300",
            "allow.auto.create.topics", "false");
        env.exactly(consumer, 3);
        env.admin().deleteTopics(List.of(topic)).all().get();
        consumer.poll(Duration.ofMillis(500));
        env.until("topic can be made again", () -> {
            try {
                env.create(topic, 1);
                return true;
            } catch (Exception stillThere) {
                return false;
            }
        });
        env.send(topic, 0, 1, "new");
        Consumer<byte[], byte[]> second = env.reader(partitions(topic, 1));
        equal("new0", text(env.exactly(second, 1).get(0).value()), "only the new topic's record");
    }

    private static void whileProducing(Env env) throws Exception {
        String topic = env.topic(3);
        AtomicReference<Throwable> failed = new AtomicReference<>();
        Producer<byte[], byte[]> producer = env.producer("linger.ms", "1", "compression.type", "lz4");
        Thread sender = new Thread(() -> {
            for (int i = 0; i < 50_000; i++) {
                producer.send(new ProducerRecord<>(topic, i % 3, null, bytes("" + i)), (metadata, error) -> {
                    if (error != null) {
                        failed.set(error);
                    }
                });
            }
            producer.flush();
        });
        sender.start();
        Consumer<byte[], byte[]> consumer = env.reader(partitions(topic, 3));
        Map<Integer, Integer> next = new HashMap<>(Map.of(0, 0, 1, 1, 2, 2));
        Set<Integer> seen = new HashSet<>();
        for (ConsumerRecord<byte[], byte[]> record : env.exactly(consumer, 50_000)) {
            int i = Integer.parseInt(text(record.value()));
            equal(next.get(record.partition()), i, "order in partition " + record.partition());
            next.put(record.partition(), i + 3);
            check(seen.add(i), "record twice: " + i);
        }
        sender.join();
        equal(null, failed.get(), "send error");
    }

    private static void compacted(Env env) throws Exception {
        String topic = env.topic(1, "cleanup.policy", "compact", "segment.bytes", "1048576",
            "min.cleanable.dirty.ratio", "0.01");
        int records = 6000;
        Producer<byte[], byte[]> producer = env.producer();
        for (int i = 0; i < records; i++) {
            byte[] value = i >= records - 5 ? null : bytes(i + "x".repeat(1000));
            producer.send(new ProducerRecord<>(topic, bytes("k" + i % 50), value));
        }
        producer.flush();
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> read = new HashMap<>();
        TopicPartition partition = new TopicPartition(topic, 0);
        env.until("most records are compacted away", () -> {
            read.put(partition, toTheEnd(env, partition, records));
            return read.get(partition).size() < records / 2;
        });
        Map<String, Long> last = new HashMap<>();
        long before = -1;
        for (ConsumerRecord<byte[], byte[]> record : read.get(partition)) {
            check(record.offset() > before, "offsets rise");
            before = record.offset();
            last.put(text(record.key()), record.offset());
            equal("k" + record.offset() % 50, text(record.key()), "key at " + record.offset());
            boolean deleted = record.offset() >= records - 5;
            equal(deleted, record.value() == null, "tombstone at " + record.offset());
            check(deleted || text(record.value()).startsWith(record.offset() + "x"), "value at " + record.offset());
        }
        equal(50, last.size(), "keys");
        last.forEach((key, offset) -> check(offset >= records - 50, "newest record of " + key));
    }

    /** All records of a partition, whose last offset is known and may not be there. */
    private static List<ConsumerRecord<byte[], byte[]>> toTheEnd(Env env, TopicPartition partition, long end) {
        List<ConsumerRecord<byte[], byte[]>> all = new java.util.ArrayList<>();
        try (Consumer<byte[], byte[]> consumer = env.reader(List.of(partition))) {
            while (consumer.position(partition) < end) {
                consumer.poll(POLL).forEach(all::add);
            }
        }
        return all;
    }

    private ConsumeCases() {
    }
}
