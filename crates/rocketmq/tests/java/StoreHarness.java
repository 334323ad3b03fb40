import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageExtBatch;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.GetMessageResult;
import org.apache.rocketmq.store.SelectMappedBufferResult;
import org.apache.rocketmq.store.config.FlushDiskType;
import org.apache.rocketmq.store.config.MessageStoreConfig;
import org.apache.rocketmq.store.queue.ConsumeQueueInterface;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

/**
 * RocketMQ's own message store over a directory: fills it, and says what is in it.
 *
 * StoreHarness DIR [write FROM COUNT] [key TOPIC KEY]... [halt]
 *
 * The store is opened (and recovers), messages FROM up to FROM + COUNT are put as tests/java_store.rs puts them, everything
 * is printed, and the process ends: by a clean stop, or with `halt` by none.
 */
public class StoreHarness {
    public static void main(String[] args) {
        try {
            run(args);
        } catch (Throwable error) {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    static MessageStoreConfig config(String dir) {
        MessageStoreConfig config = new MessageStoreConfig();
        config.setStorePathRootDir(dir);
        config.setStorePathCommitLog(dir + File.separator + "commitlog");
        config.setMappedFileSizeCommitLog(16384);
        config.setMappedFileSizeConsumeQueue(200);
        config.setMaxHashSlotNum(7);
        config.setMaxIndexNum(40);
        config.setFlushDiskType(FlushDiskType.ASYNC_FLUSH);
        config.setHaListenPort(0);
        return config;
    }

    static void run(String[] args) throws Exception {
        BrokerConfig broker = new BrokerConfig();
        ConcurrentMap<String, org.apache.rocketmq.common.TopicConfig> topics = new ConcurrentHashMap<>();
        DefaultMessageStore store = new DefaultMessageStore(config(args[0]), new BrokerStatsManager(broker),
            (topic, queue, offset, tags, time, bits, props) -> { }, broker, topics);
        // The broker sets this from its own table of delays.
        if (!store.load()) {
            throw new IllegalStateException("load");
        }
        store.start();
        List<String[]> keys = new ArrayList<>();
        boolean halt = false;
        for (int at = 1; at < args.length; at++) {
            switch (args[at]) {
                case "write":
                    int from = Integer.parseInt(args[at + 1]);
                    int count = Integer.parseInt(args[at + 2]);
                    for (int n = from; n < from + count; n++) {
                        put(store, n);
                    }
                    at += 2;
                    break;
                case "key":
                    keys.add(new String[] {args[at + 1], args[at + 2]});
                    at += 2;
                    break;
                case "halt":
                    halt = true;
                    break;
                default:
                    throw new IllegalArgumentException(args[at]);
            }
        }
        while (store.dispatchBehindBytes() > 0) {
            Thread.sleep(1);
        }
        dump(store, keys);
        System.out.flush();
        if (!halt) {
            store.shutdown();
        }
        Runtime.getRuntime().halt(0);
    }

    /** Message n; the same rules as in java_store.rs. */
    static void put(DefaultMessageStore store, int n) throws Exception {
        InetSocketAddress v4 = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 10911);
        InetSocketAddress v6 = new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 10911);
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < n % 7 * 20 + 1; i++) {
            body.append("body ").append(n).append(' ');
        }
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        String longTopic = "%RETRY%" + "g".repeat(150);
        String topic = n % 11 == 5 ? longTopic : n % 5 == 3 ? "other" : "topic-a";
        if (n % 13 == 7) {
            List<Message> batch = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Message one = new Message("topic-a", bytes);
                one.setKeys("b" + n + "-" + i);
                batch.add(one);
            }
            MessageExtBatch all = new MessageExtBatch();
            all.setTopic("topic-a");
            all.setQueueId(n % 2);
            all.setBody(MessageDecoder.encodeMessages(batch));
            all.setBornTimestamp(1000L + n);
            all.setBornHost(v4);
            all.setStoreHost(v4);
            check(store.putMessages(all).isOk(), n);
            return;
        }
        MessageExtBrokerInner message = new MessageExtBrokerInner();
        message.setTopic(topic);
        message.setBody(bytes);
        message.setQueueId(n % 2);
        message.setFlag(n);
        message.setBornTimestamp(1000L + n);
        message.setReconsumeTimes(n % 3);
        message.setKeys("k" + n + " all");
        if (n % 4 == 0) {
            message.setTags("Tag" + n % 3);
        }
        int kind = n % 17 == 2 ? 0x4 : n % 17 == 9 ? 0x8 : n % 17 == 12 ? 0xC : 0;
        message.setSysFlag(kind);
        message.setPreparedTransactionOffset(kind == 0x8 ? 77 : 0);
        message.setBornHost(n % 6 == 1 ? v6 : v4);
        message.setStoreHost(n % 6 >= 4 ? v6 : v4);
        if (n % 6 == 1) {
            message.setBornHostV6Flag();
        }
        if (n % 6 >= 4) {
            message.setStoreHostAddressV6Flag();
        }
        message.setTagsCode(MessageExtBrokerInner.tagsString2tagsCode(null, message.getTags()));
        message.setPropertiesString(MessageDecoder.messageProperties2String(message.getProperties()));
        check(store.putMessage(message).isOk(), n);
    }

    static void check(boolean ok, int n) {
        if (!ok) {
            throw new IllegalStateException("put " + n);
        }
    }

    static void dump(DefaultMessageStore store, List<String[]> keys) throws Exception {
        TreeMap<String, TreeMap<Integer, ConsumeQueueInterface>> sorted = new TreeMap<>();
        store.getQueueStore().getConsumeQueueTable()
            .forEach((topic, queues) -> sorted.put(topic, new TreeMap<>(queues)));
        for (Map.Entry<String, TreeMap<Integer, ConsumeQueueInterface>> topic : sorted.entrySet()) {
            for (int id : topic.getValue().keySet()) {
                long min = store.getMinOffsetInQueue(topic.getKey(), id);
                long max = store.getMaxOffsetInQueue(topic.getKey(), id);
                System.out.println("queue " + topic.getKey() + " " + id + " " + min + " " + max);
                for (long offset = min; offset < max; offset++) {
                    GetMessageResult got = store.getMessage("g", topic.getKey(), id, offset, 1, null);
                    for (SelectMappedBufferResult one : got.getMessageMapedList()) {
                        System.out.println("  " + line(MessageDecoder.decode(one.getByteBuffer())));
                    }
                    if (got.getMessageMapedList().isEmpty()) {
                        System.out.println("  nothing at " + offset + ": " + got.getStatus());
                    }
                    got.release();
                }
            }
        }
        for (String[] key : keys) {
            System.out.println("key " + key[0] + " " + key[1]);
            var found = store.queryMessage(key[0], key[1], 64, 0, Long.MAX_VALUE);
            for (var buffer : found.getMessageBufferList()) {
                System.out.println("  " + MessageDecoder.decode(buffer).getCommitLogOffset());
            }
        }
    }

    static String line(MessageExt m) {
        TreeMap<String, String> properties = new TreeMap<>(m.getProperties());
        String born = address((InetSocketAddress) m.getBornHost());
        String stored = address((InetSocketAddress) m.getStoreHost());
        int crc = org.apache.rocketmq.common.UtilAll.crc32(m.getBody());
        return m.getQueueOffset() + " " + m.getCommitLogOffset() + " " + m.getStoreSize() + " " + m.getFlag() + " "
            + m.getSysFlag() + " " + m.getBornTimestamp() + " " + born + " " + m.getStoreTimestamp() + " " + stored + " "
            + m.getReconsumeTimes() + " " + m.getPreparedTransactionOffset() + " " + m.getBody().length + " " + crc + " "
            + properties;
    }

    static String address(InetSocketAddress a) {
        StringBuilder hex = new StringBuilder();
        for (byte b : a.getAddress().getAddress()) {
            hex.append(String.format("%02x", b));
        }
        return hex + ":" + a.getPort();
    }
}
