package org.kehu;

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
     * @param classes figures of each
     * @param confusion rows by truth and answer, the last column for no answer
     */
    public record Answers(long n, long answered, long right, double accuracy, double coverage, double precision, double macroF1,
        double logLoss, double calibrationError, List<OfClass> classes, long[][] confusion) {}

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
            same(Math.multiplyExact(n, classes), probabilities.length);
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
            return new Answers(e.i64(Layout.Evaluation.N), e.i64(Layout.Evaluation.N_ANSWERED), e.i64(Layout.Evaluation.N_RIGHT),
                e.f64(Layout.Evaluation.ACCURACY), e.f64(Layout.Evaluation.COVERAGE), e.f64(Layout.Evaluation.PRECISION),
                e.f64(Layout.Evaluation.MACRO_F1), e.f64(Layout.Evaluation.LOG_LOSS), e.f64(Layout.Evaluation.CALIBRATION_ERROR),
                List.copyOf(list), matrix);
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
        byte[] bytes = new byte[n];
        for (int i = 0; i < n; i++) {
            bytes[i] = (byte) (happened[i] ? 1 : 0);
        }
        try (Frame f = Frame.open()) {
            Memory e = f.zeros(Layout.BinaryEvaluation.SIZEOF);
            f.check(Native.evaluateBinary(e.address, f.copy(probabilities).address, f.copy(bytes).address, n, f.error()));
            return new YesOrNo(e.i64(Layout.BinaryEvaluation.N), e.i64(Layout.BinaryEvaluation.N_POSITIVE),
                e.f64(Layout.BinaryEvaluation.AUC), e.f64(Layout.BinaryEvaluation.LOG_LOSS), e.f64(Layout.BinaryEvaluation.BRIER),
                e.f64(Layout.BinaryEvaluation.CALIBRATION_ERROR));
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
    public record McNemar(long both, long neither, long onlyA, long onlyB, double pValue) {}

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
}
