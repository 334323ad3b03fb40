package orders;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Runs named cases on order: what every Java driver under tests/clients does.
 *
 * <p>Arguments: {@code --list} prints the names; otherwise {@code SERVER THREADS}. Then each line of standard input is a
 * case to run, and each line of standard output is its result as JSON: {@code {"case", "ok", "ms", "detail"}}. Standard
 * input's end is the order to end. One JVM runs all cases, so a case costs no JVM start. Whatever else is printed goes to
 * standard error.
 */
public final class Orders {
    /** One case: returns when everything it claims held, throws otherwise. */
    public interface Body {
        void run(String server, String name) throws Exception;
    }

    private final Map<String, Body> cases = new LinkedHashMap<>();
    private final PrintStream results = System.out;

    /** Takes standard output for the results. */
    public Orders() {
        System.setOut(System.err);
    }

    public void add(String name, Body body) {
        if (cases.put(name, body) != null) {
            throw new IllegalStateException("two cases are named " + name);
        }
    }

    /** Does what the arguments and the orders say, and ends the JVM without waiting for what clients left running. */
    public void follow(String[] args) throws Exception {
        if (args.length == 1 && args[0].equals("--list")) {
            cases.keySet().forEach(results::println);
        } else {
            serve(args[0], Integer.parseInt(args[1]));
        }
        results.flush();
        Runtime.getRuntime().halt(0);
    }

    private void serve(String server, int threads) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String name = orders.readLine(); name != null; name = orders.readLine()) {
            String wanted = name;
            pool.execute(() -> runOne(wanted, server));
        }
        pool.shutdown();
        pool.awaitTermination(1, TimeUnit.HOURS);
    }

    private void runOne(String name, String server) {
        long started = System.nanoTime();
        String detail = "";
        try {
            Body body = cases.get(name);
            if (body == null) {
                throw new IllegalArgumentException("no such case");
            }
            body.run(server, name);
        } catch (Throwable error) {
            StringWriter trace = new StringWriter();
            error.printStackTrace(new PrintWriter(trace));
            detail = trace.toString();
        }
        long ms = (System.nanoTime() - started) / 1_000_000;
        String line = "{\"case\":" + quote(name) + ",\"ok\":" + detail.isEmpty() + ",\"ms\":" + ms
            + ",\"detail\":" + quote(detail) + "}";
        synchronized (results) {
            results.println(line);
            results.flush();
        }
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20 || c > 0x7e) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
