package org.kehu;

import java.time.LocalDate;

/** How events of each group go on: level, growth, change points, bursts. */
public final class Trend {
    private Trend() {}

    /** What to find. */
    public enum Report {
        /** A row a group: events, level, growth with its interval, dispersion, changes and the last one. */
        LEVELS,
        /** A row a change point: group, day, events a step before and after, score. */
        CHANGES,
        /** A row a burst: group, first and last day, events, expected, p. */
        BURSTS
    }

    /** How to count. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        /** All defaults. */
        public Options() {
            super(Layout.TrendOptions.SIZEOF);
        }

        /**
         * How much before 0:00 UTC a day starts.
         *
         * @param minutes 480 for China
         * @return this
         */
        public Options dayOffsetMinutes(int minutes) {
            values.putInt(Layout.TrendOptions.DAY_OFFSET_MINUTES, minutes);
            return this;
        }

        /**
         * Days of a step.
         *
         * @param days 1 to 366; 0 means 1
         * @return this
         */
        public Options stepDays(int days) {
            putCount(Layout.TrendOptions.STEP_DAYS, days, "stepDays");
            return this;
        }

        /**
         * Steps between change points.
         *
         * @param steps at least; 0 means 7
         * @return this
         */
        public Options shortest(int steps) {
            putCount(Layout.TrendOptions.SHORTEST, steps, "shortest");
            return this;
        }

        /**
         * Steps that say what to expect.
         *
         * @param steps 8 to 3660; 0 means 56
         * @return this
         */
        public Options baseSteps(int steps) {
            putCount(Layout.TrendOptions.BASE_STEPS, steps, "baseSteps");
            return this;
        }

        /**
         * What a change point must save.
         *
         * @param penalty above 0; 0 means 15
         * @return this
         */
        public Options changePenalty(double penalty) {
            values.putDouble(Layout.TrendOptions.CHANGE_PENALTY, penalty);
            return this;
        }

        /**
         * Bursts a year in a group that has none.
         *
         * @param alarms 0 to 100; 0 means 0.1
         * @return this
         */
        public Options falseAlarmsPerYear(double alarms) {
            values.putDouble(Layout.TrendOptions.FALSE_ALARMS_PER_YEAR, alarms);
            return this;
        }
    }

    /**
     * Makes a report.
     *
     * @param report what to find
     * @param group texts; null: all events are one group
     * @param time dates or times; missing ones, and those outside the days, are left out
     * @param from the first day that counts
     * @param to the last day that counts
     * @param options how to count
     * @return a row a group or finding
     */
    public static Table find(Report report, Column group, Column time, LocalDate from, LocalDate to, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.trendsFind(out.address, report.ordinal(), Column.addressOrNull(f, group), time.address(f),
                Math.toIntExact(from.toEpochDay()), Math.toIntExact(to.toEpochDay()), options.write(f).address, f.error()));
            return new Table(out.i64(0));
        }
    }
}
