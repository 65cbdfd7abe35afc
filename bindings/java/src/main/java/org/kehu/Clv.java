package org.kehu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Repurchase and customer lifetime value: a model of buying and leaving, or of spend, fitted by maximum likelihood to one
 * row a customer. Results are never NaN and never negative.
 */
public final class Clv extends Model {
    private Clv(long pointer) {
        super(pointer, Native::clvFree);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.clvSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.clvWrite(self, writer, error);
    }

    /** The models. */
    public enum Kind {
        /** Leaves after a repeat purchase (Fader, Hardie and Lee 2005). */
        BG_NBD,
        /** May leave after the first purchase too (Batislam, Denizel and Filiztekin 2007). */
        MBG_NBD,
        /** Leaves at any time (Schmittlein, Morrison and Colombo 1987). */
        PARETO_NBD,
        /** One opportunity a period (Fader, Hardie and Shang 2010). */
        BG_BB,
        /** Money of a purchase (Fader and Hardie 2013). */
        GAMMA_GAMMA;

        private static final Kind[] ALL = values();
    }

    /**
     * One row a customer, times in any one unit.
     *
     * @param ids when keys are whole numbers, else null
     * @param names when keys are text, else null
     * @param frequency repeat purchases; the first purchase is not counted
     * @param recency from the first purchase to the last one, 0 when frequency is 0
     * @param age from the first purchase to the end of observation
     * @param spend mean money of a repeat purchase; may be null where no spend is asked for
     * @param weight customers a row stands for, when fitting; null means 1 each
     */
    public record Histories(long[] ids, String[] names, double[] frequency, double[] recency, double[] age, double[] spend,
        double[] weight) {
        /**
         * Rows without keys and weights.
         *
         * @param frequency repeat purchases
         * @param recency from the first purchase to the last one
         * @param age from the first purchase to the end of observation
         * @param spend mean money of a repeat purchase; may be null
         */
        public Histories(double[] frequency, double[] recency, double[] age, double[] spend) {
            this(null, null, frequency, recency, age, spend, null);
        }

        /**
         * Checks that the arrays are of one length.
         *
         * @param ids when keys are whole numbers, else null
         * @param names when keys are text, else null
         * @param frequency repeat purchases
         * @param recency from the first purchase to the last one
         * @param age from the first purchase to the end of observation
         * @param spend mean money of a repeat purchase; may be null
         * @param weight customers a row stands for; null means 1 each
         */
        public Histories {
            int n = frequency.length;
            if (recency.length != n || age.length != n || spend != null && spend.length != n || weight != null && weight.length != n
                || ids != null && ids.length != n || names != null && names.length != n) {
                throw new IllegalArgumentException("the arrays differ in length");
            }
        }

        /**
         * How many customers there are.
         *
         * @return 0 or more
         */
        public int count() {
            return frequency.length;
        }

        /** A kehu_clv_columns. */
        long write(Frame f) {
            Memory m = f.zeros(Layout.ClvColumns.SIZEOF);
            m.i64(Layout.ClvColumns.N, count());
            m.i64(Layout.ClvColumns.FREQUENCY, f.copy(frequency).address);
            m.i64(Layout.ClvColumns.RECENCY, f.copy(recency).address);
            m.i64(Layout.ClvColumns.AGE, f.copy(age).address);
            m.i64(Layout.ClvColumns.SPEND, spend == null ? 0 : f.copy(spend).address);
            m.i64(Layout.ClvColumns.WEIGHT, weight == null ? 0 : f.copy(weight).address);
            return m.address;
        }
    }

    /** How to fit. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        /** All defaults. */
        public Options() {
            super(Layout.ClvOptions.SIZEOF, Layout.ClvOptions.N_THREADS, Layout.ClvOptions.PROGRESS);
        }

        /**
         * Which model.
         *
         * @param model BG/NBD unless set
         * @return this
         */
        public Options model(Kind model) {
            values.putInt(Layout.ClvOptions.MODEL, model.ordinal());
            return this;
        }

