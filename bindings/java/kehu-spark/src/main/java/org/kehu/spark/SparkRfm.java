package org.kehu.spark;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.count_distinct;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.raise_error;
import static org.apache.spark.sql.functions.try_sum;
import static org.apache.spark.sql.functions.when;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.TimestampType;
import org.kehu.Customers;
import org.kehu.KehuException;
import org.kehu.Rfm;
import org.kehu.RfmBase;
import org.kehu.Segments;

/**
 * Transactions to one row a customer, inside Apache Spark: customer, recency_days, orders, spend, R, F, M and segment.
 *
 * <p>Each customer's rows are summed up by Spark's own groupBy, and the cut points are the exact quantiles of all customers,
 * counted in two passes over the sums, or three. All of it is whole numbers, so the partitioning never changes a digit.
 */
public final class SparkRfm {
    private static final List<String> MEASURES = List.of("recency_days", "orders", "spend");
    private static final long DAY_MICROS = 86_400_000_000L;

    private SparkRfm() {}

    /** How to count and grade. */
    public static final class Options {
        private String order;
        private int levels = 5;
        private RfmBase.Returns returns = RfmBase.Returns.NET;
        private int dayOffsetMinutes;
        private String rules = Segments.builtin("rfm_grid");

        /** Each row an order, five grades, returns net, the segments of rfm_grid. */
        public Options() {}

        /**
         * Equal ids of a customer are one order.
         *
         * @param column of text or whole numbers; null: each row is an order
         * @return this
         */
        public Options order(String column) {
            order = column;
            return this;
        }

        /**
         * Grades of each measure.
         *
         * @param n 2 to 10
         * @return this
         */
        public Options levels(int n) {
            if (n < 2 || n > 10) {
                throw new IllegalArgumentException("levels is " + n + ", expected 2 to 10");
            }
            levels = n;
            return this;
        }

        /**
         * What a return is worth.
         *
         * @param worth net unless set
         * @return this
         */
        public Options returns(RfmBase.Returns worth) {
            returns = worth;
            return this;
        }

        /**
         * How much before 0:00 UTC a day starts.
         *
         * @param minutes 480 for China
         * @return this
         */
        public Options dayOffsetMinutes(int minutes) {
            dayOffsetMinutes = minutes;
            return this;
        }

        /**
         * The table of segments.
         *
         * @param text of the rules, or of {@link Segments#builtin}
         * @return this
         */
        public Options rules(String text) {
            rules = text;
            return this;
        }
    }

    /**
     * What was found.
     *
     * @param customers one row each
     * @param model with the edges, without counts
     * @param sums cached; unpersist it when the customers are no longer asked for
     */
    public record Graded(Dataset<Row> customers, Rfm model, Dataset<Row> sums) {}

    /**
     * Sums up and grades. A row without time or amount, or later than asOf, fails the job with the name of the column.
     *
     * @param df of transactions
     * @param customer column of text or whole numbers; rows without one are left out
     * @param time column of dates or times
     * @param amount column of whole minor units
     * @param asOf "today": recency counts from it
     * @param options how
     * @return the customers, the cut points, and what is cached
     */
    public static Graded rfm(Dataset<Row> df, String customer, String time, String amount, LocalDate asOf, Options options) {
        Frames.check(df, customer, "string or whole numbers", Frames::isKey);
        Frames.check(df, time, "date or timestamp", Frames::isTime);
        Frames.check(df, amount, "whole numbers", Frames::isWhole);
        if (options.order != null) {
            Frames.check(df, options.order, "string or whole numbers", Frames::isKey);
        }
        try (Segments rules = Segments.of(options.rules)) {
            Dataset<Row> sums = sums(df, customer, time, amount, asOf, options).cache();
            long[][] edges = Edges.find(sums, MEASURES, options.levels);
            Rfm model = Rfm.fit(null, new Rfm.Options().edges(edges[0], edges[1], edges[2]));
            return new Graded(graded(sums, model, edges, rules, options.rules), model, sums);
        }
    }

    /** Neither null nor empty. */
    private static Column isGiven(Dataset<Row> df, String name) {
        Column key = Frames.col(name);
        return df.schema().apply(name).dataType() instanceof StringType ? key.isNotNull().and(key.notEqual("")) : key.isNotNull();
    }

    private static Dataset<Row> sums(Dataset<Row> df, String customer, String time, String amount, LocalDate asOf, Options options) {
        Column cents = Frames.col(amount).cast("long");
        Column isPurchase = options.returns == RfmBase.Returns.NET ? cents.geq(0) : lit(true);
        Column counts = isGiven(df, customer);
        if (options.returns == RfmBase.Returns.DROP) {
            counts = counts.and(coalesce(cents, lit(0)).geq(0));
        }
        boolean isText = df.schema().apply(customer).dataType() instanceof StringType;
        Dataset<Row> rows = df.where(counts).select((isText ? Frames.col(customer) : Frames.col(customer).cast("long")).as("customer"),
            day(df, time, asOf, options.dayOffsetMinutes).as("day"), coalesce(cents, refused("column " + amount + ": a row has no amount")).as("amount"),
            isPurchase.as("bought"), options.order == null ? lit(null).as("order") : when(isGiven(df, options.order), Frames.col(options.order)).as("order"));
        Column bought = when(col("bought"), col("day"));
        Column orders = options.order == null ? count(bought)
            : count_distinct(when(col("bought"), col("order"))).plus(count(when(col("order").isNull(), bought)));
        Column spend = coalesce(col("spend"), refused("column " + amount + ": a customer's spend does not fit 64 bits"));
        return rows.groupBy("customer").agg(max(bought).as("last"), orders.as("orders"), try_sum(col("amount")).as("spend"))
            .where(col("last").isNotNull())
            .select(col("customer"), lit(Math.toIntExact(asOf.toEpochDay())).minus(col("last")).cast("long").as("recency_days"), col("orders"),
                spend.as("spend"));
    }

