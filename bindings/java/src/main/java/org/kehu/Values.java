package org.kehu;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;

/** Copies what a kehu_column of C holds into arrays. Whose memory it is must stay open meanwhile. */
final class Values {
    private static final int CHUNK = 1 << 20;

    private final Memory column;
    private final Column.Type type;
    private final long start;
    private final int length;
    private final long data;
    private final Memory validity;
    private Memory chunk;
    private long chunkStart;

    Values(Memory column) {
        this.column = column;
        type = Column.Type.of(column.i32(Layout.Column.TYPE));
        start = column.i64(Layout.Column.START);
        length = Memory.count(column.i64(Layout.Column.LENGTH));
        data = column.i64(Layout.Column.DATA);
        long bits = column.i64(Layout.Column.VALIDITY);
        validity = bits == 0 || length == 0 ? null : bits(bits);
    }

    /** Bits from the byte on that has the first one. */
    private Memory bits(long address) {
        return Memory.at(address + start / 8, (start % 8 + length + 7) / 8);
    }

    private int bit(Memory bits, int i) {
        long at = start % 8 + i;
        return bits.i8((int) (at / 8)) >> at % 8 & 1;
    }

    private boolean isPresent(int i) {
        return validity == null || bit(validity, i) != 0;
    }

    boolean[] present() {
        boolean[] present = new boolean[length];
        for (int i = 0; i < length; i++) {
            present[i] = isPresent(i);
        }
        return present;
    }

    /** The values, some bytes each; there is at least one. */
    private Memory from(int bytes) {
        return Memory.at(data + start * bytes, (long) length * bytes);
    }

    private IntToLongFunction whole() {
        return switch (type) {
            case BOOL -> {
                Memory bits = bits(data);
                yield i -> bit(bits, i);
            }
            case INT8 -> {
                Memory m = from(1);
                yield m::i8;
            }
            case UINT8 -> {
                Memory m = from(1);
                yield i -> m.i8(i) & 0xFF;
            }
            case INT16 -> {
                Memory m = from(2);
                yield i -> m.i16(2 * i);
            }
            case UINT16 -> {
                Memory m = from(2);
                yield i -> m.i16(2 * i) & 0xFFFF;
            }
            case INT32, DATE32 -> {
                Memory m = from(4);
                yield i -> m.i32(4 * i);
            }
            case UINT32 -> {
                Memory m = from(4);
                yield i -> m.i32(4 * i) & 0xFFFF_FFFFL;
            }
            case INT64, UINT64, TIMESTAMP -> {
                Memory m = from(8);
                yield i -> m.i64(8 * i);
            }
            case TIMESTAMP_S -> times(1_000_000, 1);
            case TIMESTAMP_MS -> times(1000, 1);
            case TIMESTAMP_NS -> times(1, 1000);
            case DECIMAL32, DECIMAL64, DECIMAL128, DECIMAL256 -> {
                Memory m = from(decimalBytes());
                yield i -> decimal(m, i).longValueExact();
            }
            case FLOAT32, FLOAT64, UTF8, LARGE_UTF8, UTF8_VIEW, CATEGORY, CATEGORY8, CATEGORY16 -> throw unfit("whole numbers");
        };
    }

    /** Microseconds, rounded towards the past. */
    private IntToLongFunction times(long multiply, long divide) {
        Memory m = from(8);
        return i -> Math.floorDiv(m.i64(8 * i) * multiply, divide);
    }

    private int decimalBytes() {
        return 4 << type.ordinal() - Column.Type.DECIMAL32.ordinal();
    }

    private BigDecimal decimal(Memory m, int i) {
        int bytes = decimalBytes();
        byte[] digits = m.bytes(i * bytes, bytes);
        for (int k = 0; ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN && k < bytes / 2; k++) {
            byte low = digits[k];
            digits[k] = digits[bytes - 1 - k];
            digits[bytes - 1 - k] = low;
        }
        return new BigDecimal(new BigInteger(digits), column.i16(Layout.Column.SCALE));
    }

    private boolean isDecimal() {
        return type.compareTo(Column.Type.DECIMAL32) >= 0;
    }

    private IllegalArgumentException unfit(String wanted) {
        return new IllegalArgumentException("a column of " + type + " has no " + wanted);
    }

