package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tree, the preference, the evaluation and the rows of numbers. */
class TreeTest {
    private static final int N = 300;
    private static final double[] AGE = new double[N];
    private static final String[] CITY = new String[N];
    private static final String[] CHANNEL = new String[N];

    static {
        for (int i = 0; i < N; i++) {
            AGE[i] = i % 13 == 0 ? Double.NaN : 18 + i * 37 % 50;
            CITY[i] = i % 7 == 0 ? null : "京沪深".substring(i % 3, i % 3 + 1);
            CHANNEL[i] = AGE[i] < 40 ? "app" : "hall";
        }
    }

    private static final List<Column> COLUMNS = List.of(Column.of("age", AGE), Column.of("city", CITY));

    private static Tree trained() {
        return Tree.train(COLUMNS, Column.of("channel", CHANNEL), new Tree.Options().folds(2).threads(2));
    }

    @Test
    void binsGiveTheTreeOfTheirColumns(@TempDir Path folder) {
        Column target = Column.of("channel", CHANNEL);
        Tree.Options options = new Tree.Options().folds(2);
        try (Bins made = Bins.fit(COLUMNS, 2)) {
            made.save(folder.resolve("bins"));
            try (Bins bins = Bins.load(folder.resolve("bins"));
                 Tree fromBins = Tree.train(bins, target, null, null, options);
                 Tree fromColumns = Tree.train(COLUMNS, target, options)) {
                assertEquals(N, bins.rows());
                assertEquals(List.of("age", "city"), bins.featureNames());
                assertArrayEquals(fromColumns.toBytes(), fromBins.toBytes());
                assertThrows(KehuException.Argument.class, () -> Tree.train(bins, Column.of("y", AGE), null, Column.of("w", 1.0), options));
            }
        }
    }

    @Test
    void scoresHaveLeavesReasonsAndRules(@TempDir Path folder) throws IOException {
        try (Tree tree = trained()) {
            assertEquals(List.of("app", "hall"), tree.classNames());
            assertEquals(List.of("age", "city"), tree.featureNames());
            Tree.Scores scores = tree.score(COLUMNS, 2);
            Tree.Explanation why = tree.explain(COLUMNS, 5, 1);
            double sum = why.base() + why.steps().stream().mapToDouble(Tree.Step::change).sum();
            assertEquals(scores.probabilities()[11], sum, 1e-12);
            assertTrue(why.steps().get(0).condition().startsWith("age"));
            assertTrue(scores.leaves()[5] < tree.leafCount());
            assertEquals(1, tree.importance()[0] + tree.importance()[1], 1e-12);
            assertEquals(0, tree.drift(COLUMNS).features()[0], 1e-9);
            assertEquals(N, tree.info().rows());
            assertArrayEquals(new double[] {scores.probabilities()[10], scores.probabilities()[11]}, tree.scoreRow(AGE[5], CITY[5]));
            assertThrows(IllegalArgumentException.class, () -> tree.scoreRow(1));
            assertThrows(IllegalArgumentException.class, () -> tree.scoreRow(1, List.of()));
            Column target = Column.of("channel", CHANNEL);
            Tree.Worth worth = tree.permute(COLUMNS, target, 2, 7, 2);
            assertTrue(worth.importance()[0] > 0.1 && worth.spread()[0] > 0);
            Tree.Recalibrated again = tree.recalibrate(COLUMNS, target, Tree.Calibration.SLOPE, 3, 1);
            try (Tree fresh = again.tree()) {
                assertEquals(Tree.Calibration.SLOPE, again.method());
                assertTrue(!again.refused() && again.slope() > 0 && again.rows() == N && again.logLossAfter() < again.logLossBefore() + 0.05);
                assertEquals(tree.leafCount(), fresh.leafCount());
            }
            Tree.Options boosted = new Tree.Options().kind(Tree.Kind.ENSEMBLE).folds(2).threads(2);
            try (Tree taught = Tree.train(COLUMNS, target, new Tree.Options().folds(2).kind(Tree.Kind.DISTILLED))) {
                assertEquals(1, taught.info().trees());
                assertTrue(taught.info().cvLogLoss() <= tree.info().cvLogLoss());
                assertEquals(taught.info().leaves(), taught.leafCount());
            }
            try (Tree many = Tree.train(COLUMNS, target, boosted)) {
                assertTrue(many.info().kind() == Tree.Kind.ENSEMBLE && many.info().trees() > 10);
                Tree.Explanation reasons = many.explain(COLUMNS, 5, 1);
                double whole = reasons.base() + reasons.steps().stream().mapToDouble(Tree.Step::change).sum();
                assertEquals(many.score(COLUMNS)[11], whole, 1e-12);
                assertThrows(KehuException.Argument.class, () -> many.writeRules(new ByteArrayOutputStream()));
                ByteArrayOutputStream graph = new ByteArrayOutputStream();
                many.writeOnnx(graph);
                assertTrue(graph.toString(StandardCharsets.ISO_8859_1).contains("Softmax"));
            }
            try (Tree falling = Tree.train(COLUMNS, target, new Tree.Options().folds(1).monotone((byte) -1, (byte) 0))) {
                assertTrue(falling.scoreRow(20, "京")[1] >= falling.scoreRow(60, "京")[1]);
            }
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            tree.writeRules(text);
            tree.writeDump(text);
            tree.writeSql('"', text);
            assertTrue(text.toString(StandardCharsets.UTF_8).contains("CASE"));
            assertThrows(IllegalArgumentException.class, () -> tree.writeSql('x', text));
            ByteArrayOutputStream onnx = new ByteArrayOutputStream();
            tree.writeOnnx(onnx);
            assertTrue(onnx.toString(StandardCharsets.ISO_8859_1).contains("TreeEnsemble"));
            tree.save(folder.resolve("t"));
            try (Tree loaded = Tree.load(folder.resolve("t")); Tree read = Tree.read(tree.toBytes())) {
                assertArrayEquals(scores.probabilities(), loaded.score(COLUMNS));
                assertArrayEquals(scores.probabilities(), read.score(COLUMNS));
            }
        }
    }

