// Runs a fixed series of admin calls against one broker and prints what came back, one line each, without
// anything that differs from run to run (ids, addresses, times). `kafka-4.3.1.txt` is what Apache Kafka says;
// Highwater says the same, but for the lines in `differences.txt`.
//
// java -cp 'LIB/*' AdminScenario.java BOOTSTRAP

import java.util.*;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ApiException;

public class AdminScenario {
    static Admin admin;

    interface Call { Object run() throws Exception; }

    static void say(String what, Call call) {
        String result;
        try {
            result = String.valueOf(call.run());
        } catch (ExecutionException e) {
            result = error(e.getCause());
        } catch (Exception e) {
            result = error(e);
        }
        System.out.println(what + " -> " + result);
    }

    static String error(Throwable t) {
        return t.getClass().getSimpleName() + ": " + t.getMessage();
    }

    static ConfigResource topic(String name) { return new ConfigResource(ConfigResource.Type.TOPIC, name); }
    static ConfigResource broker(String name) { return new ConfigResource(ConfigResource.Type.BROKER, name); }

    static String entry(ConfigEntry e) {
        String synonyms = e.synonyms().stream().map(s -> s.source() + ":" + s.name() + "=" + s.value())
            .collect(Collectors.joining(" "));
        return e.name() + "=" + e.value() + " " + e.source() + " " + e.type() + (e.isReadOnly() ? " ro" : "")
            + (e.isSensitive() ? " secret" : "") + " [" + synonyms + "]";
    }

    static Config describe(ConfigResource resource) throws Exception {
        var options = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        return admin.describeConfigs(List.of(resource), options).all().get().get(resource);
    }

    static Object alter(ConfigResource resource, boolean validateOnly, AlterConfigOp... ops) throws Exception {
        admin.incrementalAlterConfigs(Map.of(resource, List.of(ops)),
            new AlterConfigsOptions().validateOnly(validateOnly)).all().get();
        return "ok";
    }