    long[] longs() {
        if (length == 0) {
            return new long[0];
        }
        IntToLongFunction whole = whole();
        long[] values = new long[length];
        for (int i = 0; i < length; i++) {
            values[i] = isPresent(i) ? whole.applyAsLong(i) : 0;
        }
        return values;
    }

    private IntToDoubleFunction real() {
        if (type == Column.Type.FLOAT32) {
            Memory m = from(4);
            return i -> m.f32(4 * i);
        }
        if (isDecimal()) {
            Memory m = from(decimalBytes());
            return i -> decimal(m, i).doubleValue();
        }
        IntToLongFunction whole = whole();
        return type != Column.Type.UINT64 ? whole::applyAsLong : i -> {
            long v = whole.applyAsLong(i); // as unsigned
            return v < 0 ? (v >>> 1 | v & 1) * 2.0 : v;
        };
    }

    double[] doubles() {
        if (length == 0) {
            return new double[0];
        }
        double[] values;
        if (type == Column.Type.FLOAT64) {
            values = from(8).doubles(0, length);
        } else {
            IntToDoubleFunction real = real();
            values = new double[length];
            Arrays.setAll(values, real);
        }
        for (int i = 0; validity != null && i < length; i++) {
            values[i] = isPresent(i) ? values[i] : Double.NaN;
        }
        return values;
    }

    private IntFunction<String> text() {
        if (type == Column.Type.CATEGORY || type == Column.Type.CATEGORY8 || type == Column.Type.CATEGORY16) {
            String[] names = new Values(Memory.at(column.i64(Layout.Column.DICTIONARY), Layout.Column.SIZEOF)).texts();
            Memory codes = from(type == Column.Type.CATEGORY8 ? 1 : type == Column.Type.CATEGORY16 ? 2 : 4);
            return i -> names[code(codes, i)];
        }
        if (type == Column.Type.UTF8_VIEW) {
            Memory views = from(16);
            return i -> view(views, i);
        }
        if (type != Column.Type.UTF8 && type != Column.Type.LARGE_UTF8) {
            throw unfit("texts");
        }
        int width = type == Column.Type.UTF8 ? 4 : 8;
        Memory offsets = Memory.at(column.i64(Layout.Column.OFFSETS) + start * width, (length + 1L) * width);
        return i -> {
            long from = width == 4 ? offsets.i32(4 * i) : offsets.i64(8 * i);
            long end = width == 4 ? offsets.i32(4 * i + 4) : offsets.i64(8 * i + 8);
            return text(from, Memory.count(end - from));
        };
    }

    String[] texts() {
        if (length == 0) {
            return new String[0];
        }
        IntFunction<String> text = text();
        String[] texts = new String[length];
        for (int i = 0; i < length; i++) {
            texts[i] = isPresent(i) ? text.apply(i) : null;
        }
        return texts;
    }

    private int code(Memory codes, int i) {
        return switch (type) {
            case CATEGORY8 -> codes.i8(i) & 0xFF;
            case CATEGORY16 -> codes.i16(2 * i) & 0xFFFF;
            default -> codes.i32(4 * i);
        };
    }

    /** Up to 12 bytes lie in the view, others where it says. */
    private String view(Memory views, int i) {
        int size = views.i32(16 * i);
        if (size <= 12) {
            return new String(views.bytes(16 * i + 4, size), StandardCharsets.UTF_8);
        }
        Memory all = Memory.at(column.i64(Layout.Column.OFFSETS), Layout.ViewBytes.SIZEOF);
        int buffer = views.i32(16 * i + 8);
        long start = Memory.at(all.i64(Layout.ViewBytes.BUFFERS) + 8L * buffer, 8).i64(0);
        return new String(Memory.at(start + views.i32(16 * i + 12), size).bytes(0, size), StandardCharsets.UTF_8);
    }

    /** Through views of a MiB and more, as each view costs a call. */
    private String text(long from, int size) {
        if (size == 0) {
            return "";
        }
        if (chunk == null || from < chunkStart || from + size > chunkStart + CHUNK) {
            chunk = Memory.at(data + from, Math.max(CHUNK, size));
            chunkStart = from;
        }
        return new String(chunk.bytes((int) (from - chunkStart), size), StandardCharsets.UTF_8);
    }
}
