package org.kehu;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** How good are a classifier's answers, and is one method really better than another? */
public final class Evaluate {
    private Evaluate() {}

    /**
     * Figures of one class.
     *
     * @param truth rows of it
     * @param answered rows that were given it
     * @param right rows of both
     * @param precision right / answered
     * @param recall right / truth
     * @param f1 2 right / (truth + answered)
     */
    public record OfClass(long truth, long answered, long right, double precision, double recall, double f1) {}

    /**
     * Figures of all classes together; NaN where nothing can be divided by.
     *
     * @param n rows
     * @param answered of them with an answer
     * @param right of them with the right answer
     * @param accuracy right / n
     * @param coverage answered / n
     * @param precision right / answered
     * @param macroF1 mean f1 of the classes that occur
     * @param logLoss NaN without probabilities
     * @param calibrationError NaN without probabilities
     * @param classes figures of each; empty in a learning curve
     * @param confusion rows by truth and answer, the last column for no answer; empty in a learning curve
     */
    public record Answers(long n, long answered, long right, double accuracy, double coverage, double precision, double macroF1,
        double logLoss, double calibrationError, List<OfClass> classes, long[][] confusion) {
        /**
         * Writes the figures into a stream, which stays open.
         *
         * @param stream takes the bytes, UTF-8
         * @param report how
         * @throws IOException of the stream
         */
        public void write(OutputStream stream, Report report) throws IOException {
            try (Frame f = Frame.open()) {
                f.check(Native.evaluationWrite(report.write(f, this), f.writer(stream), f.error()));
            }
        }

        /**
         * The figures as text.
         *
         * @param report how
         * @return lines, or one line of JSON
         */
        public String text(Report report) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try {
                write(bytes, report);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return bytes.toString(StandardCharsets.UTF_8);
        }

        private static Answers of(Memory m, int at, List<OfClass> classes, long[][] confusion) {
            return new Answers(m.i64(at + Layout.Evaluation.N), m.i64(at + Layout.Evaluation.N_ANSWERED),
                m.i64(at + Layout.Evaluation.N_RIGHT), m.f64(at + Layout.Evaluation.ACCURACY), m.f64(at + Layout.Evaluation.COVERAGE),
                m.f64(at + Layout.Evaluation.PRECISION), m.f64(at + Layout.Evaluation.MACRO_F1), m.f64(at + Layout.Evaluation.LOG_LOSS),
                m.f64(at + Layout.Evaluation.CALIBRATION_ERROR), classes, confusion);
        }

        private long address(Frame f) {
            Memory m = f.zeros(Layout.Evaluation.SIZEOF);
            m.i64(Layout.Evaluation.N, n);
            m.i64(Layout.Evaluation.N_ANSWERED, answered);
            m.i64(Layout.Evaluation.N_RIGHT, right);
            m.f64(Layout.Evaluation.ACCURACY, accuracy);
            m.f64(Layout.Evaluation.COVERAGE, coverage);
            m.f64(Layout.Evaluation.PRECISION, precision);
            m.f64(Layout.Evaluation.MACRO_F1, macroF1);
            m.f64(Layout.Evaluation.LOG_LOSS, logLoss);
            m.f64(Layout.Evaluation.CALIBRATION_ERROR, calibrationError);
            return m.address;
        }

        private long classesAddress(Frame f) {
            Memory m = f.array(classes.size(), Layout.ClassEvaluation.SIZEOF);
            for (int i = 0; i < classes.size(); i++) {
                OfClass c = classes.get(i);
                int at = i * Layout.ClassEvaluation.SIZEOF;
                m.i64(at + Layout.ClassEvaluation.N_TRUTH, c.truth);
                m.i64(at + Layout.ClassEvaluation.N_ANSWERED, c.answered);
                m.i64(at + Layout.ClassEvaluation.N_RIGHT, c.right);
                m.f64(at + Layout.ClassEvaluation.PRECISION, c.precision);
                m.f64(at + Layout.ClassEvaluation.RECALL, c.recall);
                m.f64(at + Layout.ClassEvaluation.F1, c.f1);
            }
            return m.address;
        }

        private long confusionAddress(Frame f) {
            int k = classes.size();
            same(k, confusion.length);
            long[] all = new long[Math.multiplyExact(k, k + 1)];
            for (int i = 0; i < k; i++) {
                same(k + 1, confusion[i].length);
                System.arraycopy(confusion[i], 0, all, i * (k + 1), k + 1);
            }
            return f.copy(all).address;
        }
    }

