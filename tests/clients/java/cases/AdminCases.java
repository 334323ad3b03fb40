package cases;

import static cases.Driver.add;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.partitions;
import static cases.Env.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.errors.ElectionNotNeededException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Topics, records, directories and the cluster through the admin client. */
final class AdminCases {
    static void register() {
        add("admin-create-topic-tells-what-it-made", AdminCases::createTells);
        add("admin-create-topic-defaults", AdminCases::createDefaults);
        add("admin-create-topic-existing-refused", AdminCases::createExisting);
        add("admin-create-topic-bad-names-refused", AdminCases::createBadNames);
        add("admin-create-topic-bad-numbers-refused", AdminCases::createBadNumbers);
        add("admin-create-topic-validate-only", AdminCases::createValidateOnly);
        add("admin-create-topic-with-assignment", AdminCases::createAssigned);
        add("admin-create-50-topics-at-once", AdminCases::createMany);
        add("admin-delete-topic", AdminCases::delete);
        add("admin-delete-topic-by-id", AdminCases::deleteById);
        add("admin-delete-topic-missing-refused", env -> fails(UnknownTopicOrPartitionException.class,
            () -> env.admin().deleteTopics(List.of(env.fresh("none"))).all().get()));
        add("admin-delete-and-create-again", AdminCases::createAgain);
        add("admin-create-partitions", AdminCases::createPartitions);
        add("admin-create-partitions-fewer-refused", AdminCases::fewerPartitions);
        add("admin-describe-topic", AdminCases::describeTopic);
        add("admin-describe-topic-by-id", AdminCases::describeById);
        add("admin-describe-topic-missing", AdminCases::describeMissing);
        add("admin-list-topics", AdminCases::listTopics);
        add("admin-describe-cluster", AdminCases::describeCluster);
        add("admin-describe-features", AdminCases::describeFeatures);
        add("admin-list-offsets", AdminCases::listOffsets);
        add("admin-list-offsets-max-timestamp", AdminCases::maxTimestamp);
        add("admin-list-offsets-missing-partition", AdminCases::listOffsetsMissing);
        add("admin-delete-records", AdminCases::deleteRecords);
        add("admin-delete-records-all", AdminCases::deleteAllRecords);
        add("admin-delete-records-beyond-end-refused", AdminCases::deleteBeyond);
        add("admin-describe-log-dirs", AdminCases::logDirs);
        add("admin-describe-producers", AdminCases::producers);
        add("admin-elect-leaders-not-needed", AdminCases::electLeaders);
        add("admin-list-reassignments-empty", env -> equal(Map.of(),
            env.admin().listPartitionReassignments().reassignments().get(), "reassignments"));
        add("admin-acls-disabled", env -> fails(SecurityDisabledException.class,
            () -> env.admin().describeAcls(AclBindingFilter.ANY).values().get()));
        add("admin-metrics-count-requests", AdminCases::metrics);
    }

    private static void createTells(Env env) throws Exception {
        String topic = env.fresh("t");
        CreateTopicsResult made = env.admin().createTopics(List.of(
            new NewTopic(topic, 3, (short) 1).configs(Map.of("retention.ms", "123456"))));
        equal(3, made.numPartitions(topic).get(), "partitions");
        equal(1, made.replicationFactor(topic).get(), "replicas");
        check(!made.topicId(topic).get().equals(Uuid.ZERO_UUID), "has a topic id");
        equal("123456", made.config(topic).get().get("retention.ms").value(), "given config");
        equal("delete", made.config(topic).get().get("cleanup.policy").value(), "default config");
    }

    private static void createDefaults(Env env) throws Exception {
        String topic = env.fresh("t");
        Admin admin = env.admin();
        admin.createTopics(List.of(new NewTopic(topic, Optional.empty(), Optional.empty()))).all().get();
        TopicDescription made = described(env, admin, List.of(topic)).get(topic);
        check(made.partitions().size() >= 1, "default partitions");
        equal(1, made.partitions().get(0).replicas().size(), "default replicas");
    }

    private static void createExisting(Env env) throws Exception {
        String topic = env.topic(1);
        fails(TopicExistsException.class,
            () -> env.admin().createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get());
    }

