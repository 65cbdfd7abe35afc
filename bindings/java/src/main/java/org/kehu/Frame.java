package org.kehu;

import java.io.OutputStream;
import java.nio.Buffer;
import java.nio.IntBuffer;
import java.nio.FloatBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What one call of C needs while it runs: memory for arguments and results, the handles it is inside of, and where the
 * error goes. Closing gives all of it back. A frame is for one thread.
 */
final class Frame implements AutoCloseable {
    private static final int SCRATCH = 16 << 10;
    private static final AtomicReferenceArray<Frame> POOL = new AtomicReferenceArray<>(64);
    /** Blocks up to this size are cut from the scratch memory while it lasts. */
    private static final int SMALL = 4 << 10;
    /** In front of it lie the error and room for what the encoder needs. */
    private static final int BOTTOM = Layout.Error.SIZEOF + 16;
    private static final long PROGRESS = Memory.progressFunction();
    private static final long INTERRUPT = Memory.interruptFunction();
    private static final long WRITE = Memory.writeFunction();
    private static final long LEARN = Memory.learnFunction();

    private final Memory scratch;
    private final long address;
    private final ByteBuffer buffer;
    private final Utf8 utf8;
    private final List<Memory> blocks = new ArrayList<>();
    private final List<NativeHandle> inside = new ArrayList<>();
    private final List<Buffer> kept = new ArrayList<>();
    /** What callbacks know this frame by. */
    private final long number = Callbacks.add(this);
    private int top;
    Progress progress;
    OutputStream output;
    Learning learning;
    Throwable failure;

    /** What a kehu_learner does, by addresses; see {@link Callbacks#learn}. */
    interface Learning {
        void learn(long known, int nKnown, long asked, int nAsked, long answers, long probabilities);
    }

    private Frame() {
        buffer = ByteBuffer.allocateDirect(SCRATCH).order(ByteOrder.nativeOrder());
        address = Memory.addressOf(buffer);
        scratch = new Memory(buffer, 0, address);
        utf8 = new Utf8(scratch.shifted(Layout.Error.SIZEOF));
        top = BOTTOM;
    }

    /** Frames are pooled by thread number: threads may be many and short-lived, frames stay few. */
    static Frame open() {
        Frame pooled = POOL.getAndSet(slot(), null);
        return pooled != null ? pooled : new Frame();
    }

    private static int slot() {
        return (int) Thread.currentThread().getId() & POOL.length() - 1;
    }

    @Override
    public void close() {
        for (int i = inside.size() - 1; i >= 0; i--) {
            inside.get(i).leave();
        }
        inside.clear();
        kept.clear();
        for (Memory block : blocks) {
            Memory.release(block.address);
        }
        blocks.clear();
        top = BOTTOM;
        progress = null;
        output = null;
        learning = null;
        failure = null;
        Frame other = POOL.getAndSet(slot(), this);
        if (other != null) {
            Callbacks.remove(other.number);
        }
    }

    /** Memory of zeros, aligned for any type. */
    Memory zeros(int size) {
        Memory memory = take(size);
        for (int at = 0; at < size; at += 8) {
            memory.i64(at, 0);
        }
        return memory;
    }

