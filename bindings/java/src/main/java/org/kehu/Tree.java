package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;

/**
 * Decision-tree scorer: from columns of numbers, dates and categories, with gaps anywhere, to a probability for each class,
 * and why. Columns are matched by name, in any order; further ones are ignored.
 */
public final class Tree extends Model {
    private final List<String> classNames;
    private final List<String> featureNames;

    private Tree(long pointer, boolean owned, NativeHandle keeps) {
        super(pointer, owned ? Native::treeFree : null, keeps);
        classNames = names(Native.treeClassCount(pointer), i -> Native.treeClassName(pointer, i));
        featureNames = names(Native.treeFeatureCount(pointer), i -> Native.treeFeatureName(pointer, i));
    }

    private Tree(long pointer) {
        this(pointer, true, null);
    }

    /** The tree inside another model. */
    static Tree borrowed(long pointer, NativeHandle owner) {
        return new Tree(pointer, false, owner);
    }

    private static List<String> names(int n, IntToLongFunction name) {
        String[] names = new String[n];
        for (int i = 0; i < n; i++) {
            names[i] = Memory.text(name.applyAsLong(i));
        }
        return List.of(names);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.treeSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.treeWrite(self, writer, error);
    }

    /** By what splits are chosen. */
    public enum Criterion {
        /** The best of the three by cross-validation. */
        AUTO,
        /** Information gain. */
        ENTROPY,
        /** Gini impurity. */
        GINI,
        /** Gain over split information (C4.5). */
        GAIN_RATIO;

        private static final Criterion[] ALL = values();
    }

    /** What a handle may hold. */
    public enum Kind {
        /** One tree, to be read as a whole, with a score for each leaf, so that many rows tie: to rank rows, rather BEST. */
        SINGLE,
        /** Boosted trees added up. */
        ENSEMBLE,
        /** Whichever has the lower cross-validated log-loss. */
        BEST,
        /** One tree that learns from an ensemble's probabilities, where that has the lower cross-validated log-loss. */
        DISTILLED;

        private static final Kind[] ALL = values();
    }

    /** How to learn. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private double[] classWeights;
        private byte[] monotone;
        private Column classes;

        /** All defaults. */
        public Options() {
            super(Layout.TreeOptions.SIZEOF, Layout.TreeOptions.N_THREADS, Layout.TreeOptions.PROGRESS);
        }

        /**
         * One tree, an ensemble, which has no leaves or rules, or a tree taught by one.
         *
         * @param kind single unless set
         * @return this
         */
        public Options kind(Kind kind) {
            values.putInt(Layout.TreeOptions.KIND, kind.ordinal());
            return this;
        }

        /**
         * By what splits are chosen.
         *
         * @param criterion auto unless set
         * @return this
         */
        public Options criterion(Criterion criterion) {
            values.putInt(Layout.TreeOptions.CRITERION, criterion.ordinal());
            return this;
        }

        /**
         * Leaves at most.
         *
         * @param n 2 to 65,536; 0 means rows / 64, but 128 to 4096
         * @return this
         */
        public Options maxLeaves(int n) {
            putCount(Layout.TreeOptions.MAX_LEAVES, n, "maxLeaves");
            return this;
        }

        /**
         * Splits on a path at most.
         *
         * @param n 1 to 64; 0 means 30
         * @return this
         */
        public Options maxDepth(int n) {
            putCount(Layout.TreeOptions.MAX_DEPTH, n, "maxDepth");
            return this;
        }

        /**
         * Folds of the cross-validation.
         *
         * @param n 2 to 20, 1 for none; 0 means 5
         * @return this
         */
        public Options folds(int n) {
            putCount(Layout.TreeOptions.N_FOLDS, n, "folds");
            return this;
        }

        /**
         * Least rows, by weight, in a leaf.
         *
         * @param weight above 0; 0 means chosen by cross-validation
         * @return this
         */
        public Options minLeafWeight(double weight) {
            values.putDouble(Layout.TreeOptions.MIN_LEAF_WEIGHT, weight);
            return this;
        }

