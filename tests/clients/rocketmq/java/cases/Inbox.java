package cases;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.message.MessageExt;

/** What a push consumer was given, in the order in which it was. */
final class Inbox {
    private final List<MessageExt> messages = new ArrayList<>();

    /** Takes everything. */
    static Inbox concurrent(DefaultMQPushConsumer consumer) {
        return concurrent(consumer, message -> true);
    }

    /** Notes everything, and asks for what {@code accept} does not take once more. */
    static Inbox concurrent(DefaultMQPushConsumer consumer, Predicate<MessageExt> accept) {
        Inbox inbox = new Inbox();
        consumer.registerMessageListener((MessageListenerConcurrently) (given, context) ->
            inbox.take(given, accept) ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER);
        return inbox;
    }

    /** As above, queue by queue in order. */
    static Inbox orderly(DefaultMQPushConsumer consumer, Predicate<MessageExt> accept) {
        Inbox inbox = new Inbox();
        consumer.registerMessageListener((MessageListenerOrderly) (given, context) ->
            inbox.take(given, accept) ? ConsumeOrderlyStatus.SUCCESS : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT);
        return inbox;
    }

    private boolean take(List<MessageExt> given, Predicate<MessageExt> accept) {
        boolean all = true;
        for (MessageExt message : given) {
            all &= accept.test(message);
            synchronized (messages) {
                messages.add(message);
            }
        }
        return all;
    }

    List<MessageExt> all() {
        synchronized (messages) {
            return List.copyOf(messages);
        }
    }

    List<String> bodies() {
        return Env.bodies(all());
    }

    /** Waits for so many messages. */
    List<MessageExt> await(int count) throws Exception {
        Env.until(count + " messages consumed", () -> all().size() >= count);
        return all();
    }

    /** Waits for a message with this body. */
    MessageExt await(String body) throws Exception {
        Env.until("message " + body, () -> bodies().contains(body));
        return all().stream().filter(message -> Env.body(message).equals(body)).findFirst().orElseThrow();
    }

    /** Exactly these bodies came, in any order. */
    void exactly(List<String> expected) throws Exception {
        await(expected.size());
        Env.equal(Env.sorted(expected), Env.sorted(bodies()), "consumed");
    }
}