    @Test
    void wrongColumnsAreNamed() {
        try (Tree tree = trained()) {
            KehuException e = assertThrows(KehuException.ColumnMismatch.class, () -> tree.score(List.of(Column.of("age", AGE))));
            assertTrue(e.getMessage().contains("city"));
            assertThrows(KehuException.ColumnMismatch.class,
                () -> tree.score(List.of(Column.of("x", 1.0), Column.of("age", AGE), Column.of("city", CITY))));
            assertThrows(KehuException.Argument.class, () -> tree.explain(COLUMNS, N, 0));
            assertThrows(KehuException.Argument.class, () -> tree.explain(COLUMNS, 0, 2));
            assertThrows(KehuException.class, () -> tree.score(List.of()));
            assertThrows(NullPointerException.class, () -> tree.score(Arrays.asList(Column.of("age", AGE), null)));
        }
        assertThrows(KehuException.Argument.class,
            () -> Tree.train(COLUMNS, Column.of("channel", CHANNEL), new Tree.Options().classWeights(1, 2, 3)));
        assertThrows(KehuException.Data.class, () -> Tree.train(COLUMNS, Column.of("channel", CHANNEL), new Tree.Options().classes("app", "x")));
        Thread.currentThread().interrupt();
        assertThrows(KehuException.Cancelled.class, TreeTest::trained);
        assertTrue(Thread.interrupted());
    }

    @Test
    void columnsOfOtherLengthsAreRefused() {
        Column channel = Column.of("channel", CHANNEL);
        Column few = Column.of("few", "app", "hall");
        Column numbers = Column.of("numbers", 1.0, 2.0);
        Tree.Options options = new Tree.Options();
        Preference.Options fusion = new Preference.Options();
        assertThrows(KehuException.Argument.class, () -> Tree.train(COLUMNS, few, options));
        assertThrows(KehuException.Argument.class, () -> Tree.train(COLUMNS, channel, few, null, options));
        assertThrows(KehuException.Argument.class, () -> Tree.train(COLUMNS, channel, null, numbers, options));
        assertThrows(KehuException.class, () -> Preference.train(COLUMNS, few, null, fusion));
        assertThrows(KehuException.class, () -> Preference.train(COLUMNS, channel, few, fusion));
        try (Preference preference = Preference.train(COLUMNS, channel, null, fusion)) {
            assertThrows(KehuException.class, () -> preference.report(COLUMNS, few));
        }
    }

