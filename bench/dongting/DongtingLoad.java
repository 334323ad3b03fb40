import com.github.dtprj.dongting.common.ByteArray;
import com.github.dtprj.dongting.common.Pair;
import com.github.dtprj.dongting.common.PerfCallback;
import com.github.dtprj.dongting.fiber.Dispatcher;
import com.github.dtprj.dongting.fiber.Fiber;
import com.github.dtprj.dongting.fiber.FiberCondition;
import com.github.dtprj.dongting.fiber.FiberFrame;
import com.github.dtprj.dongting.fiber.FiberGroup;
import com.github.dtprj.dongting.fiber.FrameCallResult;
import com.github.dtprj.dongting.raft.impl.InitFiberFrame;
import com.github.dtprj.dongting.raft.impl.RaftStatusImpl;
import com.github.dtprj.dongting.raft.impl.TailCache;
import com.github.dtprj.dongting.raft.server.LogItem;
import com.github.dtprj.dongting.raft.server.RaftGroupConfigEx;
import com.github.dtprj.dongting.raft.server.RaftServerConfig;
import com.github.dtprj.dongting.raft.store.DefaultRaftLog;
import com.github.dtprj.dongting.raft.store.StatusManager;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * dongting's Raft log (DefaultRaftLog, without the rest of its server) under the load of {@code raftload}: the same flags,
 * the same line of JSON.
 *
 * One fiber of the log's own thread appends what it may in one call and looks what is complete when the log says that
 * something moved. Entries are committed and applied as soon as they are complete, as in a group of one. The log has its
 * defaults, with two threads for the disk. Unsynced, an entry is complete when it is written; the log syncs all the same.
 */
public final class DongtingLoad {
    private final String dir;
    private final int payloadBytes;
    private final int pending;
    private final boolean synced;
    private final long rate;
    private final long warmUpMs;
    private final long measuredMs;
    private final long totalMib;

    private RaftStatusImpl status;
    private DefaultRaftLog log;
    private final SyncCounter syncs = new SyncCounter();

    private DongtingLoad(String[] args) {
        Flags flags = new Flags(args);
        dir = flags.text("--dir", "");
        payloadBytes = (int) flags.number("--payload-bytes", 256);
        pending = (int) flags.number("--pending", 16);
        synced = flags.isSet("--synced");
        rate = flags.number("--rate", 0);
        warmUpMs = flags.number("--warm-up-ms", 500);
        measuredMs = flags.number("--measured-ms", 1000);
        totalMib = flags.number("--total-mib", 1024);
    }

