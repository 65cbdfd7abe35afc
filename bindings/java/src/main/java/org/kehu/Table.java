package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Equally long named columns outside the heap: what reading a file gives, and the way to hand the same data to many calls
 * without copying it each time. Never changes; threads may share it.
 */
public final class Table extends NativeHandle {
    private final long rowCount;
    private final List<Column> columns;

    Table(long pointer) {
        super(pointer, Native::tableFree);
        rowCount = Native.tableRowCount(pointer);
        List<Column> all = new ArrayList<>();
        for (long i = 0; i < Native.tableColumnCount(pointer); i++) {
            all.add(new Part(this, Memory.at(Native.tableColumn(pointer, i), Layout.Column.SIZEOF)));
        }
        columns = List.copyOf(all);
    }

    /** Null for address 0: there is no more. */
    static Table orNull(long pointer) {
        return pointer == 0 ? null : new Table(pointer);
    }

    /** A column of the table: its memory is the table's, so every look at it is a call that keeps the table open. */
    private static final class Part extends Column {
        private final Table table;
        private final Memory column;
        private final Type type;

        Part(Table table, Memory column) {
            super(Memory.text(column.i64(Layout.Column.NAME)));
            this.table = table;
            this.column = column;
            this.type = Type.of(column.i32(Layout.Column.TYPE));
        }

        @Override
        public long length() {
            return table.rowCount;
        }

        @Override
        public Type type() {
            return type;
        }

        @Override
        void write(Frame frame, Memory to, int at) {
            frame.inside(table);
            for (int i = 0; i < Layout.Column.SIZEOF; i += 8) {
                to.i64(at + i, column.i64(i));
            }
        }
    }

    /**
     * Copies columns into a table.
     *
     * @param columns of one length
     * @return the table
     */
    public static Table of(Column... columns) {
        return of(List.of(columns));
    }

