package cases;

import static cases.Driver.add;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.partitions;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConfigEntry.ConfigSource;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Configuration described, altered and obeyed. */
final class ConfigCases {
    static void register() {
        add("config-topic-defaults", ConfigCases::defaults);
        add("config-topic-documentation-and-synonyms", ConfigCases::synonyms);
        add("config-topic-set-and-delete", ConfigCases::setAndDelete);
        add("config-topic-append-and-subtract", ConfigCases::append);
        add("config-topic-bad-value-refused", ConfigCases::badValue);
        add("config-topic-unknown-key-refused", ConfigCases::unknownKey);
        add("config-topic-missing-topic", env -> fails(UnknownTopicOrPartitionException.class,
            () -> describe(env.admin(), topicResource(env.fresh("none")))));
        add("config-topic-validate-only", ConfigCases::validateOnly);
        add("config-topic-at-creation-refused-when-bad", ConfigCases::badAtCreation);
        add("config-topic-max-message-bytes-obeyed-at-once", ConfigCases::obeyed);
        add("config-topic-retention-by-size-obeyed", ConfigCases::retention);
        add("config-broker-described", ConfigCases::broker);
        add("config-broker-altered", ConfigCases::alterBroker);
        add("config-broker-default-altered", ConfigCases::alterBrokerDefault);
    }

    static ConfigResource topicResource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    static Config describe(Admin admin, ConfigResource resource) throws Exception {
        return admin.describeConfigs(List.of(resource)).all().get().get(resource);
    }

    static void alter(Admin admin, ConfigResource resource, OpType op, String key, String value) throws Exception {
        Collection<AlterConfigOp> ops = List.of(new AlterConfigOp(new ConfigEntry(key, value), op));
        admin.incrementalAlterConfigs(Map.of(resource, ops)).all().get();
    }

    /** Alters, and waits until the change is described: Kafka answers a moment before its broker half applies it. */
    private static ConfigEntry altered(Env env, Admin admin, ConfigResource resource, OpType op, String key, String value,
            String then) throws Exception {
        alter(admin, resource, op, key, value);
        env.until(key + " is " + then, () -> then.equals(describe(admin, resource).get(key).value()));
        return describe(admin, resource).get(key);
    }

    private static void defaults(Env env) throws Exception {
        Config config = describe(env.admin(), topicResource(env.topic(1)));
        Map<String, String> expected = Map.ofEntries(
            Map.entry("cleanup.policy", "delete"), Map.entry("compression.type", "producer"),
            Map.entry("delete.retention.ms", "86400000"), Map.entry("file.delete.delay.ms", "60000"),
            Map.entry("index.interval.bytes", "4096"), Map.entry("max.message.bytes", "1048588"),
            Map.entry("message.timestamp.type", "CreateTime"), Map.entry("min.insync.replicas", "1"),
            Map.entry("retention.bytes", "-1"), Map.entry("retention.ms", "604800000"),
            Map.entry("segment.bytes", "1073741824"), Map.entry("segment.index.bytes", "10485760"),
            Map.entry("message.timestamp.after.max.ms", "3600000"));
        expected.forEach((key, value) -> {
            check(config.get(key) != null, key + " is missing");
            equal(value, config.get(key).value(), key);
            // Kafka's controller fixes min.insync.replicas as a cluster-wide setting of its own.
            check(config.get(key).isDefault() || key.equals("min.insync.replicas"), key + " is a default");
        });
    }

    private static void synonyms(Env env) throws Exception {
        ConfigResource resource = topicResource(env.topic(1));
        DescribeConfigsOptions options = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        Config config = env.admin().describeConfigs(List.of(resource), options).all().get().get(resource);
        ConfigEntry retention = config.get("retention.ms");
        equal(ConfigEntry.ConfigType.LONG, retention.type(), "type of retention.ms");
        check(retention.documentation() != null && retention.documentation().length() > 20, "documentation");
        ConfigEntry segment = config.get("segment.bytes");
        check(segment.synonyms().stream().anyMatch(synonym -> synonym.name().equals("log.segment.bytes")),
            "synonyms of segment.bytes: " + segment.synonyms());
        equal(false, segment.isReadOnly(), "read only");
        equal(false, segment.isSensitive(), "sensitive");
    }

    private static void setAndDelete(Env env) throws Exception {
        ConfigResource resource = topicResource(env.topic(1));
        Admin admin = env.admin();
        ConfigEntry set = altered(env, admin, resource, OpType.SET, "retention.ms", "5000", "5000");
        equal(ConfigSource.DYNAMIC_TOPIC_CONFIG, set.source(), "source of a set value");
        ConfigEntry back = altered(env, admin, resource, OpType.DELETE, "retention.ms", null, "604800000");
        equal(ConfigSource.DEFAULT_CONFIG, back.source(), "source of the default");
    }

    private static void append(Env env) throws Exception {
        ConfigResource resource = topicResource(env.topic(1));
        Admin admin = env.admin();
        altered(env, admin, resource, OpType.APPEND, "cleanup.policy", "compact", "delete,compact");
        altered(env, admin, resource, OpType.SUBTRACT, "cleanup.policy", "delete", "compact");
    }

