package org.kehu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;

/**
 * Values of one kind, with a name where one is needed: what every batch is made of.
 *
 * <p>Arrays are not copied here but when a call takes them to C, each time; for data that is used often make a
 * {@link Table} and use its columns. A direct buffer is used where it lies, without a copy, and must stay unchanged during
 * a call.
 */
public abstract class Column {
    private final String name;

    Column(String name) {
        this.name = name;
    }

    /** What the values are. */
    public enum Type {
        /** True or false. */
        BOOL,
        /** Whole numbers of 8 bits. */
        INT8,
        /** Whole numbers of 16 bits. */
        INT16,
        /** Whole numbers of 32 bits. */
        INT32,
        /** Whole numbers of 64 bits. */
        INT64,
        /** Whole numbers of 8 bits, 0 to 255. */
        UINT8,
        /** Whole numbers of 16 bits, 0 to 65,535. */
        UINT16,
        /** Whole numbers of 32 bits, 0 to 4,294,967,295. */
        UINT32,
        /** Whole numbers of 64 bits, none below 0. */
        UINT64,
        /** Numbers in single precision. */
        FLOAT32,
        /** Numbers in double precision. */
        FLOAT64,
        /** Days since 1970-01-01, as 32-bit numbers. */
        DATE32,
        /** Microseconds since 1970-01-01 00:00 UTC, as 64-bit numbers. */
        TIMESTAMP,
        /** Texts. */
        UTF8,
        /** Texts of more than 2 GiB in all. */
        LARGE_UTF8,
        /** Texts of which there are few different ones. */
        CATEGORY,
        /** The same with codes of 8 bits; from Arrow, as are all that follow. */
        CATEGORY8,
        /** The same with codes of 16 bits. */
        CATEGORY16,
        /** Texts in Arrow's views. */
        UTF8_VIEW,
        /** Seconds since 1970-01-01 00:00 UTC, as 64-bit numbers. */
        TIMESTAMP_S,
        /** Milliseconds, as 64-bit numbers. */
        TIMESTAMP_MS,
        /** Nanoseconds, as 64-bit numbers. */
        TIMESTAMP_NS,
        /** Decimals in 32 bits. */
        DECIMAL32,
        /** Decimals in 64 bits. */
        DECIMAL64,
        /** Decimals in 128 bits. */
        DECIMAL128,
        /** Decimals in 256 bits. */
        DECIMAL256;

        private static final Type[] ALL = values();

        int code() {
            return ordinal() + 1;
        }

        static Type of(int code) {
            return ALL[code - 1];
        }

        private int bytes() {
            return switch (this) {
                case INT8, UINT8 -> 1;
                case INT16, UINT16 -> 2;
                case INT32, UINT32, FLOAT32, DATE32 -> 4;
                case INT64, UINT64, FLOAT64, TIMESTAMP, TIMESTAMP_S, TIMESTAMP_MS, TIMESTAMP_NS -> 8;
                case BOOL, UTF8, LARGE_UTF8, UTF8_VIEW, CATEGORY, CATEGORY8, CATEGORY16 -> 0;
                case DECIMAL32, DECIMAL64, DECIMAL128, DECIMAL256 -> 0;
            };
        }
    }

    /**
     * The name.
     *
     * @return null when it has none
     */
    public final String name() {
        return name;
    }

    /**
     * How many values there are.
     *
     * @return 0 or more
     */
    public abstract long length();

    /**
     * What the values are.
     *
     * @return the type
     */
    public abstract Type type();

    /** Fills a kehu_column. What it points to lives until the frame is closed. */
    abstract void write(Frame frame, Memory to, int at);

    /** Address of a kehu_column for one call. */
    final long address(Frame frame) {
        Memory column = frame.zeros(Layout.Column.SIZEOF);
        write(frame, column, 0);
        return column.address;
    }

    /**
     * Columns for one call.
     *
     * @param address of kehu_column[n]
     * @param n how many
     * @param rows of each
     */
    record Batch(long address, int n, int rows) {}