        /**
         * How far a node's probabilities stay with its parent's.
         *
         * @param k above 0; below 0 for not at all; 0 means chosen by cross-validation
         * @return this
         */
        public Options shrinkage(double k) {
            values.putDouble(Layout.TreeOptions.SHRINKAGE, k);
            return this;
        }

        /**
         * How much a split's gain is lessened for the number of cuts it was chosen from.
         *
         * @param penalty above 0; below 0 for not at all; 0 means chosen by cross-validation
         * @return this
         */
        public Options cutPenalty(double penalty) {
            values.putDouble(Layout.TreeOptions.CUT_PENALTY, penalty);
            return this;
        }

        /**
         * Seed of the folds.
         *
         * @param seed any number
         * @return this
         */
        public Options seed(long seed) {
            values.putLong(Layout.TreeOptions.SEED, seed);
            return this;
        }

        /**
         * How much the rows of each class count.
         *
         * @param weights in class order; null means 1 each
         * @return this
         */
        public Options classWeights(double... weights) {
            this.classWeights = weights;
            return this;
        }

        /**
         * All class names in the order wanted.
         *
         * @param names none for those of the target, sorted
         * @return this
         */
        public Options classes(String... names) {
            classes = names.length == 0 ? null : Column.of(null, names);
            return this;
        }

