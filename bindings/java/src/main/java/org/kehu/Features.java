package org.kehu;

import java.time.LocalDate;

/** What customers' events say of them, a row a customer: counts, shares, variety, times, trend and places. */
public final class Features {
    private Features() {}

    /** How to count. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        private Column items;

        /** All defaults. */
        public Options() {
            super(Layout.FeaturesOptions.SIZEOF);
        }

        /**
         * How much before 0:00 UTC a day starts.
         *
         * @param minutes 480 for China
         * @return this
         */
        public Options dayOffsetMinutes(int minutes) {
            values.putInt(Layout.FeaturesOptions.DAY_OFFSET_MINUTES, minutes);
            return this;
        }

        /**
         * Items that have columns, in this order, also where there is no event of them; events of others do not count.
         *
         * @param names none for all that come
         * @return this
         */
        public Options items(String... names) {
            items = names.length == 0 ? null : Column.of(null, names);
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.FeaturesOptions.ITEMS, Column.addressOrNull(frame, items));
            return options;
        }
    }

    /**
     * Finds them.
     *
     * @param customer texts or whole numbers
     * @param item what was used: a channel, a content, a kind of goods
     * @param time dates or times; rows outside the days do not count
     * @param amount 0, or numbers from 1e-100 to 1e100, such as minutes or money; null: each event counts 1
     * @param place such as a cell or a shop; null: none
     * @param from the first day that counts
     * @param to the last day that counts
     * @param options how to count
     * @return customer, events, amount (if given), entropy, divergence, the shares of four parts of the day (where times have
     *     hours), weekend_share, active_days, recency_days, trend, places and moves (if a place is given), and for each item
     *     its _events and _share
     */
    public static Table find(Column customer, Column item, Column time, Column amount, Column place, LocalDate from, LocalDate to,
        Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.featuresFind(out.address, customer.address(f), item.address(f), time.address(f),
                Column.addressOrNull(f, amount), Column.addressOrNull(f, place), Math.toIntExact(from.toEpochDay()),
                Math.toIntExact(to.toEpochDay()), options.write(f).address, f.error()));
            return new Table(out.i64(0));
        }
    }
}