    /** Looks at the list once, and at the lengths here: what C will write is sized by them. */
    static Batch batch(Frame frame, List<Column> columns) {
        Column[] all = columns.toArray(new Column[0]);
        Memory array = frame.zeros(Math.multiplyExact(all.length, Layout.Column.SIZEOF));
        for (int i = 0; i < all.length; i++) {
            if (all[i].length() != all[0].length()) {
                throw new KehuException.ColumnMismatch(0, i, "column " + i + " has " + all[i].length() + " rows, the first one "
                    + all[0].length());
            }
            all[i].write(frame, array, i * Layout.Column.SIZEOF);
        }
        return new Batch(array.address, all.length, all.length == 0 ? 0 : Memory.count(all[0].length()));
    }

    static long addressOrNull(Frame frame, Column column) {
        return column == null ? 0 : column.address(frame);
    }

    // Factories

    /**
     * Numbers. NaN is a missing one where gaps are allowed.
     *
     * @param name null for none
     * @param values not copied
     * @return the column
     */
    public static Column of(String name, double... values) {
        return new OfArray(name, Type.FLOAT64, values.length, null) {
            @Override
            Memory copy(Frame frame) {
                return frame.copy(values);
            }
        };
    }

    /**
     * Numbers in single precision.
     *
     * @param name null for none
     * @param values not copied
     * @return the column
     */
    public static Column of(String name, float... values) {
        return new OfArray(name, Type.FLOAT32, values.length, null) {
            @Override
            Memory copy(Frame frame) {
                return frame.copy(values);
            }
        };
    }

    /**
     * Whole numbers.
     *
     * @param name null for none
     * @param values not copied
     * @return the column
     */
    public static Column of(String name, long... values) {
        return ofLongs(name, Type.INT64, values, null);
    }

    /**
     * Whole numbers.
     *
     * @param name null for none
     * @param values not copied
     * @return the column
     */
    public static Column of(String name, int... values) {
        return ofInts(name, Type.INT32, values, null);
    }

    /**
     * Whole numbers.
     *
     * @param name null for none
     * @param values not copied
     * @return the column
     */
    public static Column of(String name, short... values) {
        return new OfArray(name, Type.INT16, values.length, null) {
            @Override
            Memory copy(Frame frame) {
                return frame.copy(values);
            }
        };
    }

    /**
     * True or false.
     *
     * @param name null for none
     * @param values not copied
     * @return the column
     */
    public static Column of(String name, boolean... values) {
        return new OfArray(name, Type.BOOL, values.length, null) {
            @Override
            Memory copy(Frame frame) {
                return frame.copy(bits(values));
            }
        };
    }

    /**
     * Texts.
     *
     * @param name null for none
     * @param values a null is a missing text
     * @return the column
     */
    public static Column of(String name, String... values) {
        return new OfTexts(name, values.clone());
    }

    /**
     * Texts.
     *
     * @param name null for none
     * @param values a null is a missing text
     * @return the column
     */
    public static Column of(String name, List<String> values) {
        return new OfTexts(name, values.toArray(new String[0]));
    }

    /**
     * Dates.
     *
     * @param name null for none
     * @param values a null is a missing date
     * @return the column
     */
    public static Column of(String name, LocalDate... values) {
        int[] days = new int[values.length];
        for (int i = 0; i < days.length; i++) {
            days[i] = values[i] == null ? 0 : Math.toIntExact(values[i].toEpochDay());
        }
        return ofInts(name, Type.DATE32, days, present(values));
    }

    /**
     * Points in time, kept to the microsecond.
     *
     * @param name null for none
     * @param values a null is a missing time
     * @return the column
     */
    public static Column of(String name, Instant... values) {
        long[] micros = new long[values.length];
        for (int i = 0; i < micros.length; i++) {
            micros[i] = values[i] == null ? 0 : Snapshot.micros(values[i]);
        }
        return ofLongs(name, Type.TIMESTAMP, micros, present(values));
    }

    /**
     * Whole numbers of which some are missing.
     *
     * @param name null for none
     * @param values a null is a missing number
     * @return the column
     */
    public static Column ofNullable(String name, Long... values) {
        long[] numbers = new long[values.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = values[i] == null ? 0 : values[i];
        }
        return ofLongs(name, Type.INT64, numbers, present(values));
    }