    /**
     * Copies columns into a table.
     *
     * @param columns of one length
     * @return the table
     */
    public static Table of(List<Column> columns) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Column.Batch batch = Column.batch(f, columns);
            f.check(Native.tableCopy(out.address, batch.address(), batch.n(), 0, f.error()));
            return new Table(out.i64(0));
        }
    }

    /**
     * The rows of several tables, one below the other.
     *
     * @param tables at least one; columns of the same names and types in the same order
     * @return a new table
     */
    public static Table concat(List<Table> tables) {
        Table[] all = tables.toArray(new Table[0]);
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Memory addresses = f.array(all.length, Long.BYTES);
            for (int i = 0; i < all.length; i++) {
                addresses.i64(8 * i, f.insideOrNull(all[i]));
            }
            f.check(Native.tableConcat(out.address, addresses.address, all.length, 0, f.error()));
            return new Table(out.i64(0));
        }
    }

    /**
     * How many rows there are.
     *
     * @return 0 or more
     */
    public long rowCount() {
        return rowCount;
    }

    /**
     * The columns in their order, for calls that take columns. They can be used while the table is open.
     *
     * @return an unchangeable list
     */
    public List<Column> columns() {
        return columns;
    }

    /**
     * A column by name, the first of that name.
     *
     * @param name of the column
     * @return the column
     * @throws IllegalArgumentException when there is none
     */
    public Column column(String name) {
        return columns.stream().filter(c -> name.equals(c.name())).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("the table has no column '" + name + "'"));
    }

    /**
     * The columns but some, such as all but the target.
     *
     * @param names of those left out
     * @return an unchangeable list
     */
    public List<Column> columnsWithout(String... names) {
        List<String> out = List.of(names);
        return columns.stream().filter(c -> !out.contains(c.name())).toList();
    }

    private interface Read<T> {
        T from(Values values);
    }

    private <T> T values(String name, Read<T> read) {
        Part part = (Part) column(name);
        try (Frame f = Frame.open()) {
            f.inside(this);
            return read.from(new Values(part.column));
        }
    }

    /**
     * The numbers of a column, a copy.
     *
     * @param name of a column of numbers, dates (days), times (microseconds) or BOOL (0 and 1)
     * @return NaN where a value is missing
     */
    public double[] doubles(String name) {
        return values(name, Values::doubles);
    }

    /**
     * The whole numbers of a column, a copy.
     *
     * @param name of a column of whole numbers, dates (days), times (microseconds) or BOOL (0 and 1)
     * @return 0 where a value is missing; see {@link #present}
     */
    public long[] longs(String name) {
        return values(name, Values::longs);
    }

    /**
     * The texts of a column, a copy.
     *
     * @param name of a column of texts
     * @return null where a text is missing
     */
    public String[] texts(String name) {
        return values(name, Values::texts);
    }

    /**
     * Which values of a column are there.
     *
     * @param name of the column
     * @return false where a value is missing
     */
    public boolean[] present(String name) {
        return values(name, Values::present);
    }

    /** How to write a table. What is not set has the default of the C library. */
    public static final class WriteOptions extends OptionsBuilder {
        private List<Field> fields = List.of();

        /** All defaults. */
        public WriteOptions() {
            super(Layout.WriteOptions.SIZEOF);
        }

        private WriteOptions flag(long flag, boolean on) {
            int flags = values.getInt(Layout.WriteOptions.FLAGS);
            values.putInt(Layout.WriteOptions.FLAGS, (int) (on ? flags | flag : flags & ~flag));
            return this;
        }

        /**
         * CSV: start with a byte order mark, for Excel.
         *
         * @param on false unless set
         * @return this
         */
        public WriteOptions byteOrderMark(boolean on) {
            return flag(Constants.WRITE_BOM, on);
        }

        /**
         * CSV: CR LF after each row, as RFC 4180 has it.
         *
         * @param on false unless set
         * @return this
         */
        public WriteOptions crlf(boolean on) {
            return flag(Constants.WRITE_CRLF, on);
        }

        /**
         * CSV: put ' before text that a spreadsheet would take for a formula.
         *
         * @param on false unless set
         * @return this
         */
        public WriteOptions guard(boolean on) {
            return flag(Constants.WRITE_GUARD, on);
        }

        /**
         * JSON: one object a line, no array.
         *
         * @param on false unless set
         * @return this
         */
        public WriteOptions lines(boolean on) {
            return flag(Constants.WRITE_LINES, on);
        }

        /**
         * CSV: between the values.
         *
         * @param c an ASCII character; a comma unless set
         * @return this
         */
        public WriteOptions delimiter(char c) {
            values.putInt(Layout.WriteOptions.DELIMITER, c);
            return this;
        }

        /**
         * The zone of the times that are written.
         *
         * @param minutes east of UTC
         * @return this
         */
        public WriteOptions zoneMinutes(int minutes) {
            values.putInt(Layout.WriteOptions.ZONE_MINUTES, minutes);
            return this;
        }

        /**
         * Columns of money in minor units, written with the decimals of their fields.
         *
         * @param fields by name
         * @return this
         */
        public WriteOptions fields(Field... fields) {
            this.fields = List.of(fields);
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            List<Field> fields = this.fields;
            options.i64(Layout.WriteOptions.FIELDS, Field.addresses(frame, fields));
            options.i32(Layout.WriteOptions.N_FIELDS, fields.size());
            return options;
        }
    }

    private interface Write {
        int call(long table, long to, long options, long error);
    }

    private void save(Path path, WriteOptions options, Write write) {
        try (Frame f = Frame.open()) {
            f.check(write.call(f.inside(this), f.path(path), options.write(f).address, f.error()));
        }
    }

    private void write(OutputStream stream, WriteOptions options, Write write) throws IOException {
        Objects.requireNonNull(stream, "stream");
        try (Frame f = Frame.open()) {
            f.check(write.call(f.inside(this), f.writer(stream), options.write(f).address, f.error()));
        }
    }

    /**
     * Writes CSV with a header row into a file, which is replaced as a whole or not at all.
     *
     * @param path of the file
     * @param options how
     */
    public void saveCsv(Path path, WriteOptions options) {
        save(path, options, Native::tableSaveCsv);
    }

    /**
     * Writes JSON, an array of one object a row, into a file, which is replaced as a whole or not at all.
     *
     * @param path of the file
     * @param options how
     */
    public void saveJson(Path path, WriteOptions options) {
        save(path, options, Native::tableSaveJson);
    }

    /**
     * Writes CSV with a header row.
     *
     * @param stream takes the bytes; stays open
     * @param options how
     * @throws IOException of the stream
     */
    public void writeCsv(OutputStream stream, WriteOptions options) throws IOException {
        write(stream, options, Native::tableWriteCsv);
    }

    /**
     * Writes JSON, an array of one object a row.
     *
     * @param stream takes the bytes; stays open
     * @param options how
     * @throws IOException of the stream
     */
    public void writeJson(OutputStream stream, WriteOptions options) throws IOException {
        write(stream, options, Native::tableWriteJson);
    }

    // Arrow

    static long given(long address, String name) {
        if (address == 0) {
            throw new IllegalArgumentException(name + " is 0, expected the address of a struct");
        }
        return address;
    }

    /**
     * Takes an Arrow array of structs, without copying its buffers, by the C data interface. The array is released when
     * the table is closed.
     *
     * @param schema address of an ArrowSchema; released here
     * @param array address of an ArrowArray; moved
     * @return the table
     */
    public static Table fromArrow(long schema, long array) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.arrowImport(out.address, given(schema, "schema"), given(array, "array"), 0, f.error()));
            return new Table(out.i64(0));
        }
    }

    /**
     * Takes the next array of an Arrow stream, without copying its buffers.
     *
     * @param stream address of an ArrowArrayStream, which stays the caller's
     * @return null at the end of the stream
     */
    public static Table nextFromArrow(long stream) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.arrowNext(out.address, given(stream, "stream"), 0, f.error()));
            return orNull(out.i64(0));
        }
    }

    /**
     * Hands the table out as an Arrow array of structs, by the C data interface. The memory is shared, not copied, and
     * lives until this table is closed and everything handed out is released.
     *
     * @param schema address of an ArrowSchema to fill in
     * @param array address of an ArrowArray to fill in
     */
    public void toArrow(long schema, long array) {
        try (Frame f = Frame.open()) {
            f.check(Native.arrowExport(given(schema, "schema"), given(array, "array"), f.inside(this), f.error()));
        }
    }

    /**
     * Hands the table out as an Arrow stream of one array.
     *
     * @param stream address of an ArrowArrayStream to fill in
     */
    public void toArrowStream(long stream) {
        try (Frame f = Frame.open()) {
            Memory tables = f.zeros(Long.BYTES);
            tables.i64(0, f.inside(this));
            f.check(Native.arrowExportStream(given(stream, "stream"), tables.address, 1, f.error()));
        }
    }
}
