package tools;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import orders.Orders;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Apache Kafka's own command-line tools on order: the same protocol as every driver under tests/clients.
 *
 * <p>A tool is its unmodified {@code main}, given the arguments and the standard input its shell script would give it, in
 * this one JVM: its exit becomes an exception, its output a text. That saves a JVM start per call.
 */
public final class Driver {
    /** One case: returns when everything it claims held, throws otherwise. */
    interface Case {
        void run(Driver tools) throws Exception;
    }

    /** What a tool's exit becomes. */
    private static final class ToolEnded extends Error {
        private static final long serialVersionUID = 1;

        ToolEnded(int code) {
            super("exit " + code, null, false, false);
        }
    }

    /** The first code a tool ended with; one that catches what ended it and ends again does not change it. */
    private static volatile Integer exitCode;

    private static final String RUN = Long.toString(System.currentTimeMillis(), 36);
    private static final AtomicInteger NAMES = new AtomicInteger();
    private static final List<Runnable> HOOKS = Collections.synchronizedList(new ArrayList<>());
    private static final Orders ORDERS = new Orders();

    final String bootstrap;
    private final String name;

    private Driver(String bootstrap, String name) {
        this.bootstrap = bootstrap;
        this.name = name;
    }

    static void add(String name, Case body) {
        ORDERS.add(name, (bootstrap, own) -> body.run(new Driver(bootstrap, own)));
    }

    public static void main(String[] args) throws Exception {
        ToolCases.register();
        Exit.Procedure end = (code, message) -> {
            exitCode = exitCode == null ? Integer.valueOf(code) : exitCode;
            throw new ToolEnded(code);
        };
        Exit.setExitProcedure(end);
        Exit.setHaltProcedure(end);
        // What a tool leaves for the end of its JVM (flushing a producer, a summary) is run at the end of its main.
        Exit.setShutdownHookAdder((hookName, hook) -> HOOKS.add(hook));
        ORDERS.follow(args);
    }

    String fresh(String what) {
        return what + "-" + name + "-" + RUN + "-" + NAMES.incrementAndGet();
    }

    /** Runs a tool that must end well, and returns what it printed. */
    String tool(String main, String... args) throws Exception {
        return toolWithInput(main, "", args);
    }

    String toolWithInput(String main, String input, String... args) throws Exception {
        Outcome outcome = run(main, input, args);
        check(outcome.code == 0, main + " " + Arrays.toString(args) + " ended with " + outcome.code + ":\n" + outcome.output);
        return outcome.output;
    }

    /** Runs a tool that must fail, and returns what it printed. */
    String failingTool(String main, String... args) throws Exception {
        Outcome outcome = run(main, "", args);
        check(outcome.code != 0, main + " " + Arrays.toString(args) + " ended well:\n" + outcome.output);
        return outcome.output;
    }

    /** Runs a tool in a JVM of its own: for those whose summary is left to the JVM's end. */
    String process(String main, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"), "-Dlog4j2.level=ERROR", "-cp", System.getProperty("java.class.path"), main));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        check(process.waitFor() == 0, command + " ended with " + process.exitValue() + ":\n" + output);
        return output;
    }

    private record Outcome(int code, String output) {
    }

    private Outcome run(String main, String input, String... args) throws Exception {
        InputStream stdin = System.in;
        PrintStream stdout = System.out;
        PrintStream stderr = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8);
        exitCode = null;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        System.setOut(capture);
        System.setErr(capture);
        try {
            Class.forName(main).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (java.lang.reflect.InvocationTargetException error) {
            if (exitCode == null) {
                exitCode = 1;
                error.getCause().printStackTrace(capture);
            }
        } finally {
            List.copyOf(HOOKS).forEach(Runnable::run);
            HOOKS.clear();
            System.setIn(stdin);
            System.setOut(stdout);
            System.setErr(stderr);
        }
        capture.flush();
        return new Outcome(exitCode == null ? 0 : exitCode, printed.toString(StandardCharsets.UTF_8));
    }

    /** A file with this content that the tools can be given. */
    static String file(String content) throws Exception {
        Path path = Files.createTempFile("tool", ".txt");
        Files.writeString(path, content);
        path.toFile().deleteOnExit();
        return path.toString();
    }

    static void check(boolean held, String what) {
        if (!held) {
            throw new AssertionError(what);
        }
    }

    static void has(String output, String... texts) {
        for (String text : texts) {
            check(output.contains(text), "no `" + text + "` in:\n" + output);
        }
    }
}
