package org.kehu;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Customers and their events, kept in one folder. This is its writer; readers hold a {@link Snapshot}.
 *
 * <p>A batch is atomic: all rows or none. Once an add has returned under the default durability the rows survive a crash of
 * the process, the system and the power. A store is for one writer at a time.
 */
public final class Store extends MutableHandle {
    private Store(long pointer) {
        super(pointer, Native::storeFree);
    }

    /**
     * The name a customer goes by outside: 32 hexadecimal digits, the first half of HMAC-SHA-256 of the id under a key. Nobody
     * without the key can tell whose it is, or make the name for an id.
     *
     * @param customer the id
     * @param key 16 or more random bytes
     * @return the name, always the same under the same key
     */
    public static String pseudonym(String customer, byte[] key) {
        try (Frame f = Frame.open()) {
            Memory out = f.take(Constants.PSEUDONYM_SIZE);
            f.check(Native.pseudonym(out.address, f.text(customer), f.copy(key).address, key.length, f.error()));
            return Memory.text(out.address, (int) Constants.PSEUDONYM_SIZE - 1);
        }
    }

    /** What a store has of its customers. */
    public enum Part {
        /** An id and declared fields. */
        CUSTOMERS,
        /** Customer, time, kind, channel, item, amount, quantity, text and declared properties. */
        EVENTS
    }

    /** Which store to open. */
    public enum Mode {
        /** One that is there. */
        EXISTING,
        /** A new one where there is none. */
        CREATE,
        /** A new one only. */
        NEW
    }

    /** When a batch reaches the disk. */
    public enum Durability {
        /** Before add returns. */
        SYNC,
        /** After every MiB, and at sync, flush and close. */
        BATCH,
        /** At sync, flush and close only. */
        NONE
    }

    /** How to open a store. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        /** All defaults. */
        public Options() {
            super(Layout.StoreOptions.SIZEOF);
        }

        /**
         * Which store.
         *
         * @param mode an existing one unless set
         * @return this
         */
        public Options mode(Mode mode) {
            values.putInt(Layout.StoreOptions.MODE, mode.ordinal());
            return this;
        }

        /**
         * When a batch reaches the disk.
         *
         * @param durability before add returns unless set
         * @return this
         */
        public Options durability(Durability durability) {
            values.putInt(Layout.StoreOptions.DURABILITY, durability.ordinal());
            return this;
        }

        /**
         * Segments of a part before some are merged.
         *
         * @param n 2 to 1000; 0 means 8
         * @return this
         */
        public Options maxSegments(int n) {
            putCount(Layout.StoreOptions.MAX_SEGMENTS, n, "maxSegments");
            return this;
        }

        /**
         * Bytes of log before it is sorted into a segment.
         *
         * @param bytes 4 KiB to 1 GiB; 0 means 16 MiB
         * @return this
         */
        public Options flushBytes(long bytes) {
            values.putLong(Layout.StoreOptions.FLUSH_BYTES, bytes);
            return this;
        }

