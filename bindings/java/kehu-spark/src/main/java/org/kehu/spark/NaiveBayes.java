package org.kehu.spark;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** A keyword list, as text, from in how many texts of each class each term is. */
final class NaiveBayes {
    static final Comparator<String> BY_BYTES = (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private record Worth(double worth, String term) {}

    private final TreeMap<String, Long> totals;
    private final Map<String, Map<String, Long>> byTerm;
    private final long n;

    /** totals: texts of each class, in the order of the names' bytes. */
    NaiveBayes(TreeMap<String, Long> totals, Map<String, Map<String, Long>> byTerm) {
        this.totals = totals;
        this.byTerm = byTerm;
        this.n = sum(totals.values());
    }

    String list(int keywordsPerClass) {
        Map<String, double[]> weights = new TreeMap<>(BY_BYTES);
        chosen(keywordsPerClass).forEach(term -> weights.put(term, centred(totals.keySet().stream()
            .mapToDouble(name -> Math.log((count(term, name) + 1.0) / (totals.get(name) + 2))).toArray())));
        if (weights.isEmpty()) {
            throw new IllegalArgumentException("no term tells the classes apart");
        }
        double most = weights.values().stream().flatMapToDouble(Arrays::stream).map(Math::abs).max().orElseThrow();
        double unit = most > 0 ? most / 100 : .01;
        StringBuilder list = new StringBuilder("@scale\t" + (long) Math.max(Math.rint(unit * 1e6), 1) + "\n");
        weights.forEach((term, ofClass) -> lines(list, "", "\t" + term, ofClass, unit));
        lines(list, "@bias\t", "", centred(totals.values().stream().mapToDouble(texts -> Math.log(texts / (double) n)).toArray()), unit);
        return list.toString();
    }

    private void lines(StringBuilder list, String before, String after, double[] weights, double unit) {
        int i = 0;
        for (String name : totals.keySet()) {
            long points = (long) Math.rint(weights[i++] / unit);
            if (points != 0) {
                list.append(before).append('\\').append(name).append(after).append('\t').append(points).append('\n');
            }
        }
    }

    private long count(String term, String name) {
        return byTerm.get(term).getOrDefault(name, 0L);
    }

    private static long sum(Collection<Long> counts) {
        return counts.stream().mapToLong(Long::longValue).sum();
    }

    private TreeSet<String> chosen(int perClass) {
        TreeSet<String> chosen = new TreeSet<>(BY_BYTES);
        for (String name : totals.keySet()) {
            List<Worth> told = new ArrayList<>();
            byTerm.forEach((term, counts) -> told.add(new Worth(gSquared(counts.getOrDefault(name, 0L), sum(counts.values()), totals.get(name)), term)));
            told.stream().filter(w -> w.worth > 0).sorted(Comparator.comparingDouble((Worth w) -> -w.worth).thenComparing(Worth::term, BY_BYTES))
                .limit(perClass).forEach(w -> chosen.add(w.term));
        }
        return chosen;
    }

    /** Of a term and a class, from the numbers of texts with both and with either; 0 unless they come together. */
    private double gSquared(long both, long term, long name) {
        if ((double) both * n <= (double) term * name) {
            return 0;
        }
        long[][] cells = {{both, term, name}, {term - both, term, n - name}, {name - both, n - term, name},
            {n - term - name + both, n - term, n - name}};
        return 2 * exactSum(Arrays.stream(cells).filter(cell -> cell[0] > 0)
            .mapToDouble(cell -> cell[0] * Math.log((double) cell[0] * n / ((double) cell[1] * cell[2]))).toArray());
    }

    private static double[] centred(double[] values) {
        double mean = exactSum(values) / values.length;
        return Arrays.stream(values).map(value -> value - mean).toArray();
    }

    /** Rounded once. */
    private static double exactSum(double[] values) {
        return Arrays.stream(values).mapToObj(BigDecimal::new).reduce(BigDecimal.ZERO, BigDecimal::add).doubleValue();
    }
}
