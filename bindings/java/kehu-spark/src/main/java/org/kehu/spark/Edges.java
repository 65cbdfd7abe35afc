package org.kehu.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.shiftright;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The values of nearest rank at 1/levels, 2/levels, ... of one measure: exact, by counts of buckets that narrow down on each.
 * Each value is known to lie in the bucket of 2^width values that starts at found.
 */
final class Edges {
    /** Of a histogram: 131,072 buckets. */
    private static final int BITS = 17;

    private final String measure;
    private final long least;
    private final long[] ranks;
    private final long[] found;
    private int width;

    private Edges(String measure, long least, long most, long n, int levels) {
        this.measure = measure;
        this.least = least;
        ranks = new long[levels - 1];
        for (int k = 1; k < levels; k++) {
            ranks[k - 1] = (n * k + levels - 1) / levels;
        }
        found = new long[levels - 1];
        Arrays.fill(found, least);
        width = Math.max(64 - Long.numberOfLeadingZeros(most - least), 1);
    }

    /** Of all measures, in two passes over the frame together, three where one spans more than 2^34. */
    static long[][] find(Dataset<Row> sums, List<String> measures, int levels) {
        List<Column> spans = new ArrayList<>();
        measures.forEach(name -> spans.addAll(List.of(min(name), max(name))));
        Row span = sums.agg(count(lit(1)), spans.toArray(Column[]::new)).first();
        long n = span.getLong(0);
        if (n == 0) {
            throw new IllegalArgumentException("no purchase in the window");
        }
        List<Edges> all = new ArrayList<>();
        for (int i = 0; i < measures.size(); i++) {
            all.add(new Edges(measures.get(i), span.getLong(2 * i + 1), span.getLong(2 * i + 2), n, levels));
        }
        for (List<Edges> todo = unfinished(all); !todo.isEmpty(); todo = unfinished(all)) {
            List<Row> counted = todo.stream().map(edges -> edges.counts(sums)).reduce(Dataset::union).orElseThrow().collectAsList();
            todo.forEach(edges -> edges.narrow(counted));
        }
        return all.stream().map(edges -> edges.found).toArray(long[][]::new);
    }

    private static List<Edges> unfinished(List<Edges> all) {
        return all.stream().filter(edges -> edges.width > 0).toList();
    }

    /** The width after the next pass. */
    private int shift() {
        return Math.max(width - BITS, 0);
    }

    /** How many values start with which bits, for those that share a bucket with one that is looked for. */
    private Dataset<Row> counts(Dataset<Row> sums) {
        Column value = col(measure).minus(lit(least));
        Object[] near = Arrays.stream(found).map(start -> start - least >> width).distinct().boxed().toArray();
        return sums.where(shiftright(value, width).isin(near)).select(shiftright(value, shift()).as("bucket")).groupBy("bucket").count()
            .select(lit(measure).as("measure"), col("bucket"), col("count"));
    }

    private void narrow(List<Row> counted) {
        TreeMap<Long, Long> counts = new TreeMap<>();
        counted.stream().filter(row -> row.getString(0).equals(measure)).forEach(row -> counts.put(row.getLong(1), row.getLong(2)));
        int shift = shift();
        for (int i = 0; i < found.length; i++) {
            long first = found[i] - least >> shift;
            long bucket = -1;
            for (var entry : counts.subMap(first, first + (1L << width - shift)).entrySet()) {
                if (ranks[i] <= entry.getValue()) {
                    bucket = entry.getKey();
                    break;
                }
                ranks[i] -= entry.getValue();
            }
            if (bucket < 0) {
                throw new IllegalStateException("the customers changed while they were counted: cache the frame");
            }
            found[i] = least + (bucket << shift);
        }
        width = shift;
    }
}