        /**
         * The id of a new store.
         *
         * @param id 0 draws one at random
         * @return this
         */
        public Options storeId(long id) {
            values.putLong(Layout.StoreOptions.STORE_ID, id);
            return this;
        }
    }

    /**
     * Opens a store as its writer.
     *
     * @param path a folder that holds nothing but the store
     * @param options how
     * @return the store
     */
    public static Store open(Path path, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.storeOpen(out.address, f.path(path), options.write(f).address, f.error()));
            return new Store(out.i64(0));
        }
    }

    /**
     * A declared field of customers or property of events.
     *
     * @param name unlike any other column's
     * @param type BOOL, INT64, FLOAT64, DATE32, TIMESTAMP or UTF8
     * @param layer 1 natural attribute, 2 consumption behaviour, 3 derived, 4 knowledge, 5 marketing conclusion; 0 means 1
     * @param ageLimitDays after which a value is stale; 0 means never
     * @param origin where values come from, or ""
     * @param inputs names of the fields it is derived from, comma between, or ""
     */
    public record Declared(String name, Column.Type type, int layer, int ageLimitDays, String origin, String inputs) {
        /**
         * A natural attribute that never gets stale.
         *
         * @param name unlike any other column's
         * @param type of the values
         */
        public Declared(String name, Column.Type type) {
            this(name, type, 1, 0, "", "");
        }
    }

    /**
     * Declares a field. The very same declaration again is fine.
     *
     * @param part whose
     * @param field the declaration
     */
    public void declare(Part part, Declared field) {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.StoreField.SIZEOF);
            m.i64(Layout.StoreField.NAME, f.text(field.name));
            m.i32(Layout.StoreField.TYPE, field.type.code());
            m.i32(Layout.StoreField.LAYER, OptionsBuilder.notNegative(field.layer, "layer"));
            m.i32(Layout.StoreField.AGE_LIMIT_DAYS, OptionsBuilder.notNegative(field.ageLimitDays, "ageLimitDays"));
            m.i64(Layout.StoreField.ORIGIN, f.text(field.origin));
            m.i64(Layout.StoreField.INPUTS, f.text(field.inputs));
            f.check(Native.storeDeclare(f.inside(this), part.ordinal(), m.address, f.error()));
        }
    }

    private interface Add {
        int call(long store, long columns, long n, long sequence, long error);
    }

    private long add(List<Column> columns, Add add) {
        try (Frame f = Frame.open()) {
            Memory sequence = f.zeros(8);
            Column.Batch batch = Column.batch(f, columns);
            f.check(add.call(f.inside(this), batch.address(), batch.n(), sequence.address, f.error()));
            return sequence.i64(0);
        }
    }

    /**
     * Adds or updates customers, as one batch.
     *
     * @param columns customer, valid_from and declared fields, by name
     * @return the batch's number
     */
    public long addCustomers(List<Column> columns) {
        return add(columns, Native::storeAddCustomers);
    }

    /**
     * Adds events, as one batch.
     *
     * @param columns customer, time, kind, channel, item, amount, quantity, text and declared properties, by name
     * @return the batch's number
     */
    public long addEvents(List<Column> columns) {
        return add(columns, Native::storeAddEvents);
    }

    /** What becomes of an imported event that is in the store, or earlier in the file, already. */
    public enum Duplicates {
        /** It is a row as any other. */
        KEEP,
        /** It is left out: a file may be imported again. */
        SKIP,
        /** The import fails. */
        REFUSE
    }

    /**
     * Makes a new store of what can still be read of a damaged one, which is only read and must have no writer.
     *
     * @param damaged the folder of the damaged one
     * @param path a folder that is empty or is made
     * @param listener null for nobody
     * @return what was lost: file, byte, part, rows, first_customer, last_customer, first_sequence, last_sequence and reason; no
     *     row when nothing was
     */
    public static Table repair(Path damaged, Path path, Progress listener) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.storeRepair(out.address, f.path(damaged), f.path(path), f.progress(listener), 0, f.error()));
            return new Table(out.i64(0));
        }
    }

    /**
     * The same with duplicates kept.
     *
     * @param part which
     * @param csv opened with a field for each column that is not text
     * @param names what the store calls a column of the file; others keep their name
     * @param maxRejects give up when more rows are bad; 0 means never
     * @return how many rows were taken in
     */
    public long importCsv(Part part, Csv csv, Map<String, String> names, long maxRejects) {
        return importCsv(part, csv, names, maxRejects, Duplicates.KEEP);
    }

    /**
     * Takes in the rest of a CSV file, all of it or nothing, durably. Bad rows are rejected into the file's report.
     *
     * @param part which
     * @param csv opened with a field for each column that is not text
     * @param names what the store calls a column of the file; others keep their name
     * @param maxRejects give up when more rows are bad; 0 means never
     * @param duplicates what becomes of events that are there already
     * @return how many rows were taken in
     */
    public long importCsv(Part part, Csv csv, Map<String, String> names, long maxRejects, Duplicates duplicates) {
        return importCsv(part, csv, names, maxRejects, duplicates, null);
    }

    /**
     * Takes in the rest of a CSV file; after a failure or a crash the same file, opened anew and imported under the same
     * name, goes on where it was cut off.
     *
     * @param part which
     * @param csv opened with a field for each column that is not text
     * @param names what the store calls a column of the file; others keep their name
     * @param maxRejects give up when more rows are bad; 0 means never
     * @param duplicates what becomes of events that are there already
     * @param resume the file's name among the store's imports: rows count as they are written; null takes all or nothing
     * @return how many rows were taken in
     */
    public long importCsv(
            Part part, Csv csv, Map<String, String> names, long maxRejects, Duplicates duplicates, String resume) {
        Map<String, String> copy = new LinkedHashMap<>(names);
        try (Frame f = Frame.open()) {
            Memory pairs = f.zeros(Math.multiplyExact(copy.size(), Layout.StoreName.SIZEOF));
            int at = 0;
            for (Map.Entry<String, String> name : copy.entrySet()) {
                pairs.i64(at + Layout.StoreName.FILE, f.text(name.getKey()));
                pairs.i64(at + Layout.StoreName.STORE, f.text(name.getValue()));
                at += Layout.StoreName.SIZEOF;
            }
            Memory options = f.zeros(Layout.StoreImportOptions.SIZEOF);
            options.i32(Layout.StoreImportOptions.SIZE, Layout.StoreImportOptions.SIZEOF);
            options.i64(Layout.StoreImportOptions.NAMES, pairs.address);
            options.i64(Layout.StoreImportOptions.N_NAMES, copy.size());
            options.i64(Layout.StoreImportOptions.MAX_REJECTS, maxRejects);
            options.i32(Layout.StoreImportOptions.DUPLICATES, duplicates.ordinal());
            options.i64(Layout.StoreImportOptions.RESUME, resume == null ? 0 : f.text(resume));
            Memory rows = f.zeros(8);
            long self = f.inside(this);
            long reader = f.inside(csv);
            csv.check(f, Native.storeImport(self, part.ordinal(), reader, options.address, rows.address, f.error()));
            return rows.i64(0);
        }
    }

    /**
     * Number of the newest batch, declaration or erasure.
     *
     * @return 0 for a new store
     */
    public long sequence() {
        try (Frame f = Frame.open()) {
            return Native.storeSequence(f.inside(this));
        }
    }

    private interface Command {
        int call(long store, long error);
    }

    private void run(Command command) {
        try (Frame f = Frame.open()) {
            f.check(command.call(f.inside(this), f.error()));
        }
    }

    /** Makes all batches durable. Before closing a store whose batches are not, as closing cannot say that it failed. */
    public void sync() {
        run(Native::storeSync);
    }

    /** Sorts the log into segments now. */
    public void flush() {
        run(Native::storeFlush);
    }

    /** Flushes, and merges the segments of each part into one. */
    public void compact() {
        run(Native::storeCompact);
    }

    /**
     * Hides all there is about a customer from every snapshot opened from now on. The rows stay on the disk until
     * {@link #purge}.
     *
     * @param customer the id
     */
    public void erase(String customer) {
        try (Frame f = Frame.open()) {
            f.check(Native.storeErase(f.inside(this), f.text(customer), f.error()));
        }
    }

    /**
     * Hides every row that came from a source so far (its column "source") from every snapshot opened from now on: a customer's
     * values are those of other sources then. The rows stay on the disk until {@link #purge}.
     *
     * @param source its name
     */
    public void withdraw(String source) {
        try (Frame f = Frame.open()) {
            f.check(Native.storeWithdraw(f.inside(this), f.text(source), f.error()));
        }
    }

    /**
     * What a purge did, to be kept as evidence.
     *
     * @param customers erased since the last purge
     * @param sources withdrawn since then
     * @param customerRows removed
     * @param eventRows removed
     * @param filesRewritten without these rows
     * @param filesRemoved old ones
     * @param rowsLeft found when all was read again: 0
     */
    public record Proof(long customers, long sources, long customerRows, long eventRows, long filesRewritten, long filesRemoved, long rowsLeft) {}

    /**
     * Removes erased customers and withdrawn sources from every file.
     *
     * @return what was done
     */
    public Proof purge() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.StoreProof.SIZEOF);
            f.check(Native.storePurge(f.inside(this), m.address, f.error()));
            return new Proof(m.i64(Layout.StoreProof.CUSTOMERS), m.i64(Layout.StoreProof.SOURCES), m.i64(Layout.StoreProof.CUSTOMER_ROWS),
                m.i64(Layout.StoreProof.EVENT_ROWS),
                m.i64(Layout.StoreProof.FILES_REWRITTEN), m.i64(Layout.StoreProof.FILES_REMOVED), m.i64(Layout.StoreProof.ROWS_LEFT));
        }
    }

    /**
     * The store as it is now; it stays so while the store goes on, and may be closed after it.
     *
     * @param options which state
     * @return a snapshot
     */
    public Snapshot snapshot(Snapshot.Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.snapshotOpen(out.address, f.inside(this), options.write(f).address, f.error()));
            return new Snapshot(out.i64(0));
        }
    }
}