    /** Memory of unspecified contents, aligned for any type. */
    Memory take(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("a size is negative: " + size);
        }
        long rounded = size + 15 & -16;
        if (rounded <= SMALL && top + rounded <= SCRATCH) {
            Memory memory = new Memory(buffer, top, address + top);
            top += (int) rounded;
            return memory;
        }
        Memory block = Memory.ofSize(rounded);
        blocks.add(block);
        return block;
    }

    Memory array(long n, int itemBytes) {
        return take(Math.multiplyExact(n, itemBytes));
    }

    Memory copy(double[] values) {
        Memory memory = array(values.length, Double.BYTES);
        memory.from(0).asDoubleBuffer().put(values);
        return memory;
    }

    Memory copy(float[] values) {
        Memory memory = array(values.length, Float.BYTES);
        memory.from(0).asFloatBuffer().put(values);
        return memory;
    }

    Memory copy(long[] values) {
        Memory memory = array(values.length, Long.BYTES);
        memory.from(0).asLongBuffer().put(values);
        return memory;
    }

    Memory copy(int[] values) {
        Memory memory = array(values.length, Integer.BYTES);
        memory.from(0).asIntBuffer().put(values);
        return memory;
    }

    Memory copy(short[] values) {
        Memory memory = array(values.length, Short.BYTES);
        memory.from(0).asShortBuffer().put(values);
        return memory;
    }

    Memory copy(byte[] values) {
        Memory memory = array(values.length, 1);
        memory.put(0, values, values.length);
        return memory;
    }

    /** A text with a zero byte behind it; null gives address 0. */
    long text(String text) {
        if (text == null) {
            return 0;
        }
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the text has a NUL character at index " + text.indexOf('\0'));
        }
        Memory memory = take(Utf8.bound(text) + 1);
        memory.i8(utf8.encode(text, memory), 0);
        return memory.address;
    }

    long path(Path path) {
        return text(path.toString());
    }

    /** Addresses of texts, each with a zero byte behind it. */
    long texts(List<String> texts) {
        Memory addresses = array(texts.size(), Long.BYTES);
        for (int i = 0; i < texts.size(); i++) {
            addresses.i64(8 * i, text(texts.get(i)));
        }
        return addresses.address;
    }

    /** A text of known size. */
    Sized sized(String text) {
        Memory memory = take(Utf8.bound(text));
        return new Sized(memory.address, utf8.encode(text, memory));
    }

    record Sized(long address, int size) {}

    void encodeAll(String[] texts, Memory to, Memory ends) {
        utf8.encodeAll(texts, to, ends);
    }

    /** As inside, and 0 for null: for what may be left out. */
    long insideOrNull(NativeHandle handle) {
        return handle == null ? 0 : inside(handle);
    }

    /** Stays inside a handle until the frame is closed, and gives its address, which is never 0. */
    long inside(NativeHandle handle) {
        long pointer = handle.enter();
        inside.add(handle);
        return pointer;
    }

    /** The garbage collector shall not take the buffer, and with it the memory, before the frame is closed. */
    void keep(Buffer buffer) {
        kept.add(buffer);
    }

    /** Address of a caller's buffer for n results of 4 bytes, from its position on; 0 for null. */
    long results(Buffer buffer, long n, String name) {
        if (buffer == null) {
            return 0;
        }
        if (!buffer.isDirect() || buffer.isReadOnly()) {
            throw new IllegalArgumentException(name + (buffer.isDirect() ? " is read-only" : " is not a direct buffer"));
        }
        ByteOrder order = buffer instanceof IntBuffer ints ? ints.order() : buffer instanceof FloatBuffer floats ? floats.order()
            : ByteOrder.nativeOrder();
        if (order != ByteOrder.nativeOrder()) {
            throw new IllegalArgumentException(name + " is " + order + ", this machine is " + ByteOrder.nativeOrder());
        }
        if (buffer.remaining() < n) {
            throw new IllegalArgumentException(name + " has room for " + buffer.remaining() + " values, " + n + " are needed");
        }
        keep(buffer);
        return Memory.addressOf(buffer.slice(), Integer.BYTES, name);
    }

    boolean isInside(NativeHandle handle) {
        return inside.contains(handle);
    }

    /** A kehu_progress. There is always one, as an interrupt shall stop long work. */
    long progress(Progress listener) {
        progress = listener;
        return callback(listener == null ? INTERRUPT : PROGRESS);
    }

    /** A kehu_writer. */
    long writer(OutputStream stream) {
        output = stream;
        return callback(WRITE);
    }

    /** A kehu_learner. */
    long learner(Learning step) {
        learning = step;
        Memory pair = take(Layout.Learner.SIZEOF);
        pair.i64(Layout.Learner.CTX, number);
        pair.i64(Layout.Learner.LEARN, LEARN);
        return pair.address;
    }

    private long callback(long function) {
        Memory pair = take(16);
        pair.i64(0, function);
        pair.i64(8, number);
        return pair.address;
    }

    /** The kehu_error of the call. */
    long error() {
        return address;
    }

    void check(int status) {
        if (status != 0) {
            if (failure != null) {
                throw Frame.<RuntimeException>same(failure);
            }
            throw error(status);
        }
    }

    private RuntimeException error(int status) {
        int size = 0;
        while (size < Layout.Error.SIZEOF - Layout.Error.MESSAGE && scratch.i8(Layout.Error.MESSAGE + size) != 0) {
            size++;
        }
        String message = Memory.text(address + Layout.Error.MESSAGE, size);
        return KehuException.of(status, scratch.i32(Layout.Error.FIELD), scratch.i64(Layout.Error.WHERE), message);
    }

    /** Whatever a callback threw comes out of the call that ran it; methods that take streams declare IOException. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T same(Throwable failure) throws T {
        throw (T) failure;
    }
}
