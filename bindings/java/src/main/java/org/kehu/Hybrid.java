package org.kehu;

import java.nio.file.Path;
import java.util.List;

/**
 * Keywords where they are sure, the support vector machine for the rest: most texts get an answer that a person can read in
 * the keyword list. Either model explains its own decisions.
 */
public final class Hybrid extends Model {
    private final Keyword keyword;
    private final Svm svm;

    private Hybrid(long pointer) {
        super(pointer, Native::hybridFree);
        keyword = Keyword.borrowed(Native.hybridKeyword(pointer), this);
        svm = Svm.borrowed(Native.hybridSvm(pointer), this);
    }

    /** Frees the C object; the two models are closed with it. */
    @Override
    public void close() {
        keyword.close();
        svm.close();
        super.close();
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.hybridSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.hybridWrite(self, writer, error);
    }

    /** Who decided. */
    public enum By {
        /** The keywords. */
        KEYWORD,
        /** The machine. */
        SVM;

        private static final By[] ALL = values();
    }

    /** How to train. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private Keyword.Options keyword;
        private Svm.Options svm;

        /** All defaults. */
        public Options() {
            super(Layout.HybridOptions.SIZEOF, Layout.HybridOptions.N_THREADS, Layout.HybridOptions.PROGRESS);
        }

        /**
         * How the keywords are learned; threads and listener below replace its own.
         *
         * @param keyword null for its defaults, but 200 keywords a class
         * @return this
         */
        public Options keyword(Keyword.Options keyword) {
            this.keyword = keyword;
            return this;
        }

        /**
         * How the machine is trained; threads and listener below replace its own.
         *
         * @param svm null for its defaults
         * @return this
         */
        public Options svm(Svm.Options svm) {
            this.svm = svm;
            return this;
        }

        /**
         * Seed of which fifth of the texts is held out.
         *
         * @param seed any number
         * @return this
         */
        public Options seed(long seed) {
            values.putLong(Layout.HybridOptions.SEED, seed);
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.HybridOptions.KEYWORD, keyword == null ? 0 : keyword.write(frame).address);
            options.i64(Layout.HybridOptions.SVM, svm == null ? 0 : svm.write(frame).address);
            return options;
        }
    }

    /**
     * Trains both models and chooses the threshold between them.
     *
     * @param texts a null is an empty text
     * @param labels the name of each text's class
     * @return the classifier
     */
    public static Hybrid train(List<String> texts, List<String> labels) {
        return train(Column.of(null, texts), Column.of(null, labels), new Options());
    }

    /**
     * Trains both models and chooses the threshold between them.
     *
     * @param texts a column of texts
     * @param labels a column of texts of the same length: the name of each text's class
     * @param options how
     * @return the classifier
     */
    public static Hybrid train(Column texts, Column labels, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.hybridTrain(out.address, texts.address(f), labels.address(f), options.write(f).address, f.error()));
            return new Hybrid(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the classifier
     */
    public static Hybrid load(Path path) {
        return new Hybrid(load(path, Native::hybridLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the classifier
     */
    public static Hybrid read(byte[] bytes) {
        return new Hybrid(read(bytes, Native::hybridRead));
    }

    /**
     * The keyword list; closed with this.
     *
     * @return a model of its own
     */
    public Keyword keyword() {
        return keyword;
    }

    /**
     * The machine; closed with this.
     *
     * @return a model of its own
     */
    public Svm svm() {
        return svm;
    }

    /**
     * The names of the classes by number, as in the keyword list.
     *
     * @return an unchangeable list
     */
    public List<String> classNames() {
        return keyword.classNames();
    }

    /** How to classify. What is not set has the default of the C library. */
    public static final class PredictOptions extends WorkOptions<PredictOptions> {
        /** All defaults. */
        public PredictOptions() {
            super(Layout.HybridPredictOptions.SIZEOF, Layout.HybridPredictOptions.N_THREADS, Layout.HybridPredictOptions.PROGRESS);
        }
    }

    /**
     * What was found for a batch of texts.
     *
     * @param classes number of each text's class, -1 where the machine, asked, abstains
     * @param by who decided
     * @param probabilities of the class, as who decided sees it
     */
    public record Predictions(int[] classes, By[] by, double[] probabilities) {}

    /**
     * Classifies texts.
     *
     * @param texts a null is an empty text
     * @return number of each text's class, -1 where the machine, asked, abstains
     */
    public int[] predict(List<String> texts) {
        return predict(Column.of(null, texts), new PredictOptions()).classes;
    }

    /**
     * Classifies texts.
     *
     * @param texts a column of texts
     * @param options how
     * @return classes, and who decided
     */
    public Predictions predict(Column texts, PredictOptions options) {
        try (Frame f = Frame.open()) {
            int n = Memory.count(texts.length());
            Memory classes = f.array(n, Integer.BYTES);
            Memory by = f.array(n, 1);
            Memory probabilities = f.array(n, Double.BYTES);
            f.check(Native.hybridPredict(f.inside(this), texts.address(f), options.write(f).address, classes.address, by.address,
                probabilities.address, f.error()));
            By[] who = new By[n];
            for (int i = 0; i < n; i++) {
                who[i] = By.ALL[by.i8(i) - 1];
            }
            return new Predictions(classes.ints(0, n), who, probabilities.doubles(0, n));
        }
    }

    /**
     * What the held-out fifth said; all zero for a model from a file, but for the threshold.
     *
     * @param threshold keywords decide from this probability on; above 1 never
     * @param heldOut texts
     * @param byKeyword share of them decided by keywords
     * @param accuracy of both together
     * @param keywordAccuracy of the keywords alone
     * @param svmAccuracy of the machine alone
     */
    public record Info(double threshold, long heldOut, double byKeyword, double accuracy, double keywordAccuracy, double svmAccuracy) {}

    /**
     * What the held-out fifth said.
     *
     * @return the figures
     */
    public Info info() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.HybridInfo.SIZEOF);
            Native.hybridGetInfo(f.inside(this), m.address);
            return new Info(m.f64(Layout.HybridInfo.THRESHOLD), m.i64(Layout.HybridInfo.N_HELD_OUT), m.f64(Layout.HybridInfo.BY_KEYWORD),
                m.f64(Layout.HybridInfo.ACCURACY), m.f64(Layout.HybridInfo.KEYWORD_ACCURACY), m.f64(Layout.HybridInfo.SVM_ACCURACY));
        }
    }
}
