package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** RFM, segments and lifetime value: from transactions to grades, names, numbers and reasons. */
class InsightTest {
    private static final LocalDate AS_OF = LocalDate.of(2026, 1, 1);

    private static RfmBase.Batch batch(int from, int to) {
        int n = to - from;
        long[] who = new long[n];
        LocalDate[] when = new LocalDate[n];
        long[] cents = new long[n];
        for (int i = 0; i < n; i++) {
            int k = from + i;
            who[i] = k * 37L % 40;
            when[i] = AS_OF.minusDays(1 + k * 53L % 300 * (who[i] % 5 + 1) / 5);
            cents[i] = k * 7919L % 50000 + 1;
        }
        return new RfmBase.Batch(Column.of("customer", who), Column.of("time", when), Column.of("amount", cents));
    }

    private static Customers customers() {
        try (RfmBase base = RfmBase.of(AS_OF, new RfmBase.Options())) {
            base.add(batch(0, 400));
            return base.finish();
        }
    }

    @Test
    void basesCanBeCutMergedAndKept(@TempDir Path folder) {
        try (RfmBase whole = RfmBase.of(AS_OF, new RfmBase.Options().threads(2)); RfmBase one = RfmBase.of(AS_OF, new RfmBase.Options());
            RfmBase two = RfmBase.of(AS_OF, new RfmBase.Options())) {
            whole.add(batch(0, 400));
            one.add(batch(0, 150));
            two.add(batch(150, 400));
            two.merge(one);
            assertArrayEquals(whole.toBytes(), two.toBytes());
            assertEquals(400, whole.counts().rows());
            assertEquals(40, whole.counts().customers());
            whole.save(folder.resolve("b"));
            try (RfmBase loaded = RfmBase.load(folder.resolve("b")); RfmBase read = RfmBase.read(two.toBytes())) {
                assertArrayEquals(whole.finish().spend(), loaded.finish().spend());
                read.add(batch(0, 1));
                assertEquals(401, read.counts().rows());
            }
            assertThrows(IllegalArgumentException.class, () -> one.merge(one));
            OutputStream closing = new OutputStream() {
                @Override
                public void write(int b) {
                    one.close();
                }
            };
            assertThrows(IllegalStateException.class, () -> one.write(closing));
            RfmBase.Batch late = new RfmBase.Batch(Column.of(null, 1L), Column.of(null, AS_OF.plusDays(1)), Column.of(null, 5L));
            assertEquals(0, assertThrows(KehuException.Range.class, () -> one.add(late)).position());
            RfmBase.Batch uneven = new RfmBase.Batch(Column.of(null, 1L, 2L), Column.of(null, AS_OF), Column.of(null, 5L));
            assertThrows(KehuException.class, () -> one.add(uneven));
            assertThrows(KehuException.class, () -> one.add(new RfmBase.Batch(null, null, null)));
        }
    }

    @Test
    void gradesHaveCutsReasonsAndDrift(@TempDir Path folder) {
        Customers customers = customers();
        try (Rfm rfm = Rfm.fit(customers, new Rfm.Options().levels(5, 4, 3))) {
            byte[] grades = rfm.grade(customers);
            Rfm.Cuts cuts = rfm.cuts(Rfm.Measure.SPEND);
            assertEquals(3, cuts.levels());
            assertEquals(40, cuts.counts()[0] + cuts.counts()[1] + cuts.counts()[2]);
            List<Rfm.Reason> why = rfm.explain(customers.recencyDays()[7], customers.orders()[7], customers.spend()[7]);
            for (int k = 0; k < 3; k++) {
                assertEquals(grades[21 + k], why.get(k).grade());
                assertTrue(why.get(k).above() < why.get(k).value() && why.get(k).value() <= why.get(k).atMost());
            }
            assertEquals(0, rfm.drift(customers).psi()[0], 1e-12);
            assertEquals(4, rfm.drift(customers).counts()[1].length);
            rfm.save(folder.resolve("r"));
            try (Rfm loaded = Rfm.load(folder.resolve("r")); Rfm read = Rfm.read(rfm.toBytes())) {
                assertArrayEquals(grades, loaded.grade(customers));
                assertArrayEquals(grades, read.grade(customers));
            }
            assertEquals(1, assertThrows(KehuException.Data.class,
                () -> rfm.grade(new Customers(new long[] {1, -1}, new long[] {1, 1}, new long[] {1, 1}))).position());
        }
        Rfm.Options given = new Rfm.Options().edges(new long[] {30}, new long[] {2}, new long[] {100, 1000});
        try (Rfm rfm = Rfm.fit(null, given)) {
            assertArrayEquals(new byte[] {2, 2, 3}, rfm.grade(new Customers(new long[] {1}, new long[] {9}, new long[] {5000})));
        }
        assertThrows(IllegalArgumentException.class, () -> new Customers(new long[1], new long[2], new long[1]));
        assertThrows(KehuException.Empty.class, () -> Rfm.fit(new Customers(new long[0], new long[0], new long[0]), new Rfm.Options()));
    }

