package org.kehu.arrow;

import java.util.List;
import org.apache.arrow.c.ArrowArray;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.c.CDataDictionaryProvider;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.kehu.Table;

/**
 * Tables to and from Arrow's vectors, by the C data interface: the buffers are shared, not copied, and freed when both sides
 * have let go of them.
 */
public final class ArrowTables {
    private ArrowTables() {}

    /**
     * Takes vectors as a table. They may be closed at once; while the table is open their values must not be written to.
     *
     * @param root the vectors: one column each
     * @param allocator of the vectors, or its root; stays open longer than the table
     * @return the table
     * @throws org.kehu.KehuException.ColumnMismatch for a type that no column has, such as lists and structs
     */
    public static Table table(VectorSchemaRoot root, BufferAllocator allocator) {
        return table(root, allocator, null);
    }

    /**
     * Takes vectors of which some are encoded by dictionaries as a table. They may be closed at once; while the table is open
     * their values must not be written to.
     *
     * @param root the vectors: one column each
     * @param allocator of the vectors, or its root; stays open longer than the table
     * @param dictionaries of the encoded vectors, such as the {@link org.apache.arrow.vector.ipc.ArrowReader} they come from
     * @return the table
     * @throws org.kehu.KehuException.ColumnMismatch for a type that no column has, such as lists and structs
     */
    public static Table table(VectorSchemaRoot root, BufferAllocator allocator, DictionaryProvider dictionaries) {
        try (ArrowArray array = ArrowArray.allocateNew(allocator); ArrowSchema schema = ArrowSchema.allocateNew(allocator)) {
            try {
                Data.exportVectorSchemaRoot(allocator, root, dictionaries, array, schema);
                return Table.fromArrow(schema.memoryAddress(), array.memoryAddress());
            } finally { // what was not taken over; else there is nothing left to release
                array.release();
                schema.release();
            }
        }
    }

    /**
     * Gives a table as vectors, which stay good when the table is closed. Their values are the table's and must not be
     * written to. Columns that begin within their buffers, as slices from elsewhere do, are copied first: Arrow's Java
     * library knows no such vectors.
     *
     * @param table to give
     * @param allocator keeps the books of the vectors
     * @param dictionaries takes the dictionaries of columns of categories
     * @return the vectors
     */
    public static VectorSchemaRoot root(Table table, BufferAllocator allocator, CDataDictionaryProvider dictionaries) {
        try (ArrowArray array = ArrowArray.allocateNew(allocator); ArrowSchema schema = ArrowSchema.allocateNew(allocator)) {
            try {
                table.toArrow(schema.memoryAddress(), array.memoryAddress());
                if (beginsWithin(array)) {
                    array.release();
                    schema.release();
                    try (Table whole = Table.concat(List.of(table))) {
                        whole.toArrow(schema.memoryAddress(), array.memoryAddress());
                    }
                }
                return Data.importVectorSchemaRoot(allocator, array, schema, dictionaries, false);
            } finally {
                array.release();
                schema.release();
            }
        }
    }

    private static boolean beginsWithin(ArrowArray array) {
        ArrowArray.Snapshot all = array.snapshot();
        boolean within = false;
        for (long i = 0; i < all.n_children; i++) {
            ArrowArray.Snapshot column = ArrowArray.wrap(MemoryUtil.getLong(all.children + Long.BYTES * i)).snapshot();
            within |= column.offset != 0 || column.dictionary != 0 && ArrowArray.wrap(column.dictionary).snapshot().offset != 0;
        }
        return within;
    }
}
