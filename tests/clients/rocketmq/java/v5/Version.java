package cases;

import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

/** What the client 5.x spells in its own way. */
final class Version {
    /** Whether the wish to forget a group's progress has the name that a broker 5.x reads. */
    static final boolean CLEANS_OFFSETS = true;

    static void register() {
    }

    static void broadcasting(DefaultMQPushConsumer consumer) {
        consumer.setMessageModel(MessageModel.BROADCASTING);
    }

    /** A producer that traces, into the system's topic unless another is named. */
    static DefaultMQProducer tracing(String group, String topic) {
        return new DefaultMQProducer(group, true, topic);
    }

    static DefaultMQPushConsumer tracingConsumer(String group) {
        return new DefaultMQPushConsumer(group, true, null);
    }

    /** A group whose messages are tried so often again. */
    static void createGroup(Env env, String group, int retries) throws Exception {
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName(group);
        config.setRetryMaxTimes(retries);
        env.admin().createAndUpdateSubscriptionGroupConfig(env.broker(), config);
    }

    static MessageExt byUniqueKey(Env env, String topic, String key) throws Exception {
        var found = env.admin().queryMessageByUniqKey(Env.CLUSTER, topic, key, 32, 0, Long.MAX_VALUE).getMessageList();
        return found.get(0);
    }

    private Version() {
    }
}