        /**
         * Which way the probability of the second of two classes goes as a column's value rises.
         *
         * @param signs one a column: 1 for never down, -1 for never up, 0 for free; null means all free
         * @return this
         */
        public Options monotone(byte... signs) {
            this.monotone = signs;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            double[] weights = classWeights;
            if (weights != null) {
                options.i64(Layout.TreeOptions.CLASS_WEIGHTS, frame.copy(weights).address);
                options.i32(Layout.TreeOptions.N_CLASS_WEIGHTS, weights.length);
            }
            byte[] signs = monotone;
            if (signs != null) {
                options.i64(Layout.TreeOptions.MONOTONE, frame.copy(signs).address);
                options.i32(Layout.TreeOptions.N_MONOTONE, signs.length);
            }
            options.i64(Layout.TreeOptions.CLASSES, Column.addressOrNull(frame, classes));
            return options;
        }
    }

    /**
     * Learns a tree.
     *
     * @param columns inputs, each with a name
     * @param target the class of each row: text, whole numbers or BOOL
     * @param options how
     * @return the tree
     */
    public static Tree train(List<Column> columns, Column target, Options options) {
        return train(columns, target, null, null, options);
    }

    /**
     * Learns a tree.
     *
     * @param columns inputs, each with a name
     * @param target the class of each row: text, whole numbers or BOOL
     * @param rowIds text or whole numbers: rows with the same id share a fold; null means each row stands for itself
     * @param weights numbers, 0 or more; null means 1
     * @param options how
     * @return the tree
     */
    public static Tree train(List<Column> columns, Column target, Column rowIds, Column weights, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Column.Batch batch = Column.batch(f, columns);
            f.check(Native.treeTrain(out.address, batch.address(), batch.n(), target.address(f),
                Column.addressOrNull(f, rowIds), Column.addressOrNull(f, weights), options.write(f).address, f.error()));
            return new Tree(out.i64(0));
        }
    }

    /**
     * Learns a tree from bins: only its growing is left to do.
     *
     * @param bins of the inputs
     * @param target the class of each row: text, whole numbers or BOOL
     * @param rowIds text or whole numbers: rows with the same id share a fold; null means each row stands for itself
     * @param weights numbers, 0 or more; null means 1
     * @param options how
     * @return the tree
     */
    public static Tree train(Bins bins, Column target, Column rowIds, Column weights, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.treeTrainBins(out.address, f.inside(bins), target.address(f), Column.addressOrNull(f, rowIds),
                Column.addressOrNull(f, weights), options.write(f).address, f.error()));
            return new Tree(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the tree
     */
    public static Tree load(Path path) {
        return new Tree(load(path, Native::treeLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the tree
     */
    public static Tree read(byte[] bytes) {
        return new Tree(read(bytes, Native::treeRead));
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
     * The names of the columns it was trained on.
     *
     * @return an unchangeable list
     */
    public List<String> featureNames() {
        return featureNames;
    }

    /**
     * How many leaves it has.
     *
     * @return 1 or more
     */
    public int leafCount() {
        try (Frame f = Frame.open()) {
            return Native.treeLeafCount(f.inside(this));
        }
    }

    /** A kehu_tree_score_options; leaves, unseen and missing are addresses or 0. */
    static long scoreOptions(Frame frame, int threads, long leaves, long unseen, long missing) {
        Memory options = frame.zeros(Layout.TreeScoreOptions.SIZEOF);
        options.i32(Layout.TreeScoreOptions.SIZE, Layout.TreeScoreOptions.SIZEOF);
        options.i32(Layout.TreeScoreOptions.N_THREADS, OptionsBuilder.notNegative(threads, "threads"));
        options.i64(Layout.TreeScoreOptions.LEAVES, leaves);
        options.i64(Layout.TreeScoreOptions.UNSEEN, unseen);
        options.i64(Layout.TreeScoreOptions.MISSING, missing);
        return options.address;
    }

    /**
     * Scores of a batch of rows.
     *
     * @param probabilities of all classes, row after row; each row's sum to 1
     * @param leaves the leaf each row ends in: a ready-made segment; none for an ensemble
     * @param unseen for each feature, rows whose category was not in the training data
     * @param missing for each feature, rows without a value where none was missing in training
     */
    public record Scores(double[] probabilities, int[] leaves, long[] unseen, long[] missing) {}

    /**
     * Scores rows.
     *
     * @param columns at least those trained on, matched by name
     * @return probabilities of all classes, row after row
     */
    public double[] score(List<Column> columns) {
        return score(columns, 0).probabilities;
    }

    /**
     * Scores rows.
     *
     * @param columns at least those trained on, matched by name
     * @param threads to use; 0 means 1
     * @return probabilities, leaves, and what was new
     */
    public Scores score(List<Column> columns, int threads) {
        try (Frame f = Frame.open()) {
            Column.Batch batch = Column.batch(f, columns);
            int n = batch.rows();
            int cells = Memory.count(n, classNames.size());
            int features = featureNames.size();
            Memory probabilities = f.array(cells, Double.BYTES);
            boolean isSingle = info().kind != Kind.ENSEMBLE;
            Memory leaves = f.array(isSingle ? n : 0, Integer.BYTES);
            Memory unseen = f.array(features, Long.BYTES);
            Memory missing = f.array(features, Long.BYTES);
            long options = scoreOptions(f, threads, isSingle ? leaves.address : 0, unseen.address, missing.address);
            f.check(Native.treeScore(f.inside(this), batch.address(), batch.n(), probabilities.address, options, f.error()));
            return new Scores(probabilities.doubles(0, cells), leaves.ints(0, isSingle ? n : 0), unseen.longs(0, features), missing.longs(0, features));
        }
    }

    /**
     * Scores one row.
     *
     * @param values in the order of {@link #featureNames()}: a Number (dates in days, times in microseconds), a Boolean, a
     *     CharSequence, or null for missing
     * @return the probability of each class
     */
    public double[] scoreRow(Object... values) {
        int n = featureNames.size();
        if (values.length != n) {
            throw new IllegalArgumentException("there are " + values.length + " values, expected " + n);
        }
        try (Frame f = Frame.open()) {
            Memory numbers = f.array(n, Double.BYTES);
            Memory texts = f.array(n, Long.BYTES);
            for (int i = 0; i < n; i++) {
                Object value = values[i];
                boolean isNumber = value instanceof Number || value instanceof Boolean;
                if (value != null && !isNumber && !(value instanceof CharSequence)) {
                    throw new IllegalArgumentException("value " + i + " is a " + value.getClass().getName());
                }
                numbers.f64(8 * i, value instanceof Number number ? number.doubleValue() : value instanceof Boolean yes ? (yes ? 1 : 0) : Double.NaN);
                texts.i64(8 * i, value instanceof CharSequence text ? f.text(text.toString()) : 0);
            }
            Memory probabilities = f.array(classNames.size(), Double.BYTES);
            f.check(Native.treeScoreRow(f.inside(this), numbers.address, texts.address, probabilities.address, f.error()));
            return probabilities.doubles(0, classNames.size());
        }
    }

    /**
     * How the tree came about.
     *
     * @param rows of positive weight it was trained on
     * @param weight their sum of weights
     * @param leaves how many
     * @param depth the longest path
     * @param criterion chosen or given
     * @param minLeafWeight chosen or given
     * @param shrinkage 0 for none
     * @param cvLogLoss mean over the held-out rows; -1 without folds
     * @param cutPenalty 0 for none
     * @param kind single, ensemble or distilled
     * @param trees 1 for a single tree
     * @param calibration of an ensemble
     */
    public record Info(long rows, double weight, int leaves, int depth, Criterion criterion, double minLeafWeight, double shrinkage,
        double cvLogLoss, double cutPenalty, Kind kind, int trees, Calibration calibration) {}

    /**
     * How the tree came about.
     *
     * @return the figures
     */
    public Info info() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.TreeInfo.SIZEOF);
            Native.treeGetInfo(f.inside(this), m.address);
            return new Info(m.i64(Layout.TreeInfo.N_ROWS), m.f64(Layout.TreeInfo.WEIGHT), m.i32(Layout.TreeInfo.N_LEAVES),
                m.i32(Layout.TreeInfo.DEPTH), Criterion.ALL[m.i32(Layout.TreeInfo.CRITERION)], m.f64(Layout.TreeInfo.MIN_LEAF_WEIGHT),
                m.f64(Layout.TreeInfo.SHRINKAGE), m.f64(Layout.TreeInfo.CV_LOG_LOSS), m.f64(Layout.TreeInfo.CUT_PENALTY),
                Kind.ALL[m.i32(Layout.TreeInfo.KIND)], m.i32(Layout.TreeInfo.N_TREES), Calibration.ALL[m.i32(Layout.TreeInfo.CALIBRATION)]);
        }
    }

    /**
     * How far a population has moved from the one the tree was trained on: population stability indices, 0 for not at all.
     *
     * @param features one for each feature
     * @param levels one for each class's probabilities
     */
    public record Drift(double[] features, double[] levels) {}

    /**
     * How far has this population moved?
     *
     * @param columns as for scoring, at least one row
     * @return the indices
     */
    public Drift drift(List<Column> columns) {
        try (Frame f = Frame.open()) {
            Column.Batch batch = Column.batch(f, columns);
            Memory features = f.array(featureNames.size(), Double.BYTES);
            Memory levels = f.array(classNames.size(), Double.BYTES);
            f.check(Native.treeDrift(f.inside(this), batch.address(), batch.n(), features.address, levels.address, f.error()));
            return new Drift(features.doubles(0, featureNames.size()), levels.doubles(0, classNames.size()));
        }
    }

    /**
     * One split on a row's way down.
     *
     * @param node the split
     * @param feature the column it asks
     * @param condition that holds for the row, as words
     * @param wentLeft the branch it took
     * @param wasMissing whether the row has no value there, or an unseen category
     * @param probability of the explained class after the step
     * @param change what the step did to it
     */
    public record Step(int node, int feature, String condition, boolean wentLeft, boolean wasMissing, double probability, double change) {}

    /**
     * Why a row has its probability: base and the sum of all changes are the score.
     *
     * @param base the class's probability over all rows
     * @param steps the path from the root
     */
    public record Explanation(double base, List<Step> steps) {}

    /**
     * Why does a row have its probability?
     *
     * @param columns as for scoring
     * @param row one of their rows
     * @param classNumber the class to explain
     * @return the path
     */
    public Explanation explain(List<Column> columns, long row, int classNumber) {
        int depth = Math.max(info().depth, featureNames.size());
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            Column.Batch batch = Column.batch(f, columns);
            Memory steps = f.array(depth, Layout.TreeStep.SIZEOF);
            Memory sums = f.zeros(16);
            f.check(Native.treeExplain(self, batch.address(), batch.n(), row, classNumber, steps.address, depth, sums.address,
                sums.address + 8, f.error()));
            List<Step> list = new ArrayList<>();
            for (int i = 0; i < sums.i32(0); i++) {
                int at = i * Layout.TreeStep.SIZEOF;
                list.add(new Step(steps.i32(at + Layout.TreeStep.NODE), steps.i32(at + Layout.TreeStep.FEATURE),
                    condition(f, self, steps.address + at), steps.i32(at + Layout.TreeStep.WENT_LEFT) != 0,
                    steps.i32(at + Layout.TreeStep.WAS_MISSING) != 0, steps.f64(at + Layout.TreeStep.PROBABILITY),
                    steps.f64(at + Layout.TreeStep.CHANGE)));
            }
            return new Explanation(sums.f64(8), List.copyOf(list));
        }
    }

    private static String condition(Frame f, long self, long step) {
        Memory needed = f.zeros(8);
        Memory none = f.zeros(8);
        f.check(Native.treeStepText(self, step, none.address, 1, needed.address, f.error()));
        Memory text = f.take(needed.i64(0) + 1);
        f.check(Native.treeStepText(self, step, text.address, needed.i64(0) + 1, needed.address, f.error()));
        return Memory.text(text.address, needed.i64(0));
    }

    /**
     * Each column's part of all gain of the splits.
     *
     * @return one a feature; they sum to 1, all 0 for a single leaf
     */
    public double[] importance() {
        try (Frame f = Frame.open()) {
            Memory importance = f.array(featureNames.size(), Double.BYTES);
            Native.treeImportance(f.inside(this), importance.address);
            return importance.doubles(0, featureNames.size());
        }
    }

    /**
     * What each column is worth: by how much the mean log-loss rises when its values are dealt anew among the rows.
     *
     * @param importance mean rise of each feature
     * @param spread standard deviation of it over the shuffles
     */
    public record Worth(double[] importance, double[] spread) {}

    /**
     * What is each column worth on these rows, best ones that training did not see?
     *
     * @param columns as for scoring
     * @param target the class of each row; rows where it is missing are not looked at
     * @param repeats shuffles of each column; 0 means 5
     * @param seed of the shuffles
     * @param threads to use; 0 means 1
     * @return the answer for each feature
     */
    public Worth permute(List<Column> columns, Column target, int repeats, long seed, int threads) {
        try (Frame f = Frame.open()) {
            int n = featureNames.size();
            Column.Batch batch = Column.batch(f, columns);
            Memory importance = f.array(n, Double.BYTES);
            Memory spread = f.array(n, Double.BYTES);
            Memory options = f.zeros(Layout.TreePermuteOptions.SIZEOF);
            options.i32(Layout.TreePermuteOptions.SIZE, Layout.TreePermuteOptions.SIZEOF);
            options.i32(Layout.TreePermuteOptions.N_REPEATS, OptionsBuilder.notNegative(repeats, "repeats"));
            options.i64(Layout.TreePermuteOptions.SEED, seed);
            options.i32(Layout.TreePermuteOptions.N_THREADS, OptionsBuilder.notNegative(threads, "threads"));
            f.check(Native.treePermute(f.inside(this), batch.address(), batch.n(), target.address(f), options.address, importance.address,
                spread.address, f.error()));
            return new Worth(importance.doubles(0, n), spread.doubles(0, n));
        }
    }

    /** How probabilities are put right. */
    public enum Calibration {
        /** The best of the others by cross-validation. */
        BEST,
        /** Not at all. */
        NONE,
        /** By a slope above 0 and a factor for each class (Platt scaling). */
        SLOPE,
        /** By a rising function for each class. */
        ISOTONIC;

        private static final Calibration[] ALL = values();
    }

    /**
     * A tree whose probabilities were put right, and what was done.
     *
     * @param tree new, to be closed
     * @param rows with a class
     * @param method chosen; never BEST
     * @param refused the outcomes run against the scores: nothing was done, train again
     * @param slope of SLOPE; 1 otherwise
     * @param logLossBefore mean over the rows, as the tree was
     * @param logLossAfter the same by cross-validation of the method
     */
    public record Recalibrated(Tree tree, long rows, Calibration method, boolean refused, double slope, double logLossBefore,
        double logLossAfter) {}

    /**
     * Puts the probabilities right by fresh outcomes, without training again; the splits stay.
     *
     * @param columns as for scoring
     * @param target what became of each row; missing where not known
     * @param method how
     * @param folds of the cross-validation; 0 means 5
     * @param seed of the folds
     * @return a new tree and what was done
     */
    public Recalibrated recalibrate(List<Column> columns, Column target, Calibration method, int folds, long seed) {
        try (Frame f = Frame.open()) {
            Column.Batch batch = Column.batch(f, columns);
            Memory out = f.zeros(8);
            Memory found = f.zeros(Layout.TreeRecalibration.SIZEOF);
            Memory options = f.zeros(Layout.TreeRecalibrateOptions.SIZEOF);
            options.i32(Layout.TreeRecalibrateOptions.SIZE, Layout.TreeRecalibrateOptions.SIZEOF);
            options.i32(Layout.TreeRecalibrateOptions.METHOD, method.ordinal());
            options.i32(Layout.TreeRecalibrateOptions.N_FOLDS, OptionsBuilder.notNegative(folds, "folds"));
            options.i64(Layout.TreeRecalibrateOptions.SEED, seed);
            f.check(Native.treeRecalibrate(out.address, f.inside(this), batch.address(), batch.n(), target.address(f), options.address,
                found.address, f.error()));
            return new Recalibrated(new Tree(out.i64(0)), found.i64(Layout.TreeRecalibration.N_ROWS),
                Calibration.ALL[found.i32(Layout.TreeRecalibration.METHOD)], found.i32(Layout.TreeRecalibration.REFUSED) != 0,
                found.f64(Layout.TreeRecalibration.SLOPE), found.f64(Layout.TreeRecalibration.LOG_LOSS_BEFORE),
                found.f64(Layout.TreeRecalibration.LOG_LOSS_AFTER));
        }
    }

    /**
     * Writes the tree for people: each leaf with its rows, probabilities and conditions.
     *
     * @param stream takes UTF-8; stays open
     * @throws IOException of the stream
     */
    public void writeRules(OutputStream stream) throws IOException {
        toStream(this, stream, Native::treeWriteRules);
    }

    /**
     * Writes the tree for comparing versions: a line a node, all numbers exact.
     *
     * @param stream takes UTF-8; stays open
     * @throws IOException of the stream
     */
    public void writeDump(OutputStream stream) throws IOException {
        toStream(this, stream, Native::treeWriteDump);
    }

    /**
     * Writes the tree as an ONNX model whose probabilities are the tree's to the last bit, an ensemble's but for the
     * reader's rounding of sums.
     *
     * @param stream takes bytes; stays open
     * @throws IOException of the stream
     */
    public void writeOnnx(OutputStream stream) throws IOException {
        toStream(this, stream, Native::treeWriteOnnx);
    }

    /**
     * Writes the tree for databases: a nested CASE expression a class, to stand after SELECT.
     *
     * @param quote of column names: '"' or '`'
     * @param stream takes UTF-8; stays open
     * @throws IOException of the stream
     */
    public void writeSql(char quote, OutputStream stream) throws IOException {
        if (quote != '"' && quote != '`') {
            throw new IllegalArgumentException("quote is " + quote + ", expected \" or `");
        }
        toStream(this, stream, (self, writer, error) -> Native.treeWriteSql(self, (byte) quote, writer, error));
    }
}
