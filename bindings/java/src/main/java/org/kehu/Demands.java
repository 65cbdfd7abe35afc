package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;

/** Customers' demands from intake to solution: what came in, where it stands, what is late, who had to ask again. */
public final class Demands extends MutableHandle {
    /** What C refers to until the log is closed: the listener. */
    private final Frame kept;

    private Demands(long pointer, Frame kept) {
        super(pointer, p -> {
            Native.demandsFree(p);
            kept.close();
        });
        this.kept = kept;
    }

    /** How to follow demands. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private DemandMachine machine;

        /** All defaults. */
        public Options() {
            super(Layout.DemandsOptions.SIZEOF, Layout.DemandsOptions.N_THREADS, Layout.DemandsOptions.PROGRESS);
        }

        /**
         * Which status may follow which.
         *
         * @param machine copied; null for the default one
         * @return this
         */
        public Options machine(DemandMachine machine) {
            this.machine = machine;
            return this;
        }

        /**
         * How much before 0:00 UTC a day starts.
         *
         * @param minutes 480 for China
         * @return this
         */
        public Options dayOffsetMinutes(int minutes) {
            values.putInt(Layout.DemandsOptions.DAY_OFFSET_MINUTES, minutes);
            return this;
        }
    }

    /**
     * An empty log.
     *
     * @param options how to follow demands
     * @return the log
     */
    public static Demands of(Options options) {
        Frame kept = Frame.open();
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Memory written = options.write(kept);
            written.i64(Layout.DemandsOptions.MACHINE, f.insideOrNull(options.machine));
            f.check(Native.demandsNew(out.address, written.address, f.error()));
            return new Demands(out.i64(0), kept);
        } catch (Throwable failed) {
            kept.close();
            throw failed;
        }
    }

    /**
     * Gets a log back from a file, to add, merge or finish further. It works with one thread and without a listener; merge it
     * into a new one for others.
     *
     * @param path of the file
     * @return the log
     */
    public static Demands load(Path path) {
        return new Demands(Model.load(path, Native::demandsLoad), Frame.open());
    }

    /**
     * Gets a log back from the bytes of a file.
     *
     * @param bytes not kept
     * @return the log
     */
    public static Demands read(byte[] bytes) {
        return new Demands(Model.read(bytes, Native::demandsRead), Frame.open());
    }

    /**
     * Keeps the log in a file: its rows, names and machine, not what finish made.
     *
     * @param path of the file
     */
    public void save(Path path) {
        Model.toPath(this, path, Native::demandsSave);
    }

    /**
     * Keeps the log in a stream.
     *
     * @param stream takes the bytes; stays open
     * @throws IOException of the stream
     */
    public void write(OutputStream stream) throws IOException {
        Model.toStream(this, stream, Native::demandsWrite);
    }

    /**
     * The bytes of the log's file.
     *
     * @return a new array
     */
    public byte[] toBytes() {
        return Model.toBytes(this, Native::demandsWrite);
    }

    /**
     * Rows of a log: a demand entered a status. Customer, channel and class are those of a demand's first row.
     *
     * @param demand whole numbers or text
     * @param time times, or dates
     * @param status texts: what the demand entered
     * @param customer whole numbers or text; or null
     * @param channel texts; or null
     * @param classOf texts: what the demand is about; or null
     */
    public record Batch(Column demand, Column time, Column status, Column customer, Column channel, Column classOf) {
        /** A kehu_demand_batch. C checks that the columns are of one length. */
        long write(Frame f) {
            Memory m = f.zeros(Layout.DemandBatch.SIZEOF);
            m.i64(Layout.DemandBatch.DEMAND, Column.addressOrNull(f, demand));
            m.i64(Layout.DemandBatch.TIME, Column.addressOrNull(f, time));
            m.i64(Layout.DemandBatch.STATUS, Column.addressOrNull(f, status));
            m.i64(Layout.DemandBatch.CUSTOMER, Column.addressOrNull(f, customer));
            m.i64(Layout.DemandBatch.CHANNEL, Column.addressOrNull(f, channel));
            m.i64(Layout.DemandBatch.CLASS_OF, Column.addressOrNull(f, classOf));
            return m.address;
        }
    }

    /**
     * Adds rows, any number of times. Rows of one demand may come in any order.
     *
     * @param batch of them
     */
    public void add(Batch batch) {
        try (Frame f = Frame.open()) {
            f.check(Native.demandsAdd(f.inside(this), batch.write(f), f.error()));
        }
    }

    /**
     * Adds all of another log of the same machine and kinds, as if its rows had been added now.
     *
     * @param other not changed
     */
    public void merge(Demands other) {
        if (other == this) {
            throw new IllegalArgumentException("a log cannot be merged with itself");
        }
        try (Frame f = Frame.open()) {
            boolean isFirst = number < other.number; // one order for all threads, as two may merge crosswise
            long one = f.inside(isFirst ? this : other);
            long two = f.inside(isFirst ? other : this);
            f.check(Native.demandsMerge(isFirst ? one : two, isFirst ? two : one, f.error()));
        }
    }

    /** What a row of the table of counts covers. */
    public enum Period {
        /** A day. */
        DAY,
        /** From Monday on. */
        WEEK,
        /** A month. */
        MONTH
    }

    /** What reports judge by. What is not set has the default of the C library. */
    public static final class ReportOptions extends OptionsBuilder {
        /** All defaults. */
        public ReportOptions() {
            super(Layout.DemandReportOptions.SIZEOF);
        }

        /**
         * What a row of the table of counts covers.
         *
         * @param period a day unless set
         * @return this
         */
        public ReportOptions period(Period period) {
            values.putInt(Layout.DemandReportOptions.PERIOD, period.ordinal());
            return this;
        }

        /**
         * Service level of the first reply.
         *
         * @param hours 0 means 24
         * @return this
         */
        public ReportOptions replyWithinHours(int hours) {
            putCount(Layout.DemandReportOptions.REPLY_WITHIN_HOURS, hours, "replyWithinHours");
            return this;
        }

        /**
         * Service level of the solution.
         *
         * @param hours 0 means 72
         * @return this
         */
        public ReportOptions solveWithinHours(int hours) {
            putCount(Layout.DemandReportOptions.SOLVE_WITHIN_HOURS, hours, "solveWithinHours");
            return this;
        }

        /**
         * How long before a demand of the same customer and class makes it a repeat.
         *
         * @param days 0 means 30
         * @return this
         */
        public ReportOptions repeatWithinDays(int days) {
            putCount(Layout.DemandReportOptions.REPEAT_WITHIN_DAYS, days, "repeatWithinDays");
            return this;
        }
    }

    /**
     * Follows every demand up to a moment; later rows are left for a later call.
     *
     * @param asOf the moment
     * @param options what reports judge by
     */
    public void finish(Instant asOf, ReportOptions options) {
        try (Frame f = Frame.open()) {
            int status = Native.demandsFinish(f.inside(this), Snapshot.micros(asOf), options.write(f).address, f.error());
            f.failure = kept.failure;
            kept.failure = null;
            f.check(status);
        }
    }

    /**
     * What finish found.
     *
     * @param rows all rows added
     * @param later rows after the moment
     * @param refused rows refused
     * @param demands taken in
     * @param open of these in an open status
     * @param customers different ones of these
     * @param repeats demands that repeat an earlier one
     */
    public record Counts(long rows, long later, long refused, long demands, long open, long customers, long repeats) {}

    /**
     * What finish found.
     *
     * @return the figures
     */
    public Counts counts() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.DemandCounts.SIZEOF);
            f.check(Native.demandsGetCounts(f.inside(this), m.address, f.error()));
            return new Counts(m.i64(Layout.DemandCounts.ROWS), m.i64(Layout.DemandCounts.LATER), m.i64(Layout.DemandCounts.REFUSED),
                m.i64(Layout.DemandCounts.DEMANDS), m.i64(Layout.DemandCounts.OPEN), m.i64(Layout.DemandCounts.CUSTOMERS),
                m.i64(Layout.DemandCounts.REPEATS));
        }
    }

    /** The reports; kehu/demand.h names their columns. */
    public enum Report {
        /** Demands by period, channel, class and status. */
        COUNTS,
        /** Times of replies and solutions by channel and class. */
        TIMES,
        /** Open demands, the oldest first. */
        AGEING,
        /** Open demands that are late, the latest first. */
        OVERDUE,
        /** A row a class. */
        CLASSES,
        /** A row a customer. */
        CUSTOMERS,
        /** Rows refused, with the reason. */
        REFUSED
    }

    /**
     * Makes a report.
     *
     * @param report which one
     * @return the caller's to close
     */
    public Table table(Report report) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.demandsGetTable(out.address, f.inside(this), report.ordinal(), f.error()));
            return new Table(out.i64(0));
        }
    }
}
