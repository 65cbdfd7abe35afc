package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableTest {
    private static final String EVERY_CHARACTER = everyCharacter();

    private static String everyCharacter() {
        StringBuilder all = new StringBuilder();
        for (int c = 1; c <= Character.MAX_CODE_POINT; c++) {
            if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
                all.appendCodePoint(c);
            }
        }
        return all.toString();
    }

    @Test
    void everyCharacterComesBackAsItWas() {
        try (Table table = Table.of(Column.of("t", EVERY_CHARACTER, "", null, "😀𠮷龘"))) {
            assertArrayEquals(new String[] {EVERY_CHARACTER, "", null, "😀𠮷龘"}, table.texts("t"));
            assertArrayEquals(new boolean[] {true, true, false, true}, table.present("t"));
        }
        assertEquals(EVERY_CHARACTER.getBytes(StandardCharsets.UTF_8).length, Utf8.charIndex(EVERY_CHARACTER).length - 1
            - (int) (Utf8.bound(EVERY_CHARACTER) - EVERY_CHARACTER.getBytes(StandardCharsets.UTF_8).length));
    }

    @Test
    void textsOfAnyLengthComeBackSideBySide() {
        String[] texts = new String[3000];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = i % 9 == 0 ? null : "a宽😀".repeat(i * 37 % 1000);
        }
        try (Table table = Table.of(Column.of("t", texts))) {
            assertArrayEquals(texts, table.texts("t"));
        }
    }

    @Test
    void everyKindOfColumnComesBack() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder()).put(new byte[] {-1, 2, 3, 4}).flip();
        try (Table table = Table.of(Column.of("d", 1.5, Double.NaN, -3, 4), Column.of("f", 1f, 2f, 3f, 4f),
            Column.of("l", 1L, Long.MIN_VALUE, 3L, 4L), Column.of("i", 1, -2, 3, 4), Column.of("s", (short) 1, (short) -2, (short) 3, (short) 4),
            Column.of("b", true, false, false, true), Column.ofNullable("n", 1L, null, 3L, 4L),
            Column.of("day", LocalDate.of(2026, 1, 1), null, LocalDate.EPOCH, LocalDate.of(1969, 12, 31)),
            Column.of("at", Instant.parse("2026-01-01T00:00:00.000001Z"), null, Instant.EPOCH, Instant.parse("1969-12-31T23:59:59Z")),
            Column.ofBuffer("u8", Column.Type.UINT8, bytes), Column.ofBuffer("i8", Column.Type.INT8, bytes))) {
            assertEquals(4, table.rowCount());
            assertEquals(11, table.columns().size());
            assertArrayEquals(new double[] {1.5, Double.NaN, -3, 4}, table.doubles("d"));
            assertArrayEquals(new double[] {1, 2, 3, 4}, table.doubles("f"));
            assertArrayEquals(new long[] {1, Long.MIN_VALUE, 3, 4}, table.longs("l"));
            assertArrayEquals(new long[] {1, -2, 3, 4}, table.longs("i"));
            assertArrayEquals(new double[] {1, -2, 3, 4}, table.doubles("s"));
            assertArrayEquals(new long[] {1, 0, 0, 1}, table.longs("b"));
            assertArrayEquals(new double[] {1, Double.NaN, 3, 4}, table.doubles("n"));
            assertArrayEquals(new long[] {1, 0, 3, 4}, table.longs("n"));
            assertArrayEquals(new long[] {20454, 0, 0, -1}, table.longs("day"));
            assertArrayEquals(new long[] {1767225600000001L, 0, 0, -1000000}, table.longs("at"));
            assertArrayEquals(new long[] {255, 2, 3, 4}, table.longs("u8"));
            assertArrayEquals(new long[] {-1, 2, 3, 4}, table.longs("i8"));
            assertEquals(Column.Type.DATE32, table.column("day").type());
            assertEquals(10, table.columnsWithout("d").size());
            assertThrows(IllegalArgumentException.class, () -> table.texts("d"));
            assertThrows(IllegalArgumentException.class, () -> table.longs("d"));
            assertThrows(IllegalArgumentException.class, () -> table.column("none"));
        }
    }

    @Test
    void textsInBytesComeBackAsStrings() {
        byte[] bytes = "龘😀b!".getBytes(StandardCharsets.UTF_8);
        int[] offsets = {3, 7, 7, 8};
        Column column = Column.ofUtf8("t", bytes, offsets);
        offsets[1] = 1_000_000;
        try (Table table = Table.of(column, Column.of("n", 1, 2, 3)); Table none = Table.of(Column.ofUtf8("t", bytes, 0))) {
            assertArrayEquals(new String[] {"😀", "", "b"}, table.texts("t"));
            assertEquals(0, none.rowCount());
        }
    }

    @Test
    void timesAreRoundedDownToTheMicrosecond() {
        Instant longAgo = Instant.parse("-9999-01-01T00:00:00.000000999Z");
        try (Table table = Table.of(Column.of("at", Instant.ofEpochSecond(-1, 999_999_500), Instant.ofEpochSecond(0, 999), longAgo))) {
            assertArrayEquals(new long[] {-1, 0, longAgo.getEpochSecond() * 1_000_000}, table.longs("at"));
        }
        assertThrows(ArithmeticException.class, () -> Column.of("at", Instant.MAX));
        assertThrows(ArithmeticException.class, () -> Column.of("at", Instant.MIN));
    }

    @Test
    void numbersWithoutASignAreReadAsWhatTheyAre() {
        ByteBuffer wide = ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
        wide.putLong(-1).putLong(Long.MIN_VALUE).putLong((1L << 63) + 1025).putLong(7).flip();
        ByteBuffer narrow = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder()).putInt(-1).putInt(1 << 31).putInt(3).putInt(7).flip();
        ByteBuffer shorts = ByteBuffer.allocateDirect(8).putLong(0, -1).order(ByteOrder.nativeOrder());
        try (Table table = Table.of(Column.ofBuffer("u64", Column.Type.UINT64, wide), Column.ofBuffer("u32", Column.Type.UINT32, narrow),
            Column.ofBuffer("u16", Column.Type.UINT16, shorts))) {
            assertArrayEquals(new double[] {0x1p64, 0x1p63, 0x1.0000000000001p63, 7}, table.doubles("u64"));
            assertEquals("18446744073709551615", Long.toUnsignedString(table.longs("u64")[0]));
            assertArrayEquals(new long[] {0xFFFF_FFFFL, 0x8000_0000L, 3, 7}, table.longs("u32"));
            assertArrayEquals(new double[] {65535, 65535, 65535, 65535}, table.doubles("u16"));
        }
    }

    @Test
    void wrongColumnsAreRefused() {
        ByteBuffer direct = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
        ByteBuffer foreign = ByteBuffer.allocateDirect(8)
            .order(ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        assertThrows(IllegalArgumentException.class, () -> Column.ofBuffer("x", Column.Type.INT64, ByteBuffer.allocate(8)));
        assertThrows(IllegalArgumentException.class, () -> Column.ofBuffer("x", Column.Type.INT64, foreign));
        assertThrows(IllegalArgumentException.class, () -> Column.ofBuffer("x", Column.Type.INT64, direct.limit(7)));
        assertThrows(IllegalArgumentException.class, () -> Column.ofBuffer("x", Column.Type.CATEGORY, direct));
        ByteBuffer shifted = ByteBuffer.allocateDirect(36).order(ByteOrder.nativeOrder()).position(4);
        assertEquals("the buffer begins at an address that is no multiple of 8",
            assertThrows(IllegalArgumentException.class, () -> Column.ofBuffer("x", Column.Type.INT64, shifted)).getMessage());
        assertEquals(8, Column.ofBuffer("x", Column.Type.INT32, shifted).length());
        for (int[] offsets : new int[][] {{}, {0, 9}, {-1, 2}, {0, 5, 4}}) {
            assertThrows(IllegalArgumentException.class, () -> Column.ofBuffer("x", direct.limit(8), IntBuffer.wrap(offsets)),
                Arrays.toString(offsets));
            assertThrows(IllegalArgumentException.class, () -> Column.ofUtf8("x", new byte[8], offsets), Arrays.toString(offsets));
        }
        assertThrows(KehuException.ColumnMismatch.class, () -> Table.of(Column.of("a", 1.0), Column.of("b", 1.0, 2.0)));
        assertThrows(IllegalArgumentException.class, () -> Table.of(Column.of("a\0", 1.0)));
        assertThrows(KehuException.Argument.class, () -> Table.concat(List.of()));
        try (Table one = Table.of(Column.of("a", 1.0)); Table two = Table.concat(List.of(one, one)); Table text = Table.of(Column.of("a", "x"))) {
            assertArrayEquals(new double[] {1, 1}, two.doubles("a"));
            assertThrows(KehuException.ColumnMismatch.class, () -> Table.concat(List.of(one, text)));
            assertThrows(KehuException.Argument.class, () -> Table.concat(Arrays.asList(one, null)));
        }
        Table table = Table.of(Column.of("a", 1.0));
        Column column = table.column("a");
        table.close();
        assertThrows(IllegalStateException.class, () -> Table.of(column));
        assertThrows(IllegalStateException.class, () -> table.doubles("a"));
        assertThrows(IllegalArgumentException.class, () -> Table.fromArrow(0, 0));
    }

    @Test
    void aTableGoesThroughArrowWithoutACopy() {
        Memory structs = Memory.ofSize(Layout.ArrowSchema.SIZEOF + Layout.ArrowArray.SIZEOF + Layout.ArrowArrayStream.SIZEOF);
        long schema = structs.address;
        long array = schema + Layout.ArrowSchema.SIZEOF;
        long stream = array + Layout.ArrowArray.SIZEOF;
        try (Table table = Table.of(Column.of("t", "龘", "b"), Column.of("x", 1.0, 2.0))) {
            table.toArrow(schema, array);
            table.toArrowStream(stream);
        }
        try (Table back = Table.fromArrow(schema, array); Table next = Table.nextFromArrow(stream)) {
            assertArrayEquals(new String[] {"龘", "b"}, back.texts("t"));
            assertArrayEquals(new double[] {1, 2}, next.doubles("x"));
            assertNull(Table.nextFromArrow(stream));
        }
        assertThrows(KehuException.class, () -> Table.fromArrow(schema, array));
        Memory.release(structs.address);
    }

    @Test
    void csvIsReadInBatchesAndBadRowsAreListed(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("事件.csv");
        Files.write(file, "客户,时间,金额\n甲,2026-01-02 03:04:05,\"1,234.50\"\n乙,none,1\n丙,2026-01-03,7\n".getBytes(Charset.forName("GB18030")));
        Csv.Options options = new Csv.Options().zoneMinutes(480).missing("NULL").batchRows(1).fields(
            Field.of("客户", Column.Type.UTF8).required(), Field.of("时间", Column.Type.TIMESTAMP), Field.money("金额", 2).loose());
        try (Csv csv = Csv.open(file, options)) {
            try (Table first = csv.next(); Table second = csv.next()) {
                assertEquals("甲", first.texts("客户")[0]);
                assertEquals(123450, first.longs("金额")[0]);
                assertEquals(Instant.parse("2026-01-01T19:04:05Z").toEpochMilli() * 1000, first.longs("时间")[0]);
                assertEquals("丙", second.texts("客户")[0]);
                assertEquals(4, csv.line(0));
                csv.reject(0, "客户", "nobody knows", "丙");
                assertThrows(KehuException.Argument.class, () -> csv.reject(5, null, "x", null));
            }
            assertNull(csv.next());
            assertEquals(2, csv.rowCount());
            assertEquals(2, csv.rejectCount());
            try (Table rejects = csv.rejects()) {
                assertArrayEquals(new long[] {3, 4}, rejects.longs("line"));
                assertEquals("nobody knows", rejects.texts("reason")[1]);
            }
        }
        assertThrows(KehuException.NotFound.class, () -> Csv.open(folder.resolve("none"), new Csv.Options()));
        assertThrows(KehuException.ColumnMismatch.class,
            () -> Csv.open(file, new Csv.Options().fields(Field.of("none", Column.Type.INT64))));
    }

    @Test
    void valuesThatCannotBeReadBecomeMissing() {
        byte[] rows = "id,age\n1,30\n2,unknown\nx,old\n".getBytes(StandardCharsets.UTF_8);
        Csv.Options options = new Csv.Options().fields(Field.of("id", Column.Type.INT64), Field.of("age", Column.Type.INT64).coerce());
        try (Csv csv = Csv.read(rows, null, options); Table table = csv.rest(); Table coerced = csv.coerced()) {
            assertArrayEquals(new long[] {1, 2}, table.longs("id"));
            assertArrayEquals(new boolean[] {true, false}, table.present("age"));
            assertEquals(1, csv.rejectCount());
            assertEquals(1, csv.coercedCount());
            assertArrayEquals(new long[] {3}, coerced.longs("line"));
            assertArrayEquals(new String[] {"unknown"}, coerced.texts("value"));
        }
        assertThrows(KehuException.Argument.class,
            () -> Csv.read(rows, null, new Csv.Options().fields(Field.of("id", Column.Type.INT64).required().coerce())));
    }

    @Test
    void jsonLinesAndWriting(@TempDir Path folder) throws IOException {
        byte[] lines = "{\"a\": \"x\", \"b\": 1.5}\n{\"b\": 2}\n".getBytes(StandardCharsets.UTF_8);
        Csv.Options options = new Csv.Options().json(true).fields(Field.of("a", Column.Type.UTF8), Field.of("b", Column.Type.FLOAT64));
        try (Csv csv = Csv.read(lines, "lines", options); Table table = csv.rest()) {
            assertArrayEquals(new String[] {"x", null}, table.texts("a"));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            table.writeCsv(bytes, new Table.WriteOptions().delimiter(';').crlf(true));
            assertEquals("a;b\r\nx;1.5\r\n;2\r\n", bytes.toString(StandardCharsets.UTF_8));
            bytes.reset();
            table.writeJson(bytes, new Table.WriteOptions().lines(true));
            assertEquals(2, bytes.toString(StandardCharsets.UTF_8).lines().count());
            table.saveCsv(folder.resolve("t.csv"), new Table.WriteOptions().byteOrderMark(true));
            table.saveJson(folder.resolve("t.json"), new Table.WriteOptions());
            assertTrue(Files.readString(folder.resolve("t.csv")).startsWith("\uFEFFa,b"));
            assertTrue(Files.readString(folder.resolve("t.json")).startsWith("["));
        }
    }

    @Test
    void aListenerMayStopReadingButNotCloseTheFile() {
        byte[] rows = new byte[80_000_000]; // C tells every 32 MiB
        Arrays.fill(rows, (byte) '1');
        for (int i = 999; i < rows.length; i += 1000) {
            rows[i] = '\n';
        }
        Csv[] holder = new Csv[1];
        Csv.Options options = new Csv.Options().progress((done, stage) -> holder[0].close());
        try (Csv csv = Csv.read(rows, null, options)) {
            holder[0] = csv;
            String message = assertThrows(IllegalStateException.class, csv::rest).getMessage();
            assertEquals("Csv cannot be closed by its own listener", message);
            Thread.currentThread().interrupt();
            assertThrows(KehuException.Cancelled.class, csv::rest);
            assertTrue(Thread.interrupted());
        }
    }
}
