package tools;

import static tools.Driver.add;
import static tools.Driver.check;
import static tools.Driver.file;
import static tools.Driver.has;

import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Each command-line tool of Kafka, used as its manual says. */
final class ToolCases {
    private static final String T = "org.apache.kafka.tools.";
    private static final String TOPICS = T + "TopicCommand";
    private static final String CONFIGS = "kafka.admin.ConfigCommand";
    private static final String GROUPS = T + "consumer.group.ConsumerGroupCommand";
    private static final String PRODUCE = T + "ConsoleProducer";
    private static final String CONSUME = T + "consumer.ConsoleConsumer";

    static void register() {
        add("topics-create-list-describe-alter-delete", ToolCases::topics);
        add("topics-refusals", ToolCases::topicRefusals);
        add("configs-of-a-topic", ToolCases::topicConfigs);
        add("configs-of-the-broker", ToolCases::brokerConfigs);
        add("console-produce-and-consume", ToolCases::console);
        add("console-keys-headers-timestamps", ToolCases::consoleProperties);
        add("console-consume-partition-and-offset", ToolCases::consoleOffset);
        add("console-compression-codecs", ToolCases::consoleCodecs);
        add("groups-list-and-describe", ToolCases::groups);
        add("groups-reset-offsets", ToolCases::resetOffsets);
        add("groups-delete-offsets-and-group", ToolCases::deleteGroup);
        add("group-list-by-type", ToolCases::groupsCommand);
        add("get-offsets", ToolCases::getOffsets);
        add("delete-records", ToolCases::deleteRecords);
        add("log-dirs", ToolCases::logDirs);
        add("broker-api-versions", ToolCases::apiVersions);
        add("cluster-id-and-endpoints", ToolCases::cluster);
        add("features-describe", tools -> has(tools.tool(T + "FeatureCommand", "--bootstrap-server", tools.bootstrap,
            "describe"), "metadata.version"));
        add("leader-election-not-needed", ToolCases::leaderElection);
        add("reassignments-none", tools -> has(tools.tool(T + "reassign.ReassignPartitionsCommand",
            "--bootstrap-server", tools.bootstrap, "--list"), "No partition reassignments found"));
        add("producers-of-a-partition", ToolCases::describeProducers);
        add("verifiable-producer-and-consumer", ToolCases::verifiable);
        add("performance-produce-and-consume", ToolCases::performance);
        add("performance-producer-idempotence-off-acks-1", ToolCases::performanceAcks1);
        add("end-to-end-latency", ToolCases::endToEnd);
        add("client-compatibility-test", ToolCases::compatibility);
        add("log-compaction-tester", ToolCases::compaction);
    }

    private static String topic(Driver tools, int partitions) throws Exception {
        String topic = tools.fresh("t");
        has(tools.tool(TOPICS, "--bootstrap-server", tools.bootstrap, "--create", "--topic", topic,
            "--partitions", "" + partitions, "--replication-factor", "1"), "Created topic " + topic);
        return topic;
    }

