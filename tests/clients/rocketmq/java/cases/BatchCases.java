package cases;

import static cases.Driver.add;
import static cases.Env.BROKER;
import static cases.Env.bodies;
import static cases.Env.body;
import static cases.Env.bytes;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.numbered;
import static cases.Env.ok;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Many messages in one request. */
final class BatchCases {
    static void register() {
        add("batch-sync", BatchCases::sync);
        add("batch-to-queue-offsets-are-dense", BatchCases::dense);
        add("batch-async", BatchCases::async);
        add("batch-of-one", BatchCases::ofOne);
        add("batch-keeps-each-messages-properties", BatchCases::properties);
        add("batch-split-by-size", BatchCases::split);
        add("batch-too-large-refused", BatchCases::tooLarge);
        add("batch-between-single-messages", BatchCases::between);
    }

    private static List<Message> batch(String topic, String prefix, int count) {
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            batch.add(new Message(topic, "tag", "key" + i, bytes(prefix + i)));
        }
        return batch;
    }

    private static void sync(Env env) throws Exception {
        String topic = env.topic(4);
        List<Message> batch = batch(topic, "m", 10);
        SendResult sent = ok(env.producer().send(batch));
        List<MessageExt> read = env.read(topic, 10);
        equal(numbered("m", 10), bodies(read), "read");
        equal(1L, read.stream().map(MessageExt::getQueueId).distinct().count(), "queues of one batch");
        List<String> ids = read.stream().map(MessageExt::getMsgId).toList();
        equal(String.join(",", ids), sent.getMsgId(), "ids in the answer");
        List<Long> places = read.stream().map(MessageExt::getCommitLogOffset).toList();
        List<Long> told = new ArrayList<>();
        for (String id : sent.getOffsetMsgId().split(",")) {
            told.add(MessageDecoder.decodeMessageId(id).getOffset());
        }
        equal(places, told, "places in the answer");
    }

    private static void dense(Env env) throws Exception {
        String topic = env.topic(2);
        MessageQueue queue = new MessageQueue(topic, BROKER, 1);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 5; i++) {
            SendResult sent = ok(producer.send(batch(topic, "b" + i + "-", 20), queue));
            equal(i * 20L, sent.getQueueOffset(), "first offset of batch " + i);
        }
        List<MessageExt> read = env.read(topic, 100);
        for (int i = 0; i < 100; i++) {
            equal((long) i, read.get(i).getQueueOffset(), "offset");
            equal("b" + i / 20 + "-" + i % 20, body(read.get(i)), "body at " + i);
        }
    }

    private static void async(Env env) throws Exception {
        String topic = env.topic(1);
        CompletableFuture<SendResult> answer = new CompletableFuture<>();
        env.producer().send(batch(topic, "m", 10), new SendCallback() {
            @Override
            public void onSuccess(SendResult result) {
                answer.complete(result);
            }

            @Override
            public void onException(Throwable error) {
                answer.completeExceptionally(error);
            }
        });
        SendResult sent = ok(answer.get(Env.PATIENCE_MS, TimeUnit.MILLISECONDS));
        equal(10, sent.getMsgId().split(",").length, "ids");
        equal(numbered("m", 10), bodies(env.read(topic, 10)), "read");
    }

    private static void ofOne(Env env) throws Exception {
        String topic = env.topic(1);
        SendResult sent = ok(env.producer().send(batch(topic, "m", 1)));
        List<MessageExt> read = env.read(topic, 1);
        equal(List.of("m0"), bodies(read), "read");
        equal(sent.getMsgId(), read.get(0).getMsgId(), "id");
    }

    private static void properties(Env env) throws Exception {
        String topic = env.topic(1);
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Message message = new Message(topic, "tag" + i, "key" + i, i, bytes("m" + i), true);
            message.putUserProperty("p" + i, "v" + i);
            batch.add(message);
        }
        ok(env.producer().send(batch));
        List<MessageExt> read = env.read(topic, 8);
        for (int i = 0; i < 8; i++) {
            MessageExt message = read.get(i);
            equal(List.of("tag" + i, "key" + i, "v" + i), List.of(message.getTags(), message.getKeys(),
                message.getUserProperty("p" + i)), "message " + i);
            equal(i, message.getFlag(), "flag " + i);
        }
        equal(8, new HashSet<>(read.stream().map(MessageExt::getMsgId).toList()).size(), "distinct ids");
    }

    private static void split(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        List<Message> rest = batch(topic, "x".repeat(1000), 3000);
        List<String> bodies = bodies(rest);
        while (!rest.isEmpty()) {
            int size = 0;
            int count = 0;
            while (count < rest.size() && size + 1200 < 1_000_000) {
                size += rest.get(count).getBody().length + 200;
                count++;
            }
            ok(producer.send(rest.subList(0, count)));
            rest = rest.subList(count, rest.size());
        }
        equal(bodies, bodies(env.read(topic, 3000)), "read");
    }

    private static void tooLarge(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        producer.setMaxMessageSize(16 << 20);
        producer.setRetryTimesWhenSendFailed(0);
        List<Message> batch = batch(topic, "x".repeat(1 << 20), 5);
        fails(Exception.class, () -> producer.send(batch));
        ok(producer.send(batch(topic, "m", 3)));
        equal(numbered("m", 3), bodies(env.read(topic, 3)), "read");
    }

    private static void between(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            equal(i * 4L, ok(producer.send(new Message(topic, bytes("single" + i)))).getQueueOffset(), "offset");
            ok(producer.send(batch(topic, "b" + i + "-", 3)));
            expected.add("single" + i);
            expected.addAll(numbered("b" + i + "-", 3));
        }
        equal(expected, bodies(env.read(topic, 40)), "read");
    }

    private BatchCases() {
    }
}
