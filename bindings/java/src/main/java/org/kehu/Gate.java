package org.kehu;

import java.nio.file.Path;

/**
 * Holds spam back before anyone reads it, and no more good messages than wanted: what a linear SVM scores above a threshold
 * is listed, nothing is deleted. The threshold comes from the training texts alone, each scored by a model that has not
 * learned from it.
 */
public final class Gate extends Model {
    private final Svm svm;

    private Gate(long pointer) {
        super(pointer, Native::gateFree);
        svm = Svm.borrowed(Native.gateSvm(pointer), this);
    }

    /** Frees the C object; the machine is closed with it. */
    @Override
    public void close() {
        svm.close();
        super.close();
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.gateSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.gateWrite(self, writer, error);
    }

    /** How to train. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        /** All defaults. */
        public Options() {
            super(Layout.GateOptions.SIZEOF, Layout.GateOptions.N_THREADS, Layout.GateOptions.PROGRESS);
        }

        /**
         * Share of good messages that shall pass.
         *
         * @param share below 1; 0 means as many as make the macro-F1 largest
         * @return this
         */
        public Options recall(double share) {
            values.putDouble(Layout.GateOptions.RECALL, share);
            return this;
        }

        /**
         * What a spam message weighs in learning, a good one weighing 1.
         *
         * @param weight 0.001 to 1000; 0 means 1
         * @return this
         */
        public Options spamWeight(double weight) {
            values.putDouble(Layout.GateOptions.SPAM_WEIGHT, weight);
            return this;
        }

        /**
         * The cost C of the machine.
         *
         * @param c above 0; 0 chooses it by validation
         * @return this
         */
        public Options cost(double c) {
            values.putDouble(Layout.GateOptions.COST, c);
            return this;
        }

        /**
         * The longest n-gram of characters.
         *
         * @param n 1 to 5; 0 means 3
         * @return this
         */
        public Options charMax(int n) {
            putCount(Layout.GateOptions.CHAR_MAX, n, "charMax");
            return this;
        }

        /**
         * Parts that are left out in turn to find the threshold.
         *
         * @param n 2 to 20; 0 means 5
         * @return this
         */
        public Options folds(int n) {
            putCount(Layout.GateOptions.N_FOLDS, n, "folds");
            return this;
        }

        /**
         * Seed of the folds and of the machine.
         *
         * @param seed any number
         * @return this
         */
        public Options seed(long seed) {
            values.putLong(Layout.GateOptions.SEED, seed);
            return this;
        }
    }

    /**
     * Learns from texts with one of two labels.
     *
     * @param texts a column of texts
     * @param labels a column of texts of the same length
     * @param good the label of good messages
     * @param options how
     * @return the gate
     */
    public static Gate train(Column texts, Column labels, String good, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.gateTrain(out.address, texts.address(f), labels.address(f), f.text(good), options.write(f).address, f.error()));
            return new Gate(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the gate
     */
    public static Gate load(Path path) {
        return new Gate(load(path, Native::gateLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the gate
     */
    public static Gate read(byte[] bytes) {
        return new Gate(read(bytes, Native::gateRead));
    }

    /**
     * The machine, for more reasons; closed with this.
     *
     * @return a model of its own
     */
    public Svm svm() {
        return svm;
    }

    /**
     * Lists what is held back; missing and empty texts pass.
     *
     * @param texts a column of texts
     * @return row, score (above the threshold) and term (what speaks most for spam, null where nothing does), in the order
     *     of the rows
     */
    public Table hold(Column texts) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.gateHold(out.address, f.inside(this), texts.address(f), f.error()));
            return new Table(out.i64(0));
        }
    }

    /**
     * What training found; shares are of the training texts, each scored by a model that has not learned from it.
     *
     * @param good messages
     * @param spam messages
     * @param recall as wanted, 0 for the largest macro-F1
     * @param threshold scores above it are held back
     * @param passed share of good messages that pass
     * @param caught share of spam that is held back
     * @param macroF1 of both classes
     * @param cost of the machine
     */
    public record Info(long good, long spam, double recall, double threshold, double passed, double caught, double macroF1, double cost) {}

    /**
     * What training found.
     *
     * @return the figures
     */
    public Info info() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.GateInfo.SIZEOF);
            Native.gateGetInfo(f.inside(this), m.address);
            return new Info(m.i64(Layout.GateInfo.N_GOOD), m.i64(Layout.GateInfo.N_SPAM), m.f64(Layout.GateInfo.RECALL),
                m.f64(Layout.GateInfo.THRESHOLD), m.f64(Layout.GateInfo.PASSED), m.f64(Layout.GateInfo.CAUGHT),
                m.f64(Layout.GateInfo.MACRO_F1), m.f64(Layout.GateInfo.COST));
        }
    }
}