    private static void badValue(Env env) throws Exception {
        ConfigResource resource = topicResource(env.topic(1));
        Admin admin = env.admin();
        for (Map.Entry<String, String> bad : Map.of("retention.ms", "soon", "cleanup.policy", "burn",
                "segment.bytes", "1", "compression.type", "rar", "min.insync.replicas", "0").entrySet()) {
            fails(InvalidConfigurationException.class,
                () -> {
                    alter(admin, resource, OpType.SET, bad.getKey(), bad.getValue());
                    return null;
                });
        }
    }

    private static void unknownKey(Env env) throws Exception {
        ConfigResource resource = topicResource(env.topic(1));
        fails(InvalidConfigurationException.class, () -> {
            alter(env.admin(), resource, OpType.SET, "retention.mss", "5000");
            return null;
        });
    }

    private static void validateOnly(Env env) throws Exception {
        ConfigResource resource = topicResource(env.topic(1));
        Admin admin = env.admin();
        Collection<AlterConfigOp> ops = List.of(new AlterConfigOp(new ConfigEntry("retention.ms", "77"), OpType.SET));
        admin.incrementalAlterConfigs(Map.of(resource, ops), new AlterConfigsOptions().validateOnly(true)).all().get();
        equal("604800000", describe(admin, resource).get("retention.ms").value(), "value after validation only");
    }

    private static void badAtCreation(Env env) {
        NewTopic topic = new NewTopic(env.fresh("t"), 1, (short) 1).configs(Map.of("retention.ms", "soon"));
        fails(InvalidConfigurationException.class, () -> env.admin().createTopics(List.of(topic)).all().get());
    }

    private static void obeyed(Env env) throws Exception {
        String topic = env.topic(1);
        Admin admin = env.admin();
        Producer<byte[], byte[]> producer = env.producer();
        producer.send(new ProducerRecord<>(topic, new byte[5000])).get();
        alter(admin, topicResource(topic), OpType.SET, "max.message.bytes", "1000");
        fails(RecordTooLargeException.class, () -> {
            // The broker may apply the change a moment after it answered.
            for (int i = 0; i < 50; i++) {
                producer.send(new ProducerRecord<>(topic, new byte[5000])).get();
                Thread.sleep(20);
            }
            return null;
        });
        alter(admin, topicResource(topic), OpType.DELETE, "max.message.bytes", null);
        env.until("large records are taken again", () -> {
            try {
                producer.send(new ProducerRecord<>(topic, new byte[5000])).get();
                return true;
            } catch (Exception notYet) {
                return false;
            }
        });
    }

    /** Whole segments beyond retention.bytes go; the server under test is started with a short check interval. */
    private static void retention(Env env) throws Exception {
        String topic = env.topic(1, "segment.bytes", "1048576", "retention.bytes", "2097152", "file.delete.delay.ms", "100");
        byte[] value = new byte[100_000];
        Producer<byte[], byte[]> producer = env.producer();
        for (int i = 0; i < 60; i++) {
            producer.send(new ProducerRecord<>(topic, 0, null, value));
        }
        producer.flush();
        var consumer = env.consumer();
        env.until("log start moves", () -> consumer.beginningOffsets(partitions(topic, 1)).values().iterator().next() > 0);
        long start = consumer.beginningOffsets(partitions(topic, 1)).values().iterator().next();
        check(start <= 45, "more deleted than retention allows: log starts at " + start);
        List<ConsumerRecord<byte[], byte[]>> left = env.atLeast(env.reader(partitions(topic, 1)), 15);
        for (int i = 1; i < left.size(); i++) {
            equal(left.get(0).offset() + i, left.get(i).offset(), "offset in what is left");
        }
    }

    private static ConfigResource brokerResource(Admin admin) throws Exception {
        int node = admin.describeCluster().nodes().get().iterator().next().id();
        return new ConfigResource(ConfigResource.Type.BROKER, "" + node);
    }

    private static void broker(Env env) throws Exception {
        Admin admin = env.admin();
        Config config = describe(admin, brokerResource(admin));
        for (String key : List.of("log.retention.hours", "num.partitions", "auto.create.topics.enable",
                "message.max.bytes", "log.segment.bytes", "default.replication.factor", "offsets.retention.minutes")) {
            check(config.get(key) != null && config.get(key).value() != null, key + " is missing");
        }
        check(config.get("num.partitions").isReadOnly(), "num.partitions is read only");
    }

    private static void alterBroker(Env env) throws Exception {
        Admin admin = env.admin();
        ConfigResource resource = brokerResource(admin);
        String key = "log.message.timestamp.before.max.ms";
        String before = describe(admin, resource).get(key).value();
        ConfigEntry set = altered(env, admin, resource, OpType.SET, key, "9223372036854775806", "9223372036854775806");
        equal(ConfigSource.DYNAMIC_BROKER_CONFIG, set.source(), "source");
        altered(env, admin, resource, OpType.DELETE, key, null, before);
    }

    private static void alterBrokerDefault(Env env) throws Exception {
        Admin admin = env.admin();
        ConfigResource all = new ConfigResource(ConfigResource.Type.BROKER, "");
        alter(admin, all, OpType.SET, "log.cleaner.min.compaction.lag.ms", "7");
        try {
            String topic = env.topic(1);
            env.until("topics take the new default", () -> "7".equals(
                describe(admin, topicResource(topic)).get("min.compaction.lag.ms").value()));
            equal(ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG,
                describe(admin, topicResource(topic)).get("min.compaction.lag.ms").source(), "source");
        } finally {
            alter(admin, all, OpType.DELETE, "log.cleaner.min.compaction.lag.ms", null);
        }
    }

    private ConfigCases() {
    }
}