    /** How figures are written. */
    public enum Format {
        /** Lines for people, in columns; shares in per cent. */
        TABLE,
        /** One object on one line; NaN is null. */
        JSON
    }

    /** How to write figures, and what goes with them. */
    public static final class Report extends OptionsBuilder {
        private String name;
        private List<String> classNames;
        private McNemar comparison;

        /** A table without names. */
        public Report() {
            super(Layout.EvaluationReport.SIZEOF);
        }

        /**
         * Lines for people or JSON.
         *
         * @param format a table unless set
         * @return this
         */
        public Report format(Format format) {
            values.putInt(Layout.EvaluationReport.FORMAT, format.ordinal());
            return this;
        }

        /**
         * The name of the method.
         *
         * @param name null for none
         * @return this
         */
        public Report name(String name) {
            this.name = name;
            return this;
        }

        /**
         * The names of the classes.
         *
         * @param names one a class; null for their numbers
         * @return this
         */
        public Report classNames(List<String> names) {
            classNames = names == null ? null : List.copyOf(names);
            return this;
        }

        /**
         * How it compares with another method.
         *
         * @param comparison null for none
         * @return this
         */
        public Report comparison(McNemar comparison) {
            this.comparison = comparison;
            return this;
        }

        private long write(Frame f, Answers of) {
            int k = of.classes.size();
            if (classNames != null) {
                same(k, classNames.size());
            }
            Memory m = write(f);
            m.i64(Layout.EvaluationReport.NAME, f.text(name));
            m.i64(Layout.EvaluationReport.EVALUATION, of.address(f));
            m.i32(Layout.EvaluationReport.N_CLASSES, k);
            m.i64(Layout.EvaluationReport.CLASSES, k == 0 ? 0 : of.classesAddress(f));
            m.i64(Layout.EvaluationReport.CONFUSION, k == 0 ? 0 : of.confusionAddress(f));
            m.i64(Layout.EvaluationReport.CLASS_NAMES, classNames == null ? 0 : f.texts(classNames));
            m.i64(Layout.EvaluationReport.COMPARISON, comparison == null ? 0 : comparison.address(f));
            return m.address;
        }
    }

    private static void same(int a, int b) {
        if (a != b) {
            throw new IllegalArgumentException("the arrays differ in length: " + a + " and " + b);
        }
    }

    /**
     * Evaluates answers.
     *
     * @param truth class of each row
     * @param answers class given to each row, -1 for none
     * @param classes how many there are
     * @param probabilities of all classes, row after row; null for none
     * @return the figures
     */
    public static Answers answers(int[] truth, int[] answers, int classes, float[] probabilities) {
        int n = truth.length;
        same(n, answers.length);
        if (probabilities != null) {
            same(Memory.count(n, classes), probabilities.length);
        }
        if (classes < 1 || classes > 1 << 14) {
            throw new IllegalArgumentException("classes is " + classes + ", expected 1 to 16384");
        }
        try (Frame f = Frame.open()) {
            Memory e = f.zeros(Layout.Evaluation.SIZEOF);
            Memory c = f.array(classes, Layout.ClassEvaluation.SIZEOF);
            Memory confusion = f.array((long) classes * (classes + 1), Long.BYTES);
            f.check(Native.evaluate(e.address, f.copy(truth).address, f.copy(answers).address, n, classes,
                probabilities == null ? 0 : f.copy(probabilities).address, c.address, confusion.address, f.error()));
            List<OfClass> list = new ArrayList<>();
            long[][] matrix = new long[classes][];
            for (int i = 0; i < classes; i++) {
                int at = i * Layout.ClassEvaluation.SIZEOF;
                list.add(new OfClass(c.i64(at + Layout.ClassEvaluation.N_TRUTH), c.i64(at + Layout.ClassEvaluation.N_ANSWERED),
                    c.i64(at + Layout.ClassEvaluation.N_RIGHT), c.f64(at + Layout.ClassEvaluation.PRECISION),
                    c.f64(at + Layout.ClassEvaluation.RECALL), c.f64(at + Layout.ClassEvaluation.F1)));
                matrix[i] = confusion.longs(8 * i * (classes + 1), classes + 1);
            }
            return Answers.of(e, 0, List.copyOf(list), matrix);
        }
    }

