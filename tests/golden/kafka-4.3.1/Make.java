// Fills topics of a running broker with fixed data: every codec, headers, nulls, an idempotent
// and a transactional producer, a committed and an aborted transaction, several segments.
// Run by make.sh: java -cp "$KAFKA_LIB/*" Make.java HOST:PORT
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Make {
    static final long TIME = 1_600_000_000_000L;
    static String broker;

    static KafkaProducer<byte[], byte[]> producer(String codec, Map<String, String> more) {
        var p = new Properties();
        p.put("bootstrap.servers", broker);
        p.put("compression.type", codec);
        p.put("linger.ms", "0");
        p.put("batch.size", "1024");
        p.put("max.in.flight.requests.per.connection", "1");
        p.putAll(more);
        return new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
    }

    // The value names the record, then repeats a short pattern: stable, and small when compressed.
    static byte[] value(int i, int bytes) {
        var text = new StringBuilder("value-" + i + "-");
        while (text.length() < bytes) text.append("abcdefghij");
        return text.substring(0, bytes).getBytes(StandardCharsets.UTF_8);
    }

    static void fill(KafkaProducer<byte[], byte[]> p, String topic, int from, int to, int bytes) throws Exception {
        for (int i = from; i < to; i++) {
            byte[] key = i % 5 == 0 ? null : ("key-" + i % 7).getBytes(StandardCharsets.UTF_8);
            byte[] value = i % 11 == 10 ? null : value(i, bytes);
            var record = new ProducerRecord<>(topic, 0, TIME + i * 10L, key, value);
            if (i % 3 == 0) {
                record.headers().add("h", new byte[] {1, 2}).add("h", null).add("ü", new byte[0]);
            }
            // One batch each, and a batch of three now and then.
            var sent = p.send(record);
            if (i % 4 != 1) sent.get();
        }
        p.flush();
    }

    public static void main(String[] args) throws Exception {
        broker = args[0];
        try (var admin = Admin.create(Map.of("bootstrap.servers", broker))) {
            var small = Map.of("internal.segment.bytes", "30000", "index.interval.bytes", "2000");
            admin.createTopics(List.of(
                new NewTopic("plain", 1, (short) 1).configs(small),
                new NewTopic("txn", 1, (short) 1).configs(Map.of("index.interval.bytes", "500")),
                new NewTopic("appendtime", 1, (short) 1).configs(Map.of("message.timestamp.type", "LogAppendTime")),
                new NewTopic("gzip", 1, (short) 1), new NewTopic("snappy", 1, (short) 1),
                new NewTopic("lz4", 1, (short) 1), new NewTopic("zstd", 1, (short) 1),
                new NewTopic("empty", 2, (short) 1))).all().get();
        }
        try (var p = producer("none", Map.of())) { fill(p, "plain", 0, 400, 120); }
        try (var p = producer("none", Map.of("enable.idempotence", "false"))) { fill(p, "appendtime", 0, 20, 50); }
        for (var codec : List.of("gzip", "snappy", "lz4", "zstd")) {
            try (var p = producer(codec, Map.of())) { fill(p, codec, 0, 40, 200); }
        }
        try (var p = producer("none", Map.of("transactional.id", "tx"))) {
            p.initTransactions();
            for (int round = 0; round < 6; round++) {
                p.beginTransaction();
                fill(p, "txn", round * 10, round * 10 + 10, 60);
                if (round % 2 == 0) p.commitTransaction(); else p.abortTransaction();
            }
        }
    }
}
