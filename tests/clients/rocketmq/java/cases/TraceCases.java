package cases;

import static cases.Driver.add;
import static cases.Env.body;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.ok;
import static cases.Env.until;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Traces: what clients write about their messages, into a topic of the system's or of the user's. */
@SuppressWarnings("deprecation")
final class TraceCases {
    private static final char FIELD = 1;

    static void register() {
        add("trace-of-sending", TraceCases::sending);
        add("trace-of-consuming", TraceCases::consuming);
        add("trace-into-own-topic", TraceCases::ownTopic);
    }

    /** The traces about one message, found by its id as key. */
    private static List<MessageExt> traces(Env env, String topic, String id, String kind) throws Exception {
        DefaultMQProducer producer = env.producer();
        List<MessageExt> found = new ArrayList<>();
        until(kind + " trace of " + id, () -> {
            found.clear();
            try {
                found.addAll(producer.queryMessage(topic, id, 64, 0, Long.MAX_VALUE).getMessageList());
            } catch (org.apache.rocketmq.client.exception.MQClientException none) {
                return false;
            }
            return found.stream().anyMatch(trace -> body(trace).contains(kind + FIELD));
        });
        return found;
    }

    private static void sending(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.started(env.tracing(Version.tracing(env.group(), null)));
        SendResult sent = ok(producer.send(new Message(topic, "tag", "key", bytes("m"))));
        MessageExt trace = traces(env, "RMQ_SYS_TRACE_TOPIC", sent.getMsgId(), "Pub").get(0);
        equal("RMQ_SYS_TRACE_TOPIC", trace.getTopic(), "topic");
        List<String> fields = List.of(body(trace).split(String.valueOf(FIELD)));
        check(fields.contains(topic) && fields.contains(sent.getOffsetMsgId()), "fields of the trace: " + fields);
        check(trace.getKeys().contains("key"), "keys of the trace: " + trace.getKeys());
    }

    private static void consuming(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.group();
        DefaultMQPushConsumer consumer = env.tracing(Version.tracingConsumer(group));
        env.closing(consumer::shutdown);
        Inbox inbox = Inbox.concurrent(consumer);
        consumer.subscribe(topic, "*");
        consumer.start();
        SendResult sent = env.send(topic, "m", 1).get(0);
        inbox.await("m0");
        List<MessageExt> traces = traces(env, "RMQ_SYS_TRACE_TOPIC", sent.getMsgId(), "SubAfter");
        check(traces.stream().anyMatch(trace -> body(trace).contains(group)), "the trace names the group");
    }

    private static void ownTopic(Env env) throws Exception {
        String topic = env.topic(1);
        String own = env.topic(1);
        DefaultMQProducer producer = env.started(env.tracing(Version.tracing(env.group(), own)));
        SendResult sent = ok(producer.send(new Message(topic, "tag", "key", bytes("m"))));
        MessageExt trace = traces(env, own, sent.getMsgId(), "Pub").get(0);
        equal(own, trace.getTopic(), "topic");
        equal(1, env.read(own, 1).size(), "traces");
    }

    private TraceCases() {
    }
}
