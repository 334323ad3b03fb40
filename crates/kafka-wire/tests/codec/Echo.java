import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

/** Reads "NAME VERSION HEX" lines; decodes and encodes each with Kafka's generated class. */
public class Echo {
    static final String[] PACKAGES = {
        "org.apache.kafka.common.message.", "org.apache.kafka.common.metadata.",
        "org.apache.kafka.coordinator.group.generated.",
        "org.apache.kafka.coordinator.transaction.generated.",
        "org.apache.kafka.raft.generated.", "org.apache.kafka.server.log.remote.metadata.storage.generated.",
        "org.apache.kafka.storage.internals.log.", "org.apache.kafka.storage.internals.generated.",
        "org.apache.kafka.storage.internals.log.generated.",
    };

    static Message create(String name) throws Exception {
        String data = name.endsWith("Request") || name.endsWith("Response") ? name + "Data" : name;
        for (String prefix : PACKAGES) {
            try {
                return (Message) Class.forName(prefix + data).getConstructor().newInstance();
            } catch (ClassNotFoundException next) {
            }
        }
        throw new ClassNotFoundException(name);
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            short version = Short.parseShort(words[1]);
            String answer;
            try {
                Message message = create(words[0]);
                ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(words[2]));
                message.read(new ByteBufferAccessor(bytes), version);
                if (bytes.hasRemaining()) throw new IllegalStateException("bytes left over");
                ByteBuffer again = MessageUtil.toByteBufferAccessor(message, version).buffer();
                byte[] copy = new byte[again.remaining()];
                again.get(copy);
                answer = HexFormat.of().formatHex(copy);
            } catch (Throwable error) {
                answer = error.toString().replace('\n', ' ');
            }
            out.println(words[0] + " " + words[1] + " " + answer);
        }
        out.flush();
    }
}
