package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Customer segments by an editable rule table: "name: condition" a line, the first rule that matches names the segment. */
public final class Segments extends NativeHandle {
    private final List<String> names;

    private Segments(long pointer) {
        super(pointer, Native::segmentsFree);
        String[] all = new String[Native.segmentsCount(pointer)];
        for (int i = 0; i < all.length; i++) {
            all[i] = Memory.text(Native.segmentsGetName(pointer, i));
        }
        names = List.of(all);
    }

    /**
     * The text of a ready table, to use or to start from.
     *
     * @param name rfm_grid or rfm_intervals
     * @return null for another name
     */
    public static String builtin(String name) {
        try (Frame f = Frame.open()) {
            return Memory.text(Native.segmentsBuiltin(f.text(name)));
        }
    }

    /**
     * Parses a table.
     *
     * @param text one rule a line
     * @return the table
     */
    public static Segments of(String text) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Frame.Sized bytes = f.sized(text);
            f.check(Native.segmentsRead(out.address, bytes.address(), bytes.size(), 0, f.error()));
            return new Segments(out.i64(0));
        }
    }

    /**
     * Parses the table in a file.
     *
     * @param path of the text file
     * @return the table
     */
    public static Segments load(Path path) {
        return new Segments(Model.load(path, Native::segmentsLoad));
    }

    /**
     * Keeps the text as it was read.
     *
     * @param path of the file
     */
    public void save(Path path) {
        Model.toPath(this, path, Native::segmentsSave);
    }

    /**
     * Writes the text as it was read.
     *
     * @param stream takes UTF-8; stays open
     * @throws IOException of the stream
     */
    public void write(OutputStream stream) throws IOException {
        Model.toStream(this, stream, Native::segmentsWrite);
    }

    /**
     * The names of the segments, in the order of first appearance.
     *
     * @return an unchangeable list
     */
    public List<String> names() {
        return names;
    }

    /**
     * The fields the rules use, in the order of first appearance.
     *
     * @return a new list
     */
    public List<String> fields() {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            List<String> fields = new ArrayList<>();
            for (int i = 0; i < Native.segmentsCountFields(self); i++) {
                fields.add(Memory.text(Native.segmentsGetField(self, i)));
            }
            return List.copyOf(fields);
        }
    }

    /**
     * The segment of each row.
     *
     * @param columns the fields by name
     * @return number of the segment in {@link #names()}
     */
    public int[] assign(List<Column> columns) {
        try (Frame f = Frame.open()) {
            Column.Batch batch = Column.batch(f, columns);
            Memory codes = f.array(batch.rows(), Integer.BYTES);
            f.check(Native.segmentsAssign(f.inside(this), batch.address(), batch.n(), codes.address, f.error()));
            return codes.ints(0, batch.rows());
        }
    }

    /**
     * The segment of each customer, by grades and columns.
     *
     * @param rfm that grades
     * @param customers to assign
     * @param columns further fields, one row a customer; may be empty
     * @return number of the segment in {@link #names()}
     */
    public int[] assign(Rfm rfm, Customers customers, List<Column> columns) {
        try (Frame f = Frame.open()) {
            Column.Batch batch = Column.batch(f, columns);
            if (batch.n() > 0 && batch.rows() != customers.count()) {
                throw new IllegalArgumentException("the columns have " + batch.rows() + " rows, there are " + customers.count() + " customers");
            }
            Memory codes = f.array(customers.count(), Integer.BYTES);
            f.check(Native.segmentsAssignRfm(f.inside(this), f.inside(rfm), customers.write(f), batch.address(), batch.n(), codes.address,
                f.error()));
            return codes.ints(0, customers.count());
        }
    }

    /**
     * Checks that a table of grades alone has a segment for all that rfm can give.
     *
     * @param rfm that grades
     * @throws KehuException.Data when there is a gap
     */
    public void check(Rfm rfm) {
        try (Frame f = Frame.open()) {
            f.check(Native.segmentsCheckRfm(f.inside(this), f.inside(rfm), f.error()));
        }
    }

    /**
     * Which rule caught a row.
     *
     * @param segment its number
     * @param line of the text, from 1
     * @param rule the line
     */
    public record Reason(int segment, int line, String rule) {}

    /**
     * Which rule catches a row?
     *
     * @param columns the fields by name
     * @param row one of their rows
     * @return the rule
     */
    public Reason explain(List<Column> columns, long row) {
        try (Frame f = Frame.open()) {
            Column.Batch batch = Column.batch(f, columns);
            Memory m = f.zeros(Layout.SegmentReason.SIZEOF);
            f.check(Native.segmentsExplain(f.inside(this), batch.address(), batch.n(), row, m.address, f.error()));
            return new Reason(m.i32(Layout.SegmentReason.SEGMENT), m.i32(Layout.SegmentReason.LINE),
                Memory.text(m.i64(Layout.SegmentReason.RULE)));
        }
    }

    /**
     * Size and value of a segment.
     *
     * @param customers in it
     * @param orders of them
     * @param spend of them, in minor units
     */
    public record Total(long customers, long orders, long spend) {}

    /**
     * Size and value of each segment.
     *
     * @param codes the segment of each customer
     * @param customers the same ones
     * @return one a segment
     */
    public List<Total> totals(int[] codes, Customers customers) {
        if (codes.length != customers.count()) {
            throw new IllegalArgumentException("there are " + codes.length + " codes and " + customers.count() + " customers");
        }
        try (Frame f = Frame.open()) {
            Memory m = f.array(names.size(), Layout.SegmentTotal.SIZEOF);
            f.check(Native.segmentsGetTotals(f.inside(this), f.copy(codes).address, customers.write(f), m.address, f.error()));
            List<Total> totals = new ArrayList<>();
            for (int i = 0; i < names.size(); i++) {
                int at = i * Layout.SegmentTotal.SIZEOF;
                totals.add(new Total(m.i64(at + Layout.SegmentTotal.CUSTOMERS), m.i64(at + Layout.SegmentTotal.ORDERS),
                    m.i64(at + Layout.SegmentTotal.SPEND)));
            }
            return List.copyOf(totals);
        }
    }

    /**
     * Who moved from which segment to which between two dates.
     *
     * @param keysBefore of the customers before, rising
     * @param codesBefore their segments
     * @param keysAfter of the customers after, rising
     * @param codesAfter their segments
     * @return customers by segment before and after; the last row and column hold who was absent
     */
    public long[][] migration(Column keysBefore, int[] codesBefore, Column keysAfter, int[] codesAfter) {
        if (keysBefore.length() != codesBefore.length || keysAfter.length() != codesAfter.length) {
            throw new IllegalArgumentException("keys and codes differ in length");
        }
        try (Frame f = Frame.open()) {
            int side = names.size() + 1;
            Memory m = f.array((long) side * side, Long.BYTES);
            f.check(Native.segmentsGetMigration(f.inside(this), keysBefore.address(f), f.copy(codesBefore).address, keysAfter.address(f),
                f.copy(codesAfter).address, m.address, f.error()));
            long[][] matrix = new long[side][];
            for (int i = 0; i < side; i++) {
                matrix[i] = m.longs(8 * side * i, side);
            }
            return matrix;
        }
    }
}