        /**
         * Iterations at most.
         *
         * @param n 0 means 500
         * @return this
         */
        public Options maxIterations(int n) {
            putCount(Layout.ClvOptions.MAX_ITERATIONS, n, "maxIterations");
            return this;
        }
    }

    /**
     * Fits a model.
     *
     * @param histories at least two that the model can use
     * @param options how
     * @return the model
     */
    public static Clv fit(Histories histories, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.clvFit(out.address, histories.write(f), options.write(f).address, f.error()));
            return new Clv(out.i64(0));
        }
    }

    /**
     * A model of parameters known from elsewhere.
     *
     * @param model which one
     * @param parameters in its order, above 0
     * @return the model
     */
    public static Clv of(Kind model, double... parameters) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.clvFromParameters(out.address, model.ordinal(), f.copy(parameters).address, parameters.length, 0, f.error()));
            return new Clv(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the model
     */
    public static Clv load(Path path) {
        return new Clv(load(path, Native::clvLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the model
     */
    public static Clv read(byte[] bytes) {
        return new Clv(read(bytes, Native::clvRead));
    }

    /**
     * A parameter of a model.
     *
     * @param name in the paper
     * @param value fitted or given
     * @param standardError from the observed information; 0 for a model that was not fitted
     */
    public record Parameter(String name, double value, double standardError) {}

    /**
     * What a fit found.
     *
     * @param model which one
     * @param parameters in its order
     * @param logLikelihood reached
     * @param customers weights summed
     * @param leftOut customers that Gamma-Gamma could not use
     * @param groups different rows
     * @param iterations 0 when not fitted
     * @param gradient largest slope of the mean log-likelihood in log parameters
     */
    public record Fit(Kind model, List<Parameter> parameters, double logLikelihood, double customers, double leftOut, long groups,
        int iterations, double gradient) {}

    /**
     * What the fit found.
     *
     * @return the figures
     */
    public Fit fit() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.ClvFitReport.SIZEOF);
            Native.clvGetFit(f.inside(this), m.address);
            List<Parameter> parameters = new ArrayList<>();
            for (int i = 0; i < m.i32(Layout.ClvFitReport.N_PARAMETERS); i++) {
                parameters.add(new Parameter(Memory.text(m.i64(Layout.ClvFitReport.NAME + 8 * i)),
                    m.f64(Layout.ClvFitReport.PARAMETER + 8 * i), m.f64(Layout.ClvFitReport.STANDARD_ERROR + 8 * i)));
            }
            return new Fit(Kind.ALL[m.i32(Layout.ClvFitReport.MODEL)], List.copyOf(parameters), m.f64(Layout.ClvFitReport.LOG_LIKELIHOOD),
                m.f64(Layout.ClvFitReport.N), m.f64(Layout.ClvFitReport.N_LEFT_OUT), m.i64(Layout.ClvFitReport.N_GROUPS),
                m.i32(Layout.ClvFitReport.ITERATIONS), m.f64(Layout.ClvFitReport.GRADIENT));
        }
    }

    private interface PerCustomer {
        int call(Frame f, long self, long columns, long out);
    }

    private double[] perCustomer(Histories histories, PerCustomer call) {
        try (Frame f = Frame.open()) {
            Memory out = f.array(histories.count(), Double.BYTES);
            f.check(call.call(f, f.inside(this), histories.write(f), out.address));
            return out.doubles(0, histories.count());
        }
    }

    /**
     * The probability that each customer is still one at the end of observation.
     *
     * @param histories one row a customer
     * @return 0 to 1 each
     */
    public double[] alive(Histories histories) {
        return perCustomer(histories, (f, self, columns, out) -> Native.clvAlive(self, columns, out, f.error()));
    }

    /**
     * Expected purchases after the end of observation.
     *
     * @param histories one row a customer
     * @param horizon in units of time; for BG/BB in opportunities
     * @return one number each
     */
    public double[] purchases(Histories histories, double horizon) {
        return perCustomer(histories, (f, self, columns, out) -> Native.clvPurchases(self, columns, horizon, out, f.error()));
    }

    /**
     * The time until the next purchase that half of such customers, being alive, stay under.
     *
     * @param histories one row a customer
     * @return one number each
     */
    public double[] waiting(Histories histories) {
        return perCustomer(histories, (f, self, columns, out) -> Native.clvWaiting(self, columns, out, f.error()));
    }

    /**
     * Expected money of a purchase; for Gamma-Gamma.
     *
     * @param histories one row a customer
     * @return one number each
     */
    public double[] spend(Histories histories) {
        return perCustomer(histories, (f, self, columns, out) -> Native.clvSpend(self, columns, out, f.error()));
    }

    /**
     * Expected money after the end of observation.
     *
     * @param spends a Gamma-Gamma model
     * @param histories one row a customer
     * @param horizon in whole periods
     * @param discount a period
     * @return one number each
     */
    public double[] value(Clv spends, Histories histories, double horizon, double discount) {
        return perCustomer(histories,
            (f, self, columns, out) -> Native.clvValue(self, f.inside(spends), columns, horizon, discount, out, f.error()));
    }

    /**
     * Bounds of values.
     *
     * @param low one a customer
     * @param high one a customer
     */
    public record Interval(double[] low, double[] high) {}

    /**
     * How far {@link #value} may be off because the fits rest on so many customers and no more. What one customer does by
     * chance comes on top.
     *
     * @param spends a fitted Gamma-Gamma model
     * @param histories one row a customer
     * @param horizon in whole periods
     * @param discount a period
     * @param deviations standard errors on either side, 0 to 10; 1.96 holds 95 in 100
     * @return the bounds of each value
     */
    public Interval valueInterval(Clv spends, Histories histories, double horizon, double discount, double deviations) {
        try (Frame f = Frame.open()) {
            int n = histories.count();
            Memory low = f.array(n, Double.BYTES);
            Memory high = f.array(n, Double.BYTES);
            f.check(Native.clvValueInterval(f.inside(this), f.inside(spends), histories.write(f), horizon, discount, deviations, low.address,
                high.address, f.error()));
            return new Interval(low.doubles(0, n), high.doubles(0, n));
        }
    }
}
