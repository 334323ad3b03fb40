package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.body;
import static cases.Env.bytes;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.until;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.RequestCallback;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Requests that another client answers.
 *
 * <p>An asynchronous request calls back with nothing when the broker has acknowledged it before the answer came, which
 * is nearly always: a fault of the client's, seen with Java's broker as well. What such a case checks is that the
 * answer reached the client: the broker tells the replier so.
 */
final class RequestCases {
    static void register() {
        add("request-sync", RequestCases::sync);
        add("request-async", RequestCases::async);
        add("request-async-two-at-once", RequestCases::asyncTwo);
        add("request-to-queue-and-selector", RequestCases::toQueue);
        add("request-many-at-once", RequestCases::many);
        add("request-without-answer-times-out", RequestCases::timesOut);
        add("request-reply-to-client-that-is-gone", RequestCases::clientGone);
    }

    /** Answers what it is asked; waits until it has its queues, for a request does not wait for that. */
    private static DefaultMQProducer replier(Env env, String topic, Map<String, MessageExt> asked) throws Exception {
        DefaultMQProducer answers = env.producer();
        DefaultMQPushConsumer consumer = env.push(env.group());
        consumer.setPullInterval(0);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                asked.put(body(message), message);
                try {
                    if (!body(message).startsWith("silent")) {
                        String reply = "re: " + body(message);
                        Env.ok(answers.send(MessageUtil.createReplyMessage(message, bytes(reply)), 5000));
                        asked.put("delivered " + reply, message);
                    }
                } catch (Exception error) {
                    asked.put(error.toString(), message);
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.subscribe(topic, "*");
        consumer.start();
        env.producer().send(new Message(topic, bytes("silent warm up")));
        until("the replier reads", () -> asked.containsKey("silent warm up"));
        // With its first request to a topic a client makes itself known to the broker, but not if it has sent there before.
        return env.producer();
    }

    private static void sync(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = replier(env, topic, new ConcurrentHashMap<>());
        Message message = new Message(topic, "tag", "key", bytes("question"));
        Message reply = producer.request(message, 10_000);
        equal("re: question", body(reply), "reply");
        equal(message.getProperty("CORRELATION_ID"), reply.getProperty("CORRELATION_ID"), "correlation");
        equal("DefaultCluster_REPLY_TOPIC", reply.getTopic(), "topic");
        equal("reply", reply.getProperty("MSG_TYPE"), "type");
        check(reply.getProperty("ARRIVE_TIME") != null, "the broker says when it came");
    }

    /** Keeps a reply. */
    private static final class Reply implements RequestCallback {
        final CompletableFuture<Message> message = new CompletableFuture<>();

        @Override
        public void onSuccess(Message reply) {
            message.complete(reply);
        }

        @Override
        public void onException(Throwable error) {
            message.completeExceptionally(error);
        }

        /** Called back, with this or with nothing; and the replier was told that it arrived. */
        void isOrWas(String expected, Map<String, MessageExt> asked) throws Exception {
            Message reply = message.get(Env.PATIENCE_MS, TimeUnit.MILLISECONDS);
            check(reply == null || Env.body(reply).equals(expected), "reply: " + (reply == null ? "" : Env.body(reply)));
            until("delivered " + expected, () -> asked.containsKey("delivered " + expected));
        }
    }

    private static void async(Env env) throws Exception {
        String topic = env.topic(1);
        Map<String, MessageExt> asked = new ConcurrentHashMap<>();
        DefaultMQProducer producer = replier(env, topic, asked);
        for (int i = 0; i < 5; i++) {
            Reply reply = new Reply();
            producer.request(new Message(topic, bytes("q" + i)), reply, 10_000);
            reply.isOrWas("re: q" + i, asked);
        }
    }

    private static void asyncTwo(Env env) throws Exception {
        String topic = env.topic(4);
        Map<String, MessageExt> asked = new ConcurrentHashMap<>();
        DefaultMQProducer producer = replier(env, topic, asked);
        Reply one = new Reply();
        Reply two = new Reply();
        producer.request(new Message(topic, bytes("one")), one, 10_000);
        producer.request(new Message(topic, bytes("two")), (queues, message, id) -> queues.get((int) id), 1, two, 10_000);
        one.isOrWas("re: one", asked);
        two.isOrWas("re: two", asked);
    }

    private static void toQueue(Env env) throws Exception {
        String topic = env.topic(4);
        Map<String, MessageExt> asked = new ConcurrentHashMap<>();
        DefaultMQProducer producer = replier(env, topic, asked);
        Message one = producer.request(new Message(topic, bytes("queue")), new MessageQueue(topic, BROKER, 3), 10_000);
        Message two = producer.request(new Message(topic, bytes("selector")), (queues, message, id) -> queues.get((int) id), 2,
            10_000);
        equal(List.of("re: queue", "re: selector"), List.of(body(one), body(two)), "replies");
        equal(List.of(3, 2), List.of(asked.get("queue").getQueueId(), asked.get("selector").getQueueId()), "queues");
    }

    private static void many(Env env) throws Exception {
        String topic = env.topic(4);
        Map<String, MessageExt> asked = new ConcurrentHashMap<>();
        DefaultMQProducer producer = replier(env, topic, asked);
        List<Reply> replies = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            replies.add(new Reply());
            producer.request(new Message(topic, bytes("q" + i)), replies.get(i), 20_000);
        }
        for (int i = 0; i < 50; i++) {
            replies.get(i).isOrWas("re: q" + i, asked);
        }
    }

    private static void timesOut(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = replier(env, topic, new ConcurrentHashMap<>());
        fails(RequestTimeoutException.class, () -> producer.request(new Message(topic, bytes("silent")), 1500));
        equal("re: then", body(producer.request(new Message(topic, bytes("then")), 10_000)), "reply to the next");
    }

    private static void clientGone(Env env) throws Exception {
        String topic = env.topic(1);
        Map<String, MessageExt> asked = new ConcurrentHashMap<>();
        DefaultMQProducer producer = replier(env, topic, asked);
        fails(RequestTimeoutException.class, () -> producer.request(new Message(topic, bytes("silent one")), 1000));
        until("asked", () -> asked.containsKey("silent one"));
        producer.shutdown();
        DefaultMQProducer late = env.producer();
        late.setRetryTimesWhenSendFailed(0);
        until("the client is gone", () -> {
            Message reply = MessageUtil.createReplyMessage(asked.get("silent one"), bytes("late"));
            try {
                late.send(reply, 5000);
                return false;
            } catch (MQBrokerException | MQClientException refused) {
                return refused.toString().contains("not found") || refused.getCause().toString().contains("not found");
            }
        });
    }

    private RequestCases() {
    }
}