    @Test
    void preferencesFuseRulesAndTree(@TempDir Path folder) {
        String[] observed = CHANNEL.clone();
        for (int i = 0; i < N; i += 2) {
            observed[i] = null;
        }
        List<Column> columns = List.of(COLUMNS.get(0), COLUMNS.get(1), Column.of("visits", AGE));
        try (Segments rules = Segments.of("hall +3: visits >= 60\napp +2: visits < 20\n");
            Preference preference = Preference.train(columns, Column.of("channel", observed), null,
                new Preference.Options().rules(rules).tree(new Tree.Options().folds(2)))) {
            assertEquals(List.of("app", "hall"), preference.classNames());
            Preference.Scores scores = preference.score(columns, 2);
            assertEquals(2 * N, scores.levels().length);
            assertEquals(10, preference.report(columns, Column.of("channel", observed)).size());
            assertEquals(2, preference.fusion(true).rules());
            assertEquals(2, preference.fusion(false).offsets().length);
            int fired = 0;
            for (int i = 0; i < N; i++) {
                fired += preference.fired(columns, i).size();
            }
            assertTrue(fired > 0);
            assertThrows(KehuException.Argument.class, () -> preference.fired(columns, -1));
            assertEquals("hardly", preference.levels().names().get(0));
            assertTrue(preference.tree().leafCount() >= 1);
            preference.save(folder.resolve("p"));
            try (Preference loaded = Preference.load(folder.resolve("p")); Preference read = Preference.read(preference.toBytes())) {
                assertArrayEquals(scores.probabilities(), loaded.score(columns, 0).probabilities());
                assertArrayEquals(scores.levels(), read.score(columns, 0).levels());
            }
        }
    }

    @Test
    void rowsOfNumbersInTheFormatsOfLiblinear(@TempDir Path folder) throws IOException {
        byte[] file = "1 1:1 2:0.5\n-1 2:2\n1 1:2\n-1 2:1\n".getBytes(StandardCharsets.US_ASCII);
        try (Libsvm data = Libsvm.read(file); Linear linear = Linear.train(data, new Linear.Options())) {
            assertArrayEquals(new int[] {1, -1, 1, -1}, data.labels());
            assertArrayEquals(new int[] {-1, 1}, linear.labels());
            assertArrayEquals(data.labels(), linear.predict(data).labels());
            Linear.Rows rows = data.rows();
            assertArrayEquals(linear.predict(data).margins(), linear.predict(rows).margins());
            assertEquals(2, linear.columnCount());
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            Linear.writeLibsvm(rows, data.labels(), text);
            assertEquals(4, text.toString(StandardCharsets.US_ASCII).lines().count());
            linear.save(folder.resolve("l"));
            try (Linear loaded = Linear.load(folder.resolve("l")); Linear read = Linear.read(linear.toBytes())) {
                assertArrayEquals(linear.toBytes(), loaded.toBytes());
                assertArrayEquals(linear.predict(rows).labels(), read.predict(rows).labels());
            }
            for (long[] starts : new long[][] {{0, 9}, {1, 2}, {0, -1}, {0, 2, 1}}) {
                Linear.Rows bad = new Linear.Rows(2, starts, new int[] {0, 1}, new float[] {1, 1});
                assertThrows(IllegalArgumentException.class, () -> linear.predict(bad));
            }
            assertThrows(IllegalArgumentException.class, () -> new Linear.Rows(2, new long[0], new int[0], new float[0]));
            assertThrows(IllegalArgumentException.class, () -> Linear.train(rows, new int[3], new Linear.Options()));
            assertThrows(IllegalArgumentException.class, () -> Linear.train(rows, new int[4], new Linear.Options().weights(1)));
            assertThrows(KehuException.Argument.class,
                () -> linear.predict(new Linear.Rows(2, new long[] {0, 2}, new int[] {1, 0}, new float[] {1, 1})));
        }
        assertThrows(KehuException.Format.class, () -> Libsvm.read("1 x\n".getBytes(StandardCharsets.US_ASCII)));
        assertThrows(KehuException.NotFound.class, () -> Libsvm.load(folder.resolve("none")));
    }
}
