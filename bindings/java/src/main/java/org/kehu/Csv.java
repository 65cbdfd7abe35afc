package org.kehu;

import java.nio.file.Path;
import java.util.List;

/**
 * A CSV file (or JSON Lines) being read, in batches, in bounded memory.
 *
 * <p>A bad row never stops the file: it is left out and listed with its line, the column, the reason and the value found.
 */
public final class Csv extends MutableHandle {
    /** What C refers to until the file is closed: the options, and the listener. */
    private final Frame kept;

    private Csv(long pointer, Frame kept) {
        super(pointer, p -> {
            Native.csvFree(p);
            kept.close();
        });
        this.kept = kept;
    }

    /** How the bytes of a file stand for characters. */
    public enum Encoding {
        /** UTF-8 if the first text that is not ASCII is valid UTF-8, else GB18030. */
        AUTO,
        /** UTF-8. */
        UTF8,
        /** GB18030, and so GBK and GB2312. */
        GB18030
    }

    /** How to read. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        private Progress progress;
        private List<Field> fields = List.of();
        private List<String> missing = List.of();

        /** All defaults. */
        public Options() {
            super(Layout.CsvOptions.SIZEOF);
        }

        private Options flag(long flag, boolean on) {
            int flags = values.getInt(Layout.CsvOptions.FLAGS);
            values.putInt(Layout.CsvOptions.FLAGS, (int) (on ? flags | flag : flags & ~flag));
            return this;
        }

        /**
         * Whether the first row is data; columns are then the fields in their order.
         *
         * @param on false unless set
         * @return this
         */
        public Options noHeader(boolean on) {
            return flag(Constants.CSV_NO_HEADER, on);
        }

        /**
         * Whether to drop columns that no field names.
         *
         * @param on false unless set
         * @return this
         */
        public Options onlyFields(boolean on) {
            return flag(Constants.CSV_ONLY_FIELDS, on);
        }

        /**
         * Whether the delimiter is the most frequent of , ; | and tab in the first row.
         *
         * @param on false unless set
         * @return this
         */
        public Options detectDelimiter(boolean on) {
            return flag(Constants.CSV_DETECT, on);
        }

        /**
         * Whether the file is JSON Lines, one object a line.
         *
         * @param on false unless set
         * @return this
         */
        public Options json(boolean on) {
            return flag(Constants.CSV_JSON, on);
        }

        /**
         * Between the values.
         *
         * @param c an ASCII character; a comma unless set
         * @return this
         */
        public Options delimiter(char c) {
            values.putInt(Layout.CsvOptions.DELIMITER, c);
            return this;
        }

        /**
         * How the bytes stand for characters.
         *
         * @param encoding found out unless set
         * @return this
         */
        public Options encoding(Encoding encoding) {
            values.putInt(Layout.CsvOptions.ENCODING, encoding.ordinal());
            return this;
        }

        /**
         * How to read columns; the others are text.
         *
         * @param fields by name
         * @return this
         */
        public Options fields(Field... fields) {
            this.fields = List.of(fields);
            return this;
        }

        /**
         * Columns without a field get the narrowest type that fits so many rows. A single value that does not fit makes all
         * of the column text: name the columns that must be numbers as fields, perhaps with {@link Field#coerce}.
         *
         * @param rows 0 means all are text
         * @return this
         */
        public Options inferRows(int rows) {
            putCount(Layout.CsvOptions.INFER_ROWS, rows, "inferRows");
            return this;
        }

        /**
         * Values that mean "none", beside the empty one.
         *
         * @param values up to 1000
         * @return this
         */
        public Options missing(String... values) {
            missing = List.of(values);
            return this;
        }

        /**
         * The zone of dates and times that name none.
         *
         * @param minutes minutes east of UTC
         * @return this
         */
        public Options zoneMinutes(int minutes) {
            values.putInt(Layout.CsvOptions.ZONE_MINUTES, minutes);
            return this;
        }

        /**
         * Longer rows are rejected.
         *
         * @param bytes 64 to 2^30; 0 means 2^20
         * @return this
         */
        public Options maxRowBytes(int bytes) {
            putCount(Layout.CsvOptions.MAX_ROW_BYTES, bytes, "maxRowBytes");
            return this;
        }

        /**
         * Rows a batch, at most.
         *
         * @param rows 0 means 65,536
         * @return this
         */
        public Options batchRows(int rows) {
            putCount(Layout.CsvOptions.BATCH_ROWS, rows, "batchRows");
            return this;
        }