    /** Days since 1970-01-01; a row without a time or later than asOf fails the job. */
    private static Column day(Dataset<Row> df, String time, LocalDate asOf, int offsetMinutes) {
        DataType type = df.schema().apply(time).dataType();
        Column at = Frames.col(time);
        Column day;
        if (type instanceof DateType) {
            day = functions.unix_date(at);
        } else {
            Column micros = type instanceof TimestampType ? functions.unix_micros(at)
                : functions.expr("timestampdiff(MICROSECOND, TIMESTAMP_NTZ'1970-01-01 00:00:00', `" + time.replace("`", "``") + "`)");
            Column shifted = micros.plus(lit(offsetMinutes * 60_000_000L));
            day = shifted.minus(pmod(shifted, lit(DAY_MICROS))).divide(lit(DAY_MICROS)).cast("int"); // of multiples: exact
        }
        long last = asOf.toEpochDay();
        Column late = concat(lit("column " + time + ": a row is of day "), day.cast("string"), lit(", after as_of_day " + last));
        return when(at.isNull(), refused("column " + time + ": a row has no time")).when(day.gt(last), raise_error(late)).otherwise(day);
    }

    private static Column refused(String message) {
        return raise_error(lit(message));
    }

    // Grades

    /** How many edges lie below a value. */
    private static Column step(String measure, long[] edges) {
        Column step = lit(0);
        for (long edge : edges) {
            step = step.plus(when(col(measure).gt(edge), 1).otherwise(0));
        }
        return step;
    }

    /** Rules that ask for nothing but grades are asked once for all grades there are. */
    private static Dataset<Row> graded(Dataset<Row> sums, Rfm model, long[][] edges, Segments rules, String text) {
        Column[] steps = IntStream.range(0, 3).mapToObj(i -> step(MEASURES.get(i), edges[i])).toArray(Column[]::new);
        Dataset<Row> graded = sums.withColumn("R", lit(edges[0].length + 1).minus(steps[0]).cast("byte"))
            .withColumn("F", lit(1).plus(steps[1]).cast("byte")).withColumn("M", lit(1).plus(steps[2]).cast("byte"));
        String[] found = List.of("R", "F", "M", "FM").containsAll(rules.fields()) ? ofAllGrades(model, edges, rules) : null;
        if (found == null) {
            return byRows(graded, model, text);
        }
        Column number = lit(0);
        for (int i = 0; i < 3; i++) {
            number = number.multiply(edges[i].length + 1).plus(steps[i]);
        }
        return graded.withColumn("segment", functions.get(functions.array(Arrays.stream(found).map(functions::lit).toArray(Column[]::new)), number));
    }

    /** The segment of one customer of each step of the three measures; null where a rule is missing for some. */
    private static String[] ofAllGrades(Rfm model, long[][] edges, Segments rules) {
        List<long[]> all = new ArrayList<>();
        for (long recency : oneOfEach(edges[0])) {
            for (long orders : oneOfEach(edges[1])) {
                for (long spend : oneOfEach(edges[2])) {
                    all.add(new long[] {recency, orders, spend});
                }
            }
        }
        try {
            int[] codes = rules.assign(model, customers(all), List.of());
            return IntStream.of(codes).mapToObj(rules.names()::get).toArray(String[]::new);
        } catch (KehuException.Data e) { // a gap, perhaps at grades that no customer has
            return null;
        }
    }

    private static long[] oneOfEach(long[] edges) {
        long[] values = Arrays.copyOf(edges, edges.length + 1);
        long last = edges[edges.length - 1];
        values[edges.length] = last == Long.MAX_VALUE ? last : last + 1;
        return values;
    }

    private static Customers customers(List<long[]> rows) {
        return new Customers(rows.stream().mapToLong(r -> r[0]).toArray(), rows.stream().mapToLong(r -> r[1]).toArray(),
            rows.stream().mapToLong(r -> r[2]).toArray());
    }

    private record Rules(Rfm model, Segments table) {}

    private static Dataset<Row> byRows(Dataset<Row> graded, Rfm model, String text) {
        byte[] rules = text.getBytes(StandardCharsets.UTF_8);
        int at = graded.schema().fieldIndex(MEASURES.get(0));
        return Frames.with(graded, new Shipped<>(graded.sparkSession(), "rules", SparkRfm::read, model.toBytes(), rules),
            List.of(Frames.field("segment", DataTypes.StringType)), (kept, rows) -> {
                int[] codes = kept.table.assign(kept.model, customers(rows.stream()
                    .map(row -> new long[] {row.getLong(at), row.getLong(at + 1), row.getLong(at + 2)}).toList()), List.of());
                return new Object[][] {IntStream.of(codes).mapToObj(kept.table.names()::get).toArray()};
            });
    }

    private static Rules read(List<Path> files) {
        return new Rules(Rfm.load(files.get(0)), Segments.load(files.get(1)));
    }
}
