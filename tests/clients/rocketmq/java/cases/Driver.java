package cases;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Runs named cases of RocketMQ's Java client against one server.
 *
 * <p>Arguments: {@code --list} prints the names; otherwise {@code NAMESRV THREADS}. Then each line of standard input
 * is a case to run, and each line of standard output is its result as JSON: {@code {"case", "ok", "ms", "detail"}}.
 * Standard input's end is the order to end. One JVM runs all cases, so a case costs no JVM start.
 */
public final class Driver {
    /** One case: returns when everything it claims held, throws otherwise. */
    public interface Case {
        void run(Env env) throws Exception;
    }

    private static final Map<String, Case> CASES = new LinkedHashMap<>();

    static void add(String name, Case body) {
        if (CASES.put(name, body) != null) {
            throw new IllegalStateException("two cases are named " + name);
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream results = System.out;
        System.setOut(System.err);
        SendCases.register();
        BatchCases.register();
        PullCases.register();
        LitePullCases.register();
        PushCases.register();
        OrderCases.register();
        FilterCases.register();
        RetryCases.register();
        DelayCases.register();
        TransactionCases.register();
        RequestCases.register();
        QueryCases.register();
        TraceCases.register();
        AdminCases.register();
        Version.register();
        if (args.length == 1 && args[0].equals("--list")) {
            CASES.keySet().forEach(results::println);
            return;
        }
        serve(args[0], Integer.parseInt(args[1]), CASES, results);
        System.exit(0);
    }

    static void serve(String names, int threads, Map<String, Case> cases, PrintStream results) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        for (String name = orders.readLine(); name != null; name = orders.readLine()) {
            String wanted = name;
            pool.execute(() -> runOne(wanted, cases.get(wanted), names, results));
        }
        pool.shutdown();
        pool.awaitTermination(1, TimeUnit.HOURS);
    }

    private static void runOne(String name, Case body, String names, PrintStream results) {
        long started = System.nanoTime();
        String detail = "";
        try (Env env = new Env(names, name)) {
            if (body == null) {
                throw new IllegalArgumentException("no such case");
            }
            body.run(env);
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

    private Driver() {
    }
}
