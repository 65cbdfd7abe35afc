package org.kehu;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A piece of memory outside the heap, by offset and by address. Whoever took it frees it. */
final class Memory {
    static {
        Loader.load();
    }

    final long address;
    private final ByteBuffer bytes;
    private final int base;

    Memory(ByteBuffer bytes, int base, long address) {
        this.bytes = bytes;
        this.base = base;
        this.address = address;
    }

    /** New memory of the C library, its contents unspecified. */
    static Memory ofSize(long size) {
        long address = allocate(checked(size));
        if (address == 0) {
            throw new OutOfMemoryError("no native memory for " + size + " bytes");
        }
        return at(address, Math.max(size, 1));
    }

    /** Somebody else's memory. */
    static Memory at(long address, long size) {
        return new Memory(((ByteBuffer) view(address, checked(size))).order(ByteOrder.nativeOrder()), 0, address);
    }

    /** Places in it are ints: a larger one would be read at wrong ones. */
    private static long checked(long size) {
        if (size < 0 || size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("one array of a call would have " + size
                + " bytes, at most 2147483647 go; split the batch");
        }
        return size;
    }

    /** So many rows as the length of an array. */
    static int count(long rows) {
        return count(rows, 1);
    }

    /** So many numbers a row as the length of an array of all. */
    static int count(long rows, int each) {
        long n = Math.multiplyExact(rows, each);
        if (n > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(rows + " rows would give " + n + " values, at most 2147483647 go; split the batch");
        }
        return (int) n;
    }

    /** The text that ends with a zero byte there; null for address 0. */
    static String text(long address) {
        return address == 0 ? null : text(address, textLength(address));
    }

    static String text(long address, long size) {
        if (size == 0) {
            return "";
        }
        byte[] copy = new byte[Math.toIntExact(size)];
        at(address, size).bytes.get(0, copy);
        return new String(copy, StandardCharsets.UTF_8);
    }

    /** The same memory from an offset on. */
    Memory shifted(int by) {
        return new Memory(bytes, base + by, address + by);
    }

    byte i8(int at) {
        return bytes.get(base + at);
    }

    short i16(int at) {
        return bytes.getShort(base + at);
    }

    int i32(int at) {
        return bytes.getInt(base + at);
    }

    long i64(int at) {
        return bytes.getLong(base + at);
    }

    float f32(int at) {
        return bytes.getFloat(base + at);
    }

    double f64(int at) {
        return bytes.getDouble(base + at);
    }

    void i8(int at, int value) {
        bytes.put(base + at, (byte) value);
    }

    void i32(int at, int value) {
        bytes.putInt(base + at, value);
    }

    void i64(int at, long value) {
        bytes.putLong(base + at, value);
    }

    void f64(int at, double value) {
        bytes.putDouble(base + at, value);
    }

    /** A view of its own position, for copies in bulk. */
    ByteBuffer from(int at) {
        return bytes.duplicate().order(ByteOrder.nativeOrder()).position(base + at);
    }

    void put(int at, byte[] source, int length) {
        bytes.put(base + at, source, 0, length);
    }

    double[] doubles(int at, int n) {
        double[] copy = new double[n];
        from(at).asDoubleBuffer().get(copy);
        return copy;
    }

    float[] floats(int at, int n) {
        float[] copy = new float[n];
        from(at).asFloatBuffer().get(copy);
        return copy;
    }

    long[] longs(int at, int n) {
        long[] copy = new long[n];
        from(at).asLongBuffer().get(copy);
        return copy;
    }

    int[] ints(int at, int n) {
        int[] copy = new int[n];
        from(at).asIntBuffer().get(copy);
        return copy;
    }

    byte[] bytes(int at, int n) {
        byte[] copy = new byte[n];
        bytes.get(base + at, copy);
        return copy;
    }

    static native long allocate(long size);

    static native void release(long address);

    /** That of a direct buffer of numbers, which C reads and writes as such. */
    static long addressOf(Buffer buffer, int itemBytes, String name) {
        long address = addressOf(buffer);
        if (address % itemBytes != 0) {
            throw new IllegalArgumentException(name + " begins at an address that is no multiple of " + itemBytes);
        }
        return address;
    }

    private static native Object view(long address, long size);

    /** 0 for a buffer that is not direct. */
    static native long addressOf(Buffer buffer);

    private static native long textLength(long address);

    static native long progressFunction();

    static native long interruptFunction();

    static native long writeFunction();

    static native long learnFunction();
}
