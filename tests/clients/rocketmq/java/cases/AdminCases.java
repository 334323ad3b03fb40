package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.CLUSTER;
import static cases.Env.bodies;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.numbered;
import static cases.Env.ok;
import static cases.Env.until;

import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** The calls behind mqadmin's commands. */
final class AdminCases {
    static void register() {
        add("admin-cluster-list", AdminCases::cluster);
        add("admin-broker-status", AdminCases::status);
        add("admin-broker-config", AdminCases::brokerConfig);
        add("admin-topic-route", AdminCases::route);
        add("admin-topic-list", AdminCases::topicList);
        add("admin-topic-made-changed-deleted", AdminCases::topicLife);
        add("admin-topic-status", AdminCases::topicStatus);
        add("admin-group-made-changed-deleted", AdminCases::groupLife);
        add("admin-group-decides-on-retries", AdminCases::groupRetries);
        add("admin-consumer-progress", AdminCases::progress);
        add("admin-consumer-connection", AdminCases::consumerConnection);
        add("admin-producer-connection", AdminCases::producerConnection);
        add("admin-consumer-running-info", AdminCases::runningInfo);
        add("admin-consume-directly", AdminCases::directly);
        add("admin-groups-of-topic", AdminCases::groupsOfTopic);
        add("admin-reset-offset-of-live-group", AdminCases::resetLive);
        add("admin-reset-offset-of-absent-group", AdminCases::resetAbsent);
        add("admin-update-consume-offset", AdminCases::updateOffset);
        add("admin-consume-status", AdminCases::consumeStatus);
        add("admin-message-by-unique-key", AdminCases::byUniqueKey);
        add("admin-message-track", AdminCases::track);
        add("admin-kv-config", AdminCases::kvConfig);
        add("admin-order-conf", AdminCases::orderConf);
        add("admin-all-topic-configs", AdminCases::allTopics);
        add("admin-all-groups", AdminCases::allGroups);
    }

    private static MessageQueue first(String topic) {
        return new MessageQueue(topic, BROKER, 0);
    }

    private static void cluster(Env env) throws Exception {
        var cluster = env.admin().examineBrokerClusterInfo();
        equal(Set.of(BROKER), cluster.getClusterAddrTable().get(CLUSTER), "brokers of the cluster");
        var broker = cluster.getBrokerAddrTable().get(BROKER);
        equal(Set.of(0L), broker.getBrokerAddrs().keySet(), "broker ids");
        equal(CLUSTER, broker.getCluster(), "cluster of the broker");
    }