    public static void main(String[] args) {
        Logger.getLogger("").setLevel(Level.WARNING);
        try {
            System.out.println(new DongtingLoad(args).run());
            System.exit(0);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    private String run() throws Exception {
        Dispatcher dispatcher = new Dispatcher("load");
        dispatcher.start();
        FiberGroup group = new FiberGroup("load", dispatcher);
        dispatcher.startGroup(group).get();
        status = new RaftStatusImpl(1, dispatcher.ts);
        RaftGroupConfigEx config = new RaftGroupConfigEx(1, "1", "");
        config.fiberGroup = group;
        config.dataDir = dir;
        config.blockIoExecutor = Executors.newFixedThreadPool(2);
        config.ts = status.ts;
        config.raftStatus = status;
        config.syncForce = synced;
        config.perfCallback = syncs;
        status.tailCache = new TailCache(config, status);
        Driver driver = new Driver();
        java.util.concurrent.CompletableFuture<Void> opened = new java.util.concurrent.CompletableFuture<>();
        group.fireFiber("open", new FiberFrame<>() {
            private StatusManager statusManager;

            @Override
            public FrameCallResult execute(Void input) {
                InitFiberFrame.initRaftStatus(status, group, new RaftServerConfig());
                statusManager = new StatusManager(config);
                return Fiber.call(statusManager.initStatusFile(), this::afterStatus);
            }

            private FrameCallResult afterStatus(Void unused) {
                log = new DefaultRaftLog(config, statusManager, null);
                return Fiber.call(log.init(), this::afterLog);
            }

            private FrameCallResult afterLog(Pair<Integer, Long> unused) {
                opened.complete(null);
                return Fiber.frameReturn();
            }

            @Override
            protected FrameCallResult handle(Throwable error) {
                opened.completeExceptionally(error);
                return Fiber.frameReturn();
            }
        });
        opened.get(60, TimeUnit.SECONDS);
        group.fireFiber("drive", driver);
        return driver.answer.get(warmUpMs + measuredMs + 60_000, TimeUnit.MILLISECONDS);
    }

    /** Entries that went into the log together. */
    private static final class Batch {
        final long end;
        final int count;
        final long beganNs;

        Batch(long end, int count, long beganNs) {
            this.end = end;
            this.count = count;
            this.beganNs = beganNs;
        }
    }

    /** The owner of the log: a phase that does not count, then one that does. */
    private final class Driver extends FiberFrame<Void> {
        final java.util.concurrent.CompletableFuture<String> answer = new java.util.concurrent.CompletableFuture<>();
        private final ByteArray body = new ByteArray(randomBytes());
        private final ArrayDeque<Batch> underWay = new ArrayDeque<>();
        private final Histogram latencies = new Histogram();
        private final long total = Math.max((totalMib << 20) / payloadBytes, pending * 8L);
        private long next = 1;
        private long complete = 1;
        private boolean counts;
        private long phaseBeganNs;
        private long phaseFirst = 1;
        private Counters before;

        @Override
        public FrameCallResult execute(Void input) throws Exception {
            if (phaseBeganNs == 0) {
                phaseBeganNs = System.nanoTime();
            }
            look();
            if (isOver()) {
                if (complete == next) {
                    return nextPhase();
                }
                return moved().await(100, this);
            }
            int count = (int) Math.min(room(), upto() + 1 - next);
            if (count == 0) {
                return rate > 0 ? Fiber.sleep(1, this) : moved().await(100, this);
            }
            ArrayList<LogItem> items = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                items.add(item(next + i));
            }
            long began = rate > 0 ? dueNs(next) : System.nanoTime();
            next += count;
            underWay.add(new Batch(next, count, began));
            status.lastLogIndex = next - 1;
            status.lastLogTerm = 1;
            return Fiber.call(log.append(items), unused -> Fiber.resume(null, this));
        }

        @Override
        protected FrameCallResult handle(Throwable error) {
            answer.completeExceptionally(error);
            return Fiber.frameReturn();
        }

        private FiberCondition moved() {
            return synced ? status.logForceFinishCondition : status.logWriteFinishCondition;
        }

        private long room() {
            if (rate == 0) {
                return pending - (next - complete);
            }
            long due = (System.nanoTime() - phaseBeganNs) / apartNs();
            return Math.max(0, Math.min(phaseFirst + due - next, 100_000));
        }

        private long apartNs() {
            return Math.max(1, 1_000_000_000 / rate);
        }

        private long dueNs(long index) {
            return phaseBeganNs + (index - phaseFirst) * apartNs();
        }

        private long upto() {
            return counts ? total : total / 4;
        }

        private boolean isOver() {
            long ms = (System.nanoTime() - phaseBeganNs) / 1_000_000;
            return next > upto() || ms >= (counts ? measuredMs : warmUpMs);
        }

        /** What the log says is complete is. */
        private void look() {
            long end = (synced ? status.lastForceLogIndex : status.lastWriteLogIndex) + 1;
            if (end <= complete) {
                return;
            }
            complete = end;
            status.commitIndex = end - 1;
            status.setLastApplied(end - 1);
            long now = System.nanoTime();
            // The log may be through with a part of a batch; that part is complete when the rest is.
            while (!underWay.isEmpty() && underWay.peek().end <= end) {
                Batch batch = underWay.poll();
                for (int i = 0; counts && i < batch.count; i++) {
                    long since = batch.beganNs + (rate > 0 ? i * apartNs() : 0);
                    latencies.add(Math.max(1, now - since));
                }
            }
        }

        private FrameCallResult nextPhase() throws Exception {
            Counters now = new Counters();
            if (counts) {
                answer.complete(json(before, now));
                return Fiber.frameReturn();
            }
            before = now;
            counts = true;
            phaseFirst = next;
            phaseBeganNs = System.nanoTime();
            return Fiber.resume(null, this);
        }

        private String json(Counters before, Counters after) {
            return String.format(java.util.Locale.ROOT,
                    "{\"entries\":%d,\"seconds\":%.6f,\"syncs\":%d,\"disk_bytes\":%d,\"cpu_seconds\":%.6f,"
                            + "\"p50_ns\":%d,\"p99_ns\":%d,\"p999_ns\":%d,\"p9999_ns\":%d,\"max_ns\":%d}",
                    next - phaseFirst, (after.ns - before.ns) / 1e9, after.syncs - before.syncs,
                    after.diskBytes - before.diskBytes, (after.cpuNs - before.cpuNs) / 1e9,
                    latencies.quantile(0.5), latencies.quantile(0.99), latencies.quantile(0.999),
                    latencies.quantile(0.9999), latencies.most);
        }

        private LogItem item(long index) {
            LogItem item = new LogItem();
            item.type = LogItem.TYPE_NORMAL;
            item.bizType = 0;
            item.term = 1;
            item.prevLogTerm = index == 1 ? 0 : 1;
            item.index = index;
            item.timestamp = status.ts.wallClockMillis;
            item.setBody(body);
            return item;
        }

        private byte[] randomBytes() {
            byte[] bytes = new byte[payloadBytes];
            new Random(1).nextBytes(bytes);
            return bytes;
        }
    }

    /** What has been used so far: the disk's bytes by its own counter, whoever wrote them. */
    private final class Counters {
        final long ns = System.nanoTime();
        final long syncs = DongtingLoad.this.syncs.count;
        final long cpuNs = ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
        final long diskBytes;

        Counters() throws Exception {
            long device = (long) Files.getAttribute(Path.of(dir), "unix:dev");
            long major = device >> 8 & 0xfff;
            long minor = device & 0xff | device >> 12 & 0xfff00;
            Path counters = Path.of("/sys/dev/block/" + major + ":" + minor + "/stat");
            diskBytes = Files.exists(counters)
                    ? Long.parseLong(Files.readString(counters).trim().split(" +")[6]) * 512 : 0;
        }
    }

    /** Counts the log's syncs: of log files and of index files. All happen on the fiber's thread. */
    private static final class SyncCounter extends PerfCallback {
        long count;

        SyncCounter() {
            super(true);
        }

        @Override
        public boolean accept(int type) {
            return type == RAFT_D_LOG_SYNC || type == RAFT_D_IDX_FORCE;
        }

        @Override
        public void onEvent(int type, long costTime, int times, long sum) {
            count++;
        }
    }

    /** Values with an error of less than one in a hundred. */
    private static final class Histogram {
        private static final int STEPS = 128;
        private final long[] counts = new long[64 * STEPS];
        private long all;
        long most;

        void add(long value) {
            counts[slot(value)]++;
            all++;
            most = Math.max(most, value);
        }

        private static int slot(long value) {
            if (value < STEPS) {
                return (int) value;
            }
            int shift = 64 - Long.numberOfLeadingZeros(value) - 8;
            return (shift + 1) * STEPS + (int) ((value >>> shift) - STEPS);
        }

        long quantile(double q) {
            long wanted = (long) Math.ceil(q * all);
            long seen = 0;
            for (int slot = 0; slot < counts.length; slot++) {
                seen += counts[slot];
                if (seen >= wanted && seen > 0) {
                    int shift = slot / STEPS - 1;
                    return shift < 0 ? slot : ((long) (slot % STEPS + STEPS + 1) << shift) - 1;
                }
            }
            return most;
        }
    }

    private static final class Flags {
        private final String[] args;

        Flags(String[] args) {
            this.args = args;
        }

        boolean isSet(String name) {
            return java.util.Arrays.asList(args).contains(name);
        }

        String text(String name, String otherwise) {
            int at = java.util.Arrays.asList(args).indexOf(name);
            return at < 0 ? otherwise : args[at + 1];
        }

        long number(String name, long otherwise) {
            return Long.parseLong(text(name, String.valueOf(otherwise)));
        }
    }
}
