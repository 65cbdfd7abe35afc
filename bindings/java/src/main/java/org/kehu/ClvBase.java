package org.kehu;

import java.time.LocalDate;

/** Purchases of an observation period becoming one summary row a customer, for {@link Clv}. */
public final class ClvBase extends MutableHandle {
    private ClvBase(long pointer) {
        super(pointer, Native::clvBaseFree);
    }

    /** How to count. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        /** All defaults. */
        public Options() {
            super(Layout.ClvBaseOptions.SIZEOF);
        }

        /**
         * How much before 0:00 UTC a day starts.
         *
         * @param minutes 480 for China
         * @return this
         */
        public Options dayOffsetMinutes(int minutes) {
            values.putInt(Layout.ClvBaseOptions.DAY_OFFSET_MINUTES, minutes);
            return this;
        }

        /**
         * Days in a unit of time.
         *
         * @param days above 0; 0 means 7
         * @return this
         */
        public Options periodDays(double days) {
            values.putDouble(Layout.ClvBaseOptions.PERIOD_DAYS, days);
            return this;
        }
    }

    /**
     * An empty base.
     *
     * @param end the last day of the observation
     * @param options how to count
     * @return the base
     */
    public static ClvBase of(LocalDate end, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.clvBaseNew(out.address, Math.toIntExact(end.toEpochDay()), options.write(f).address, f.error()));
            return new ClvBase(out.i64(0));
        }
    }

    /**
     * Adds purchases, any number of times, in any order. Only customer, time and amount are read.
     *
     * @param batch of them
     */
    public void add(RfmBase.Batch batch) {
        try (Frame f = Frame.open()) {
            f.check(Native.clvBaseAdd(f.inside(this), batch.write(f), f.error()));
        }
    }

    /**
     * The customers so far.
     *
     * @return ascending by key, each once
     */
    public Clv.Histories finish() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.ClvColumns.SIZEOF);
            Memory keys = f.zeros(Layout.Column.SIZEOF);
            f.check(Native.clvBaseFinish(f.inside(this), m.address, keys.address, f.error()));
            int n = Memory.count(m.i64(Layout.ClvColumns.N));
            boolean isText = Column.Type.of(keys.i32(Layout.Column.TYPE)) != Column.Type.INT64;
            Values values = new Values(keys);
            return new Clv.Histories(isText ? null : values.longs(), isText ? values.texts() : null,
                array(m.i64(Layout.ClvColumns.FREQUENCY), n), array(m.i64(Layout.ClvColumns.RECENCY), n),
                array(m.i64(Layout.ClvColumns.AGE), n), array(m.i64(Layout.ClvColumns.SPEND), n), null);
        }
    }

    private static double[] array(long address, int n) {
        return n == 0 ? new double[0] : address == 0 ? null : Memory.at(address, 8L * n).doubles(0, n);
    }
}
