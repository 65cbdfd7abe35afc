package org.kehu;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Short texts sorted into classes by a linear support vector machine.
 *
 * <p>The vectoriser (characters, words of alphabetic scripts, tf-idf) is part of the model, so plain texts go in. The same
 * texts, labels, options and seed give the same model bytes, whatever the number of threads.
 */
public final class Svm extends Model {
    private static final PredictOptions DEFAULTS = new PredictOptions();

    private final List<String> classNames;
    private final Tokenizer tokenizer;

    Svm(long pointer, Tokenizer tokenizer) {
        super(pointer, Native::svmFree, tokenizer);
        classNames = names(pointer);
        this.tokenizer = tokenizer;
    }

    private Svm(long pointer, NativeHandle owner) {
        super(pointer, null, owner);
        classNames = names(pointer);
        tokenizer = null;
    }

    /** The machine inside another model. */
    static Svm borrowed(long pointer, NativeHandle owner) {
        return new Svm(pointer, owner);
    }

    private static List<String> names(long pointer) {
        String[] names = new String[Native.svmClassCount(pointer)];
        for (int i = 0; i < names.length; i++) {
            names[i] = Memory.text(Native.svmClassName(pointer, i));
        }
        return List.of(names);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.svmSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.svmWrite(self, writer, error);
    }

    /** What is minimised. */
    public enum Loss {
        /** L2-loss. */
        SQUARED_HINGE,
        /** L1-loss. */
        HINGE,
        /** Logistic regression. */
        LOGISTIC,
        /** Hinge over all classes at once. */
        CRAMMER_SINGER
    }

    /** How to train. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private double[] weights;
        private Tokenizer tokenizer;
        private Svm start;

        /** All defaults. */
        public Options() {
            super(Layout.SvmOptions.SIZEOF, Layout.SvmOptions.N_THREADS, Layout.SvmOptions.PROGRESS);
        }

        /**
         * Seed of the order of the texts in the solver.
         *
         * @param seed any number
         * @return this
         */
        public Options seed(long seed) {
            values.putLong(Layout.SvmOptions.SEED, seed);
            return this;
        }

        /**
         * The cost C.
         *
         * @param c 1e-6 to 1e6; 0 means chosen by validation
         * @return this
         */
        public Options cost(double c) {
            values.putDouble(Layout.SvmOptions.COST, c);
            return this;
        }

        /**
         * What is minimised.
         *
         * @param loss squared hinge unless set
         * @return this
         */
        public Options loss(Loss loss) {
            values.putInt(Layout.SvmOptions.LOSS, loss.ordinal());
            return this;
        }

        /**
         * Folds of the validation.
         *
         * @param n 2 to 20; 0 means 5
         * @return this
         */
        public Options folds(int n) {
            putCount(Layout.SvmOptions.N_FOLDS, n, "folds");
            return this;
        }

        /**
         * Relative duality gap to stop at.
         *
         * @param gap above 0, below 1; 0 means 1e-4
         * @return this
         */
        public Options gap(double gap) {
            values.putDouble(Layout.SvmOptions.GAP, gap);
            return this;
        }

        /**
         * The longest n-gram of characters.
         *
         * @param n 1 to 5; 0 means 2, or 3 where validation says that it pays
         * @return this
         */
        public Options charMax(int n) {
            putCount(Layout.SvmOptions.CHAR_MAX, n, "charMax");
            return this;
        }

        /**
         * The longest n-gram of alphabetic characters.
         *
         * @param n up to 5; 0 means 5
         * @return this
         */
        public Options latinMax(int n) {
            putCount(Layout.SvmOptions.LATIN_MAX, n, "latinMax");
            return this;
        }

        /**
         * Words in a row.
         *
         * @param n 1 or 2, 3 for no words; 0 means 2
         * @return this
         */
        public Options wordMax(int n) {
            putCount(Layout.SvmOptions.WORD_MAX, n, "wordMax");
            return this;
        }

        /**
         * Texts a term must be in.
         *
         * @param n 0 means 1
         * @return this
         */
        public Options minDf(int n) {
            putCount(Layout.SvmOptions.MIN_DF, n, "minDf");
            return this;
        }

        /**
         * Terms to keep, the most frequent ones.
         *
         * @param n 0 means 4,194,304
         * @return this
         */
        public Options maxTerms(int n) {
            putCount(Layout.SvmOptions.MAX_TERMS, n, "maxTerms");
            return this;
        }

