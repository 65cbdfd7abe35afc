package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/**
 * Linear support vector machines over rows of numbers, in the file formats of LIBLINEAR and libsvm. For texts see
 * {@link Svm}.
 */
public final class Linear extends Model {
    private final int[] labels;
    private final int columnCount;

    private Linear(long pointer) {
        super(pointer, Native::linearFree);
        Info info = info();
        labels = new int[info.classes];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = Native.linearLabel(pointer, i);
        }
        columnCount = info.columns;
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.linearSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.linearWrite(self, writer, error);
    }

    /**
     * Compressed sparse rows: row i holds the entries starts[i] to starts[i + 1] - 1, its columns rise strictly.
     *
     * @param columnCount columns there are
     * @param starts one more than rows, the first is 0
     * @param columns of the entries, from 0
     * @param values of the entries
     */
    public record Rows(int columnCount, long[] starts, int[] columns, float[] values) {
        /**
         * Checks that there is a first start.
         *
         * @param columnCount columns there are
         * @param starts one more than rows, the first is 0
         * @param columns of the entries, from 0
         * @param values of the entries
         */
        public Rows {
            if (starts.length == 0 || columns.length != values.length) {
                throw new IllegalArgumentException("starts is empty, or columns and values differ in length");
            }
        }

        /**
         * How many rows there are.
         *
         * @return 0 or more
         */
        public int count() {
            return starts.length - 1;
        }

        /** A kehu_sparse. Copied first and then checked: C reads entries by starts. */
        long write(Frame f) {
            int n = count();
            int entries = values.length;
            Memory copy = f.copy(starts);
            for (int i = 0; i <= n; i++) {
                long start = copy.i64(8 * i);
                if (start < (i == 0 ? 0 : copy.i64(8 * i - 8)) || start > entries || i == 0 && start != 0) {
                    throw new IllegalArgumentException("starts[" + i + "] is " + start + "; starts rise from 0 to at most " + entries);
                }
            }
            Memory m = f.zeros(Layout.Sparse.SIZEOF);
            m.i64(Layout.Sparse.N_ROWS, n);
            m.i32(Layout.Sparse.N_COLUMNS, OptionsBuilder.notNegative(columnCount, "columnCount"));
            m.i64(Layout.Sparse.STARTS, copy.address);
            m.i64(Layout.Sparse.COLUMNS, f.copy(columns).address);
            m.i64(Layout.Sparse.VALUES, f.copy(values).address);
            return m.address;
        }
    }

    /** What is minimised. */
    public enum Loss {
        /** L2-loss, LIBLINEAR's -s 1. */
        SQUARED_HINGE,
        /** L1-loss, -s 3. */
        HINGE,
        /** Logistic regression, -s 0 and -s 7. */
        LOGISTIC,
        /** Hinge over all classes at once, -s 4. */
        CRAMMER_SINGER
    }

    /** How to train. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private float[] weights;

        /** All defaults. */
        public Options() {
            super(Layout.LinearOptions.SIZEOF, Layout.LinearOptions.N_THREADS, Layout.LinearOptions.PROGRESS);
        }

        /**
         * Seed of the order of the rows in the solver.
         *
         * @param seed any number
         * @return this
         */
        public Options seed(long seed) {
            values.putLong(Layout.LinearOptions.SEED, seed);
            return this;
        }

        /**
         * The cost C.
         *
         * @param c above 0; 0 means 1
         * @return this
         */
        public Options cost(double c) {
            values.putDouble(Layout.LinearOptions.COST, c);
            return this;
        }

        /**
         * The value of a constant feature.
         *
         * @param value 0 means 1; below 0 for none
         * @return this
         */
        public Options bias(double value) {
            values.putDouble(Layout.LinearOptions.BIAS, value);
            return this;
        }

        /**
         * Relative duality gap to stop at.
         *
         * @param gap above 0, below 1; 0 means 1e-6, or 1e-4 but with squared hinge
         * @return this
         */
        public Options gap(double gap) {
            values.putDouble(Layout.LinearOptions.GAP, gap);
            return this;
        }

        /**
         * What is minimised.
         *
         * @param loss squared hinge unless set
         * @return this
         */
        public Options loss(Loss loss) {
            values.putInt(Layout.LinearOptions.LOSS, loss.ordinal());
            return this;
        }

        /**
         * Factor on C for each row.
         *
         * @param weights one a row, 0 leaves it out; null means 1
         * @return this
         */
        public Options weights(float... weights) {
            this.weights = weights;
            return this;
        }

        Memory write(Frame frame, int rows) {
            Memory options = super.write(frame);
            float[] factors = weights;
            if (factors != null && factors.length != rows) {
                throw new IllegalArgumentException("there are " + factors.length + " weights and " + rows + " rows");
            }
            options.i64(Layout.LinearOptions.WEIGHTS, factors == null ? 0 : frame.copy(factors).address);
            return options;
        }
    }

    /**
     * Trains one-vs-rest.
     *
     * @param rows of numbers
     * @param labels one a row; equal ones are one class
     * @param options how
     * @return the classifier
     */
    public static Linear train(Rows rows, int[] labels, Options options) {
        if (labels.length != rows.count()) {
            throw new IllegalArgumentException("there are " + labels.length + " labels and " + rows.count() + " rows");
        }
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.linearTrain(out.address, rows.write(f), f.copy(labels).address, options.write(f, labels.length).address,
                f.error()));
            return new Linear(out.i64(0));
        }
    }

    /**
     * Trains one-vs-rest on a libsvm file.
     *
     * @param data rows and labels
     * @param options how
     * @return the classifier
     */
    public static Linear train(Libsvm data, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            long self = f.inside(data);
            f.check(Native.linearTrain(out.address, Native.libsvmRows(self), Native.libsvmLabels(self),
                options.write(f, data.rowCount()).address, f.error()));
            return new Linear(out.i64(0));
        }
    }

    /**
     * Reads a file of LIBLINEAR or kehu.
     *
     * @param path of the file
     * @return the classifier
     */
    public static Linear load(Path path) {
        return new Linear(load(path, Native::linearLoad));
    }

    /**
     * Reads the bytes of a file of LIBLINEAR or kehu.
     *
     * @param bytes not kept
     * @return the classifier
     */
    public static Linear read(byte[] bytes) {
        return new Linear(read(bytes, Native::linearRead));
    }

    /**
     * The labels of the classes, rising.
     *
     * @return a new array
     */
    public int[] labels() {
        return labels.clone();
    }

    /**
     * Columns the model knows.
     *
     * @return how many
     */
    public int columnCount() {
        return columnCount;
    }

    /**
     * What was found for a batch of rows.
     *
     * @param labels the label of the largest margin of each row
     * @param margins of all classes, row after row
     */
    public record Predictions(int[] labels, float[] margins) {}

    /**
     * Classifies rows.
     *
     * @param rows of numbers
     * @return labels and margins
     */
    public Predictions predict(Rows rows) {
        try (Frame f = Frame.open()) {
            return predict(f, rows.write(f), rows.count());
        }
    }

    /**
     * Classifies the rows of a libsvm file.
     *
     * @param data the rows
     * @return labels and margins
     */
    public Predictions predict(Libsvm data) {
        try (Frame f = Frame.open()) {
            return predict(f, Native.libsvmRows(f.inside(data)), data.rowCount());
        }
    }

    private Predictions predict(Frame f, long rows, int n) {
        int cells = Memory.count(n, labels.length);
        Memory found = f.array(n, Integer.BYTES);
        Memory margins = f.array(cells, Float.BYTES);
        f.check(Native.linearPredict(f.inside(this), rows, found.address, margins.address, f.error()));
        return new Predictions(found.ints(0, n), margins.floats(0, cells));
    }

    /**
     * How training went; all zero for a model from a file.
     *
     * @param classes how many
     * @param columns how many
     * @param passes over the rows
     * @param converged whether the wanted gap was reached
     * @param primal objective value
     * @param dual objective value
     * @param gap (primal - dual) / primal
     */
    public record Info(int classes, int columns, int passes, boolean converged, double primal, double dual, double gap) {}

    /**
     * How training went.
     *
     * @return the figures
     */
    public Info info() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.LinearInfo.SIZEOF);
            Native.linearGetInfo(f.inside(this), m.address);
            return new Info(m.i32(Layout.LinearInfo.N_CLASSES), m.i32(Layout.LinearInfo.N_COLUMNS), m.i32(Layout.LinearInfo.PASSES),
                m.i32(Layout.LinearInfo.CONVERGED) != 0, m.f64(Layout.LinearInfo.PRIMAL), m.f64(Layout.LinearInfo.DUAL),
                m.f64(Layout.LinearInfo.GAP));
        }
    }

    /**
     * Writes rows and labels as a libsvm file.
     *
     * @param rows of numbers
     * @param labels one a row
     * @param stream takes the bytes; stays open
     * @throws IOException of the stream
     */
    public static void writeLibsvm(Rows rows, int[] labels, OutputStream stream) throws IOException {
        if (stream == null || labels.length != rows.count()) {
            throw new IllegalArgumentException("there is no stream, or the labels are not as many as the rows");
        }
        try (Frame f = Frame.open()) {
            f.check(Native.libsvmWrite(rows.write(f), f.copy(labels).address, f.writer(stream), f.error()));
        }
    }
}
