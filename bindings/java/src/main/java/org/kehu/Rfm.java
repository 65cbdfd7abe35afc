package org.kehu;

import java.nio.file.Path;
import java.util.List;

/** Cut points of recency, frequency and money, by which customers are graded. Equal values always share a grade. */
public final class Rfm extends Model {
    private Rfm(long pointer) {
        super(pointer, Native::rfmFree);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.rfmSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.rfmWrite(self, writer, error);
    }

    /** Where the edges of a column lie. */
    public enum Rule {
        /** At the value of that rank. */
        NEAREST_RANK,
        /** At the quantile of type 7. */
        INTERPOLATED,
        /** At that quantile plus one unit, as the R package rfm does. */
        INTERPOLATED_PLUS_ONE,
        /** In steps of equal width from the least value to the most. */
        EQUAL_WIDTH;

        private static final Rule[] ALL = values();
    }

    /** One of the three. */
    public enum Measure {
        /** Days since the last purchase. */
        RECENCY,
        /** Purchases. */
        ORDERS,
        /** Money. */
        SPEND
    }

    /** How to cut. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        private long[] recencyEdges = {};
        private long[] ordersEdges = {};
        private long[] spendEdges = {};

        /** All defaults. */
        public Options() {
            super(Layout.RfmOptions.SIZEOF);
        }

        /**
         * Where the edges lie.
         *
         * @param rule nearest rank unless set
         * @return this
         */
        public Options rule(Rule rule) {
            values.putInt(Layout.RfmOptions.RULE, rule.ordinal());
            return this;
        }

        /**
         * Grades of the three columns.
         *
         * @param recency 2 to 10; 0 means 5, or edges + 1
         * @param orders the same
         * @param spend the same
         * @return this
         */
        public Options levels(int recency, int orders, int spend) {
            putCount(Layout.RfmOptions.RECENCY_LEVELS, recency, "recency");
            putCount(Layout.RfmOptions.ORDERS_LEVELS, orders, "orders");
            putCount(Layout.RfmOptions.SPEND_LEVELS, spend, "spend");
            return this;
        }

        /**
         * Edges of your own, rising or equal, up to nine a column; an empty array leaves it to the rule.
         *
         * @param recencyDays of the recency
         * @param orders of the purchases
         * @param spend of the money
         * @return this
         */
        public Options edges(long[] recencyDays, long[] orders, long[] spend) {
            recencyEdges = recencyDays.clone();
            ordersEdges = orders.clone();
            spendEdges = spend.clone();
            return this;
        }