        /**
         * Whether classes weigh the same, however many texts they have.
         *
         * @param balanced false unless set: texts weigh the same
         * @return this
         */
        public Options balanced(boolean balanced) {
            values.putInt(Layout.SvmOptions.BALANCED, balanced ? 1 : 0);
            return this;
        }

        /**
         * Texts whose best probability is lower get no class.
         *
         * @param probability 0 to 1; 0 means never
         * @return this
         */
        public Options abstainBelow(double probability) {
            values.putDouble(Layout.SvmOptions.ABSTAIN_BELOW, probability);
            return this;
        }

        /**
         * Words and longer strings join the terms only as asked for, without validation.
         *
         * @param on true: strings of up to 2 characters, and words only with a tokenizer; a quarter of the training time
         * @return this
         */
        public Options fixedTerms(boolean on) {
            values.putInt(Layout.SvmOptions.FIXED_TERMS, on ? 1 : 0);
            return this;
        }

        /**
         * The model's file is no larger: weights of 8 bits, and the terms that matter most.
         *
         * @param bytes 0 means all terms, weights of 32 bits
         * @return this
         */
        public Options maxBytes(long bytes) {
            values.putLong(Layout.SvmOptions.MAX_BYTES, bytes);
            return this;
        }

        /**
         * Texts get a class only as long as this share of the left-out texts that got one got the right one.
         *
         * @param share above 0, at most 1; not together with abstainBelow; 0 means not chosen
         * @return this
         */
        public Options precision(double share) {
            values.putDouble(Layout.SvmOptions.PRECISION, share);
            return this;
        }

        /**
         * How much each text counts.
         *
         * @param weights one a text, 0 or more; not copied; null means 1 each
         * @return this
         */
        public Options weights(double... weights) {
            this.weights = weights;
            return this;
        }

        /**
         * Whose words are terms too.
         *
         * @param tokenizer null for the built-in one, where validation says that its words pay
         * @return this
         */
        public Options tokenizer(Tokenizer tokenizer) {
            this.tokenizer = tokenizer;
            return this;
        }

        /**
         * Whether a term weighs more, the fewer classes have it.
         *
         * @param on as validation says unless set
         * @return this
         */
        public Options classAware(boolean on) {
            values.putInt(Layout.SvmOptions.CLASS_AWARE, on ? 1 : 2);
            return this;
        }

        /**
         * No vocabulary, but columns on which terms fall by their hash.
         *
         * @param bits two to this power is the number of columns, 10 to 26; 0 means a vocabulary
         * @return this
         */
        public Options hashBits(int bits) {
            putCount(Layout.SvmOptions.HASH_BITS, bits, "hashBits");
            return this;
        }

