package org.kehu.arrow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.c.ArrowArray;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.c.CDataDictionaryProvider;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kehu.Column;
import org.kehu.Kehu;
import org.kehu.KehuException;
import org.kehu.Svm;
import org.kehu.Table;

class ArrowTablesTest {
    private static final int ROWS = 3000;

    private final RootAllocator allocator = new RootAllocator();
    private final CDataDictionaryProvider dictionaries = new CDataDictionaryProvider();

    /** Fails when memory of any vector is still held. */
    @AfterEach
    void everythingIsReleased() {
        dictionaries.close();
        assertEquals(0, allocator.getAllocatedMemory());
        allocator.close();
    }

    private VarCharVector texts(String name, int n) {
        VarCharVector texts = new VarCharVector(name, allocator);
        texts.allocateNew();
        for (int i = 0; i < n; i++) {
            if (i % 7 != 3) {
                texts.setSafe(i, ("宽带😀" + i % 5).getBytes(StandardCharsets.UTF_8));
            }
        }
        texts.setValueCount(n);
        return texts;
    }

    private VectorSchemaRoot sample() {
        BigIntVector whole = new BigIntVector("whole", allocator);
        Float8Vector number = new Float8Vector("number", allocator);
        BitVector bit = new BitVector("bit", allocator);
        TimeStampMicroTZVector time = new TimeStampMicroTZVector("time", allocator, "UTC");
        for (int i = 0; i < ROWS; i++) {
            whole.setSafe(i, i * 1_000_000_007L);
            number.setSafe(i, i / 8.0);
            bit.setSafe(i, i % 3 == 0 ? 1 : 0);
            time.setSafe(i, i * 1_000_000L);
        }
        return new VectorSchemaRoot(valued(List.of(texts("text", ROWS), whole, number, bit, time)));
    }

    private static List<FieldVector> valued(List<FieldVector> vectors) {
        vectors.forEach(vector -> vector.setValueCount(ROWS));
        return vectors;
    }

    private static List<Long> addresses(VectorSchemaRoot root) {
        List<Long> addresses = new ArrayList<>();
        for (FieldVector vector : root.getFieldVectors()) {
            for (ArrowBuf buffer : vector.getFieldBuffers()) {
                addresses.add(buffer.memoryAddress());
            }
        }
        return addresses;
    }

    @Test
    void theMemoryOfATableIsThatOfTheVectors() {
        List<Long> before;
        Table table;
        try (VectorSchemaRoot root = sample()) {
            before = addresses(root);
            table = ArrowTables.table(root, allocator);
        }
        assertEquals(ROWS, table.rowCount());
        assertEquals("宽带😀2", table.texts("text")[2]);
        assertEquals(null, table.texts("text")[3]);
        assertEquals(7_000_000_049L, table.longs("whole")[7]);
        assertEquals(0.875, table.doubles("number")[7]);
        assertEquals(1, table.longs("bit")[6]);
        assertEquals(7_000_000L, table.longs("time")[7]);
        assertEquals(Column.Type.TIMESTAMP, table.column("time").type());
        try (VectorSchemaRoot back = ArrowTables.root(table, allocator, dictionaries)) {
            assertEquals(before.get(2), addresses(back).get(2));
            // Where nothing is missing kehu may leave the bits out, and Arrow then makes its own: all others are equal.
            for (FieldVector vector : back.getFieldVectors()) {
                int validity = 0;
                for (ArrowBuf buffer : vector.getFieldBuffers()) {
                    boolean isShared = before.contains(buffer.memoryAddress());
                    assertTrue(isShared || validity == 0 && vector.getNullCount() == 0, vector.getName() + " was copied");
                    validity++;
                }
            }
            table.close();
            assertEquals("宽带😀2", ((VarCharVector) back.getVector("text")).getObject(2).toString());
            assertTrue(back.getVector("text").isNull(3));
            assertEquals(0.875, ((Float8Vector) back.getVector("number")).get(7));
        }
    }

    @Test
    void aTableOfKehuBecomesVectors() {
        VectorSchemaRoot root;
        try (Table table = Table.of(Column.of("text", "龘", null, "b"), Column.of("day", 1, 2, 3), Column.of("flag", true, false, true))) {
            root = ArrowTables.root(table, allocator, dictionaries);
        }
        try (root; Table back = ArrowTables.table(root, allocator, dictionaries)) {
            assertEquals(3, root.getRowCount());
            assertEquals("龘", ((VarCharVector) root.getVector("text")).getObject(0).toString());
            assertEquals(2, ((IntVector) root.getVector("day")).get(1));
            assertArrayEquals(new String[] {"龘", null, "b"}, back.texts("text"));
            assertArrayEquals(new long[] {1, 0, 1}, back.longs("flag"));
        }
        try (Table none = Table.of(Column.of("text", new String[0]), Column.of("x", new double[0]));
            VectorSchemaRoot empty = ArrowTables.root(none, allocator, dictionaries);
            Table again = ArrowTables.table(empty, allocator)) {
            assertEquals(0, empty.getRowCount());
            assertEquals(2, again.columns().size());
        }
    }

