package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.LocalDate;

/**
 * Transactions becoming one row a customer: days since the last purchase, purchases, money. Money is whole minor units, so
 * the order of the rows and the way they are cut into batches never change a digit.
 */
public final class RfmBase extends MutableHandle {
    /** What C refers to until the base is closed: the listener. */
    private final Frame kept;

    private RfmBase(long pointer, Frame kept) {
        super(pointer, p -> {
            Native.rfmBaseFree(p);
            kept.close();
        });
        this.kept = kept;
    }

    /** What a return is worth. */
    public enum Returns {
        /** Lowers spend; is no order, sets no recency. */
        NET,
        /** A row like any other. */
        COUNT,
        /** As if the row were not there. */
        DROP
    }

    /** How to count. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        /** All defaults. */
        public Options() {
            super(Layout.RfmBaseOptions.SIZEOF, Layout.RfmBaseOptions.N_THREADS, Layout.RfmBaseOptions.PROGRESS);
        }

        /**
         * What a return is worth.
         *
         * @param returns net unless set
         * @return this
         */
        public Options returns(Returns returns) {
            values.putInt(Layout.RfmBaseOptions.RETURNS, returns.ordinal());
            return this;
        }

        /**
         * The first day that counts.
         *
         * @param day no limit unless set
         * @return this
         */
        public Options from(LocalDate day) {
            values.putInt(Layout.RfmBaseOptions.FROM_DAY, Math.toIntExact(day.toEpochDay()));
            return this;
        }

        /**
         * The last day that counts.
         *
         * @param day at most "today", which it is unless set; then a later row is an error
         * @return this
         */
        public Options to(LocalDate day) {
            values.putInt(Layout.RfmBaseOptions.TO_DAY, Math.toIntExact(day.toEpochDay()));
            return this;
        }