    /**
     * Points in time as numbers.
     *
     * @param name null for none
     * @param micros microseconds since 1970-01-01 00:00 UTC; not copied
     * @return the column
     */
    public static Column ofTimes(String name, long... micros) {
        return ofLongs(name, Type.TIMESTAMP, micros, null);
    }

    /**
     * Dates as numbers.
     *
     * @param name null for none
     * @param days days since 1970-01-01; not copied
     * @return the column
     */
    public static Column ofDates(String name, int... days) {
        return ofInts(name, Type.DATE32, days, null);
    }

    /**
     * Numbers, dates or times of a direct buffer, used where they lie. No other thread may change them while a call uses them.
     *
     * @param name null for none
     * @param type of fixed width: not BOOL, a text or CATEGORY
     * @param values from its position to its limit, in the byte order of the machine
     * @return the column
     */
    public static Column ofBuffer(String name, Type type, ByteBuffer values) {
        if (type.bytes() == 0) {
            throw new IllegalArgumentException(type + " has no fixed width");
        }
        if (values.remaining() % type.bytes() != 0) {
            throw new IllegalArgumentException("the buffer has " + values.remaining() + " bytes, no multiple of " + type.bytes());
        }
        return new OfBuffer(name, type, values.remaining() / type.bytes(), values, null);
    }

    /**
     * Texts of a direct buffer, used where they lie. No other thread may change them while a call uses them.
     *
     * @param name null for none
     * @param bytes the texts in UTF-8, one behind the other; offset 0 is its position
     * @param offsets where each text begins and, as one number more, where the last one ends; copied
     * @return the column
     */
    public static Column ofBuffer(String name, ByteBuffer bytes, IntBuffer offsets) {
        int[] copy = new int[offsets.remaining()];
        offsets.duplicate().get(copy);
        checkOffsets(copy, bytes.remaining());
        return new OfBuffer(name, Type.UTF8, copy.length - 1, bytes, copy);
    }

    /**
     * Texts of an array of bytes, such as those that came over a network.
     *
     * @param name null for none
     * @param bytes the texts in UTF-8, one behind the other; not copied
     * @param offsets where each text begins and, as one number more, where the last one ends; copied
     * @return the column
     */
    public static Column ofUtf8(String name, byte[] bytes, int... offsets) {
        int[] copy = offsets.clone();
        checkOffsets(copy, bytes.length);
        return new OfUtf8(name, bytes, copy);
    }

    private static void checkOffsets(int[] offsets, int size) {
        if (offsets.length == 0 || offsets[0] < 0 || offsets[offsets.length - 1] > size) {
            throw new IllegalArgumentException("the offsets begin before the bytes, end behind them, or there is none");
        }
        for (int i = 1; i < offsets.length; i++) {
            if (offsets[i] < offsets[i - 1]) {
                throw new IllegalArgumentException("offset " + i + " is less than the one before it");
            }
        }
    }

    private static Column ofLongs(String name, Type type, long[] values, byte[] validity) {
        return new OfArray(name, type, values.length, validity) {
            @Override
            Memory copy(Frame frame) {
                return frame.copy(values);
            }
        };
    }

    private static Column ofInts(String name, Type type, int[] values, byte[] validity) {
        return new OfArray(name, type, values.length, validity) {
            @Override
            Memory copy(Frame frame) {
                return frame.copy(values);
            }
        };
    }

    // Bits, the first value lowest

    private static byte[] bits(boolean[] values) {
        byte[] bits = new byte[(values.length + 7) / 8];
        for (int i = 0; i < values.length; i++) {
            bits[i / 8] |= (byte) ((values[i] ? 1 : 0) << i % 8);
        }
        return bits;
    }

    /** Null when all are there. */
    private static byte[] present(Object[] values) {
        boolean[] present = new boolean[values.length];
        boolean all = true;
        for (int i = 0; i < present.length; i++) {
            present[i] = values[i] != null;
            all &= present[i];
        }
        return all ? null : bits(present);
    }