    @Test
    void segmentsAreNamedTotalledAndCompared(@TempDir Path folder) throws IOException {
        Customers customers = customers();
        try (Segments grid = Segments.of(Segments.builtin("rfm_grid")); Rfm rfm = Rfm.fit(customers, new Rfm.Options())) {
            grid.check(rfm);
            int[] codes = grid.assign(rfm, customers, List.of());
            assertEquals(11, grid.names().size());
            assertEquals(40, grid.totals(codes, customers).stream().mapToLong(Segments.Total::customers).sum());
            long[][] moved = grid.migration(customers.keys(), codes, customers.keys(), codes);
            assertEquals(12, moved.length);
            assertEquals(0, moved[0][1]);
            assertThrows(IllegalArgumentException.class, () -> grid.totals(new int[3], customers));
            assertThrows(IllegalArgumentException.class, () -> grid.assign(rfm, customers, List.of(Column.of("x", 1L))));
            codes[3] = 99;
            assertThrows(KehuException.Argument.class, () -> grid.totals(codes, customers));
        }
        assertNull(Segments.builtin("none"));
        String text = "年轻北方: age in 18..25 and region in (北京, 天津)\n其他: otherwise\n";
        List<Column> columns = List.of(Column.of("age", 20L, 20L, 60L), Column.of("region", "北京", null, "天津"));
        try (Segments table = Segments.of(text)) {
            assertArrayEquals(new int[] {0, 1, 1}, table.assign(columns));
            assertEquals(List.of("age", "region"), table.fields());
            assertEquals(new Segments.Reason(0, 1, text.lines().findFirst().get()), table.explain(columns, 0));
            assertThrows(KehuException.Argument.class, () -> table.explain(columns, 3));
            table.save(folder.resolve("s"));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            table.write(bytes);
            assertEquals(text, bytes.toString(StandardCharsets.UTF_8));
            try (Segments loaded = Segments.load(folder.resolve("s"))) {
                assertEquals(table.names(), loaded.names());
            }
        }
        assertEquals(1, assertThrows(KehuException.Format.class, () -> Segments.of("a: x = 1\nnonsense\n")).position());
    }