    /**
     * Figures of a score for yes or no.
     *
     * @param n rows
     * @param positive of them yes
     * @param auc chance that a random yes scores above a random no
     * @param logLoss mean of -ln(probability of what happened)
     * @param brier mean of (probability - happened)^2
     * @param calibrationError expected, of the probability of yes
     */
    public record YesOrNo(long n, long positive, double auc, double logLoss, double brier, double calibrationError) {}

    /**
     * Evaluates probabilities of yes.
     *
     * @param probabilities one a row
     * @param happened one a row
     * @return the figures
     */
    public static YesOrNo binary(double[] probabilities, boolean[] happened) {
        int n = probabilities.length;
        same(n, happened.length);
        try (Frame f = Frame.open()) {
            Memory e = f.zeros(Layout.BinaryEvaluation.SIZEOF);
            f.check(Native.evaluateBinary(e.address, f.copy(probabilities).address, outcomes(f, happened), n, f.error()));
            return new YesOrNo(e.i64(Layout.BinaryEvaluation.N), e.i64(Layout.BinaryEvaluation.N_POSITIVE),
                e.f64(Layout.BinaryEvaluation.AUC), e.f64(Layout.BinaryEvaluation.LOG_LOSS), e.f64(Layout.BinaryEvaluation.BRIER),
                e.f64(Layout.BinaryEvaluation.CALIBRATION_ERROR));
        }
    }

    private static long outcomes(Frame f, boolean[] happened) {
        byte[] bytes = new byte[happened.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (happened[i] ? 1 : 0);
        }
        return f.copy(bytes).address;
    }

    /**
     * Rows of one group: what was said of them and what happened; NaN without rows.
     *
     * @param n rows
     * @param positive of them with yes
     * @param meanProbability that was said
     * @param observedRate of yes
     * @param low of the 95 % interval of that rate
     * @param high of the same
     */
    public record Calibration(long n, long positive, double meanProbability, double observedRate, double low, double high) {}

