package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What a store held at one moment. Never changes; threads may share it. */
public final class Snapshot extends NativeHandle {
    Snapshot(long pointer) {
        super(pointer, Native::snapshotFree);
    }

    static long micros(Instant time) {
        return Math.addExact(Math.multiplyExact(time.getEpochSecond(), 1_000_000L), time.getNano() / 1000);
    }

    /** Which state to see. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        /** All defaults. */
        public Options() {
            super(Layout.SnapshotOptions.SIZEOF);
        }

        /**
         * Hides events after a time, and values valid only later.
         *
         * @param time the last one seen
         * @return this
         */
        public Options asOf(Instant time) {
            values.putInt(Layout.SnapshotOptions.AS_OF, 1);
            values.putLong(Layout.SnapshotOptions.AS_OF_US, micros(time));
            return this;
        }

        /**
         * Hides later batches.
         *
         * @param sequence 0 hides none
         * @return this
         */
        public Options asOfSequence(long sequence) {
            values.putLong(Layout.SnapshotOptions.AS_OF_SEQUENCE, sequence);
            return this;
        }
    }

    /**
     * A store of which another process may be the writer: the state it has made visible by now.
     *
     * @param path the store's folder
     * @param options which state
     * @return a snapshot
     */
    public static Snapshot open(Path path, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.snapshotOpenPath(out.address, f.path(path), options.write(f).address, f.error()));
            return new Snapshot(out.i64(0));
        }
    }

    /**
     * The newest batch it may show.
     *
     * @return its number
     */
    public long sequence() {
        try (Frame f = Frame.open()) {
            return Native.snapshotSequence(f.inside(this));
        }
    }

    /**
     * The declared fields of a part, in order of declaration.
     *
     * @param part whose
     * @return a new list
     */
    public List<Store.Declared> fields(Store.Part part) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            long n = Native.snapshotFields(f.inside(this), part.ordinal(), out.address);
            List<Store.Declared> fields = new ArrayList<>();
            for (long i = 0; i < n; i++) {
                Memory m = Memory.at(out.i64(0) + i * Layout.StoreField.SIZEOF, Layout.StoreField.SIZEOF);
                fields.add(new Store.Declared(Memory.text(m.i64(Layout.StoreField.NAME)), Column.Type.of(m.i32(Layout.StoreField.TYPE)),
                    m.i32(Layout.StoreField.LAYER), m.i32(Layout.StoreField.AGE_LIMIT_DAYS), Memory.text(m.i64(Layout.StoreField.ORIGIN)),
                    Memory.text(m.i64(Layout.StoreField.INPUTS))));
            }
            return List.copyOf(fields);
        }
    }

    /**
     * What a part is made of; rows that the snapshot hides are counted too.
     *
     * @param rows in all
     * @param logRows of them in the log
     * @param segments files
     * @param segmentBytes of them
     * @param fields declared
     */
    public record PartStats(long rows, long logRows, long segments, long segmentBytes, long fields) {}

    /**
     * What a snapshot is made of.
     *
     * @param sequence the newest batch
     * @param customers the part of customers
     * @param events the part of events
     * @param firstTime of events in microseconds, 0 without any
     * @param lastTime of events in microseconds, 0 without any
     * @param erasedCustomers not purged yet
     * @param withdrawnSources not purged yet
     */
    public record Stats(long sequence, PartStats customers, PartStats events, long firstTime, long lastTime, long erasedCustomers,
        long withdrawnSources) {}

    /**
     * What the snapshot is made of.
     *
     * @return the figures
     */
    public Stats stats() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.StoreStats.SIZEOF);
            f.check(Native.snapshotStats(f.inside(this), m.address, f.error()));
            return new Stats(m.i64(Layout.StoreStats.SEQUENCE), stats(m, 0), stats(m, 8), m.i64(Layout.StoreStats.FIRST_TIME),
                m.i64(Layout.StoreStats.LAST_TIME), m.i64(Layout.StoreStats.ERASED_CUSTOMERS),
                m.i64(Layout.StoreStats.WITHDRAWN_SOURCES));
        }
    }

    private static PartStats stats(Memory m, int at) {
        return new PartStats(m.i64(Layout.StoreStats.ROWS + at), m.i64(Layout.StoreStats.LOG_ROWS + at), m.i64(Layout.StoreStats.SEGMENTS + at),
            m.i64(Layout.StoreStats.SEGMENT_BYTES + at), m.i64(Layout.StoreStats.N_FIELDS + at));
    }

    /**
     * What a check read.
     *
     * @param blocks sound and bad ones
     * @param rows sound ones
     * @param bytes read
     * @param badBlocks that cannot be read
     * @param badRows in them
     */
    public record Check(long blocks, long rows, long bytes, long badBlocks, long badRows) {}

    /**
     * Reads everything: all checksums, all values, the order of rows.
     *
     * @param listener null for nobody
     * @return what was read
     * @throws KehuException.Format when a block is bad
     */
    public Check check(Progress listener) {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.StoreCheck.SIZEOF);
            f.check(Native.snapshotCheck(f.inside(this), m.address, f.progress(listener), f.error()));
            return new Check(m.i64(Layout.StoreCheck.BLOCKS), m.i64(Layout.StoreCheck.ROWS), m.i64(Layout.StoreCheck.BYTES),
                m.i64(Layout.StoreCheck.BAD_BLOCKS), m.i64(Layout.StoreCheck.BAD_ROWS));
        }
    }

    /**
     * Copies what the snapshot sees, and nothing else, into a new store. Erased customers are not in it.
     *
     * @param path a folder that is empty or is made
     * @param listener null for nobody
     */
    public void backup(Path path, Progress listener) {
        try (Frame f = Frame.open()) {
            f.check(Native.snapshotBackup(f.inside(this), f.path(path), f.progress(listener), f.error()));
        }
    }

    /**
     * All there is about one customer as one JSON object.
     *
     * @param customer the id
     * @param stream takes UTF-8; stays open
     * @throws IOException of the stream
     */
    public void export(String customer, OutputStream stream) throws IOException {
        Objects.requireNonNull(stream, "stream");
        try (Frame f = Frame.open()) {
            f.check(Native.snapshotExport(f.inside(this), f.text(customer), f.writer(stream), f.error()));
        }
    }

    /** Which rows and columns to walk over. What is not set has the default of the C library. */
    public static final class ScanOptions extends OptionsBuilder {
        private List<String> columns = List.of();
        private String first;
        private String last;
        private String kind;
        private String require;
        private byte[] pseudonymKey = {};

        /** All defaults. */
        public ScanOptions() {
            super(Layout.ScanOptions.SIZEOF);
        }

        /**
         * Most rows a batch.
         *
         * @param rows 1 to 1,048,576; 0 means 8192
         * @return this
         */
        public ScanOptions batchRows(int rows) {
            putCount(Layout.ScanOptions.BATCH_ROWS, rows, "batchRows");
            return this;
        }

        /**
         * The columns wanted, in their order.
         *
         * @param names none for all
         * @return this
         */
        public ScanOptions columns(String... names) {
            columns = List.of(names);
            return this;
        }

        /**
         * The range of customers.
         *
         * @param first null begins at the first
         * @param last included; null ends at the last
         * @return this
         */
        public ScanOptions customers(String first, String last) {
            this.first = first;
            this.last = last;
            return this;
        }

        /**
         * Events of this kind only.
         *
         * @param kind null means all
         * @return this
         */
        public ScanOptions kind(String kind) {
            this.kind = kind;
            return this;
        }

        /**
         * Events at a time or later only.
         *
         * @param time the first one
         * @return this
         */
        public ScanOptions from(Instant time) {
            values.putInt(Layout.ScanOptions.FROM, 1);
            values.putLong(Layout.ScanOptions.FROM_US, micros(time));
            return this;
        }

        /**
         * Events before a time only.
         *
         * @param time the first one that is left out
         * @return this
         */
        public ScanOptions until(Instant time) {
            values.putInt(Layout.ScanOptions.UNTIL, 1);
            values.putLong(Layout.ScanOptions.UNTIL_US, micros(time));
            return this;
        }

        /**
         * Only customers for whom this holds.
         *
         * @param require names of boolean fields of customers, such as tags and consents, with and, or, not and parentheses; a
         *     name with blanks or signs stands in "quotes"; a missing value is not true; null means all
         * @return this
         */
        public ScanOptions require(String require) {
            this.require = require;
            return this;
        }

        /**
         * "customer" gives {@link Store#pseudonym} under this key instead of the id.
         *
         * @param key 16 or more random bytes; empty gives the ids
         * @return this
         */
        public ScanOptions pseudonymKey(byte[] key) {
            pseudonymKey = key.clone();
            return this;
        }

        /**
         * Leaves out values older than their field's age limit.
         *
         * @param time at which they are
         * @return this
         */
        public ScanOptions fresh(Instant time) {
            values.putInt(Layout.ScanOptions.FRESH, 1);
            values.putLong(Layout.ScanOptions.FRESH_US, micros(time));
            return this;
        }

        /**
         * One share of the customers only, of about as many rows as each other, for several walks at once.
         *
         * @param share 0 to n - 1
         * @param n how many shares, 1 to 65536; 0 means 1
         * @return this
         */
        public ScanOptions share(int share, int n) {
            putCount(Layout.ScanOptions.SHARE, share, "share");
            putCount(Layout.ScanOptions.N_SHARES, n, "n");
            return this;
        }

        /**
         * Threads for {@link Snapshot#totals}; the answer is the same for any number.
         *
         * @param n 0 means 1
         * @return this
         */
        public ScanOptions threads(int n) {
            putCount(Layout.ScanOptions.N_THREADS, n, "threads");
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            List<String> names = columns;
            options.i64(Layout.ScanOptions.COLUMNS, frame.texts(names));
            options.i64(Layout.ScanOptions.N_COLUMNS, names.size());
            options.i64(Layout.ScanOptions.FIRST_CUSTOMER, frame.text(first));
            options.i64(Layout.ScanOptions.LAST_CUSTOMER, frame.text(last));
            options.i64(Layout.ScanOptions.KIND, frame.text(kind));
            options.i64(Layout.ScanOptions.REQUIRE, frame.text(require));
            options.i64(Layout.ScanOptions.PSEUDONYM_KEY, pseudonymKey.length == 0 ? 0 : frame.copy(pseudonymKey).address);
            options.i64(Layout.ScanOptions.PSEUDONYM_KEY_SIZE, pseudonymKey.length);
            return options;
        }
    }

    /**
     * Walks over events, ordered by customer and time, or over customers, ordered by id.
     *
     * @param part which
     * @param options which rows and columns
     * @return the walk
     */
    public Scan scan(Store.Part part, ScanOptions options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.scanOpen(out.address, f.inside(this), part.ordinal(), options.write(f).address, f.error()));
            return new Scan(out.i64(0), this);
        }
    }

    /**
     * Hands rows out as an Arrow stream of batches, by the C data interface. The stream lives on without this snapshot.
     *
     * @param part of customers or of events
     * @param options which rows and columns
     * @param stream address of an ArrowArrayStream to fill in
     */
    public void toArrowStream(Store.Part part, ScanOptions options, long stream) {
        try (Frame f = Frame.open()) {
            f.check(Native.scanStream(Table.given(stream, "stream"), f.inside(this), part.ordinal(), options.write(f).address, f.error()));
        }
    }

    /**
     * Walks over one customer's whole history, or the one row of fields.
     *
     * @param part which
     * @param customer the id
     * @param options which columns
     * @return the walk
     */
    public Scan scanCustomer(Store.Part part, String customer, ScanOptions options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.scanCustomer(out.address, f.inside(this), part.ordinal(), f.text(customer), options.write(f).address, f.error()));
            return new Scan(out.i64(0), this);
        }
    }

    /**
     * Events summed up a customer: what recency, frequency and monetary value are made of.
     *
     * @param options which rows
     * @return a table of customer, events, first_time, last_time and amount
     */
    public Table totals(ScanOptions options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.snapshotTotals(out.address, f.inside(this), options.write(f).address, f.error()));
            return new Table(out.i64(0));
        }
    }

    /**
     * Customers, and events, counted by the value of a column, with no group so small that it points at anyone: smaller ones are
     * counted together in the row without a name.
     *
     * @param part of customers or of events
     * @param by a text or boolean column of the part
     * @param minCustomers a group; 1 shows all; 0 means 5
     * @param options which rows
     * @return a table of group, customers and, for events, events and amount
     */
    public Table groups(Store.Part part, String by, int minCustomers, ScanOptions options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.snapshotGroups(out.address, f.inside(this), part.ordinal(), f.text(by), minCustomers, options.write(f).address,
                f.error()));
            return new Table(out.i64(0));
        }
    }
}
