package org.kehu;

import java.nio.file.Path;

/** Labelled rows from a libsvm file. Never changes; threads may share it. */
public final class Libsvm extends NativeHandle {
    private final int rowCount;

    private Libsvm(long pointer) {
        super(pointer, Native::libsvmFree);
        rowCount = Memory.count(sparse(pointer).i64(Layout.Sparse.N_ROWS));
    }

    private static Memory sparse(long pointer) {
        return Memory.at(Native.libsvmRows(pointer), Layout.Sparse.SIZEOF);
    }

    /**
     * Reads a file.
     *
     * @param path of the file
     * @return the rows
     */
    public static Libsvm load(Path path) {
        return new Libsvm(Model.load(path, Native::libsvmLoad));
    }

    /**
     * Reads the bytes of a file.
     *
     * @param bytes not kept
     * @return the rows
     */
    public static Libsvm read(byte[] bytes) {
        return new Libsvm(Model.read(bytes, Native::libsvmRead));
    }

    /**
     * How many rows there are.
     *
     * @return 0 or more
     */
    public int rowCount() {
        return rowCount;
    }

    /**
     * The labels, a copy.
     *
     * @return one a row
     */
    public int[] labels() {
        try (Frame f = Frame.open()) {
            long labels = Native.libsvmLabels(f.inside(this));
            return rowCount == 0 ? new int[0] : Memory.at(labels, 4L * rowCount).ints(0, rowCount);
        }
    }

    /**
     * The rows, a copy.
     *
     * @return the entries
     */
    public Linear.Rows rows() {
        try (Frame f = Frame.open()) {
            Memory m = sparse(f.inside(this));
            long[] starts = Memory.at(m.i64(Layout.Sparse.STARTS), 8L * (rowCount + 1L)).longs(0, rowCount + 1);
            int n = Memory.count(starts[rowCount]);
            return new Linear.Rows(m.i32(Layout.Sparse.N_COLUMNS), starts,
                n == 0 ? new int[0] : Memory.at(m.i64(Layout.Sparse.COLUMNS), 4L * n).ints(0, n),
                n == 0 ? new float[0] : Memory.at(m.i64(Layout.Sparse.VALUES), 4L * n).floats(0, n));
        }
    }
}