    /**
     * Do probabilities of yes mean what they say?
     *
     * @param probabilities one a row
     * @param happened one a row
     * @param groups of each row, such as its month: 0 to n - 1, -1 for not counted; null means n bins of equal width
     * @param n groups
     * @return one a group
     */
    public static List<Calibration> calibration(double[] probabilities, boolean[] happened, int[] groups, int n) {
        same(probabilities.length, happened.length);
        if (groups != null) {
            same(probabilities.length, groups.length);
        }
        try (Frame f = Frame.open()) {
            Memory m = f.array(OptionsBuilder.notNegative(n, "n"), Layout.CalibrationRow.SIZEOF);
            f.check(Native.calibration(m.address, n, f.copy(probabilities).address, outcomes(f, happened),
                groups == null ? 0 : f.copy(groups).address, probabilities.length, f.error()));
            List<Calibration> rows = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                int at = i * Layout.CalibrationRow.SIZEOF;
                rows.add(new Calibration(m.i64(at + Layout.CalibrationRow.N), m.i64(at + Layout.CalibrationRow.N_POSITIVE),
                    m.f64(at + Layout.CalibrationRow.MEAN_PROBABILITY), m.f64(at + Layout.CalibrationRow.OBSERVED_RATE),
                    m.f64(at + Layout.CalibrationRow.LOW), m.f64(at + Layout.CalibrationRow.HIGH)));
            }
            return List.copyOf(rows);
        }
    }

    /**
     * The rows of highest probability down to some depth.
     *
     * @param n rows
     * @param positive of them with yes; rows of equal probability share theirs
     * @param gain of all rows with yes; NaN if there is none
     * @param lift rate of yes over that of all rows
     */
    public record Gain(long n, double positive, double gain, double lift) {}

    /**
     * How many of the yes are found among the rows of highest probability?
     *
     * @param probabilities one a row
     * @param happened one a row
     * @param n equal depths, the last of them all rows
     * @return one a depth
     */
    public static List<Gain> gains(double[] probabilities, boolean[] happened, int n) {
        same(probabilities.length, happened.length);
        try (Frame f = Frame.open()) {
            Memory m = f.array(OptionsBuilder.notNegative(n, "n"), Layout.GainRow.SIZEOF);
            f.check(Native.gains(m.address, n, f.copy(probabilities).address, outcomes(f, happened), probabilities.length, f.error()));
            List<Gain> rows = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                int at = i * Layout.GainRow.SIZEOF;
                rows.add(new Gain(m.i64(at + Layout.GainRow.N), m.f64(at + Layout.GainRow.N_POSITIVE), m.f64(at + Layout.GainRow.GAIN),
                    m.f64(at + Layout.GainRow.LIFT)));
            }
            return List.copyOf(rows);
        }
    }

    /**
     * McNemar's test of two methods on the same rows.
     *
     * @param both rows both answered rightly
     * @param neither rows neither answered rightly
     * @param onlyA rows only the first answered rightly
     * @param onlyB rows only the second answered rightly
     * @param pValue exact, two-sided
     */
    public record McNemar(long both, long neither, long onlyA, long onlyB, double pValue) {
        private long address(Frame f) {
            Memory m = f.zeros(Layout.Mcnemar.SIZEOF);
            m.i64(Layout.Mcnemar.BOTH, both);
            m.i64(Layout.Mcnemar.NEITHER, neither);
            m.i64(Layout.Mcnemar.ONLY_A, onlyA);
            m.i64(Layout.Mcnemar.ONLY_B, onlyB);
            m.f64(Layout.Mcnemar.P_VALUE, pValue);
            return m.address;
        }
    }

    /**
     * Compares two methods.
     *
     * @param truth class of each row
     * @param a answers of the first, -1 for none
     * @param b answers of the second, -1 for none
     * @return the test
     */
    public static McNemar compare(int[] truth, int[] a, int[] b) {
        same(truth.length, a.length);
        same(truth.length, b.length);
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.Mcnemar.SIZEOF);
            f.check(Native.compare(m.address, f.copy(truth).address, f.copy(a).address, f.copy(b).address, truth.length, f.error()));
            return new McNemar(m.i64(Layout.Mcnemar.BOTH), m.i64(Layout.Mcnemar.NEITHER), m.i64(Layout.Mcnemar.ONLY_A),
                m.i64(Layout.Mcnemar.ONLY_B), m.f64(Layout.Mcnemar.P_VALUE));
        }
    }

    /**
     * The fold of a row by its id, which stays when rows are added or reordered.
     *
     * @param id of the row, or its text
     * @param seed of the folds
     * @param folds how many
     * @return 0 to folds - 1
     */
    public static int foldOf(String id, long seed, int folds) {
        try (Frame f = Frame.open()) {
            Frame.Sized bytes = f.sized(id);
            return Native.foldOf(bytes.address(), bytes.size(), seed, OptionsBuilder.notNegative(folds, "folds"));
        }
    }

    /**
     * Answers of a method that learned from other rows.
     *
     * @param classes class of each row, -1 for none
     * @param probabilities of all classes, row after row; null for none
     */
    public record Learned(int[] classes, float[] probabilities) {}

    /** A method that can be tried: anything that learns from some rows and answers others. */
    @FunctionalInterface
    public interface Learner {
        /**
         * Trains on some rows and answers others. It is called in the thread that called; what it throws stops the work and
         * comes out of the call.
         *
         * @param known rows to learn from, rising
         * @param asked rows to answer, rising
         * @return one answer a row that was asked for
         */
        Learned learn(int[] known, int[] asked);
    }

    /**
     * How rows are cut into folds.
     *
     * @param count 2 to 1000
     * @param seed of the folds
     * @param ids texts that give each row its fold: ids, or the texts to classify; null for the row's number
     */
    public record Folds(int count, long seed, Column ids) {}

    private static int[] rows(long address, int n) {
        int[] rows = new int[n];
        Memory from = Memory.at(address, 8L * n);
        for (int i = 0; i < n; i++) {
            rows[i] = (int) from.i64(8 * i); // C was given an int of rows
        }
        return rows;
    }

    private static Frame.Learning step(Learner learner, int classes) {
        return (known, nKnown, asked, nAsked, answers, probabilities) -> {
            Learned found = learner.learn(rows(known, nKnown), rows(asked, nAsked));
            if (found.classes.length != nAsked) {
                throw new IllegalArgumentException("the learner gave " + found.classes.length + " answers to " + nAsked + " rows");
            }
            Memory.at(answers, 4L * nAsked).from(0).asIntBuffer().put(found.classes);
            if (probabilities != 0) {
                if (found.probabilities == null || found.probabilities.length != Memory.count(nAsked, classes)) {
                    throw new IllegalArgumentException("the learner gave "
                        + (found.probabilities == null ? "no" : found.probabilities.length) + " probabilities to " + nAsked + " rows of "
                        + classes + " classes");
                }
                Memory.at(probabilities, 4L * found.probabilities.length).from(0).asFloatBuffer().put(found.probabilities);
            }
        };
    }

    /**
     * Answers each row by what was learned without its fold.
     *
     * @param learner the method
     * @param rows how many there are, at least 2
     * @param classes how many there are
     * @param folds how rows are cut
     * @param probabilities whether the learner gives them and they are wanted
     * @return an answer a row, ready for {@link #answers} and {@link #compare}
     */
    public static Learned crossValidate(Learner learner, int rows, int classes, Folds folds, boolean probabilities) {
        OptionsBuilder.notNegative(rows, "rows");
        OptionsBuilder.notNegative(classes, "classes");
        OptionsBuilder.notNegative(folds.count, "folds.count");
        try (Frame f = Frame.open()) {
            int cells = probabilities ? Memory.count(rows, classes) : 0;
            Memory found = f.array(rows, Integer.BYTES);
            Memory p = f.array(cells, Float.BYTES);
            f.check(Native.crossValidate(found.address, probabilities ? p.address : 0, Column.addressOrNull(f, folds.ids), rows, classes,
                folds.count, folds.seed, f.learner(step(learner, classes)), f.error()));
            return new Learned(found.ints(0, rows), probabilities ? p.floats(0, cells) : null);
        }
    }

    /**
     * One step of a learning curve.
     *
     * @param known rows that were learned from
     * @param answers the figures, without those of each class
     */
    public record Step(long known, Answers answers) {}

    /**
     * How good is the method with fewer rows? Fold 0 is always asked, and of the others the share that is named is known; a
     * smaller share is part of a larger one.
     *
     * @param learner the method
     * @param truth class of each row
     * @param classes how many there are
     * @param folds how rows are cut
     * @param shares above 0, at most 1
     * @return a step a share
     */
    public static List<Step> learningCurve(Learner learner, int[] truth, int classes, Folds folds, double... shares) {
        OptionsBuilder.notNegative(classes, "classes");
        OptionsBuilder.notNegative(folds.count, "folds.count");
        try (Frame f = Frame.open()) {
            Memory m = f.array(shares.length, Layout.LearningStep.SIZEOF);
            f.check(Native.learningCurve(m.address, f.copy(shares).address, shares.length, f.copy(truth).address,
                Column.addressOrNull(f, folds.ids), truth.length, classes, folds.count, folds.seed, f.learner(step(learner, classes)),
                f.error()));
            Step[] steps = new Step[shares.length];
            for (int i = 0; i < steps.length; i++) {
                int at = i * Layout.LearningStep.SIZEOF;
                steps[i] = new Step(m.i64(at + Layout.LearningStep.N_KNOWN),
                    Answers.of(m, at + Layout.LearningStep.EVALUATION, List.of(), new long[0][]));
            }
            return List.of(steps);
        }
    }
}