    private static void status(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, "m", 10);
        var table = env.admin().fetchBrokerRuntimeStats(env.broker()).getTable();
        for (String key : List.of("bootTimestamp", "commitLogMaxOffset", "commitLogMinOffset", "dispatchBehindBytes",
            "earliestMessageTimeStamp")) {
            Long.parseLong(table.get(key));
        }
        for (String key : List.of("brokerVersionDesc", "runtime")) {
            check(table.get(key) != null && !table.get(key).isEmpty(), "no " + key + " in " + table.keySet());
        }
        check(Long.parseLong(table.get("commitLogMaxOffset")) > 0, "commitLogMaxOffset " + table.get("commitLogMaxOffset"));
    }

    private static void brokerConfig(Env env) throws Exception {
        var config = env.admin().getBrokerConfig(env.broker());
        equal(BROKER, config.getProperty("brokerName"), "brokerName");
        equal(CLUSTER, config.getProperty("brokerClusterName"), "brokerClusterName");
        equal("127.0.0.1", config.getProperty("brokerIP1"), "brokerIP1");
        equal("true", config.getProperty("enablePropertyFilter"), "enablePropertyFilter");
        equal("4194304", config.getProperty("maxMessageSize"), "maxMessageSize");
        check(config.getProperty("messageDelayLevel").startsWith("1s 2s 3s"), config.getProperty("messageDelayLevel"));
        check(env.broker().endsWith(":" + config.getProperty("listenPort")), config.getProperty("listenPort"));
    }

    private static void route(Env env) throws Exception {
        String topic = env.topic(5);
        var route = env.admin().examineTopicRouteInfo(topic);
        equal(1, route.getQueueDatas().size(), "brokers");
        var queues = route.getQueueDatas().get(0);
        equal(List.of(5, 5, 6), List.of(queues.getReadQueueNums(), queues.getWriteQueueNums(), queues.getPerm()), "queues");
        equal(env.broker(), route.getBrokerDatas().get(0).getBrokerAddrs().get(0L), "address");
        MQClientException missing = fails(MQClientException.class, () -> env.admin().examineTopicRouteInfo(env.fresh("t")));
        equal(17, missing.getResponseCode(), "code for a topic that is not there");
    }

    private static void topicList(Env env) throws Exception {
        String topic = env.topic(1);
        Set<String> all = env.admin().fetchAllTopicList().getTopicList();
        check(all.contains(topic) && all.contains("TBW102") && all.contains(BROKER), "topics: " + all);
        check(env.admin().fetchTopicsByCLuster(CLUSTER).getTopicList().contains(topic), "not in the cluster's list");
        equal(Set.of(CLUSTER), env.admin().getTopicClusterList(topic), "clusters of the topic");
    }

    private static void topicLife(Env env) throws Exception {
        String topic = env.topic(2);
        TopicConfig made = env.admin().examineTopicConfig(env.broker(), topic);
        equal(List.of(2, 2, 6), List.of(made.getReadQueueNums(), made.getWriteQueueNums(), made.getPerm()), "made");
        env.send(topic, "m", 3);
        env.read(topic, 3);
        env.admin().createAndUpdateTopicConfig(env.broker(), new TopicConfig(topic, 4, 3, 4));
        TopicConfig changed = env.admin().examineTopicConfig(env.broker(), topic);
        equal(List.of(4, 3, 4), List.of(changed.getReadQueueNums(), changed.getWriteQueueNums(), changed.getPerm()), "changed");
        until("the route says so", () -> env.admin().examineTopicRouteInfo(topic).getQueueDatas().get(0).getPerm() == 4);
        env.admin().deleteTopicInBroker(Set.of(env.broker()), topic);
        env.admin().deleteTopicInNameServer(Set.of(env.names), CLUSTER, topic);
        until("the topic is gone", () -> !env.admin().fetchAllTopicList().getTopicList().contains(topic));
        env.topic(topic, 1);
        until("empty", () -> env.maxOffset(first(topic)) == 0);
        env.send(topic, "new", 2);
        equal(numbered("new", 2), bodies(env.read(topic, 2)), "made again");
    }

    private static void topicStatus(Env env) throws Exception {
        String topic = env.topic(2);
        env.send(topic, "m", 7);
        List<MessageExt> read = env.read(topic, 7);
        var table = env.admin().examineTopicStats(topic).getOffsetTable();
        equal(Set.of(first(topic), new MessageQueue(topic, BROKER, 1)), table.keySet(), "queues");
        var full = table.get(first(topic));
        equal(List.of(0L, 7L), List.of(full.getMinOffset(), full.getMaxOffset()), "offsets");
        equal(read.get(6).getStoreTimestamp(), full.getLastUpdateTimestamp(), "last message");
        var empty = table.get(new MessageQueue(topic, BROKER, 1));
        equal(List.of(0L, 0L, 0L), List.of(empty.getMinOffset(), empty.getMaxOffset(), empty.getLastUpdateTimestamp()), "empty");
    }

    private static void groupLife(Env env) throws Exception {
        String group = env.group();
        Version.createGroup(env, group, 3);
        var made = env.admin().examineSubscriptionGroupConfig(env.broker(), group);
        equal(List.of(group, 3, true), List.of(made.getGroupName(), made.getRetryMaxTimes(), made.isConsumeEnable()), "made");
        Version.createGroup(env, group, 5);
        equal(5, env.admin().examineSubscriptionGroupConfig(env.broker(), group).getRetryMaxTimes(), "changed");
        env.admin().deleteSubscriptionGroup(env.broker(), group, true);
        // Java's broker 5.5.0 makes the group anew where its progress shall stay, and so understands a client 4.9.
        if (Version.CLEANS_OFFSETS) {
            var all = env.admin().getAllSubscriptionGroup(env.broker(), 5000).getSubscriptionGroupTable();
            check(!all.containsKey(group), "the group is still there");
        }
    }

    private static void groupRetries(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        Version.createGroup(env, group, 0);
        DefaultMQPushConsumer consumer = env.push(group);
        Inbox inbox = Inbox.concurrent(consumer, message -> false);
        consumer.subscribe(topic, "*");
        // Below zero the group's own number counts, not the consumer's.
        consumer.setMaxReconsumeTimes(0);
        consumer.start();
        env.send(topic, "m", 1);
        equal(List.of("m0"), bodies(env.read("%DLQ%" + group, 1)), "dead letters");
        equal(1, inbox.all().size(), "consumed before");
    }

    /** A live consumer that has read so many messages. */
    private static Inbox consumed(Env env, String topic, String group, int count) throws Exception {
        DefaultMQPushConsumer consumer = env.push(group);
        Inbox inbox = Inbox.concurrent(consumer);
        consumer.subscribe(topic, "*");
        consumer.start();
        env.send(topic, "m", count);
        inbox.await(count);
        until("progress is known", () -> env.committed(group, first(topic)) == count);
        return inbox;
    }

    private static void progress(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        consumed(env, topic, group, 5);
        var stats = env.admin().examineConsumeStats(group, topic);
        var queue = stats.getOffsetTable().get(first(topic));
        equal(List.of(5L, 5L), List.of(queue.getBrokerOffset(), queue.getConsumerOffset()), "offsets");
        equal(0L, stats.computeTotalDiff(), "behind");
        var all = env.admin().examineConsumeStats(group).getOffsetTable().keySet();
        check(all.contains(first(topic)), "queues of the group: " + all);
    }

    private static void consumerConnection(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        consumed(env, topic, group, 1);
        var connection = env.admin().examineConsumerConnectionInfo(group);
        equal(1, connection.getConnectionSet().size(), "members");
        equal("JAVA", connection.getConnectionSet().iterator().next().getLanguage().name(), "language");
        equal("CONSUME_PASSIVELY", connection.getConsumeType().name(), "type");
        equal("CLUSTERING", connection.getMessageModel().name(), "model");
        equal("CONSUME_FROM_FIRST_OFFSET", connection.getConsumeFromWhere().name(), "from where");
        equal("*", connection.getSubscriptionTable().get(topic).getSubString(), "subscription");
        fails(Exception.class, () -> env.admin().examineConsumerConnectionInfo(env.group()));
    }

    private static void producerConnection(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        ok(producer.send(new Message(topic, bytes("m"))));
        var group = producer.getProducerGroup();
        until("the producer is known", () -> {
            try {
                return env.admin().examineProducerConnectionInfo(group, topic).getConnectionSet().size() == 1;
            } catch (org.apache.rocketmq.client.exception.MQBrokerException notYet) {
                return false;
            }
        });
        var connection = env.admin().examineProducerConnectionInfo(group, topic).getConnectionSet().iterator().next();
        check(connection.getClientId().contains(producer.getInstanceName()), "client " + connection.getClientId());
    }

    private static String onlyClient(Env env, String group) throws Exception {
        return env.admin().examineConsumerConnectionInfo(group).getConnectionSet().iterator().next().getClientId();
    }

    private static void runningInfo(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        consumed(env, topic, group, 4);
        var info = env.admin().getConsumerRunningInfo(group, onlyClient(env, group), false);
        check(info.getMqTable().containsKey(first(topic)), "queues: " + info.getMqTable().keySet());
        equal(4L, info.getMqTable().get(first(topic)).getCommitOffset(), "progress");
        equal(group, info.getProperties().getProperty("consumerGroup"), "group");
        check(info.getSubscriptionSet().stream().anyMatch(sub -> sub.getTopic().equals(topic)), "subscription");
    }

    private static void directly(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        Inbox inbox = consumed(env, topic, group, 2);
        SendResult sent = env.send(topic, "again", 1).get(0);
        inbox.await("again0");
        var result = env.admin().consumeMessageDirectly(group, onlyClient(env, group), topic, sent.getOffsetMsgId());
        equal("CR_SUCCESS", result.getConsumeResult().name(), "result");
        equal(2L, inbox.bodies().stream().filter("again0"::equals).count(), "consumed");
    }

    private static void groupsOfTopic(Env env) throws Exception {
        String topic = env.topic(1);
        String one = env.group();
        String two = env.group();
        consumed(env, topic, one, 2);
        DefaultMQPushConsumer second = env.push(two);
        Inbox inbox = Inbox.concurrent(second);
        second.subscribe(topic, "*");
        second.start();
        inbox.exactly(numbered("m", 2));
        until("progress is known", () -> env.committed(two, first(topic)) == 2);
        Set<String> groups = env.admin().queryTopicConsumeByWho(topic).getGroupList();
        equal(Set.of(one, two), groups, "groups");
    }

    private static void resetLive(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        Inbox inbox = consumed(env, topic, group, 5);
        var reset = env.admin().resetOffsetByTimestamp(topic, group, 0, true);
        equal(java.util.Map.of(first(topic), 0L), reset, "told");
        inbox.await(10);
        equal(2L, inbox.bodies().stream().filter("m3"::equals).count(), "consumed again");
    }

    private static void resetAbsent(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        DefaultMQPushConsumer consumer = env.push(group);
        Inbox inbox = Inbox.concurrent(consumer);
        consumer.subscribe(topic, "*");
        consumer.start();
        env.send(topic, "m", 5);
        inbox.await(5);
        until("progress is known", () -> env.committed(group, first(topic)) == 5);
        consumer.shutdown();
        var stats = env.admin().resetOffsetByTimestampOld(group, topic, 0, true);
        equal(1, stats.size(), "queues");
        equal(0L, env.committed(group, first(topic)), "progress");
    }

    private static void updateOffset(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        consumed(env, topic, env.group(), 5);
        Version.createGroup(env, group, 16);
        env.admin().updateConsumeOffset(env.broker(), group, first(topic), 3);
        equal(3L, env.puller(group).fetchConsumeOffset(first(topic), true), "progress");
    }

    private static void consumeStatus(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        consumed(env, topic, group, 5);
        var status = env.admin().getConsumeStatus(topic, group, "");
        equal(Set.of(onlyClient(env, group)), status.keySet(), "clients");
        equal(5L, status.values().iterator().next().get(first(topic)), "progress as the client has it");
    }

    private static void byUniqueKey(Env env) throws Exception {
        String topic = env.topic(1);
        SendResult sent = env.send(topic, "m", 1).get(0);
        until("indexed", () -> {
            try {
                return Version.byUniqueKey(env, topic, sent.getMsgId()) != null;
            } catch (MQClientException notYet) {
                return false;
            }
        });
        equal("m0", Env.body(Version.byUniqueKey(env, topic, sent.getMsgId())), "body");
    }

    private static void track(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        consumed(env, topic, group, 3);
        MessageExt message = env.read(topic, 3).get(1);
        var tracks = env.admin().messageTrackDetail(message);
        equal(1, tracks.size(), "groups");
        equal(List.of(group, "CONSUMED"), List.of(tracks.get(0).getConsumerGroup(), tracks.get(0).getTrackType().name()), "track");
    }

    private static void kvConfig(Env env) throws Exception {
        String key = env.fresh("k");
        env.admin().createAndUpdateKvConfig("HIGHWATER", key, "v;1");
        equal("v;1", env.admin().getKVConfig("HIGHWATER", key), "value");
        equal("v;1", env.admin().getKVListByNamespace("HIGHWATER").getTable().get(key), "value in the list");
        env.admin().deleteKvConfig("HIGHWATER", key);
        MQClientException gone = fails(MQClientException.class, () -> env.admin().getKVConfig("HIGHWATER", key));
        equal(22, gone.getResponseCode(), "code");
    }

    private static void orderConf(Env env) throws Exception {
        String topic = env.topic(4);
        TopicConfig ordered = new TopicConfig(topic, 4, 4, 6);
        ordered.setOrder(true);
        env.admin().createAndUpdateTopicConfig(env.broker(), ordered);
        env.admin().createOrUpdateOrderConf(topic, BROKER + ":2", false);
        until("the route tells it", () -> (BROKER + ":2").equals(env.admin().examineTopicRouteInfo(topic).getOrderTopicConf()));
        equal(2, env.producer().fetchPublishMessageQueues(topic).size(), "queues to write to");
    }

    private static void allTopics(Env env) throws Exception {
        String topic = env.topic(3);
        var table = env.admin().getAllTopicConfig(env.broker(), 5000).getTopicConfigTable();
        equal(3, table.get(topic).getReadQueueNums(), "queues");
        var users = env.admin().getUserTopicConfig(env.broker(), false, 5000).getTopicConfigTable();
        check(users.containsKey(topic), "not among the users' topics");
        check(!users.containsKey("TBW102") && !users.containsKey("SCHEDULE_TOPIC_XXXX"), "system topics among the users'");
    }

    private static void allGroups(Env env) throws Exception {
        String group = env.group();
        Version.createGroup(env, group, 2);
        var all = env.admin().getAllSubscriptionGroup(env.broker(), 5000).getSubscriptionGroupTable();
        equal(2, all.get(group).getRetryMaxTimes(), "retries");
        check(all.containsKey("TOOLS_CONSUMER"), "no TOOLS_CONSUMER");
        var users = env.admin().getUserSubscriptionGroup(env.broker(), 5000).getSubscriptionGroupTable();
        check(users.containsKey(group) && !users.containsKey("TOOLS_CONSUMER"), "the users' groups");
    }

    private AdminCases() {
    }
}