    private static void createBadNames(Env env) throws Exception {
        Admin admin = env.admin();
        for (String name : List.of("", ".", "..", "a b", "a/b", "ü", "x".repeat(250))) {
            fails(InvalidTopicException.class,
                () -> admin.createTopics(List.of(new NewTopic(name, 1, (short) 1))).all().get());
        }
        String topic = env.fresh("dot").replace('-', '.');
        env.create(topic, 1);
        fails(InvalidTopicException.class, () -> admin.createTopics(
            List.of(new NewTopic(topic.replace('.', '_'), 1, (short) 1))).all().get());
        env.create((env.fresh("long") + "x".repeat(249)).substring(0, 249), 1);
    }

    private static void createBadNumbers(Env env) {
        Admin admin = env.admin();
        fails(InvalidPartitionsException.class,
            () -> admin.createTopics(List.of(new NewTopic(env.fresh("t"), 0, (short) 1))).all().get());
        fails(InvalidReplicationFactorException.class,
            () -> admin.createTopics(List.of(new NewTopic(env.fresh("t"), 1, (short) 3))).all().get());
        fails(InvalidReplicationFactorException.class,
            () -> admin.createTopics(List.of(new NewTopic(env.fresh("t"), 1, (short) 0))).all().get());
    }

    private static void createValidateOnly(Env env) throws Exception {
        String topic = env.fresh("t");
        Admin admin = env.admin();
        admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1)), new CreateTopicsOptions().validateOnly(true)).all().get();
        check(!admin.listTopics().names().get().contains(topic), "topic was made");
    }

    private static void createAssigned(Env env) throws Exception {
        String topic = env.fresh("t");
        Admin admin = env.admin();
        int node = admin.describeCluster().nodes().get().iterator().next().id();
        admin.createTopics(List.of(new NewTopic(topic, Map.of(0, List.of(node), 1, List.of(node))))).all().get();
        equal(2, described(env, admin, List.of(topic)).get(topic).partitions().size(), "partitions");
    }

    /** Descriptions of new topics; Kafka answers a creation a moment before its broker half knows the topic. */
    private static Map<String, TopicDescription> described(Env env, Admin admin, List<String> topics) throws Exception {
        env.until("topics are known", () -> admin.listTopics().names().get().containsAll(topics));
        return admin.describeTopics(topics).allTopicNames().get();
    }

    private static void createMany(Env env) throws Exception {
        String prefix = env.fresh("many");
        List<NewTopic> topics = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            topics.add(new NewTopic(prefix + "-" + i, 2, (short) 1));
        }
        Admin admin = env.admin();
        admin.createTopics(topics).all().get();
        List<String> names = topics.stream().map(NewTopic::name).toList();
        equal(50, described(env, admin, names).size(), "described at once");
        admin.deleteTopics(names).all().get();
    }

    private static void delete(Env env) throws Exception {
        String topic = env.topic(2);
        Admin admin = env.admin();
        admin.deleteTopics(List.of(topic)).all().get();
        env.until("topic is gone", () -> !admin.listTopics().names().get().contains(topic));
    }

    private static Uuid id(Admin admin, String topic) throws Exception {
        return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
    }

    private static void deleteById(Env env) throws Exception {
        String topic = env.topic(1);
        Admin admin = env.admin();
        Uuid id = id(admin, topic);
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
        env.until("topic is gone", () -> !admin.listTopics().names().get().contains(topic));
        fails(UnknownTopicIdException.class,
            () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get());
    }

    private static void createAgain(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 10, "old");
        Admin admin = env.admin();
        Uuid before = id(admin, topic);
        admin.deleteTopics(List.of(topic)).all().get();
        env.until("topic is gone", () -> !admin.listTopics().names().get().contains(topic));
        env.create(topic, 1);
        check(!before.equals(id(admin, topic)), "same topic id for another topic");
        env.send(topic, 0, 1, "new");
        equal("new0", text(env.exactly(env.reader(partitions(topic, 1)), 1).get(0).value()), "only the new record");
    }

    private static void createPartitions(Env env) throws Exception {
        String topic = env.topic(1);
        Admin admin = env.admin();
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get();
        env.until("three partitions",
            () -> admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size() == 3);
        env.send(topic, 2, 5, "v");
        env.exactly(env.reader(partitions(topic, 3)), 5);
    }

    private static void fewerPartitions(Env env) throws Exception {
        String topic = env.topic(3);
        for (int count : new int[] {1, 3}) {
            fails(InvalidPartitionsException.class,
                () -> env.admin().createPartitions(Map.of(topic, NewPartitions.increaseTo(count))).all().get());
        }
    }

    private static void describeTopic(Env env) throws Exception {
        String topic = env.topic(4);
        Admin admin = env.admin();
        TopicDescription description = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
        equal(topic, description.name(), "name");
        equal(false, description.isInternal(), "internal");
        equal(4, description.partitions().size(), "partitions");
        int node = admin.describeCluster().nodes().get().iterator().next().id();
        for (TopicPartitionInfo partition : description.partitions()) {
            equal(node, partition.leader().id(), "leader");
            equal(1, partition.isr().size(), "in-sync replicas");
        }
    }

    private static void describeById(Env env) throws Exception {
        String topic = env.topic(2);
        Admin admin = env.admin();
        Uuid id = id(admin, topic);
        TopicDescription description =
            admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get().get(id);
        equal(topic, description.name(), "name");
        equal(2, description.partitions().size(), "partitions");
    }

    private static void describeMissing(Env env) throws Exception {
        String topic = env.fresh("none");
        Admin admin = env.admin();
        fails(UnknownTopicOrPartitionException.class,
            () -> admin.describeTopics(List.of(topic)).allTopicNames().get());
        check(!admin.listTopics().names().get().contains(topic), "describing made the topic");
    }

    private static void listTopics(Env env) throws Exception {
        String topic = env.topic(1);
        try (Consumer<byte[], byte[]> consumer = env.consumer("group.id", env.fresh("g"))) {
            consumer.assign(partitions(topic, 1));
            consumer.commitSync(Map.of(new TopicPartition(topic, 0),
                new org.apache.kafka.clients.consumer.OffsetAndMetadata(0)));
        }
        Admin admin = env.admin();
        Set<String> names = admin.listTopics().names().get();
        check(names.contains(topic), "topic is listed");
        check(!names.contains("__consumer_offsets"), "internal topic is hidden");
        check(admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get().contains("__consumer_offsets"),
            "internal topic is listed when asked for");
    }

    private static void describeCluster(Env env) throws Exception {
        DescribeClusterResult cluster = env.admin().describeCluster();
        equal(1, cluster.nodes().get().size(), "nodes");
        check(!cluster.clusterId().get().isEmpty(), "has a cluster id");
        check(!cluster.controller().get().isEmpty(), "has a controller");
        equal(env.bootstrap, cluster.nodes().get().iterator().next().host() + ":"
            + cluster.nodes().get().iterator().next().port(), "address as dialled");
    }

    private static void describeFeatures(Env env) throws Exception {
        Map<String, FinalizedVersionRange> finalized =
            env.admin().describeFeatures().featureMetadata().get().finalizedFeatures();
        check(finalized.containsKey("metadata.version"), "metadata.version is finalized: " + finalized);
    }

    private static ListOffsetsResultInfo offset(Admin admin, TopicPartition partition, OffsetSpec spec) throws Exception {
        return admin.listOffsets(Map.of(partition, spec)).partitionResult(partition).get();
    }

    private static void listOffsets(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        long base = System.currentTimeMillis() - 3_600_000;
        Producer<byte[], byte[]> producer = env.producer();
        for (int i = 0; i < 10; i++) {
            producer.send(new ProducerRecord<>(topic, 0, base + i, null, bytes("v"))).get();
        }
        Admin admin = env.admin();
        equal(0L, offset(admin, partition, OffsetSpec.earliest()).offset(), "earliest");
        equal(10L, offset(admin, partition, OffsetSpec.latest()).offset(), "latest");
        equal(0L, offset(admin, partition, OffsetSpec.earliestLocal()).offset(), "earliest local");
        equal(5L, offset(admin, partition, OffsetSpec.forTimestamp(base + 5)).offset(), "by time");
        equal(-1L, offset(admin, partition, OffsetSpec.forTimestamp(base + 1000)).offset(), "by a time after the last");
    }

    private static void maxTimestamp(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        Admin admin = env.admin();
        equal(-1L, offset(admin, partition, OffsetSpec.maxTimestamp()).offset(), "in an empty partition");
        Producer<byte[], byte[]> producer = env.producer("linger.ms", "50");
        long base = System.currentTimeMillis() - 3_600_000;
        for (long time : new long[] {100, 900, 300, 900, 500}) {
            producer.send(new ProducerRecord<>(topic, 0, base + time, null, bytes("v")));
        }
        producer.flush();
        ListOffsetsResultInfo found = offset(admin, partition, OffsetSpec.maxTimestamp());
        equal(1L, found.offset(), "offset of the latest time");
        equal(base + 900, found.timestamp(), "latest time");
    }

    private static void listOffsetsMissing(Env env) throws Exception {
        TopicPartition missing = new TopicPartition(env.topic(1), 9);
        fails(org.apache.kafka.common.errors.ApiException.class, () -> {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", env.bootstrap,
                    "default.api.timeout.ms", 2000, "request.timeout.ms", 1000))) {
                return offset(admin, missing, OffsetSpec.latest());
            }
        });
    }

    private static void deleteRecords(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        env.send(topic, 0, 100, "v");
        Admin admin = env.admin();
        equal(60L, admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(60)))
            .lowWatermarks().get(partition).get().lowWatermark(), "low watermark");
        equal(60L, offset(admin, partition, OffsetSpec.earliest()).offset(), "earliest");
        equal("v60", text(env.exactly(env.reader(List.of(partition)), 40).get(0).value()), "first record left");
    }

    private static void deleteAllRecords(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        env.send(topic, 0, 10, "v");
        Admin admin = env.admin();
        admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(-1))).all().get();
        equal(10L, offset(admin, partition, OffsetSpec.earliest()).offset(), "earliest");
        env.send(topic, 0, 1, "next");
        equal(10L, env.exactly(env.reader(List.of(partition)), 1).get(0).offset(), "offset of the next record");
    }

    private static void deleteBeyond(Env env) throws Exception {
        TopicPartition partition = new TopicPartition(env.topic(1), 0);
        fails(OffsetOutOfRangeException.class,
            () -> env.admin().deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(5))).all().get());
    }

    private static void logDirs(Env env) throws Exception {
        String topic = env.topic(2);
        env.send(topic, 1, 100, "v".repeat(100));
        Admin admin = env.admin();
        int node = admin.describeCluster().nodes().get().iterator().next().id();
        Map<String, LogDirDescription> dirs = admin.describeLogDirs(List.of(node)).allDescriptions().get().get(node);
        equal(1, dirs.size(), "directories");
        LogDirDescription dir = dirs.values().iterator().next();
        equal(null, dir.error(), "error");
        check(dir.totalBytes().isPresent() && dir.totalBytes().getAsLong() > 0, "disk size");
        check(dir.replicaInfos().get(new TopicPartition(topic, 1)).size() > 10_000, "size of the written partition");
        check(dir.replicaInfos().get(new TopicPartition(topic, 0)).size() == 0, "size of the empty partition");
    }

    private static void producers(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        Admin admin = env.admin();
        equal(0, admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers().size(),
            "producers before");
        env.send(topic, 0, 7, "v", "enable.idempotence", "true");
        List<ProducerState> active =
            admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers();
        equal(1, active.size(), "producers after");
        equal(6, active.get(0).lastSequence(), "last sequence");
        check(active.get(0).producerId() >= 0, "producer id");
        check(active.get(0).currentTransactionStartOffset().isEmpty(), "no open transaction");
    }

    private static void electLeaders(Env env) throws Exception {
        TopicPartition partition = new TopicPartition(env.topic(1), 0);
        Optional<Throwable> outcome =
            env.admin().electLeaders(ElectionType.PREFERRED, Set.of(partition)).partitions().get().get(partition);
        check(outcome.isPresent() && outcome.get() instanceof ElectionNotNeededException, "outcome: " + outcome);
    }

    private static void metrics(Env env) throws Exception {
        Admin admin = env.admin();
        admin.listTopics().names().get();
        double sum = admin.metrics().values().stream()
            .filter(metric -> metric.metricName().name().equals("request-total"))
            .filter(metric -> metric.metricName().group().equals("admin-client-metrics"))
            .mapToDouble(metric -> (double) metric.metricValue()).sum();
        check(sum >= 2, "requests counted: " + sum);
    }

    private AdminCases() {
    }
}
