import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * One data directory, served in turn by two servers. Run as a single source file:
 * {@code RoundTrip verify|change|load BOOTSTRAP MODEL_FILE STEP [transactions]}.
 *
 * <p>{@code verify} compares everything the server has with the model, {@code change} adds to both,
 * {@code load} produces until the server is gone and notes in the model what was acknowledged.
 * What was written and never acknowledged may be there or not; it is taken into the model at the
 * next verify.
 */
public final class RoundTrip {
    private static final long PATIENCE_MS = 90_000;
    private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};

    private final String bootstrap;
    private final Path file;
    private final Model model;
    private final Admin admin;
    private int checks;

    private RoundTrip(String bootstrap, Path file) throws IOException {
        this.bootstrap = bootstrap;
        this.file = file;
        this.model = Model.read(file);
        this.admin = Admin.create(properties());
    }

    public static void main(String[] args) throws Exception {
        RoundTrip trip = new RoundTrip(args[1], Path.of(args[2]));
        int step = Integer.parseInt(args[3]);
        try {
            switch (args[0]) {
                case "verify" -> trip.verify();
                case "change" -> trip.change(step, args.length > 4);
                case "load" -> trip.load(step);
                default -> throw new IllegalArgumentException(args[0]);
            }
            System.out.println(args[0] + " ok, " + trip.checks + " comparisons");
        } catch (Throwable failed) {
            failed.printStackTrace(System.out);
            System.exit(1);
        }
        System.exit(0);
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("default.api.timeout.ms", Long.toString(PATIENCE_MS));
        return properties;
    }

    private KafkaProducer<byte[], byte[]> producer(String... pairs) {
        Properties properties = properties();
        properties.remove("default.api.timeout.ms");
        properties.put("acks", "all");
        properties.put("delivery.timeout.ms", Long.toString(PATIENCE_MS));
        properties.put("request.timeout.ms", "10000");
        for (int i = 0; i < pairs.length; i += 2) {
            properties.put(pairs[i], pairs[i + 1]);
        }
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private KafkaConsumer<byte[], byte[]> consumer(String... pairs) {
        Properties properties = properties();
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        properties.put("isolation.level", "read_committed");
        for (int i = 0; i < pairs.length; i += 2) {
            properties.put(pairs[i], pairs[i + 1]);
        }
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private void same(String what, Object expected, Object found) {
        checks++;
        if (!Objects.equals(expected, found)) {
            throw new AssertionError(what + ": expected " + expected + ", found " + found);
        }
    }

    // What is there, against the model.

    private void verify() throws Exception {
        if (model.cluster != null) {
            same("cluster id", model.cluster, admin.describeCluster().clusterId().get());
        }
        same("topics", model.topics.keySet(), new TreeMap<>(admin.listTopics(new ListTopicsOptions().listInternal(true))
            .namesToListings().get()).keySet());
        Map<String, TopicDescription> found = admin.describeTopics(model.topics.keySet()).allTopicNames().get();
        for (Topic topic : model.topics.values()) {
            TopicDescription description = found.get(topic.name);
            same("id of " + topic.name, topic.id, description.topicId().toString());
            same("partitions of " + topic.name, topic.partitions, description.partitions().size());
        }
        verifyConfigs();
        verifyRecords();
        verifyGroups();
        model.write(file);
    }

    private void verifyConfigs() throws Exception {
        List<ConfigResource> resources = model.topics.keySet().stream()
            .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
        var found = admin.describeConfigs(resources).all().get();
        for (ConfigResource resource : resources) {
            TreeMap<String, String> set = new TreeMap<>();
            found.get(resource).entries().stream()
                .filter(entry -> entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
                .forEach(entry -> set.put(entry.name(), entry.value()));
            same("settings of " + resource.name(), model.topics.get(resource.name()).configs, set);
        }
    }

    private void verifyRecords() {
        for (Topic topic : model.topics.values()) {
            for (int number = 0; number < topic.partitions; number++) {
                if (topic.name.startsWith("__")) {
                    continue;
                }
                TopicPartition partition = new TopicPartition(topic.name, number);
                SortedMap<Long, String> expected = model.records(partition);
                SortedMap<Long, String> found = readAll(partition);
                for (Map.Entry<Long, String> record : expected.entrySet()) {
                    same(partition + " at " + record.getKey(), record.getValue(), found.get(record.getKey()));
                }
                long acknowledged = expected.isEmpty() ? -1 : expected.lastKey();
                for (Map.Entry<Long, String> record : found.entrySet()) {
                    boolean known = expected.containsKey(record.getKey());
                    if (!known && record.getKey() < acknowledged && !record.getValue().startsWith("load:")) {
                        throw new AssertionError(partition + " has a record nobody wrote: " + record);
                    }
                }
                expected.putAll(found);
            }
        }
    }

    private SortedMap<Long, String> readAll(TopicPartition partition) {
        SortedMap<Long, String> found = new TreeMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long deadline = System.currentTimeMillis() + PATIENCE_MS;
            while (consumer.position(partition) < end) {
                if (System.currentTimeMillis() > deadline) {
                    throw new AssertionError(partition + ": stuck at " + consumer.position(partition) + " of " + end);
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    found.put(record.offset(), fingerprint(record));
                }
            }
        }
        return found;
    }

    private void verifyGroups() throws Exception {
        for (Map.Entry<String, SortedMap<String, String>> group : model.groups.entrySet()) {
            TreeMap<String, String> found = new TreeMap<>();
            admin.listConsumerGroupOffsets(group.getKey()).partitionsToOffsetAndMetadata().get()
                .forEach((partition, offset) ->
                    found.put(partition.toString(), offset.offset() + "|" + offset.metadata()));
            same("offsets of group " + group.getKey(), group.getValue(), found);
        }
    }

    private static String fingerprint(ConsumerRecord<byte[], byte[]> record) {
        StringBuilder headers = new StringBuilder();
        for (Header header : record.headers()) {
            headers.append(header.key()).append('=').append(Arrays.hashCode(header.value())).append(',');
        }
        String value = record.value() == null ? "null" : new String(record.value(), StandardCharsets.UTF_8);
        String kind = value.startsWith("load-") ? "load:" : "";
        return kind + record.timestamp() + ":" + Arrays.hashCode(record.key()) + ":" + Arrays.hashCode(record.value())
            + ":" + headers.toString().hashCode();
    }

    // Changes, made on the server and in the model.

    private void change(int step, boolean transactions) throws Exception {
        model.cluster = admin.describeCluster().clusterId().get();
        changeTopics(step);
        changeRecords(step);
        if (transactions) {
            changeTransactions(step);
        }
        changeGroups(step);
        model.write(file);
    }

    private void create(String name, int partitions, Map<String, String> configs) throws Exception {
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs))).all().get();
        Topic topic = new Topic(name, describe(name).topicId().toString(), partitions);
        topic.configs.putAll(configs);
        model.topics.put(name, topic);
    }

    private TopicDescription describe(String name) throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (true) {
            try {
                return admin.describeTopics(List.of(name)).allTopicNames().get().get(name);
            } catch (ExecutionException notYet) {
                if (System.currentTimeMillis() > deadline) {
                    throw notYet;
                }
                Thread.sleep(50);
            }
        }
    }

    private void changeTopics(int step) throws Exception {
        if (!model.topics.containsKey("plain")) {
            create("plain", 3, Map.of());
            create("small-segments", 1, Map.of("segment.bytes", "1048576"));
            create("append-time", 1, Map.of("message.timestamp.type", "LogAppendTime"));
            create("keyed", 2, Map.of("cleanup.policy", "compact", "min.compaction.lag.ms", "86400000"));
        }
        create("made-in-step-" + step, 2, Map.of("retention.ms", Integer.toString(900_000_000 + step)));
        String doomed = "doomed.in.step." + (step - 1);
        if (model.topics.containsKey(doomed)) {
            admin.deleteTopics(List.of(doomed)).all().get();
            model.forget(doomed);
        }
        create("doomed.in.step." + step, 1, Map.of());
        Topic plain = model.topics.get("plain");
        admin.createPartitions(Map.of("plain", NewPartitions.increaseTo(plain.partitions + 1))).all().get();
        plain.partitions++;
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "plain");
        Collection<AlterConfigOp> operations = new ArrayList<>();
        operations.add(new AlterConfigOp(new ConfigEntry("max.message.bytes", Integer.toString(2_000_000 + step)),
            AlterConfigOp.OpType.SET));
        if (step % 2 == 0) {
            operations.add(new AlterConfigOp(new ConfigEntry("flush.ms", "77777"), AlterConfigOp.OpType.SET));
            plain.configs.put("flush.ms", "77777");
        } else {
            operations.add(new AlterConfigOp(new ConfigEntry("flush.ms", ""), AlterConfigOp.OpType.DELETE));
            plain.configs.remove("flush.ms");
        }
        admin.incrementalAlterConfigs(Map.of(resource, operations)).all().get();
        plain.configs.put("max.message.bytes", Integer.toString(2_000_000 + step));
    }

    private void changeRecords(int step) throws Exception {
        for (int codec = 0; codec < CODECS.length; codec++) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            try (KafkaProducer<byte[], byte[]> producer =
                     producer("compression.type", CODECS[codec], "linger.ms", "5")) {
                for (Topic topic : List.copyOf(model.topics.values())) {
                    if (topic.name.startsWith("__")) {
                        continue;
                    }
                    int count = topic.name.equals("small-segments") ? 400 : 20;
                    for (int i = 0; i < count; i++) {
                        sent.add(producer.send(record(topic, step, codec * 1000 + i)));
                    }
                }
            }
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        }
        takeRecords();
    }

    /** What the server gives back becomes the model; the next server is held against it. */
    private void takeRecords() {
        for (Topic topic : model.topics.values()) {
            for (int number = 0; number < topic.partitions && !topic.name.startsWith("__"); number++) {
                TopicPartition partition = new TopicPartition(topic.name, number);
                SortedMap<Long, String> found = readAll(partition);
                SortedMap<Long, String> known = model.records(partition);
                same(partition + " keeps its records", known, new TreeMap<>(found.headMap(
                    known.isEmpty() ? 0 : known.lastKey() + 1)));
                known.putAll(found);
            }
        }
    }

    private static ProducerRecord<byte[], byte[]> record(Topic topic, int step, int i) {
        boolean keyless = i % 3 == 0 && !topic.name.equals("keyed");
        byte[] key = keyless ? null : ("key-" + step + "-" + i).getBytes(StandardCharsets.UTF_8);
        String text = "value-" + step + "-" + i + "-" + "x".repeat(topic.name.equals("small-segments") ? 2000 : i % 50);
        byte[] value = i % 17 == 16 ? null : text.getBytes(StandardCharsets.UTF_8);
        long time = System.currentTimeMillis() - 1_000_000L * (i % 2);
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(topic.name, i % topic.partitions, time, key, value);
        for (int header = 0; header < i % 3; header++) {
            record.headers().add("header-" + header, header == 0 ? null : new byte[] {1, 2, (byte) i});
        }
        return record;
    }

    private void changeTransactions(int step) throws Exception {
        if (!model.topics.containsKey("transactional")) {
            create("transactional", 1, Map.of());
        }
        try (KafkaProducer<byte[], byte[]> producer = producer("transactional.id", "round-trip")) {
            producer.initTransactions();
            for (boolean commit : new boolean[] {true, false, true}) {
                producer.beginTransaction();
                for (int i = 0; i < 10; i++) {
                    producer.send(record(model.topics.get("transactional"), step, i));
                }
                producer.flush();
                if (commit) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
        takeInternal("__transaction_state");
        takeRecords();
    }

    private void changeGroups(int step) throws Exception {
        String group = "group-of-step-" + step;
        Set<TopicPartition> partitions = new java.util.HashSet<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer("group.id", group)) {
            consumer.subscribe(List.of("plain"));
            long deadline = System.currentTimeMillis() + PATIENCE_MS;
            while (consumer.assignment().size() < model.topics.get("plain").partitions) {
                consumer.poll(Duration.ofMillis(100));
                if (System.currentTimeMillis() > deadline) {
                    throw new AssertionError("no assignment: " + consumer.assignment());
                }
            }
            partitions.addAll(consumer.assignment());
            Map<TopicPartition, OffsetAndMetadata> commit = new HashMap<>();
            for (TopicPartition partition : partitions) {
                commit.put(partition, new OffsetAndMetadata(3 + step + partition.partition(), "by step " + step));
            }
            consumer.commitSync(commit);
        }
        SortedMap<String, String> offsets = new TreeMap<>();
        for (TopicPartition partition : partitions) {
            offsets.put(partition.toString(), (3 + step + partition.partition()) + "|by step " + step);
        }
        model.groups.put(group, offsets);
        TopicPartition plain = new TopicPartition("plain", 0);
        admin.alterConsumerGroupOffsets("steady", Map.of(plain, new OffsetAndMetadata(step))).all().get();
        model.groups.put("steady", new TreeMap<>(Map.of(plain.toString(), step + "|")));
        takeInternal("__consumer_offsets");
    }

    private void takeInternal(String name) throws Exception {
        TopicDescription found = describe(name);
        Topic topic = new Topic(name, found.topicId().toString(), found.partitions().size());
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
        admin.describeConfigs(List.of(resource)).all().get().get(resource).entries().stream()
            .filter(entry -> entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
            .forEach(entry -> topic.configs.put(entry.name(), entry.value()));
        Topic before = model.topics.put(name, topic);
        if (before != null) {
            same("id of " + name, before.id, topic.id);
            same("settings of " + name, before.configs, topic.configs);
        }
    }

    /** Produces until sending fails, that is until the server is killed; ends well then. */
    private void load(int step) throws Exception {
        long give_up = System.currentTimeMillis() + PATIENCE_MS;
        try (var acknowledged = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
             KafkaProducer<byte[], byte[]> producer = producer("delivery.timeout.ms", "3000",
                 "request.timeout.ms", "2000", "linger.ms", "1", "retries", "0", "enable.idempotence", "false")) {
            boolean[] failed = {false};
            for (int i = 0; !failed[0] && System.currentTimeMillis() < give_up; i++) {
                String text = "load-" + step + "-" + i + "-" + "y".repeat(i % 300);
                int number = i % 3;
                byte[] value = text.getBytes(StandardCharsets.UTF_8);
                long time = System.currentTimeMillis();
                String mark = "load:" + time + ":" + Arrays.hashCode((byte[]) null) + ":" + Arrays.hashCode(value)
                    + ":" + "".hashCode();
                producer.send(new ProducerRecord<>("plain", number, time, null, value), (metadata, error) -> {
                    synchronized (acknowledged) {
                        if (error != null) {
                            failed[0] = true;
                            return;
                        }
                        try {
                            acknowledged.write("record plain " + number + " " + metadata.offset() + " " + mark + "\n");
                            checks++;
                        } catch (IOException lost) {
                            failed[0] = true;
                        }
                    }
                });
                if (i == 200) {
                    producer.flush();
                    System.out.println("loading");
                    System.out.flush();
                }
                if (i % 10 == 0) {
                    Thread.sleep(1);
                }
            }
            if (!failed[0]) {
                throw new AssertionError("nobody killed the server");
            }
        }
    }

    private static final class Topic {
        final String name;
        final String id;
        int partitions;
        final SortedMap<String, String> configs = new TreeMap<>();

        Topic(String name, String id, int partitions) {
            this.name = name;
            this.id = id;
            this.partitions = partitions;
        }
    }

    /** Everything that must be there, kept as lines of text. */
    private static final class Model {
        String cluster;
        final SortedMap<String, Topic> topics = new TreeMap<>();
        final Map<TopicPartition, SortedMap<Long, String>> records = new HashMap<>();
        final SortedMap<String, SortedMap<String, String>> groups = new TreeMap<>();

        SortedMap<Long, String> records(TopicPartition partition) {
            return records.computeIfAbsent(partition, key -> new TreeMap<>());
        }

        void forget(String topic) {
            topics.remove(topic);
            records.keySet().removeIf(partition -> partition.topic().equals(topic));
        }

        static Model read(Path file) throws IOException {
            Model model = new Model();
            if (!Files.exists(file)) {
                return model;
            }
            for (String line : Files.readAllLines(file)) {
                String[] words = line.split(" ", 5);
                switch (words[0]) {
                    case "cluster" -> model.cluster = words[1];
                    case "topic" -> model.topics.put(words[1],
                        new Topic(words[1], words[2], Integer.parseInt(words[3])));
                    case "config" -> model.topics.get(words[1]).configs.put(words[2], words[3]);
                    case "record" -> model.records(new TopicPartition(words[1], Integer.parseInt(words[2])))
                        .put(Long.parseLong(words[3]), words[4]);
                    case "group" -> model.groups.computeIfAbsent(words[1], key -> new TreeMap<>())
                        .put(words[2], line.split(" ", 4)[3]);
                    default -> throw new IOException("unknown line: " + line);
                }
            }
            return model;
        }

        void write(Path file) throws IOException {
            List<String> lines = new ArrayList<>();
            lines.add("cluster " + cluster);
            for (Topic topic : topics.values()) {
                lines.add("topic " + topic.name + " " + topic.id + " " + topic.partitions);
                topic.configs.forEach((key, value) -> lines.add("config " + topic.name + " " + key + " " + value));
            }
            records.forEach((partition, all) -> all.forEach((offset, mark) -> lines.add(
                "record " + partition.topic() + " " + partition.partition() + " " + offset + " " + mark)));
            groups.forEach((group, offsets) -> offsets.forEach((partition, value) ->
                lines.add("group " + group + " " + partition + " " + value)));
            Path next = file.resolveSibling(file.getFileName() + ".next");
            Files.writeString(next, lines.stream().collect(Collectors.joining("\n", "", "\n")));
            Files.move(next, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