    private static String lines(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i + "\n").collect(Collectors.joining());
    }

    private static void produce(Driver tools, String topic, String input, String... more) throws Exception {
        tools.toolWithInput(PRODUCE, input, with(more, "--bootstrap-server", tools.bootstrap, "--topic", topic));
    }

    private static String consume(Driver tools, String topic, int count, String... more) throws Exception {
        return tools.tool(CONSUME, with(more, "--bootstrap-server", tools.bootstrap, "--topic", topic,
            "--max-messages", "" + count, "--timeout-ms", "20000"));
    }

    private static String[] with(String[] more, String... first) {
        String[] all = java.util.Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    private static void until(String what, Callable<Boolean> ready) throws Exception {
        long end = System.currentTimeMillis() + 30_000;
        while (!ready.call()) {
            check(System.currentTimeMillis() < end, "never: " + what);
            Thread.sleep(50);
        }
    }

    private static void topics(Driver tools) throws Exception {
        String topic = topic(tools, 2);
        String server = tools.bootstrap;
        has(tools.tool(TOPICS, "--bootstrap-server", server, "--list"), topic);
        has(tools.tool(TOPICS, "--bootstrap-server", server, "--describe", "--topic", topic),
            "PartitionCount: 2", "ReplicationFactor: 1", "Partition: 1", "TopicId: ");
        tools.tool(TOPICS, "--bootstrap-server", server, "--alter", "--topic", topic, "--partitions", "5");
        until("five partitions", () -> tools.tool(TOPICS, "--bootstrap-server", server, "--describe", "--topic", topic)
            .contains("PartitionCount: 5"));
        tools.tool(TOPICS, "--bootstrap-server", server, "--describe", "--unavailable-partitions");
        tools.tool(TOPICS, "--bootstrap-server", server, "--delete", "--topic", topic);
        until("topic is gone", () -> !tools.tool(TOPICS, "--bootstrap-server", server, "--list").contains(topic));
    }

    private static void topicRefusals(Driver tools) throws Exception {
        String topic = topic(tools, 2);
        String server = tools.bootstrap;
        has(tools.failingTool(TOPICS, "--bootstrap-server", server, "--create", "--topic", topic), "already exists");
        has(tools.failingTool(TOPICS, "--bootstrap-server", server, "--alter", "--topic", topic, "--partitions", "1"),
            "would not be an increase");
        has(tools.failingTool(TOPICS, "--bootstrap-server", server, "--create", "--topic", tools.fresh("t"),
            "--config", "retention.ms=soon"), "retention.ms");
        tools.failingTool(TOPICS, "--bootstrap-server", server, "--describe", "--topic", tools.fresh("none"));
        tools.tool(TOPICS, "--bootstrap-server", server, "--create", "--topic", topic, "--if-not-exists");
    }

    private static void topicConfigs(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        String[] of = {"--bootstrap-server", tools.bootstrap, "--entity-type", "topics", "--entity-name", topic};
        has(tools.tool(CONFIGS, with(new String[] {"--alter", "--add-config", "retention.ms=4242,cleanup.policy=[compact,delete]"}, of)),
            "Completed updating config for topic " + topic);
        until("config is described", () -> {
            String described = tools.tool(CONFIGS, with(new String[] {"--describe"}, of));
            return described.contains("retention.ms=4242") && described.contains("DYNAMIC_TOPIC_CONFIG");
        });
        tools.tool(CONFIGS, with(new String[] {"--alter", "--delete-config", "retention.ms"}, of));
        until("config is gone", () -> !tools.tool(CONFIGS, with(new String[] {"--describe"}, of)).contains("retention.ms="));
        has(tools.tool(CONFIGS, with(new String[] {"--describe", "--all"}, of)), "retention.ms=604800000", "DEFAULT_CONFIG");
    }

    private static void brokerConfigs(Driver tools) throws Exception {
        String[] of = {"--bootstrap-server", tools.bootstrap, "--entity-type", "brokers", "--entity-name", "1"};
        tools.tool(CONFIGS, with(new String[] {"--alter", "--add-config", "log.cleaner.min.cleanable.ratio=0.6"}, of));
        until("config is described", () -> tools.tool(CONFIGS, with(new String[] {"--describe"}, of))
            .contains("log.cleaner.min.cleanable.ratio=0.6"));
        tools.tool(CONFIGS, with(new String[] {"--alter", "--delete-config", "log.cleaner.min.cleanable.ratio"}, of));
        has(tools.tool(CONFIGS, with(new String[] {"--describe", "--all"}, of)), "num.partitions=");
    }

    private static void console(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        String lines = lines("line ", 500);
        produce(tools, topic, lines);
        has(consume(tools, topic, 500, "--from-beginning"), lines, "Processed a total of 500 messages");
    }

    private static void consoleProperties(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        produce(tools, topic, "a:1,b:2\tk1:v1\n", "--reader-property", "parse.key=true", "--reader-property", "key.separator=:",
            "--reader-property", "parse.headers=true");
        has(consume(tools, topic, 1, "--from-beginning", "--formatter-property", "print.key=true",
            "--formatter-property", "print.headers=true", "--formatter-property", "print.timestamp=true",
            "--formatter-property", "print.offset=true", "--formatter-property", "print.partition=true"),
            "CreateTime:", "Partition:0", "Offset:0", "a:1,b:2", "k1\tv1");
    }

    private static void consoleOffset(Driver tools) throws Exception {
        String topic = topic(tools, 2);
        produce(tools, topic, lines("k:line ", 0) + lines("same:line ", 20), "--reader-property", "parse.key=true",
            "--reader-property", "key.separator=:");
        String left = tools.tool(T + "GetOffsetShell", "--bootstrap-server", tools.bootstrap, "--topic", topic);
        int partition = left.contains(topic + ":0:20") ? 0 : 1;
        String read = consume(tools, topic, 3, "--partition", "" + partition, "--offset", "17");
        has(read, "line 17\nline 18\nline 19\n");
    }

    private static void consoleCodecs(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
            produce(tools, topic, lines(codec + " ", 100), "--compression-codec", codec);
        }
        has(consume(tools, topic, 500, "--from-beginning"), "none 0\n", "gzip 99\nsnappy 0\n", "zstd 99\n");
    }

    /** A group that has read `count` lines of a topic and left. */
    private static String group(Driver tools, String topic, int count) throws Exception {
        String group = tools.fresh("g");
        produce(tools, topic, lines("line ", count));
        consume(tools, topic, count, "--from-beginning", "--group", group);
        return group;
    }

    private static void groups(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        String group = group(tools, topic, 10);
        String server = tools.bootstrap;
        produce(tools, topic, lines("more ", 5));
        has(tools.tool(GROUPS, "--bootstrap-server", server, "--list"), group);
        has(tools.tool(GROUPS, "--bootstrap-server", server, "--list", "--state", "empty"), group, "Empty");
        String described = tools.tool(GROUPS, "--bootstrap-server", server, "--describe", "--group", group);
        // group, topic, partition, committed, end, lag
        has(described.replaceAll(" +", " "), group + " " + topic + " 0 10 15 5 ");
        has(tools.tool(GROUPS, "--bootstrap-server", server, "--describe", "--group", group, "--state"), "Empty");
        tools.tool(GROUPS, "--bootstrap-server", server, "--describe", "--group", group, "--members");
    }

    private static void resetOffsets(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        String group = group(tools, topic, 20);
        String[] base = {"--bootstrap-server", tools.bootstrap, "--group", group, "--topic", topic, "--reset-offsets"};
        String[][] ways = {
            {"--to-earliest", "0"}, {"--to-latest", "20"}, {"--to-offset=7", "7"}, {"--shift-by=2", "9"},
            {"--shift-by=-4", "5"}, {"--to-datetime=2020-01-01T00:00:00.000", "0"}, {"--by-duration=PT1H", "0"},
        };
        for (String[] way : ways) {
            String told = tools.tool(GROUPS, with(new String[] {way[0], "--execute"}, base)).replaceAll(" +", " ");
            has(told, group + " " + topic + " 0 " + way[1] + "\n");
        }
        String dry = tools.tool(GROUPS, with(new String[] {"--to-latest", "--dry-run"}, base)).replaceAll(" +", " ");
        has(dry, group + " " + topic + " 0 20\n");
        has(consume(tools, topic, 20, "--group", group), "line 0\n", "line 19\n");
    }

    private static void deleteGroup(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        String group = group(tools, topic, 3);
        String server = tools.bootstrap;
        has(tools.tool(GROUPS, "--bootstrap-server", server, "--delete-offsets", "--group", group, "--topic", topic),
            "Successful");
        group = group(tools, topic, 3);
        has(tools.tool(GROUPS, "--bootstrap-server", server, "--delete", "--group", group), "was successful");
        check(!tools.tool(GROUPS, "--bootstrap-server", server, "--list").contains(group), "group is gone");
    }

    private static void groupsCommand(Driver tools) throws Exception {
        String group = group(tools, topic(tools, 1), 1);
        has(tools.tool(T + "GroupsCommand", "--bootstrap-server", tools.bootstrap, "--list", "--group-type", "classic"), group);
    }

    /** Kafka's own oracle: writes keys again and again, waits, and compares what is left with what it wrote. */
    private static void compaction(Driver tools) throws Exception {
        String told = tools.process(T + "LogCompactionTester", "--bootstrap-server", tools.bootstrap, "--messages", "20000",
            "--topics", "1", "--duplicates", "5", "--percent-deletes", "20", "--sleep", "2");
        has(told, "Validated ");
    }

    private static void getOffsets(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        produce(tools, topic, lines("line ", 12));
        for (String[] row : new String[][] {{"earliest", "0"}, {"latest", "12"}, {"max-timestamp", ""}, {"earliest-local", "0"}}) {
            has(tools.tool(T + "GetOffsetShell", "--bootstrap-server", tools.bootstrap, "--topic", topic, "--time", row[0]),
                topic + ":0:" + row[1]);
        }
    }

    private static void deleteRecords(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        produce(tools, topic, lines("line ", 10));
        String json = file("{\"version\":1,\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":0,\"offset\":6}]}");
        has(tools.tool(T + "DeleteRecordsCommand", "--bootstrap-server", tools.bootstrap, "--offset-json-file", json),
            "low_watermark: 6");
        has(consume(tools, topic, 4, "--from-beginning"), "line 6\n", "Processed a total of 4 messages");
    }

    private static void logDirs(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        has(tools.tool(T + "LogDirsCommand", "--bootstrap-server", tools.bootstrap, "--describe", "--topic-list", topic),
            "\"partition\":\"" + topic + "-0\"");
    }

    private static void apiVersions(Driver tools) throws Exception {
        String told = tools.tool(T + "BrokerApiVersionsCommand", "--bootstrap-server", tools.bootstrap);
        has(told, "Produce(0): ", "Fetch(1): ", "ApiVersions(18): ");
        check(!told.contains("ERROR"), told);
    }

    private static void cluster(Driver tools) throws Exception {
        has(tools.tool(T + "ClusterTool", "cluster-id", "--bootstrap-server", tools.bootstrap), "Cluster ID: ");
        has(tools.tool(T + "ClusterTool", "list-endpoints", "--bootstrap-server", tools.bootstrap), "127.0.0.1");
    }

    private static void leaderElection(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        has(tools.tool(T + "LeaderElectionCommand", "--bootstrap-server", tools.bootstrap, "--election-type", "preferred",
            "--topic", topic, "--partition", "0"), "Valid replica already elected");
    }

    private static void describeProducers(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        produce(tools, topic, lines("line ", 5));
        has(tools.tool(T + "TransactionsCommand", "--bootstrap-server", tools.bootstrap, "describe-producers",
            "--topic", topic, "--partition", "0"), "ProducerId", "LastSequence");
    }

    private static void verifiable(Driver tools) throws Exception {
        String topic = topic(tools, 3);
        String produced = tools.process(T + "VerifiableProducer", "--bootstrap-server", tools.bootstrap, "--topic", topic,
            "--max-messages", "2000", "--throughput", "-1", "--acks", "-1");
        has(produced, "\"sent\":2000", "\"acked\":2000");
        String consumed = tools.process(T + "VerifiableConsumer", "--bootstrap-server", tools.bootstrap, "--topic", topic,
            "--group-id", tools.fresh("g"), "--max-messages", "2000", "--reset-policy", "earliest");
        has(consumed, "\"name\":\"records_consumed\"", "\"name\":\"offsets_committed\"", "\"success\":true");
    }

    private static void performance(Driver tools) throws Exception {
        String topic = topic(tools, 2);
        has(tools.tool(T + "ProducerPerformance", "--bootstrap-server", tools.bootstrap, "--topic", topic, "--num-records",
            "50000", "--record-size", "100", "--throughput", "-1", "--command-property", "acks=all"), "50000 records sent");
        String read = tools.tool(T + "ConsumerPerformance", "--bootstrap-server", tools.bootstrap, "--topic", topic,
            "--num-records", "50000", "--hide-header", "--group", tools.fresh("g"), "--timeout", "20000");
        String[] columns = read.strip().split(", *");
        check(columns.length > 4 && Long.parseLong(columns[4].strip()) >= 50_000, "records read: " + read);
    }

    private static void performanceAcks1(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        has(tools.tool(T + "ProducerPerformance", "--bootstrap-server", tools.bootstrap, "--topic", topic, "--num-records",
            "20000", "--record-size", "1000", "--throughput", "-1", "--command-property", "acks=1",
            "enable.idempotence=false", "compression.type=lz4"), "20000 records sent");
    }

    private static void endToEnd(Driver tools) throws Exception {
        String topic = topic(tools, 1);
        has(tools.tool(T + "EndToEndLatency", "--bootstrap-server", tools.bootstrap, "--topic", topic, "--num-records", "300",
            "--producer-acks", "all", "--record-size", "100"), "Avg latency:", "99.9th");
    }

    private static void compatibility(Driver tools) throws Exception {
        String topic = tools.fresh("compat");
        // The test makes a topic of this fixed name and leaves it behind.
        tools.tool(TOPICS, "--bootstrap-server", tools.bootstrap, "--delete", "--topic", "newtopic", "--if-exists");
        until("name is free", () -> !tools.tool(TOPICS, "--bootstrap-server", tools.bootstrap, "--list").contains("newtopic"));
        tools.tool(T + "ClientCompatibilityTest", "--bootstrap-server", tools.bootstrap, "--topic", topic,
            "--offsets-for-times-supported", "true", "--cluster-id-supported", "true",
            "--expect-record-too-large-exception", "false", "--num-cluster-nodes", "1", "--create-topics-supported", "true",
            "--describe-acls-supported", "true", "--describe-configs-supported", "true",
            "--idempotent-producer-supported", "true");
    }

    private ToolCases() {
    }
}
