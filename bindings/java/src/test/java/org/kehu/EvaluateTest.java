package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EvaluateTest {
    private static final int N = 300;
    private static final int[] TRUTH = IntStream.range(0, N).map(i -> i % 7 % 3).toArray();
    private static final String[] IDS = IntStream.range(0, N).mapToObj(i -> "c" + i % 250).toArray(String[]::new);

    @Test
    void answersAreEvaluatedAndCompared() {
        int[] truth = {0, 0, 1, 1};
        Evaluate.Answers e = Evaluate.answers(truth, new int[] {0, 1, 1, -1}, 2, null);
        assertEquals(0.5, e.accuracy());
        assertEquals(0.75, e.coverage());
        assertArrayEquals(new long[] {0, 1, 1}, e.confusion()[1]);
        assertEquals(1, e.classes().get(0).precision());
        assertEquals(3, Evaluate.compare(truth, truth, new int[] {1, 1, 0, 1}).onlyA());
        assertEquals(1, Evaluate.binary(new double[] {0.1, 0.9}, new boolean[] {false, true}).auc());
        assertEquals(1, Evaluate.gains(new double[] {0.1, 0.9}, new boolean[] {false, true}, 2).get(0).gain());
        assertEquals(0.5, Evaluate.calibration(new double[] {0.1, 0.9}, new boolean[] {false, true}, new int[] {0, 0}, 1).get(0).observedRate());
        assertEquals(1, Evaluate.calibration(new double[] {0.1, 0.9}, new boolean[] {false, true}, null, 2).get(1).positive());
        assertTrue(Evaluate.foldOf("甲", 0, 5) < 5);
        assertEquals(2, assertThrows(KehuException.Argument.class, () -> Evaluate.answers(new int[] {0, 0, 7}, new int[3], 2, null)).position());
        assertThrows(IllegalArgumentException.class, () -> Evaluate.answers(truth, new int[3], 2, null));
        assertThrows(IllegalArgumentException.class, () -> Evaluate.answers(truth, truth, 2, new float[7]));
        assertThrows(KehuException.Range.class, () -> Evaluate.binary(new double[] {2}, new boolean[1]));
        assertThrows(KehuException.Empty.class, () -> Evaluate.compare(new int[0], new int[0], new int[0]));
    }

    /** Answers the truth but for each fourth row, and checks the rows it is given. */
    private static Evaluate.Learned look(int[] known, int[] asked, long seed) {
        int fold = Evaluate.foldOf(IDS[asked[0]], seed, 5);
        assertTrue(IntStream.of(known).noneMatch(row -> Evaluate.foldOf(IDS[row], seed, 5) == fold));
        assertTrue(IntStream.of(asked).allMatch(row -> Evaluate.foldOf(IDS[row], seed, 5) == fold));
        float[] probabilities = new float[3 * asked.length];
        for (int i = 0; i < probabilities.length; i++) {
            probabilities[i] = 3 * asked[i / 3] + i % 3;
        }
        return new Evaluate.Learned(IntStream.of(asked).map(row -> row % 4 == 3 ? -1 : TRUTH[row]).toArray(), probabilities);
    }

    @Test
    void eachRowIsAnsweredByWhatOthersTaught() {
        Evaluate.Folds folds = new Evaluate.Folds(5, 4, Column.of(null, IDS));
        Evaluate.Learned found = Evaluate.crossValidate((known, asked) -> look(known, asked, 4), N, 3, folds, true);
        for (int i = 0; i < N; i++) {
            assertEquals(i % 4 == 3 ? -1 : TRUTH[i], found.classes()[i]);
            for (int c = 0; c < 3; c++) {
                assertEquals(3 * i + c, found.probabilities()[3 * i + c]);
            }
        }
        assertNull(Evaluate.crossValidate((known, asked) -> look(known, asked, 4), N, 3, folds, false).probabilities());
        Evaluate.Learned byNumber = Evaluate.crossValidate((known, asked) -> new Evaluate.Learned(new int[asked.length], null), N, 3,
            new Evaluate.Folds(10, 0, null), false);
        assertArrayEquals(new int[N], byNumber.classes());
    }

    @Test
    void aModelIsTriedByItsOwnTexts() {
        List<String> texts = Samples.texts(120);
        List<String> labels = Samples.labels(120);
        Evaluate.Learner svm = (known, asked) -> {
            try (Svm learned = Svm.train(pick(texts, known), pick(labels, known))) {
                Svm.Predictions found = learned.predict(Column.of(null, pick(texts, asked)), new Svm.PredictOptions());
                int[] classes = IntStream.of(found.classes()).map(c -> Samples.labels(3).indexOf(learned.classNames().get(c))).toArray();
                return new Evaluate.Learned(classes, null);
            }
        };
        int[] truth = IntStream.range(0, 120).map(i -> i % 3).toArray();
        Evaluate.Learned found = Evaluate.crossValidate(svm, 120, 3, new Evaluate.Folds(5, 1, Column.of(null, texts)), false);
        assertTrue(Evaluate.answers(truth, found.classes(), 3, null).accuracy() > 0.9);
    }

    private static List<String> pick(List<String> from, int[] rows) {
        return IntStream.of(rows).mapToObj(from::get).toList();
    }

    @Test
    void aLearningCurveGrows() {
        Evaluate.Folds folds = new Evaluate.Folds(5, 9, Column.of(null, IDS));
        double[] shares = {0.1, 0.5, 1, 1e-9};
        List<Evaluate.Step> steps = Evaluate.learningCurve((known, asked) -> look(known, asked, 9), TRUTH, 3, folds, shares);
        long asked = IntStream.range(0, N).filter(i -> Evaluate.foldOf(IDS[i], 9, 5) == 0).count();
        long right = IntStream.range(0, N).filter(i -> Evaluate.foldOf(IDS[i], 9, 5) == 0 && i % 4 != 3).count();
        for (int i = 0; i < shares.length; i++) {
            assertEquals((long) Math.ceil(shares[i] * (N - asked)), steps.get(i).known());
            assertEquals(asked, steps.get(i).answers().n());
            assertEquals(right, steps.get(i).answers().right());
            assertTrue(steps.get(i).answers().text(new Evaluate.Report()).startsWith("rows"));
        }
    }

    @Test
    void aLearnerMayStopOrGoWrong() {
        Evaluate.Folds folds = new Evaluate.Folds(5, 0, null);
        Exception thrown = new UnsupportedOperationException("no more");
        assertSame(thrown, assertThrows(UnsupportedOperationException.class, () -> Evaluate.crossValidate((known, asked) -> {
            throw (UnsupportedOperationException) thrown;
        }, N, 3, folds, false)));
        Evaluate.Learner few = (known, asked) -> new Evaluate.Learned(new int[1], null);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Evaluate.crossValidate(few, N, 3, folds, false)).getMessage()
            .startsWith("the learner gave 1 answers to "));
        Evaluate.Learner none = (known, asked) -> new Evaluate.Learned(new int[asked.length], null);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Evaluate.crossValidate(none, N, 3, folds, true)).getMessage()
            .startsWith("the learner gave no probabilities"));
        Thread.currentThread().interrupt();
        assertThrows(KehuException.Cancelled.class, () -> Evaluate.crossValidate(none, N, 3, folds, false));
        assertTrue(Thread.interrupted());
        try (Table ids = Table.of(Column.of("id", IDS))) {
            Evaluate.Learner closing = (known, asked) -> {
                ids.close();
                return null;
            };
            assertThrows(IllegalStateException.class,
                () -> Evaluate.crossValidate(closing, N, 3, new Evaluate.Folds(5, 0, ids.column("id")), false));
        }
        assertThrows(KehuException.Argument.class, () -> Evaluate.crossValidate(none, 1, 3, folds, false));
        assertThrows(KehuException.Argument.class, () -> Evaluate.crossValidate(null, N, 3, new Evaluate.Folds(1, 0, null), false));
        assertThrows(IllegalArgumentException.class, () -> Evaluate.crossValidate(none, -1, 3, folds, false));
        assertThrows(KehuException.ColumnMismatch.class,
            () -> Evaluate.crossValidate(none, N, 3, new Evaluate.Folds(5, 0, Column.of(null, TRUTH)), false));
        assertThrows(KehuException.Argument.class, () -> Evaluate.learningCurve(none, TRUTH, 3, folds, 1.5));
    }

    @Test
    void figuresAreWrittenAsCWritesThem() {
        int[] truth = {0, 0, 1, 1};
        int[] answers = {0, 1, 1, -1};
        Evaluate.Answers e = Evaluate.answers(truth, answers, 2, null);
        Evaluate.Report report = new Evaluate.Report().name("svm").classNames(List.of("费用", "a\"b"))
            .comparison(Evaluate.compare(truth, answers, truth));
        assertEquals("""
            {"name":"svm","n":4,"n_answered":3,"n_right":2,"accuracy":0.5,"coverage":0.75,"precision":0.6666666666666666,\
            "macro_f1":0.5833333333333333,"log_loss":null,"calibration_error":null,"classes":[{"name":"费用","n_truth":2,\
            "n_answered":1,"n_right":1,"precision":1,"recall":0.5,"f1":0.6666666666666666},{"name":"a\\"b","n_truth":2,\
            "n_answered":2,"n_right":1,"precision":0.5,"recall":0.5,"f1":0.5}],"confusion":[[1,1,0],[0,1,1]],\
            "comparison":{"both":2,"neither":0,"only_a":0,"only_b":2,"p_value":0.5}}
            """, e.text(report.format(Evaluate.Format.JSON)));
        assertEquals("""
            rows                         4
            accuracy %               50.00
            coverage %               75.00
            precision %              66.67
            macro-F1 %               58.33
            calibration error %          -
            log loss                     -

            class    truth   answers    right  precision     recall         f1
                0        2         1        1     100.00      50.00      66.67
                1        2         2        1      50.00      50.00      50.00

            truth \\ answer
                         0        1     none
                0        1        1        0
                1        0        1        1
            """, e.text(new Evaluate.Report()));
        assertThrows(IllegalArgumentException.class, () -> e.text(new Evaluate.Report().classNames(List.of("x"))));
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("full");
            }
        };
        assertEquals("full", assertThrows(IOException.class, () -> e.write(full, report)).getMessage());
    }
}