        /**
         * An earlier model of fewer texts or classes to learn on from: its cost and terms where they are not given, none are
         * validated.
         *
         * @param start the texts to train on are all texts, those it has learned too; null for none
         * @return this
         */
        public Options start(Svm start) {
            this.start = start;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.SvmOptions.WEIGHTS, weights == null ? 0 : Column.of(null, weights).address(frame));
            options.i64(Layout.SvmOptions.TOKENIZER, frame.insideOrNull(tokenizer));
            options.i64(Layout.SvmOptions.START, frame.insideOrNull(start));
            return options;
        }
    }

    /**
     * Trains a classifier.
     *
     * @param texts at least two; null and empty ones are allowed
     * @param labels the name of each text's class
     * @return the classifier
     */
    public static Svm train(List<String> texts, List<String> labels) {
        return train(Column.of(null, texts), Column.of(null, labels), new Options());
    }

    /**
     * Trains a classifier.
     *
     * @param texts a column of texts, at least two rows
     * @param labels a column of texts of the same length: the name of each text's class
     * @param options how
     * @return the classifier
     */
    public static Svm train(Column texts, Column labels, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.svmTrain(out.address, texts.address(f), labels.address(f), options.write(f).address, f.error()));
            return new Svm(out.i64(0), options.tokenizer != null || options.start == null ? options.tokenizer : options.start.tokenizer);
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the classifier
     */
    public static Svm load(Path path) {
        return new Svm(load(path, Native::svmLoad), null);
    }

    /**
     * Reads the file of a model that was trained with a tokenizer.
     *
     * @param path of the file
     * @param tokenizer of the same fingerprint as at training
     * @return the classifier
     */
    public static Svm load(Path path, Tokenizer tokenizer) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.svmLoadWith(out.address, f.path(path), f.insideOrNull(tokenizer), 0, f.error()));
            return new Svm(out.i64(0), tokenizer);
        }
    }

    /**
     * Reads a model file where it is: terms and weights stay in it, and all processes that map it share one copy. It may be
     * replaced, as save does, or removed, but not written into.
     *
     * @param path of the file
     * @param tokenizer of the same fingerprint as at training; null for a model that was trained without
     * @return the classifier
     */
    public static Svm map(Path path, Tokenizer tokenizer) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.svmMap(out.address, f.path(path), f.insideOrNull(tokenizer), 0, f.error()));
            return new Svm(out.i64(0), tokenizer);
        }
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the classifier
     */
    public static Svm read(byte[] bytes) {
        return new Svm(read(bytes, Native::svmRead), null);
    }

    /**
     * Reads the bytes of a model that was trained with a tokenizer.
     *
     * @param bytes not kept
     * @param tokenizer of the same fingerprint as at training
     * @return the classifier
     */
    public static Svm read(byte[] bytes, Tokenizer tokenizer) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.svmReadWith(out.address, f.copy(bytes).address, bytes.length, f.insideOrNull(tokenizer), 0, f.error()));
            return new Svm(out.i64(0), tokenizer);
        }
    }

    /**
     * The names of the classes by number.
     *
     * @return an unchangeable list
     */
    public List<String> classNames() {
        return classNames;
    }

    /**
     * The number of a class.
     *
     * @param name of the class
     * @return -1 when there is none of that name
     */
    public int classNumber(String name) {
        try (Frame f = Frame.open()) {
            return Native.svmClassFind(f.inside(this), f.text(Objects.requireNonNull(name, "name")));
        }
    }

    /** How to classify. What is not set has the default of the C library. */
    public static final class PredictOptions extends WorkOptions<PredictOptions> {
        /** All defaults. */
        public PredictOptions() {
            super(Layout.SvmPredictOptions.SIZEOF, Layout.SvmPredictOptions.N_THREADS, Layout.SvmPredictOptions.PROGRESS);
        }

        /**
         * Texts whose best probability is lower get no class.
         *
         * @param probability 0 to 1; 0 means what the model was trained with
         * @return this
         */
        public PredictOptions abstainBelow(double probability) {
            values.putDouble(Layout.SvmPredictOptions.ABSTAIN_BELOW, probability);
            return this;
        }

        /**
         * Whether each class's probability is its own, for texts that may have several classes or none.
         *
         * @param on true: by Platt's method, they do not add up to 1
         * @return this
         */
        public PredictOptions independent(boolean on) {
            values.putInt(Layout.SvmPredictOptions.INDEPENDENT, on ? 1 : 0);
            return this;
        }
    }

    /**
     * What was found for a batch of texts.
     *
     * @param classes number of each text's class, -1 where the model abstains
     * @param probabilities of all classes, text after text; each text's sum to 1
     * @param margins of all classes, text after text; the larger, the surer
     */
    public record Predictions(int[] classes, float[] probabilities, float[] margins) {}

    /**
     * What was found for one text.
     *
     * @param classNumber -1 where the model abstains
     * @param className null where the model abstains
     * @param probability of the most probable class
     */
    public record Answer(int classNumber, String className, double probability) {}

    /**
     * Classifies one text.
     *
     * @param text to classify
     * @return its class
     */
    public Answer classify(String text) {
        try (Frame f = Frame.open()) {
            Memory classes = f.take(Integer.BYTES);
            Memory probabilities = f.array(classNames.size(), Float.BYTES);
            f.check(Native.svmPredict(f.inside(this), Column.of(null, text).address(f), DEFAULTS.write(f).address, classes.address,
                probabilities.address, 0, f.error()));
            float most = 0;
            for (int i = 0; i < classNames.size(); i++) {
                most = Math.max(most, probabilities.f32(4 * i));
            }
            int number = classes.i32(0);
            return new Answer(number, number < 0 ? null : classNames.get(number), most);
        }
    }

    /**
     * Classifies texts.
     *
     * @param texts a null is an empty text
     * @return number of each text's class, -1 where the model abstains
     */
    public int[] predict(List<String> texts) {
        Column column = Column.of(null, texts);
        try (Frame f = Frame.open()) {
            int n = Memory.count(column.length());
            Memory classes = f.array(n, Integer.BYTES);
            long options = DEFAULTS.write(f).address;
            f.check(Native.svmPredict(f.inside(this), column.address(f), options, classes.address, 0, 0, f.error()));
            return classes.ints(0, n);
        }
    }

    /**
     * Classifies texts.
     *
     * @param texts a column of texts
     * @param options how
     * @return classes, probabilities and margins
     */
    public Predictions predict(Column texts, PredictOptions options) {
        try (Frame f = Frame.open()) {
            int n = Memory.count(texts.length());
            int cells = Memory.count(n, classNames.size());
            Memory classes = f.array(n, Integer.BYTES);
            Memory probabilities = f.array(cells, Float.BYTES);
            Memory margins = f.array(cells, Float.BYTES);
            f.check(Native.svmPredict(f.inside(this), texts.address(f), options.write(f).address, classes.address, probabilities.address,
                margins.address, f.error()));
            return new Predictions(classes.ints(0, n), probabilities.floats(0, cells), margins.floats(0, cells));
        }
    }

    /**
     * Classifies texts into direct buffers, without a copy. They are filled from their position on, which stays.
     *
     * @param texts a column of texts
     * @param options how
     * @param classes one number a text, or null
     * @param probabilities one a text and class, or null
     * @param margins one a text and class, or null
     */
    public void predict(Column texts, PredictOptions options, IntBuffer classes, FloatBuffer probabilities, FloatBuffer margins) {
        try (Frame f = Frame.open()) {
            long n = texts.length();
            long cells = n * classNames.size();
            f.check(Native.svmPredict(f.inside(this), texts.address(f), options.write(f).address, f.results(classes, n, "classes"),
                f.results(probabilities, cells, "probabilities"), f.results(margins, cells, "margins"), f.error()));
        }
    }

    /**
     * The most probable classes of each text, best first.
     *
     * @param probabilities of all classes, text after text
     * @param k how many of each, 1 to the number of classes
     * @return k class numbers, text after text
     */
    public int[] top(float[] probabilities, int k) {
        int nClasses = classNames.size();
        if (probabilities.length % nClasses != 0) {
            throw new IllegalArgumentException("there are " + probabilities.length + " probabilities, no multiple of " + nClasses);
        }
        if (k < 1 || k > nClasses) {
            throw new IllegalArgumentException("k is " + k + ", expected 1 to " + nClasses);
        }
        try (Frame f = Frame.open()) {
            int n = probabilities.length / nClasses;
            Memory classes = f.array((long) n * k, Integer.BYTES);
            f.check(Native.svmTop(f.copy(probabilities).address, n, nClasses, k, classes.address, f.error()));
            return classes.ints(0, n * k);
        }
    }

    /**
     * One term of a decision.
     *
     * @param start index of its first char in the text
     * @param end index behind its last char
     * @param term as it stands in the text
     * @param count how often it stands there
     * @param isWord words, not a string of characters
     * @param contribution to the margin, signed
     * @param share of the sum of all |contributions|
     */
    public record Reason(int start, int end, String term, int count, boolean isWord, double contribution, double share) {}

    /**
     * Why a text has a class.
     *
     * @param reasons the terms of largest |contribution|, in falling order
     * @param terms how many terms of the text the model knows
     * @param margin of the class: the sum of all contributions and the bias
     * @param bias the part of the margin that no term is behind
     */
    public record Explanation(List<Reason> reasons, int terms, double margin, double bias) {}

    /**
     * Why does this text get this class?
     *
     * @param text to explain
     * @param classNumber the class to explain, -1 for the one of the largest margin
     * @param most how many terms are wanted
     * @return the terms and what they add up to
     */
    public Explanation explain(String text, int classNumber, int most) {
        try (Frame f = Frame.open()) {
            Frame.Sized bytes = f.sized(text);
            int capacity = Math.min(OptionsBuilder.notNegative(most, "most"), 1 << 20);
            Memory reasons = f.array(capacity, Layout.SvmReason.SIZEOF);
            Memory sums = f.zeros(24);
            f.check(Native.svmExplain(f.inside(this), bytes.address(), bytes.size(), classNumber, reasons.address, capacity, sums.address,
                sums.address + 8, sums.address + 16, f.error()));
            int n = sums.i32(0);
            int[] index = Utf8.charIndex(text);
            List<Reason> list = new ArrayList<>();
            for (int i = 0; i < Math.min(n, capacity); i++) {
                list.add(reason(reasons, i * Layout.SvmReason.SIZEOF, text, index));
            }
            return new Explanation(List.copyOf(list), n, sums.f64(8), sums.f64(16));
        }
    }

    private static Reason reason(Memory from, int at, String text, int[] index) {
        int start = index[(int) from.i64(at + Layout.SvmReason.START)];
        int end = index[(int) from.i64(at + Layout.SvmReason.END)];
        return new Reason(start, end, text.substring(start, end), from.i32(at + Layout.SvmReason.COUNT),
            from.i32(at + Layout.SvmReason.IS_WORD) != 0, from.f64(at + Layout.SvmReason.CONTRIBUTION), from.f64(at + Layout.SvmReason.SHARE));
    }

    /**
     * One step of choosing the cost C.
     *
     * @param cost tried
     * @param accuracy on the left-out texts
     * @param gap largest relative duality gap reached
     */
    public record Step(double cost, double accuracy, double gap) {}

    /**
     * How training went.
     *
     * @param classes how many
     * @param terms how many
     * @param texts trained on
     * @param empty texts without a term
     * @param conflicting texts that also occur with another label
     * @param validated texts that were left out once and judged
     * @param cost C used
     * @param primal objective value of the final solve
     * @param dual the same, of the dual problem
     * @param gap (primal - dual) / primal
     * @param passes over the texts
     * @param converged whether the wanted gap was reached
     * @param temperature margins are divided by it before the softmax
     * @param accuracy on the left-out texts at the chosen C; NaN when none
     * @param abstainBelow the probability below which no class is given
     * @param charMax the longest n-gram of characters
     * @param words whether a tokenizer's words are terms
     * @param classAware whether terms are weighted by what classes have them
     * @param curve the steps of choosing C, by rising cost; empty when C was given
     */
    public record Info(int classes, int terms, long texts, long empty, long conflicting, long validated, double cost, double primal,
        double dual, double gap, int passes, boolean converged, double temperature, double accuracy, double abstainBelow,
        int charMax, boolean words, boolean classAware, List<Step> curve) {}

    /**
     * How training went.
     *
     * @return the figures
     */
    public Info info() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.SvmInfo.SIZEOF);
            Native.svmGetInfo(f.inside(this), m.address);
            Step[] curve = new Step[m.i32(Layout.SvmInfo.N_CURVE)];
            for (int i = 0; i < curve.length; i++) {
                int at = Layout.SvmInfo.CURVE + i * Layout.SvmCurve.SIZEOF;
                curve[i] = new Step(m.f64(at + Layout.SvmCurve.COST), m.f64(at + Layout.SvmCurve.ACCURACY), m.f64(at + Layout.SvmCurve.GAP));
            }
            return new Info(m.i32(Layout.SvmInfo.N_CLASSES), m.i32(Layout.SvmInfo.N_TERMS), m.i64(Layout.SvmInfo.N_TEXTS),
                m.i64(Layout.SvmInfo.N_EMPTY), m.i64(Layout.SvmInfo.N_CONFLICTING), m.i64(Layout.SvmInfo.N_VALIDATED),
                m.f64(Layout.SvmInfo.COST), m.f64(Layout.SvmInfo.PRIMAL), m.f64(Layout.SvmInfo.DUAL), m.f64(Layout.SvmInfo.GAP),
                m.i32(Layout.SvmInfo.PASSES), m.i32(Layout.SvmInfo.CONVERGED) != 0, m.f64(Layout.SvmInfo.TEMPERATURE),
                m.f64(Layout.SvmInfo.ACCURACY), m.f64(Layout.SvmInfo.ABSTAIN_BELOW), m.i32(Layout.SvmInfo.CHAR_MAX),
                m.i32(Layout.SvmInfo.WORDS) != 0, m.i32(Layout.SvmInfo.CLASS_AWARE) != 0, List.of(curve));
        }
    }
}