    @Test
    void lifetimeValueIsFittedAndGivenOut(@TempDir Path folder) {
        Clv.Histories rows;
        try (ClvBase base = ClvBase.of(AS_OF, new ClvBase.Options().periodDays(7))) {
            base.add(batch(0, 400));
            rows = base.finish();
        }
        assertEquals(40, rows.count());
        double[] frequency = new double[200];
        double[] spend = new double[200];
        for (int i = 0; i < 200; i++) { // customers differ, and their purchases too
            frequency[i] = 1 + i % 4;
            spend[i] = 4000 * Math.pow((i * 37 % 200 + 0.5) / 200, -0.35) * (1 + ((i * 91 % 200 + 0.5) / 200 - 0.5) * 1.2 / frequency[i]);
        }
        Clv.Histories spenders = new Clv.Histories(frequency, frequency, frequency, spend);
        try (Clv spends = Clv.fit(spenders, new Clv.Options().model(Clv.Kind.GAMMA_GAMMA));
            Clv buys = Clv.of(Clv.Kind.BG_NBD, .243, 4.414, .793, 2.426)) {
            Clv.Fit fit = spends.fit();
            assertEquals(Clv.Kind.GAMMA_GAMMA, fit.model());
            assertEquals(List.of("p", "q", "v"), fit.parameters().stream().map(Clv.Parameter::name).toList());
            assertTrue(fit.parameters().get(0).value() > 0 && fit.iterations() > 0);
            double[] alive = buys.alive(rows);
            double[] value = buys.value(spends, rows, 52, 0.002);
            for (int i = 0; i < 40; i++) {
                assertTrue(alive[i] >= 0 && alive[i] <= 1 && value[i] >= 0);
            }
            assertEquals(40, buys.purchases(rows, 10).length);
            assertEquals(40, buys.waiting(rows).length);
            assertEquals(40, spends.spend(rows).length);
            assertThrows(KehuException.Argument.class, () -> spends.alive(rows));
            buys.save(folder.resolve("c"));
            try (Clv loaded = Clv.load(folder.resolve("c")); Clv read = Clv.read(buys.toBytes())) {
                assertArrayEquals(alive, loaded.alive(rows));
                assertArrayEquals(alive, read.alive(rows));
            }
        }
        assertThrows(KehuException.Argument.class, () -> Clv.of(Clv.Kind.BG_NBD, 1, 2));
        assertThrows(IllegalArgumentException.class, () -> new Clv.Histories(new double[1], new double[2], new double[1], null));
        assertThrows(KehuException.class, () -> Clv.fit(new Clv.Histories(new double[] {Double.NaN, 1}, new double[2], new double[2], null),
            new Clv.Options()));
    }

    /** A small world of customers who buy and leave by chance, the same in every run. */
    private static Clv.Histories simulated(int n) {
        long[] state = {1};
        DoubleSupplier uniform = () -> {
            state[0] = state[0] * 6364136223846793005L + 1442695040888963407L;
            return ((state[0] >>> 33) + 0.5) / (1L << 31);
        };
        double[][] columns = new double[4][n];
        for (int i = 0; i < n; i++) {
            double rate = -Math.log(uniform.getAsDouble()) / 8;
            double leave = 0.6 * uniform.getAsDouble();
            double mean = 40 / (0.2 + uniform.getAsDouble());
            double paid = 0;
            double time = 0;
            do {
                time -= Math.log(uniform.getAsDouble()) / rate;
                if (time > 39) {
                    break;
                }
                columns[0][i]++;
                columns[1][i] = time;
                paid += mean * (0.5 + uniform.getAsDouble());
            } while (uniform.getAsDouble() >= leave);
            columns[2][i] = 39;
            columns[3][i] = columns[0][i] == 0 ? 0 : paid / columns[0][i];
        }
        return new Clv.Histories(columns[0], columns[1], columns[2], columns[3]);
    }

    @Test
    void valuesHaveTheBoundsThatCGives() {
        Clv.Histories rows = simulated(300);
        try (Clv buys = Clv.fit(rows, new Clv.Options()); Clv spends = Clv.fit(rows, new Clv.Options().model(Clv.Kind.GAMMA_GAMMA));
            Clv given = Clv.of(Clv.Kind.BG_NBD, .243, 4.414, .793, 2.426)) {
            double[] value = buys.value(spends, rows, 12, 0.01);
            Clv.Interval interval = buys.valueInterval(spends, rows, 12, 0.01, 1.96);
            double[][] known = {{0, 26.90924997639374, 31.735649834014744, 37.42770501856158},
                {4, 0.3579130533264849, 0.6170895978047672, 1.0639443523494172}, {299, 47.344408127410084, 59.64285296891218, 75.13600974159802}};
            for (double[] row : known) {
                int i = (int) row[0];
                assertArrayEquals(new double[] {1, 1, 1},
                    new double[] {interval.low()[i] / row[1], value[i] / row[2], interval.high()[i] / row[3]}, 1e-6);
            }
            assertArrayEquals(value, buys.valueInterval(spends, rows, 12, 0.01, 0).high());
            assertThrows(KehuException.Argument.class, () -> buys.valueInterval(spends, rows, 12, 0.01, 11));
            assertThrows(KehuException.Argument.class, () -> given.valueInterval(spends, rows, 12, 0.01, 1));
        }
    }
}
