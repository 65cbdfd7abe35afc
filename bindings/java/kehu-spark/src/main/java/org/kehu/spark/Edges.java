package org.kehu.spark;

import static org.apache.spark.sql.functions.col;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The values of nearest rank at 1/levels, 2/levels, ... of one measure: exact, by counts that close in on each. A first pass
 * counts all values by their first bits, small ones to the last bit; a next one those of the buckets in which an edge lies.
 */
final class Edges {
    /** An interval is counted in 131,072 buckets. */
    private static final int BITS = 17;

    /** The first pass's, each around those before. */
    private static final List<Interval> NESTED = IntStream.of(17, 23, 29, 34, 40, 46, 52, 58, 64)
        .mapToObj(width -> new Interval(-1L << width - 1, width)).toList();

    /** The 2^width values from first on. */
    private record Interval(long first, int width) {
        long last() {
            return width == 64 ? Long.MAX_VALUE : first + (1L << width) - 1;
        }

        boolean has(long value) {
            return first <= value && value <= last();
        }

        /** Bits of its buckets. */
        int step() {
            return Math.max(width - BITS, 0);
        }
    }

    /** One edge: the interval it lies in, and its rank there. */
    private record Search(Interval in, long rank) {}

    private final String measure;
    private List<Interval> intervals = NESTED;
    private List<Search> searches = List.of();

    private Edges(String measure) {
        this.measure = measure;
    }

    /** Of all measures, in two passes over the frame together, three where an edge is 2^33 or more. */
    static long[][] find(Dataset<Row> sums, List<String> measures, int levels) {
        List<Edges> all = measures.stream().map(Edges::new).toList();
        for (List<Edges> todo = all; !todo.isEmpty(); todo = all.stream().filter(edges -> !edges.intervals.isEmpty()).toList()) {
            List<TreeMap<Long, Long>> counts = count(sums, todo);
            for (int i = 0; i < todo.size(); i++) {
                todo.get(i).narrow(counts.get(i), levels);
            }
        }
        return all.stream().map(edges -> edges.searches.stream().mapToLong(search -> search.in.first).toArray()).toArray(long[][]::new);
    }

    /** For each, how many values are in which bucket, by the bucket's first value. */
    private static List<TreeMap<Long, Long>> count(Dataset<Row> sums, List<Edges> todo) {
        String buckets = IntStream.range(0, todo.size()).mapToObj(i -> i + ", " + todo.get(i).bucket()).collect(Collectors.joining(", "));
        List<TreeMap<Long, Long>> counts = new ArrayList<>();
        todo.forEach(edges -> counts.add(new TreeMap<>()));
        sums.selectExpr("stack(" + todo.size() + ", " + buckets + ") AS (measure, bucket)").where(col("bucket").isNotNull())
            .groupBy("measure", "bucket").count().collectAsList()
            .forEach(row -> counts.get(row.getInt(0)).put(row.getLong(1), row.getLong(2)));
        return counts;
    }

    /** SQL of the first value of the bucket that a value lies in, missing outside of the intervals. */
    private String bucket() {
        return intervals.stream().map(in -> "WHEN " + measure + " BETWEEN " + in.first + "L AND " + in.last() + "L THEN " + measure + " & "
            + (-1L << in.step()) + "L").collect(Collectors.joining(" ", "CASE ", " END"));
    }

    private void narrow(TreeMap<Long, Long> counts, int levels) {
        if (searches.isEmpty()) {
            long n = counts.values().stream().mapToLong(Long::longValue).sum();
            if (n == 0) {
                throw new IllegalArgumentException("no purchase in the window");
            }
            Interval all = NESTED.get(NESTED.size() - 1);
            searches = IntStream.range(1, levels).mapToObj(k -> new Search(all, (n * k + levels - 1) / levels)).toList();
        }
        searches = searches.stream().map(search -> search.in.width == 0 ? search : narrowed(search, counts)).toList();
        intervals = searches.stream().map(Search::in).filter(in -> in.width > 0).distinct().toList();
    }

    private Search narrowed(Search search, TreeMap<Long, Long> counts) {
        long rank = search.rank;
        for (Map.Entry<Long, Long> bucket : counts.subMap(search.in.first, true, search.in.last(), true).entrySet()) {
            if (rank <= bucket.getValue()) {
                long first = bucket.getKey();
                Interval counted = intervals.stream().filter(in -> in.has(first)).findFirst().orElseThrow();
                return new Search(new Interval(first, counted.step()), rank);
            }
            rank -= bucket.getValue();
        }
        throw new IllegalStateException("the customers changed while they were counted: cache the frame");
    }
}
