package org.kehu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Columns made ready for trees once: the edges of each column's bins, or its categories, and one byte a value. The next tree
 * on the same customers, of another target, costs only its growing.
 */
public final class Bins extends Model {
    private Bins(long pointer) {
        super(pointer, Native::binsFree, null);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.binsSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.binsWrite(self, writer, error);
    }

    /**
     * Finds the bins of columns and puts every value into its own.
     *
     * @param columns inputs, each with a name
     * @param threads to use; 0 means 1
     * @return the bins
     */
    public static Bins fit(List<Column> columns, int threads) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Memory options = f.zeros(Layout.BinsOptions.SIZEOF);
            options.i32(Layout.BinsOptions.SIZE, Layout.BinsOptions.SIZEOF);
            options.i32(Layout.BinsOptions.N_THREADS, OptionsBuilder.notNegative(threads, "threads"));
            Column.Batch batch = Column.batch(f, columns);
            f.check(Native.binsFit(out.address, batch.address(), batch.n(), options.address, f.error()));
            return new Bins(out.i64(0));
        }
    }

    /**
     * Reads a file of bins.
     *
     * @param path of the file
     * @return the bins
     */
    public static Bins load(Path path) {
        return new Bins(load(path, Native::binsLoad));
    }

    /**
     * Reads the bytes of a file of bins.
     *
     * @param bytes not kept
     * @return the bins
     */
    public static Bins read(byte[] bytes) {
        return new Bins(read(bytes, Native::binsRead));
    }

    /**
     * How many rows there are bins of.
     *
     * @return 1 or more
     */
    public long rows() {
        try (Frame f = Frame.open()) {
            return Native.binsRowCount(f.inside(this));
        }
    }

    /**
     * The names of the columns.
     *
     * @return an unchangeable list
     */
    public List<String> featureNames() {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            List<String> names = new ArrayList<>();
            for (int i = 0; i < Native.binsFeatureCount(self); i++) {
                names.add(Memory.text(Native.binsFeatureName(self, i)));
            }
            return List.copyOf(names);
        }
    }
}