        /**
         * Rejects that are listed; more are counted.
         *
         * @param n 0 means 100,000
         * @return this
         */
        public Options maxRejects(int n) {
            putCount(Layout.CsvOptions.MAX_REJECTS, n, "maxRejects");
            return this;
        }

        /**
         * Who hears how far it is.
         *
         * @param listener null for nobody
         * @return this
         */
        public Options progress(Progress listener) {
            progress = listener;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            List<Field> fields = this.fields;
            List<String> missing = this.missing;
            options.i64(Layout.CsvOptions.FIELDS, Field.addresses(frame, fields));
            options.i32(Layout.CsvOptions.N_FIELDS, fields.size());
            options.i64(Layout.CsvOptions.MISSING, frame.texts(missing));
            options.i32(Layout.CsvOptions.N_MISSING, missing.size());
            options.i64(Layout.CsvOptions.PROGRESS, frame.progress(progress));
            return options;
        }
    }

    private interface Open {
        int call(Frame kept, long out, long options);
    }

    private static Csv open(Options options, Open open) {
        Frame kept = Frame.open();
        try {
            Memory out = kept.zeros(8);
            kept.check(open.call(kept, out.address, options.write(kept).address));
            return new Csv(out.i64(0), kept);
        } catch (Throwable failed) {
            kept.close();
            throw failed;
        }
    }

    /**
     * Opens a file and reads its header.
     *
     * @param path of the file
     * @param options how to read
     * @return the reader
     */
    public static Csv open(Path path, Options options) {
        return open(options, (kept, out, o) -> Native.csvOpen(out, kept.path(path), o, kept.error()));
    }

    /**
     * Reads bytes as if they were a file.
     *
     * @param bytes copied
     * @param name what messages call them; null means "the CSV"
     * @param options how to read
     * @return the reader
     */
    public static Csv read(byte[] bytes, String name, Options options) {
        return open(options, (kept, out, o) -> Native.csvOpenMemory(out, kept.copy(bytes).address, bytes.length, kept.text(name), o,
            kept.error()));
    }

    /** What the listener of this file threw comes out of whichever call made it read. */
    void check(Frame f, int status) {
        f.failure = kept.failure;
        kept.failure = null;
        f.check(status);
    }

    private interface Next {
        int call(long out, long csv, long error);
    }

    private Table table(Next next) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            check(f, next.call(out.address, f.inside(this), f.error()));
            return Table.orNull(out.i64(0));
        }
    }

    /**
     * The next rows.
     *
     * @return null at the end of the file
     */
    public Table next() {
        return table(Native::csvNext);
    }

    /**
     * All remaining rows.
     *
     * @return a table, perhaps empty, which outlives the file
     */
    public Table rest() {
        return table(Native::csvRest);
    }

    /**
     * The rejects so far.
     *
     * @return a table of line, column, reason and value
     */
    public Table rejects() {
        return table(Native::csvRejects);
    }

    /**
     * Rejects a row of the last table, for what only the caller can see. The row stays in the table.
     *
     * @param row of the last table
     * @param column null for the row as a whole
     * @param reason for people
     * @param value null for none
     */
    public void reject(long row, String column, String reason, String value) {
        try (Frame f = Frame.open()) {
            f.check(Native.csvReject(f.inside(this), row, f.text(column), f.text(reason), f.text(value), f.error()));
        }
    }

    /**
     * The line on which a row of the last table started.
     *
     * @param row of the last table
     * @return from 1; 0 when there is no such row
     */
    public long line(long row) {
        try (Frame f = Frame.open()) {
            return Native.csvLine(f.inside(this), row);
        }
    }

    /**
     * Rows read well so far.
     *
     * @return how many
     */
    public long rowCount() {
        try (Frame f = Frame.open()) {
            return Native.csvRowCount(f.inside(this));
        }
    }

    /**
     * Rows rejected so far.
     *
     * @return how many
     */
    public long rejectCount() {
        try (Frame f = Frame.open()) {
            return Native.csvRejectCount(f.inside(this));
        }
    }

    /**
     * Values of coerced fields so far that were made missing because they could not be read.
     *
     * @return how many
     */
    public long coercedCount() {
        try (Frame f = Frame.open()) {
            return Native.csvCoercedCount(f.inside(this));
        }
    }

    /**
     * Those values.
     *
     * @return a table of line, column, reason and value
     */
    public Table coerced() {
        return table(Native::csvCoerced);
    }
}
