package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class LevelsTest {
    private static final double[] TWO_CLASSES = {0.1, 0.9, 0.2, 0.8, 0.39, 0.61, 0.4, 0.6, 1, 0};

    @Test
    void aCutBelongsToTheLevelAbove() {
        try (Levels levels = Levels.fit(new double[0], 2, new Levels.Options())) {
            assertArrayEquals(new byte[] {0, 4, 1, 4, 1, 3, 2, 3, 4, 0}, levels.grade(TWO_CLASSES));
            assertArrayEquals(new double[] {0.2, 0.4, 0.6, 0.8}, levels.cuts(1));
            assertEquals("reliant", levels.names().get(4));
            assertEquals(Levels.Mode.ABSOLUTE, levels.mode());
            assertThrows(IndexOutOfBoundsException.class, () -> levels.cuts(2));
            assertThrows(IllegalArgumentException.class, () -> levels.grade(0.5));
            assertEquals(1, assertThrows(KehuException.Range.class, () -> levels.grade(0, 1, 2, 0)).position());
        }
    }

    @Test
    void theReportCountsRowsAndOutcomes() {
        Levels.Options options = new Levels.Options().mode(Levels.Mode.QUANTILE).names("a", "b", "c", "d", "五");
        try (Levels levels = Levels.fit(TWO_CLASSES, 2, options); Levels read = Levels.read(levels.toBytes())) {
            List<Levels.Row> rows = read.report(TWO_CLASSES, new int[] {1, 1, -1, 0, 0});
            assertEquals(10, rows.size());
            assertEquals("五", rows.get(9).name());
            assertEquals(5, rows.subList(0, 5).stream().mapToLong(Levels.Row::rows).sum());
            assertEquals(1, rows.subList(5, 10).stream().mapToDouble(Levels.Row::share).sum(), 1e-12);
            assertEquals(4, rows.subList(5, 10).stream().mapToLong(Levels.Row::known).sum());
            assertThrows(IllegalArgumentException.class, () -> read.report(TWO_CLASSES, new int[3]));
            List<String> classes = List.of("app", "hall");
            try (Table whole = read.table(TWO_CLASSES, null, null, null, classes);
                Table parts = read.table(TWO_CLASSES, null, new int[] {0, 1, 1, -1, 0}, List.of("南", "北"), classes)) {
                assertEquals(10, whole.rowCount());
                assertEquals(20, parts.rowCount());
                assertEquals(whole.columns().size() + 1, parts.columns().size());
            }
            assertThrows(IllegalArgumentException.class, () -> read.table(TWO_CLASSES, null, null, null, List.of("app")));
            assertThrows(KehuException.Range.class, () -> read.report(TWO_CLASSES, new int[] {7, 0, 0, 0, 0}));
        }
    }

    @Test
    void badOptionsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Levels.Options().cuts(1, 2));
        assertThrows(IllegalArgumentException.class, () -> new Levels.Options().names("a"));
        assertThrows(KehuException.Argument.class, () -> Levels.fit(new double[0], 1, new Levels.Options().cuts(0.9, 0.8, 0.7, 0.6)));
        assertThrows(KehuException.Empty.class, () -> Levels.fit(new double[0], 1, new Levels.Options().mode(Levels.Mode.LIFT)));
        assertThrows(IllegalArgumentException.class,
            () -> Levels.fit(new double[0], 1, new Levels.Options().names("a", "b", "c", "d", "e\0")));
    }
}
