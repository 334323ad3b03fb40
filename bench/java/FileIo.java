import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/**
 * One pass over a file, block by block, through a mapping and through a {@link FileChannel}: what the Java benchmark of the
 * texts measures, in the form that `cargo xtask bench java` asks for cell by cell.
 *
 * <p>Usage: {@code FileIo PROGRAM FILE BYTES LIMIT_MS}, PROGRAM one of {@code read-cached}, {@code write-cached},
 * {@code read-hole}, {@code write-hole}. Block sizes come from stdin, one a line; each is answered by the two lines
 * {@code mmap NANOS BYTES} and {@code channel NANOS BYTES} and by {@code done}.
 *
 * <p>As in the original: nothing is synced; writes take their bytes from the start of one direct buffer; mapped reads copy
 * into a heap array, channel reads into the direct buffer; the cached programs keep one mapped, loaded file for all their
 * cells, the others make a new file, a hole, for each pass. Other than there: a pass ends after LIMIT_MS, the cached file has
 * its blocks on the disk, and its pages are loaded, not locked.
 */
final class FileIo {
    /** Looks at the clock this often, in blocks: grows until a stride takes as long as {@link #STRIDE_NANOS}. */
    private static final long STRIDE_NANOS = 50_000;

    private final boolean writes;
    private final boolean cached;
    private final File file;
    private final long bytes;
    private final long limitNanos;
    private final ByteBuffer direct;

    private FileIo(String program, File file, long bytes, long limitMillis) {
        this.writes = program.startsWith("write-");
        this.cached = program.endsWith("-cached");
        this.file = file;
        this.bytes = bytes;
        this.limitNanos = limitMillis * 1_000_000;
        this.direct = ByteBuffer.allocateDirect((int) Math.min(bytes, 512 << 20));
        while (direct.hasRemaining()) {
            direct.put((byte) 6);
        }
    }

    public static void main(String[] args) throws IOException {
        FileIo io = new FileIo(args[0], new File(args[1]), Long.parseLong(args[2]), Long.parseLong(args[3]));
        BufferedReader sizes = new BufferedReader(new InputStreamReader(System.in));
        if (io.cached) {
            io.runCached(sizes);
        } else {
            io.runHoles(sizes);
        }
    }

    private void runCached(BufferedReader sizes) throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(file, "rw"); FileChannel channel = open.getChannel()) {
            fill(channel);
            MappedByteBuffer map = channel.map(MapMode.READ_WRITE, 0, bytes);
            map.load();
            for (String line = sizes.readLine(); line != null; line = sizes.readLine()) {
                int block = Integer.parseInt(line);
                map.clear();
                overMap(map, block);
                channel.position(0);
                overChannel(channel, block);
                System.out.println("done");
            }
        } finally {
            file.delete();
        }
    }

    private void runHoles(BufferedReader sizes) throws IOException {
        for (String line = sizes.readLine(); line != null; line = sizes.readLine()) {
            int block = Integer.parseInt(line);
            for (boolean mapped : new boolean[] {true, false}) {
                try (RandomAccessFile open = new RandomAccessFile(file, "rw"); FileChannel channel = open.getChannel()) {
                    open.setLength(bytes);
                    if (mapped) {
                        overMap(channel.map(MapMode.READ_WRITE, 0, bytes), block);
                    } else {
                        overChannel(channel, block);
                    }
                } finally {
                    file.delete();
                }
            }
            System.out.println("done");
        }
    }

    /** Blocks on the disk and pages in the cache for the whole file. */
    private void fill(FileChannel channel) throws IOException {
        long at = 0;
        while (at < bytes) {
            direct.position(0).limit((int) Math.min(1 << 20, bytes - at));
            at += channel.write(direct, at);
        }
        channel.force(false);
    }

    private void overMap(MappedByteBuffer map, int block) {
        byte[] target = new byte[block];
        long begun = System.nanoTime();
        long now = begun;
        long seen = begun;
        long stride = 1;
        long blocks = bytes / block;
        long done = 0;
        while (done < blocks && now - begun < limitNanos) {
            long end = Math.min(blocks, done + stride);
            for (; done < end; done++) {
                if (writes) {
                    direct.position(0).limit(block);
                    map.put(direct);
                } else {
                    map.get(target);
                }
            }
            now = System.nanoTime();
            if (now - seen < STRIDE_NANOS) {
                stride *= 2;
            }
            seen = now;
        }
        System.out.println("mmap " + (now - begun) + " " + done * block);
    }

    private void overChannel(FileChannel channel, int block) throws IOException {
        long begun = System.nanoTime();
        long now = begun;
        long seen = begun;
        long stride = 1;
        long blocks = bytes / block;
        long done = 0;
        while (done < blocks && now - begun < limitNanos) {
            long end = Math.min(blocks, done + stride);
            for (; done < end; done++) {
                direct.position(0).limit(block);
                int moved = writes ? channel.write(direct) : channel.read(direct);
                if (moved < block) {
                    throw new IOException(moved + " of " + block + " bytes");
                }
            }
            now = System.nanoTime();
            if (now - seen < STRIDE_NANOS) {
                stride *= 2;
            }
            seen = now;
        }
        System.out.println("channel " + (now - begun) + " " + done * block);
    }
}