        /**
         * How much before 0:00 UTC a day starts.
         *
         * @param minutes 480 for China
         * @return this
         */
        public Options dayOffsetMinutes(int minutes) {
            values.putInt(Layout.RfmBaseOptions.DAY_OFFSET_MINUTES, minutes);
            return this;
        }
    }

    /**
     * An empty base.
     *
     * @param asOf "today": recency counts from it
     * @param options how to count
     * @return the base
     */
    public static RfmBase of(LocalDate asOf, Options options) {
        Frame kept = Frame.open();
        try {
            Memory out = kept.zeros(8);
            kept.check(Native.rfmBaseNew(out.address, Math.toIntExact(asOf.toEpochDay()), options.write(kept).address, kept.error()));
            return new RfmBase(out.i64(0), kept);
        } catch (Throwable failed) {
            kept.close();
            throw failed;
        }
    }

    /**
     * Gets a base back from a file, to add or merge further.
     *
     * @param path of the file
     * @return the base
     */
    public static RfmBase load(Path path) {
        return new RfmBase(Model.load(path, Native::rfmBaseLoad), Frame.open());
    }

    /**
     * Gets a base back from the bytes of a file, to add or merge further.
     *
     * @param bytes not kept
     * @return the base
     */
    public static RfmBase read(byte[] bytes) {
        return new RfmBase(Model.read(bytes, Native::rfmBaseRead), Frame.open());
    }

    /**
     * Keeps the base in a file.
     *
     * @param path of the file
     */
    public void save(Path path) {
        Model.toPath(this, path, Native::rfmBaseSave);
    }

    /**
     * Keeps the base in a stream.
     *
     * @param stream takes the bytes; stays open
     * @throws IOException of the stream
     */
    public void write(OutputStream stream) throws IOException {
        Model.toStream(this, stream, Native::rfmBaseWrite);
    }

    /**
     * The bytes of the base's file.
     *
     * @return a new array
     */
    public byte[] toBytes() {
        return Model.toBytes(this, Native::rfmBaseWrite);
    }

    /**
     * Columns of transactions.
     *
     * @param customer whole numbers or text; missing ones are skipped and counted
     * @param time dates or times
     * @param amount whole minor units
     * @param order whole numbers or text: equal ids of a customer are one order; null: each row is an order
     * @param returned BOOL or whole numbers, not 0 for a return; or null
     * @param currency text, the same in all rows; or null
     */
    public record Batch(Column customer, Column time, Column amount, Column order, Column returned, Column currency) {
        /**
         * Transactions of which each is an order.
         *
         * @param customer whole numbers or text
         * @param time dates or times
         * @param amount whole minor units
         */
        public Batch(Column customer, Column time, Column amount) {
            this(customer, time, amount, null, null, null);
        }

        /** A kehu_rfm_batch. C checks that the columns are of one length. */
        long write(Frame f) {
            Memory m = f.zeros(Layout.RfmBatch.SIZEOF);
            m.i64(Layout.RfmBatch.CUSTOMER, Column.addressOrNull(f, customer));
            m.i64(Layout.RfmBatch.TIME, Column.addressOrNull(f, time));
            m.i64(Layout.RfmBatch.AMOUNT, Column.addressOrNull(f, amount));
            m.i64(Layout.RfmBatch.ORDER, Column.addressOrNull(f, order));
            m.i64(Layout.RfmBatch.RETURNED, Column.addressOrNull(f, returned));
            m.i64(Layout.RfmBatch.CURRENCY, Column.addressOrNull(f, currency));
            return m.address;
        }
    }

    /**
     * Adds transactions, any number of times, in any order.
     *
     * @param batch of them
     */
    public void add(Batch batch) {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            int status = Native.rfmBaseAdd(self, batch.write(f), f.error());
            f.failure = kept.failure;
            kept.failure = null;
            f.check(status);
        }
    }

    /**
     * Adds all of another base of the same settings.
     *
     * @param other not changed
     */
    public void merge(RfmBase other) {
        if (other == this) {
            throw new IllegalArgumentException("a base cannot be merged with itself");
        }
        try (Frame f = Frame.open()) {
            boolean isFirst = number < other.number; // one order for all threads, as two may merge crosswise
            long one = f.inside(isFirst ? this : other);
            long two = f.inside(isFirst ? other : this);
            f.check(Native.rfmBaseMerge(isFirst ? one : two, isFirst ? two : one, f.error()));
        }
    }

    /**
     * The customers so far.
     *
     * @return ascending by key, each once
     */
    public Customers finish() {
        try (Frame f = Frame.open()) {
            Memory columns = f.zeros(Layout.RfmColumns.SIZEOF);
            Memory keys = f.zeros(Layout.Column.SIZEOF);
            f.check(Native.rfmBaseFinish(f.inside(this), columns.address, keys.address, f.error()));
            int n = Memory.count(columns.i64(Layout.RfmColumns.N));
            boolean isText = Column.Type.of(keys.i32(Layout.Column.TYPE)) != Column.Type.INT64;
            Values values = new Values(keys);
            return new Customers(isText ? null : values.longs(), isText ? values.texts() : null,
                array(columns.i64(Layout.RfmColumns.RECENCY_DAYS), n), array(columns.i64(Layout.RfmColumns.ORDERS), n),
                array(columns.i64(Layout.RfmColumns.SPEND), n));
        }
    }

    private static long[] array(long address, int n) {
        return n == 0 ? new long[0] : Memory.at(address, 8L * n).longs(0, n);
    }

    /**
     * Rows and customers seen so far.
     *
     * @param rows all rows added
     * @param noCustomer skipped: customer missing
     * @param before skipped: earlier than the first day
     * @param after skipped: later than the last day
     * @param returns inside the window, dropped or not
     * @param customers that finish gives
     * @param onlyReturned customers it leaves out
     */
    public record Counts(long rows, long noCustomer, long before, long after, long returns, long customers, long onlyReturned) {}

    /**
     * What has been counted so far.
     *
     * @return the figures
     */
    public Counts counts() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.RfmBaseCounts.SIZEOF);
            Native.rfmBaseGetCounts(f.inside(this), m.address);
            return new Counts(m.i64(Layout.RfmBaseCounts.ROWS), m.i64(Layout.RfmBaseCounts.NO_CUSTOMER), m.i64(Layout.RfmBaseCounts.BEFORE),
                m.i64(Layout.RfmBaseCounts.AFTER), m.i64(Layout.RfmBaseCounts.RETURNS), m.i64(Layout.RfmBaseCounts.CUSTOMERS),
                m.i64(Layout.RfmBaseCounts.ONLY_RETURNED));
        }
    }
}
