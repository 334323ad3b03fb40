import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends at a fixed rate and says how long answers took: NAMESRV TOPIC BYTES COUNT RATE.
 *
 * A message's time runs from the moment at which it was due, so a sender that was held up counts what it held up. The first
 * fifth is left out. Prints: messages a second, then p50, p99 and p99.9 in ms, then how many were not acknowledged.
 */
public final class Paced {
    public static void main(String[] arguments) {
        try {
            run(arguments);
            System.exit(0);
        } catch (Exception error) {
            // The client's threads would keep a failed run alive.
            error.printStackTrace();
            System.exit(1);
        }
    }

    private static void run(String[] arguments) throws Exception {
        System.setProperty("rocketmq.serialize.type", "ROCKETMQ");
        final String topic = arguments[1];
        final byte[] body = new byte[Integer.parseInt(arguments[2])];
        final int count = Integer.parseInt(arguments[3]);
        final long intervalNs = 1_000_000_000L / Integer.parseInt(arguments[4]);
        Arrays.fill(body, (byte) 'x');

        final DefaultMQProducer producer = new DefaultMQProducer("paced");
        producer.setNamesrvAddr(arguments[0]);
        producer.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        producer.start();
        // The route is known and the topic is there before the clock starts.
        producer.send(new Message(topic, body));

        final long[] tookNs = new long[count];
        final AtomicLong failed = new AtomicLong();
        final CountDownLatch answers = new CountDownLatch(count);
        final long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            final long due = begin + i * intervalNs;
            for (long left; (left = due - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(left);
            }
            producer.send(new Message(topic, body), new Answer(i, due, tookNs, failed, answers));
        }
        answers.await();
        final double seconds = (System.nanoTime() - begin) / 1e9;
        final long[] counted = Arrays.copyOfRange(tookNs, count / 5, count);
        Arrays.sort(counted);
        System.out.printf("%.1f %.3f %.3f %.3f %d%n", count / seconds, quantile(counted, 0.5), quantile(counted, 0.99),
            quantile(counted, 0.999), failed.get());
        producer.shutdown();
    }

    private static double quantile(long[] sorted, double share) {
        return sorted[(int) Math.min(sorted.length - 1, share * sorted.length)] / 1e6;
    }

    private record Answer(int at, long due, long[] tookNs, AtomicLong failed, CountDownLatch answers)
        implements SendCallback {
        @Override
        public void onSuccess(SendResult result) {
            if (result.getSendStatus() != SendStatus.SEND_OK) {
                failed.incrementAndGet();
            }
            arrived();
        }

        @Override
        public void onException(Throwable error) {
            failed.incrementAndGet();
            arrived();
        }

        private void arrived() {
            tookNs[at] = System.nanoTime() - due;
            answers.countDown();
        }
    }
}
