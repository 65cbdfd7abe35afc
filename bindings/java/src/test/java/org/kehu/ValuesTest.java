package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Columns in the layouts of other programs, as Arrow brings them. */
class ValuesTest {
    private static Memory column(Frame f, Column.Type type, int length, Memory data) {
        Memory c = f.zeros(Layout.Column.SIZEOF);
        c.i32(Layout.Column.TYPE, type.code());
        c.i64(Layout.Column.LENGTH, length);
        c.i64(Layout.Column.DATA, data.address);
        return c;
    }

    private static Memory longs(Frame f, long... values) {
        Memory data = f.zeros(8 * values.length);
        for (int i = 0; i < values.length; i++) {
            data.i64(8 * i, values[i]);
        }
        return data;
    }

    @Test
    void timesOfEveryUnitAreMicroseconds() {
        try (Frame f = Frame.open()) {
            Memory data = longs(f, 1500, -1);
            assertArrayEquals(new long[] {1_500_000_000, -1_000_000}, new Values(column(f, Column.Type.TIMESTAMP_S, 2, data)).longs());
            assertArrayEquals(new long[] {1_500_000, -1000}, new Values(column(f, Column.Type.TIMESTAMP_MS, 2, data)).longs());
            assertArrayEquals(new long[] {1, -1}, new Values(column(f, Column.Type.TIMESTAMP_NS, 2, data)).longs());
        }
    }

    @Test
    void decimalsAreTheNearestNumbersOrWholeOnes() {
        try (Frame f = Frame.open()) {
            Memory wide = column(f, Column.Type.DECIMAL128, 2, longs(f, 150, 0, -1, -1));
            assertArrayEquals(new long[] {150, -1}, new Values(wide).longs());
            Memory money = column(f, Column.Type.DECIMAL64, 2, longs(f, 150, -1));
            money.i32(Layout.Column.PRECISION, 9 | 2 << 16); // and the scale behind it
            assertArrayEquals(new double[] {1.5, -.01}, new Values(money).doubles());
            assertThrows(ArithmeticException.class, () -> new Values(money).longs());
        }
    }

    /** Of which places would not be ints any more; refused before memory is taken or read. */
    @Test
    void columnsThatNoArrayHoldsAreRefused() {
        try (Frame f = Frame.open()) {
            Memory data = f.zeros(16);
            for (Column.Type type : List.of(Column.Type.UTF8_VIEW, Column.Type.UTF8, Column.Type.CATEGORY)) {
                Memory column = column(f, type, 1 << 29, data);
                column.i64(Layout.Column.OFFSETS, data.address);
                column.i64(Layout.Column.DICTIONARY, column(f, Column.Type.UTF8, 0, data).address);
                refused("one array of a call would have ", () -> new Values(column).texts());
            }
            for (Column.Type type : List.of(Column.Type.INT64, Column.Type.DECIMAL32, Column.Type.FLOAT64)) {
                refused("one array of a call would have ", () -> new Values(column(f, type, 1 << 29, data)).doubles());
            }
            refused("one array of a call would have ", () -> new Values(column(f, Column.Type.UINT32, 1 << 29, data)).longs());
            Memory column = column(f, Column.Type.INT8, 1, data);
            column.i64(Layout.Column.LENGTH, 1L << 31);
            refused("2147483648 rows would give 2147483648 values", () -> new Values(column));
            refused("65536 rows would give 4294967296 values", () -> Memory.count(1 << 16, 1 << 16));
        }
    }

    private static void refused(String message, Executable read) {
        assertTrue(assertThrows(IllegalArgumentException.class, read).getMessage().startsWith(message));
    }

    @Test
    void bitsAreReadFromTheirStartOn() {
        try (Frame f = Frame.open()) {
            Memory bits = longs(f, 0b1010_0000_0000L);
            Memory column = column(f, Column.Type.BOOL, 3, bits);
            column.i64(Layout.Column.START, 9);
            column.i64(Layout.Column.VALIDITY, bits.address);
            assertArrayEquals(new long[] {1, 0, 1}, new Values(column).longs());
            assertArrayEquals(new boolean[] {true, false, true}, new Values(column).present());
        }
    }

    @Test
    void categoriesOfFewBitsAndViewsAreTexts() {
        byte[] text = "more than twelve bytes".getBytes(StandardCharsets.UTF_8);
        try (Frame f = Frame.open()) {
            Memory bytes = f.zeros(text.length);
            bytes.put(0, text, text.length);
            Memory views = f.zeros(32);
            views.i32(0, text.length);
            views.i32(16, 1);
            views.i8(20, 'x');
            Memory all = f.zeros(Layout.ViewBytes.SIZEOF);
            all.i64(Layout.ViewBytes.N, 1);
            all.i64(Layout.ViewBytes.BUFFERS, longs(f, bytes.address).address);
            all.i64(Layout.ViewBytes.SIZES, longs(f, text.length).address);
            Memory words = column(f, Column.Type.UTF8_VIEW, 2, views);
            words.i64(Layout.Column.OFFSETS, all.address);
            assertArrayEquals(new String[] {"more than twelve bytes", "x"}, new Values(words).texts());
            Memory codes = f.zeros(8);
            codes.i8(0, 1);
            Memory small = column(f, Column.Type.CATEGORY8, 2, codes);
            small.i64(Layout.Column.DICTIONARY, words.address);
            assertArrayEquals(new String[] {"x", "more than twelve bytes"}, new Values(small).texts());
            Memory wider = column(f, Column.Type.CATEGORY16, 2, codes);
            wider.i64(Layout.Column.DICTIONARY, words.address);
            assertArrayEquals(new String[] {"x", "more than twelve bytes"}, new Values(wider).texts());
        }
    }
}