    void head(Frame frame, Memory to, int at, Type type, long length) {
        to.i64(at + Layout.Column.NAME, frame.text(name));
        to.i32(at + Layout.Column.TYPE, type.code());
        to.i64(at + Layout.Column.LENGTH, length);
    }

    private abstract static class OfArray extends Column {
        private final Type type;
        private final int length;
        private final byte[] validity;

        OfArray(String name, Type type, int length, byte[] validity) {
            super(name);
            this.type = type;
            this.length = length;
            this.validity = validity;
        }

        abstract Memory copy(Frame frame);

        @Override
        public long length() {
            return length;
        }

        @Override
        public Type type() {
            return type;
        }

        @Override
        void write(Frame frame, Memory to, int at) {
            head(frame, to, at, type, length);
            to.i64(at + Layout.Column.DATA, copy(frame).address);
            to.i64(at + Layout.Column.VALIDITY, validity == null ? 0 : frame.copy(validity).address);
        }
    }

    private static final class OfTexts extends Column {
        /** Nobody else's: were it to change during a call, offsets would go wild. */
        private final String[] texts;

        OfTexts(String name, String[] texts) {
            super(name);
            this.texts = texts;
        }

        @Override
        public long length() {
            return texts.length;
        }

        @Override
        public Type type() {
            return Type.UTF8;
        }

        @Override
        void write(Frame frame, Memory to, int at) {
            long bound = 0;
            boolean all = true;
            for (String text : texts) {
                bound += text == null ? 0 : Utf8.bound(text);
                all &= text != null;
            }
            Memory bytes = frame.take(bound);
            Memory offsets = frame.array(texts.length + 1L, Integer.BYTES);
            offsets.i32(0, 0);
            frame.encodeAll(texts, bytes, offsets.shifted(4));
            byte[] validity = all ? null : present(texts);
            head(frame, to, at, Type.UTF8, texts.length);
            to.i64(at + Layout.Column.DATA, bytes.address);
            to.i64(at + Layout.Column.OFFSETS, offsets.address);
            to.i64(at + Layout.Column.VALIDITY, validity == null ? 0 : frame.copy(validity).address);
        }
    }

    private static final class OfUtf8 extends Column {
        private final byte[] bytes;
        private final int[] offsets;

        OfUtf8(String name, byte[] bytes, int[] offsets) {
            super(name);
            this.bytes = bytes;
            this.offsets = offsets;
        }

        @Override
        public long length() {
            return offsets.length - 1;
        }

        @Override
        public Type type() {
            return Type.UTF8;
        }

        @Override
        void write(Frame frame, Memory to, int at) {
            int size = offsets[offsets.length - 1];
            Memory copy = frame.take(size);
            copy.put(0, bytes, size);
            head(frame, to, at, Type.UTF8, offsets.length - 1);
            to.i64(at + Layout.Column.DATA, copy.address);
            to.i64(at + Layout.Column.OFFSETS, frame.copy(offsets).address);
        }
    }

    private static final class OfBuffer extends Column {
        private final Type type;
        private final int length;
        private final ByteBuffer data;
        private final long address;
        private final int[] offsets;

        OfBuffer(String name, Type type, int length, ByteBuffer data, int[] offsets) {
            super(name);
            if (!data.isDirect()) {
                throw new IllegalArgumentException("the buffer is not direct; use an array instead");
            }
            if (offsets == null && type.bytes() > 1 && data.order() != ByteOrder.nativeOrder()) {
                throw new IllegalArgumentException("the buffer is " + data.order() + ", this machine is " + ByteOrder.nativeOrder());
            }
            this.type = type;
            this.length = length;
            this.data = data.slice(); // keeps the memory alive, and its limits out of reach
            this.address = Memory.addressOf(this.data, Math.max(type.bytes(), 1), "the buffer");
            this.offsets = offsets;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public Type type() {
            return type;
        }

        @Override
        void write(Frame frame, Memory to, int at) {
            head(frame, to, at, type, length);
            to.i64(at + Layout.Column.DATA, length == 0 && data.capacity() == 0 ? 0 : address);
            to.i64(at + Layout.Column.OFFSETS, offsets == null ? 0 : frame.copy(offsets).address);
            frame.keep(data);
        }
    }
}
