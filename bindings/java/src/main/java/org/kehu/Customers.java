package org.kehu;

/**
 * Customers as parallel arrays.
 *
 * @param ids when keys are whole numbers, else null
 * @param names when keys are text, else null
 * @param recencyDays whole days since the last purchase
 * @param orders purchases
 * @param spend money in minor units
 */
public record Customers(long[] ids, String[] names, long[] recencyDays, long[] orders, long[] spend) {
    /**
     * Customers without keys.
     *
     * @param recencyDays whole days since the last purchase
     * @param orders purchases
     * @param spend money in minor units
     */
    public Customers(long[] recencyDays, long[] orders, long[] spend) {
        this(null, null, recencyDays, orders, spend);
    }

    /**
     * Checks that the arrays are of one length.
     *
     * @param ids when keys are whole numbers, else null
     * @param names when keys are text, else null
     * @param recencyDays whole days since the last purchase
     * @param orders purchases
     * @param spend money in minor units
     */
    public Customers {
        int n = recencyDays.length;
        if (orders.length != n || spend.length != n || ids != null && ids.length != n || names != null && names.length != n) {
            throw new IllegalArgumentException("the arrays differ in length");
        }
    }

    /**
     * How many customers there are.
     *
     * @return 0 or more
     */
    public int count() {
        return recencyDays.length;
    }

    /**
     * The keys as a column.
     *
     * @return null without keys
     */
    public Column keys() {
        return ids != null ? Column.of("customer", ids) : names != null ? Column.of("customer", names) : null;
    }

    /** A kehu_rfm_columns. */
    long write(Frame f) {
        Memory m = f.zeros(Layout.RfmColumns.SIZEOF);
        m.i64(Layout.RfmColumns.N, count());
        m.i64(Layout.RfmColumns.RECENCY_DAYS, f.copy(recencyDays).address);
        m.i64(Layout.RfmColumns.ORDERS, f.copy(orders).address);
        m.i64(Layout.RfmColumns.SPEND, f.copy(spend).address);
        return m.address;
    }
}