        /**
         * Threads to use; the result does not depend on them.
         *
         * @param n 0 means 1
         * @return this
         */
        public Options threads(int n) {
            putCount(Layout.RfmOptions.N_THREADS, n, "threads");
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            long[][] all = {recencyEdges, ordersEdges, spendEdges};
            if (all[0].length + all[1].length + all[2].length > 0) {
                Memory edges = frame.zeros(Layout.RfmEdges.SIZEOF);
                edges.i64(Layout.RfmEdges.RECENCY_DAYS, frame.copy(all[0]).address);
                edges.i64(Layout.RfmEdges.ORDERS, frame.copy(all[1]).address);
                edges.i64(Layout.RfmEdges.SPEND, frame.copy(all[2]).address);
                edges.i32(Layout.RfmEdges.N_RECENCY_DAYS, all[0].length);
                edges.i32(Layout.RfmEdges.N_ORDERS, all[1].length);
                edges.i32(Layout.RfmEdges.N_SPEND, all[2].length);
                options.i64(Layout.RfmOptions.EDGES, edges.address);
            }
            return options;
        }
    }

    /**
     * Finds the cut points of a customer base.
     *
     * @param customers one or more; null when all edges are given
     * @param options how
     * @return the cut points
     */
    public static Rfm fit(Customers customers, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.rfmFit(out.address, customers == null ? 0 : customers.write(f), options.write(f).address, f.error()));
            return new Rfm(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the cut points
     */
    public static Rfm load(Path path) {
        return new Rfm(load(path, Native::rfmLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the cut points
     */
    public static Rfm read(byte[] bytes) {
        return new Rfm(read(bytes, Native::rfmRead));
    }

    /**
     * Grades customers, of this base or of a later one.
     *
     * @param customers to grade
     * @return R, F and M grade of each, 1 (worst) to levels (best)
     */
    public byte[] grade(Customers customers) {
        try (Frame f = Frame.open()) {
            Memory grades = f.array(3L * customers.count(), 1);
            f.check(Native.rfmGrade(f.inside(this), customers.write(f), grades.address, f.error()));
            return grades.bytes(0, 3 * customers.count());
        }
    }

    /**
     * The cut points of one column and how the fitted base fell into them.
     *
     * @param levels grades
     * @param rule by which the edges were found
     * @param isGiven whether the edges were the caller's
     * @param used grades that hold a customer
     * @param edges as the rule gives them
     * @param atMost largest whole value that is not above each edge
     * @param counts customers with each grade
     * @param n customers fitted on
     * @param least of their values
     * @param most of their values
     */
    public record Cuts(int levels, Rule rule, boolean isGiven, int used, double[] edges, long[] atMost, long[] counts, long n, long least,
        long most) {}

    /**
     * The cut points of one column.
     *
     * @param measure which one
     * @return its cuts
     */
    public Cuts cuts(Measure measure) {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.RfmCuts.SIZEOF);
            f.check(Native.rfmGetCuts(f.inside(this), measure.ordinal(), m.address, f.error()));
            int levels = m.i32(Layout.RfmCuts.LEVELS);
            return new Cuts(levels, Rule.ALL[m.i32(Layout.RfmCuts.RULE)], m.i32(Layout.RfmCuts.GIVEN) != 0, m.i32(Layout.RfmCuts.N_USED),
                m.doubles(Layout.RfmCuts.EDGE, levels - 1), m.longs(Layout.RfmCuts.AT_MOST, levels - 1), m.longs(Layout.RfmCuts.COUNT, levels),
                m.i64(Layout.RfmCuts.N), m.i64(Layout.RfmCuts.LEAST), m.i64(Layout.RfmCuts.MOST));
        }
    }

    /**
     * Why a customer has a grade: above &lt; value &lt;= atMost.
     *
     * @param measure which column
     * @param value the customer's
     * @param above the edge below it; Long.MIN_VALUE for none
     * @param atMost the edge above it; Long.MAX_VALUE for none
     * @param grade the customer's
     */
    public record Reason(Measure measure, long value, long above, long atMost, int grade) {}

    /**
     * Why does a customer have these grades?
     *
     * @param recencyDays days since the last purchase
     * @param orders purchases
     * @param spend money in minor units
     * @return one reason a column
     */
    public List<Reason> explain(long recencyDays, long orders, long spend) {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.RfmReason.SIZEOF);
            f.check(Native.rfmExplain(f.inside(this), recencyDays, orders, spend, m.address, f.error()));
            Reason[] reasons = new Reason[3];
            for (Measure measure : Measure.values()) {
                int i = measure.ordinal();
                reasons[i] = new Reason(measure, m.i64(Layout.RfmReason.VALUE + 8 * i), m.i64(Layout.RfmReason.ABOVE + 8 * i),
                    m.i64(Layout.RfmReason.AT_MOST + 8 * i), m.i8(Layout.RfmReason.GRADE + i));
            }
            return List.of(reasons);
        }
    }

    /**
     * How far a later base has moved.
     *
     * @param n customers
     * @param counts customers with each grade, for recency, orders and spend
     * @param psi population stability index of each column
     */
    public record Drift(long n, long[][] counts, double[] psi) {}

    /**
     * How far has a later base moved against the cuts?
     *
     * @param customers of the later base
     * @return the figures
     */
    public Drift drift(Customers customers) {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.RfmDrift.SIZEOF);
            f.check(Native.rfmGetDrift(f.inside(this), customers.write(f), m.address, f.error()));
            long[][] counts = new long[3][];
            for (int i = 0; i < 3; i++) {
                counts[i] = m.longs(Layout.RfmDrift.COUNT + (int) Constants.RFM_MAX_LEVELS * 8 * i, cuts(Measure.values()[i]).levels);
            }
            return new Drift(m.i64(Layout.RfmDrift.N), counts, m.doubles(Layout.RfmDrift.PSI, 3));
        }
    }
}