    @Test
    void vectorsOfTextsAreClassifiedWhereTheyLie() {
        VarCharVector labels = new VarCharVector("label", allocator);
        VarCharVector said = new VarCharVector("text", allocator);
        for (int i = 0; i < 60; i++) {
            said.setSafe(i, (i % 2 == 0 ? "宽带断网" : "话费不对").getBytes(StandardCharsets.UTF_8));
            labels.setSafe(i, (i % 2 == 0 ? "net" : "bill").getBytes(StandardCharsets.UTF_8));
        }
        said.setValueCount(60);
        labels.setValueCount(60);
        try (VectorSchemaRoot root = VectorSchemaRoot.of(said, labels); Table table = ArrowTables.table(root, allocator);
            Svm svm = Svm.train(table.column("text"), table.column("label"), new Svm.Options().cost(1))) {
            int[] found = svm.predict(table.column("text"), new Svm.PredictOptions()).classes();
            for (int i = 0; i < 60; i++) {
                assertEquals(i % 2 == 0 ? "net" : "bill", svm.classNames().get(found[i]));
            }
        }
    }

    @Test
    void categoriesComeAndGoWithTheirDictionaries() {
        DictionaryEncoding encoding = new DictionaryEncoding(1, false, null);
        try (VarCharVector names = texts("", 3); VarCharVector rows = texts("plan", 3)) {
            DictionaryProvider.MapDictionaryProvider given = new DictionaryProvider.MapDictionaryProvider(new Dictionary(names, encoding));
            FieldVector codes = (FieldVector) DictionaryEncoder.encode(rows, given.lookup(1));
            try (VectorSchemaRoot root = VectorSchemaRoot.of(codes); Table table = ArrowTables.table(root, allocator, given);
                VectorSchemaRoot back = ArrowTables.root(table, allocator, dictionaries)) {
                assertEquals(Column.Type.CATEGORY, table.column("plan").type());
                assertEquals("宽带😀1", table.texts("plan")[1]);
                FieldVector came = back.getVector(0);
                Dictionary dictionary = dictionaries.lookup(came.getField().getDictionary().getId());
                try (VarCharVector decoded = (VarCharVector) DictionaryEncoder.decode(came, dictionary)) {
                    assertEquals("宽带😀1", decoded.getObject(1).toString());
                }
                assertThrows(RuntimeException.class, () -> ArrowTables.table(root, allocator)); // the dictionary is not there
            }
        }
    }

    /** Arrow's Java library makes no such arrays, others do; it would read them from their first value on. */
    @Test
    void aSliceFromElsewhereComesWithItsOwnRows() {
        Table slice;
        try (Table table = Table.of(Column.of("x", 1.0, 2.0, 3.0, 4.0), Column.of("t", "a", "b", "c", "d"));
            ArrowArray array = ArrowArray.allocateNew(allocator); ArrowSchema schema = ArrowSchema.allocateNew(allocator)) {
            table.toArrow(schema.memoryAddress(), array.memoryAddress());
            MemoryUtil.putLong(array.memoryAddress(), 2); // length
            MemoryUtil.putLong(array.memoryAddress() + 16, 1); // offset
            slice = Table.fromArrow(schema.memoryAddress(), array.memoryAddress());
        }
        try (slice; VectorSchemaRoot root = ArrowTables.root(slice, allocator, dictionaries)) {
            assertArrayEquals(new double[] {2, 3}, slice.doubles("x"));
            assertEquals(2, root.getRowCount());
            assertEquals(2.0, ((Float8Vector) root.getVector("x")).get(0));
            assertEquals("c", ((VarCharVector) root.getVector("t")).getObject(1).toString());
        }
    }

    @Test
    void whatNoColumnHoldsIsRefusedAndReleased() {
        ListVector lists = ListVector.empty("lists", allocator);
        lists.setValueCount(2);
        try (VectorSchemaRoot root = VectorSchemaRoot.of(lists)) {
            String message = assertThrows(KehuException.ColumnMismatch.class, () -> ArrowTables.table(root, allocator)).getMessage();
            assertTrue(message.contains("lists"), message);
        }
        assertThrows(NullPointerException.class, () -> ArrowTables.table(null, allocator));
        assertThrows(NullPointerException.class, () -> ArrowTables.root(null, allocator, dictionaries));
        Table closed = Table.of(Column.of("x", 1.0));
        closed.close();
        assertThrows(IllegalStateException.class, () -> ArrowTables.root(closed, allocator, dictionaries));
    }

    @Test
    void structsThatAreReleasedOrEmptyAreRefused() {
        try (ArrowArray array = ArrowArray.allocateNew(allocator); ArrowSchema schema = ArrowSchema.allocateNew(allocator)) {
            assertThrows(KehuException.Argument.class, () -> Table.fromArrow(schema.memoryAddress(), array.memoryAddress()));
            assertThrows(IllegalArgumentException.class, () -> Table.fromArrow(0, array.memoryAddress()));
            assertThrows(IllegalArgumentException.class, () -> Table.fromArrow(schema.memoryAddress(), 0));
            try (VectorSchemaRoot root = VectorSchemaRoot.of(texts("t", 2))) {
                Data.exportVectorSchemaRoot(allocator, root, null, array, schema);
                MemoryUtil.putLong(array.memoryAddress(), -1); // length
                assertThrows(KehuException.Argument.class, () -> Table.fromArrow(schema.memoryAddress(), array.memoryAddress()));
                array.release();
                schema.release();
            }
        }
    }

    @Test
    void aForgottenTableLetsGoOfTheVectors() throws InterruptedException {
        long open = Kehu.openHandles();
        try (VectorSchemaRoot root = VectorSchemaRoot.of(texts("t", 100))) {
            ArrowTables.table(root, allocator);
        }
        for (int i = 0; i < 100 && Kehu.openHandles() > open; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertEquals(open, Kehu.openHandles());
    }
}