    static AlterConfigOp op(AlterConfigOp.OpType type, String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    static Object create(NewTopic topic, boolean validateOnly) throws Exception {
        var result = admin.createTopics(List.of(topic), new CreateTopicsOptions().validateOnly(validateOnly));
        result.all().get();
        String name = topic.name();
        return "partitions=" + result.numPartitions(name).get() + " replicas=" + result.replicationFactor(name).get()
            + " configs=" + result.config(name).get().entries().stream()
                .filter(e -> e.source() != ConfigEntry.ConfigSource.DEFAULT_CONFIG
                    && e.source() != ConfigEntry.ConfigSource.STATIC_BROKER_CONFIG)
                .map(e -> e.name() + "=" + e.value() + " " + e.source()).sorted().toList();
    }

    static String partitions(TopicDescription d) {
        return d.name() + (d.isInternal() ? " internal" : "") + " " + d.partitions().stream().map(p -> p.partition()
            + ":" + (p.leader() == null ? "none" : "led") + "/" + p.replicas().size() + "/" + p.isr().size()).toList();
    }

    static void eventually(Call call) throws Exception {
        // Kafka's brokers learn of a change a little after the controller answered.
        long end = System.nanoTime() + 10_000_000_000L;
        while (true) {
            try {
                if (Boolean.TRUE.equals(call.run())) return;
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof ApiException)) throw e;
            }
            if (System.nanoTime() > end) throw new IllegalStateException("not within 10 s");
            Thread.sleep(20);
        }
    }

    public static void main(String[] args) throws Exception {
        Properties p = new Properties();
        p.put("bootstrap.servers", args[0]);
        p.put("request.timeout.ms", "20000");
        p.put("default.api.timeout.ms", "20000");
        admin = Admin.create(p);
        String node = String.valueOf(admin.describeCluster().nodes().get().iterator().next().id());

        say("cluster", () -> admin.describeCluster().nodes().get().size() + " node, controller "
            + (admin.describeCluster().controller().get() != null));
        topics();
        topicConfigs();
        brokerConfigs(node);
        records(node);
        refusals(node);
        deletion();
        admin.close();
    }

    static void topics() throws Exception {
        say("create plain", () -> create(new NewTopic("plain", 3, (short) 1), false));
        say("create default", () -> create(new NewTopic("default", Optional.empty(), Optional.empty()), false));
        say("create configured", () -> create(new NewTopic("configured", 1, (short) 1)
            .configs(Map.of("retention.ms", "1000000", "cleanup.policy", "compact")), false));
        say("create assigned", () -> create(new NewTopic("assigned", Map.of(0, List.of(1), 1, List.of(1))), false));
        say("create validated only", () -> create(new NewTopic("ghost", 2, (short) 1), true));
        say("create again", () -> create(new NewTopic("plain", 3, (short) 1), false));
        say("create with a dot", () -> create(new NewTopic("with.dot", 1, (short) 1), false));
        say("create colliding", () -> create(new NewTopic("with_dot", 1, (short) 1), false));
        say("create bad name", () -> create(new NewTopic("bad name", 1, (short) 1), false));
        say("create dotdot", () -> create(new NewTopic("..", 1, (short) 1), false));
        say("create empty name", () -> create(new NewTopic("", 1, (short) 1), false));
        say("create metadata topic", () -> create(new NewTopic("__cluster_metadata", 1, (short) 1), false));
        say("create long name", () -> create(new NewTopic("x".repeat(250), 1, (short) 1), false));
        say("create 0 partitions", () -> create(new NewTopic("zero", 0, (short) 1), false));
        say("create 0 replicas", () -> create(new NewTopic("zero", 1, (short) 0), false));
        say("create 2 replicas", () -> create(new NewTopic("two", 1, (short) 2), false));
        say("create 20000 partitions", () -> create(new NewTopic("many", 20000, (short) 1), true));
        say("create unknown config", () -> create(new NewTopic("cfg", 1, (short) 1).configs(Map.of("nope", "1")), false));
        say("create bad config", () -> create(new NewTopic("cfg", 1, (short) 1).configs(Map.of("retention.ms", "soon")), false)
            .toString());
        Map<String, String> nothing = new HashMap<>();
        nothing.put("retention.ms", null);
        say("create null config", () -> create(new NewTopic("cfg", 1, (short) 1).configs(nothing), false));
        say("create assigned elsewhere", () -> create(new NewTopic("as", Map.of(0, List.of(99))), false));
        say("create assigned twice", () -> create(new NewTopic("as", Map.of(0, List.of(1, 1))), false));
        say("create assigned nowhere", () -> create(new NewTopic("as", Map.of(0, List.of())), false));
        say("create assigned with a gap", () -> create(new NewTopic("as", Map.of(0, List.of(1), 2, List.of(1))), false));
        eventually(() -> admin.listTopics().names().get().contains("with.dot"));
        say("list", () -> new TreeSet<>(admin.listTopics().names().get()));
        say("describe", () -> partitions(admin.describeTopics(List.of("plain")).allTopicNames().get().get("plain")));
        say("describe missing", () -> admin.describeTopics(List.of("ghost")).allTopicNames().get());
        say("ids differ", () -> {
            var all = admin.describeTopics(List.of("plain", "default")).allTopicNames().get();
            Uuid a = all.get("plain").topicId(), b = all.get("default").topicId();
            var byId = admin.describeTopics(TopicCollection.ofTopicIds(List.of(a))).allTopicIds().get().get(a);
            return !a.equals(b) && !a.equals(Uuid.ZERO_UUID) && byId.name().equals("plain");
        });
        say("describe unknown id", () -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(new Uuid(7, 7)))).allTopicIds().get());

        say("grow", () -> { admin.createPartitions(Map.of("plain", NewPartitions.increaseTo(5))).all().get(); return "ok"; });
        eventually(() -> admin.describeTopics(List.of("plain")).allTopicNames().get().get("plain").partitions().size() == 5);
        say("grown", () -> partitions(admin.describeTopics(List.of("plain")).allTopicNames().get().get("plain")));
        say("grow to same", () -> admin.createPartitions(Map.of("plain", NewPartitions.increaseTo(5))).all().get());
        say("grow to fewer", () -> admin.createPartitions(Map.of("plain", NewPartitions.increaseTo(2))).all().get());
        say("grow missing", () -> admin.createPartitions(Map.of("ghost", NewPartitions.increaseTo(2))).all().get());
        say("grow validated only", () -> admin.createPartitions(Map.of("plain", NewPartitions.increaseTo(7)),
            new CreatePartitionsOptions().validateOnly(true)).all().get());
        say("grow assigned", () -> admin.createPartitions(Map.of("plain", NewPartitions.increaseTo(6, List.of(List.of(1))))).all().get());
        say("grow assigned too few", () -> admin.createPartitions(Map.of("plain", NewPartitions.increaseTo(9, List.of(List.of(1))))).all().get());
        say("grow assigned elsewhere", () -> admin.createPartitions(Map.of("plain", NewPartitions.increaseTo(7, List.of(List.of(99))))).all().get());
    }

    static void topicConfigs() throws Exception {
        for (ConfigEntry e : sorted(describe(topic("configured")))) System.out.println("topic config " + entry(e));
        say("documented", () -> describe(topic("configured")).entries().stream().allMatch(e -> e.documentation() != null
            && !e.documentation().isEmpty()));
        say("set", () -> alter(topic("plain"), false, op(AlterConfigOp.OpType.SET, "retention.ms", "77777")));
        eventually(() -> "77777".equals(describe(topic("plain")).get("retention.ms").value()));
        say("is set", () -> entry(describe(topic("plain")).get("retention.ms")));
        say("set validated only", () -> alter(topic("plain"), true, op(AlterConfigOp.OpType.SET, "retention.ms", "1")));
        say("not set", () -> entry(describe(topic("plain")).get("retention.ms")));
        say("append", () -> alter(topic("plain"), false, op(AlterConfigOp.OpType.APPEND, "cleanup.policy", "compact")));
        eventually(() -> describe(topic("plain")).get("cleanup.policy").value().contains("compact"));
        say("appended", () -> entry(describe(topic("plain")).get("cleanup.policy")));
        say("subtract", () -> alter(topic("plain"), false, op(AlterConfigOp.OpType.SUBTRACT, "cleanup.policy", "compact")));
        say("append to a number", () -> alter(topic("plain"), false, op(AlterConfigOp.OpType.APPEND, "retention.ms", "1")));
        say("delete", () -> alter(topic("plain"), false, op(AlterConfigOp.OpType.DELETE, "retention.ms", "")));
        eventually(() -> describe(topic("plain")).get("retention.ms").source() == ConfigEntry.ConfigSource.DEFAULT_CONFIG);
        say("deleted", () -> entry(describe(topic("plain")).get("retention.ms")));
        say("set unknown", () -> alter(topic("plain"), false, op(AlterConfigOp.OpType.SET, "nope", "1")));
        say("set on missing", () -> alter(topic("ghost"), false, op(AlterConfigOp.OpType.SET, "retention.ms", "1")));
        say("set twice", () -> alter(topic("plain"), false, op(AlterConfigOp.OpType.SET, "retention.ms", "1"),
            op(AlterConfigOp.OpType.SET, "retention.ms", "2")));
        say("lags crossed", () -> alter(topic("plain"), false, op(AlterConfigOp.OpType.SET, "min.compaction.lag.ms", "10"),
            op(AlterConfigOp.OpType.SET, "max.compaction.lag.ms", "5")).toString());
        say("describe missing topic", () -> describe(topic("ghost")));
        say("describe bad topic", () -> describe(topic("bad name")));
    }

    static List<ConfigEntry> sorted(Config config) {
        return config.entries().stream().sorted(Comparator.comparing(ConfigEntry::name)).toList();
    }

    static void brokerConfigs(String node) throws Exception {
        for (String name : List.of("num.partitions", "log.segment.bytes", "log.retention.ms", "log.retention.hours",
                "auto.create.topics.enable", "delete.topic.enable", "message.max.bytes", "node.id", "process.roles"))
            say("broker config", () -> { ConfigEntry e = describe(broker(node)).get(name); return e.name() + "=" + e.value()
                + " " + e.type() + (e.isReadOnly() ? " ro" : ""); });
        say("set for all", () -> alter(broker(""), false, op(AlterConfigOp.OpType.SET, "log.segment.bytes", "2097152")));
        eventually(() -> "2097152".equals(describe(topic("plain")).get("segment.bytes").value()));
        say("seen by the topic", () -> entry(describe(topic("plain")).get("segment.bytes")));
        say("set for one", () -> alter(broker(node), false, op(AlterConfigOp.OpType.SET, "log.segment.bytes", "3145728")));
        eventually(() -> "3145728".equals(describe(topic("plain")).get("segment.bytes").value()));
        say("seen by the topic", () -> entry(describe(topic("plain")).get("segment.bytes")));
        say("seen by the broker", () -> entry(describe(broker(node)).get("log.segment.bytes")));
        say("all brokers'", () -> sorted(describe(broker(""))).stream().map(AdminScenario::entry).toList());
        say("delete for one", () -> alter(broker(node), false, op(AlterConfigOp.OpType.DELETE, "log.segment.bytes", "")));
        say("delete for all", () -> alter(broker(""), false, op(AlterConfigOp.OpType.DELETE, "log.segment.bytes", "")));
        eventually(() -> "1073741824".equals(describe(topic("plain")).get("segment.bytes").value()));
        say("set read-only", () -> alter(broker(node), false, op(AlterConfigOp.OpType.SET, "num.partitions", "4")));
        say("set bad", () -> alter(broker(node), false, op(AlterConfigOp.OpType.SET, "log.segment.bytes", "4")).toString());
    }

    static void records(String node) throws Exception {
        Properties p = new Properties();
        p.put("acks", "all");
        p.put("bootstrap.servers", admin.describeCluster().nodes().get().iterator().next().host() + ":"
            + admin.describeCluster().nodes().get().iterator().next().port());
        p.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        p.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        TopicPartition zero = new TopicPartition("default", 0);
        try (var producer = new KafkaProducer<String, String>(p)) {
            for (int i = 0; i < 10; i++) producer.send(new ProducerRecord<>("default", 0, "k" + i, "v" + i)).get();
        }
        say("latest", () -> admin.listOffsets(Map.of(zero, OffsetSpec.latest())).all().get().get(zero).offset());
        say("delete records", () -> admin.deleteRecords(Map.of(zero, RecordsToDelete.beforeOffset(4))).lowWatermarks().get(zero).get().lowWatermark());
        say("earliest", () -> admin.listOffsets(Map.of(zero, OffsetSpec.earliest())).all().get().get(zero).offset());
        say("delete beyond", () -> admin.deleteRecords(Map.of(zero, RecordsToDelete.beforeOffset(99))).all().get());
        say("delete to end", () -> admin.deleteRecords(Map.of(zero, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(zero).get().lowWatermark());
        say("delete negative", () -> admin.deleteRecords(Map.of(zero, RecordsToDelete.beforeOffset(-7))).all().get());
        say("producers", () -> admin.describeProducers(List.of(zero)).partitionResult(zero).get().activeProducers().stream()
            .map(s -> "epoch " + s.producerEpoch() + " sequence " + s.lastSequence() + " " + s.currentTransactionStartOffset()).toList());
        say("log dirs", () -> admin.describeLogDirs(List.of(Integer.valueOf(node))).allDescriptions().get().values().stream()
            .flatMap(m -> m.values().stream()).map(d -> d.error() + " " + d.replicaInfos().containsKey(zero) + " "
                + (d.replicaInfos().get(zero).size() > 0) + " " + d.replicaInfos().get(zero).offsetLag() + " "
                + d.replicaInfos().get(zero).isFuture() + " " + d.totalBytes().isPresent() + " "
                + d.usableBytes().isPresent()).toList());
        String here = admin.describeLogDirs(List.of(Integer.valueOf(node))).allDescriptions().get()
            .get(Integer.valueOf(node)).keySet().iterator().next();
        say("move to where it is", () -> move(zero, node, here));
        say("move elsewhere", () -> move(zero, node, "/elsewhere"));
        say("move missing", () -> move(new TopicPartition("ghost", 0), node, here));
    }

    static Object move(TopicPartition partition, String node, String dir) throws Exception {
        var replica = new TopicPartitionReplica(partition.topic(), partition.partition(), Integer.parseInt(node));
        admin.alterReplicaLogDirs(Map.of(replica, dir)).all().get();
        return "ok";
    }

    static void refusals(String node) {
        say("elect", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(new TopicPartition("plain", 0))).partitions().get()
            .values().stream().map(o -> o.map(AdminScenario::error).orElse("none")).toList());
        say("elect missing", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(new TopicPartition("ghost", 0))).partitions().get()
            .values().stream().map(o -> o.map(AdminScenario::error).orElse("none")).toList());
        say("reassignments", () -> admin.listPartitionReassignments().reassignments().get());
        say("acls", () -> admin.describeAcls(AclBindingFilter.ANY).values().get());
        say("config resources", () -> admin.listConfigResources(Set.of(ConfigResource.Type.TOPIC), new ListConfigResourcesOptions())
            .all().get().stream().map(ConfigResource::name).sorted().toList());
        say("reassign to self", () -> { admin.alterPartitionReassignments(Map.of(new TopicPartition("plain", 0),
            Optional.of(new NewPartitionReassignment(List.of(1))))).all().get(); return "ok"; });
        say("reassign elsewhere", () -> admin.alterPartitionReassignments(Map.of(new TopicPartition("plain", 0),
            Optional.of(new NewPartitionReassignment(List.of(99))))).all().get());
        say("cancel reassignment", () -> admin.alterPartitionReassignments(Map.of(new TopicPartition("plain", 0),
            Optional.empty())).all().get());
        say("reassign missing", () -> admin.alterPartitionReassignments(Map.of(new TopicPartition("ghost", 0),
            Optional.of(new NewPartitionReassignment(List.of(1))))).all().get());
    }

    static void deletion() throws Exception {
        Uuid id = admin.describeTopics(List.of("assigned")).allTopicNames().get().get("assigned").topicId();
        say("delete by name", () -> { admin.deleteTopics(List.of("plain")).all().get(); return "ok"; });
        say("delete by id", () -> { admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get(); return "ok"; });
        say("delete missing", () -> admin.deleteTopics(List.of("ghost")).all().get());
        say("delete missing id", () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(new Uuid(7, 7)))).all().get());
        eventually(() -> !admin.listTopics().names().get().contains("plain"));
        say("list", () -> new TreeSet<>(admin.listTopics().names().get()));
        say("create again after deletion", () -> create(new NewTopic("assigned", 1, (short) 1), false));
        eventually(() -> admin.listTopics().names().get().contains("assigned"));
        say("new id", () -> !admin.describeTopics(List.of("assigned")).allTopicNames().get().get("assigned").topicId().equals(id));
        say("old configs are gone", () -> describe(topic("assigned")).entries().stream()
            .noneMatch(e -> e.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG));
    }
}
