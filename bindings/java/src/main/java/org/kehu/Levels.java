package org.kehu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Probabilities as five levels that people can act on, and the share of customers in each. A probability equal to a cut
 * belongs to the level above it.
 */
public final class Levels extends Model {
    /** How many levels there are. */
    public static final int COUNT = 5;

    private final int classCount;

    private Levels(long pointer, boolean owned, NativeHandle keeps) {
        super(pointer, owned ? Native::levelsFree : null, keeps);
        classCount = Native.levelsClassCount(pointer);
    }

    private Levels(long pointer) {
        this(pointer, true, null);
    }

    /** The levels inside another model. */
    static Levels borrowed(long pointer, NativeHandle owner) {
        return new Levels(pointer, false, owner);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.levelsSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.levelsWrite(self, writer, error);
    }

    /** Where levels are cut. */
    public enum Mode {
        /** At fixed probabilities: what a level says does not depend on the others. */
        ABSOLUTE,
        /** At shares of the customers the levels were fitted on. */
        QUANTILE,
        /** At multiples of the class's mean probability there. */
        LIFT;

        private static final Mode[] ALL = values();
    }

    /** How to cut. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        private List<String> names;

        /** All defaults. */
        public Options() {
            super(Layout.LevelsOptions.SIZEOF);
        }

        /**
         * Where levels are cut.
         *
         * @param mode absolute unless set
         * @return this
         */
        public Options mode(Mode mode) {
            values.putInt(Layout.LevelsOptions.MODE, mode.ordinal());
            return this;
        }

        /**
         * The four cuts.
         *
         * @param cuts rising; 0.2 0.4 0.6 0.8 unless set, for lift 0.5 1 2 4
         * @return this
         */
        public Options cuts(double... cuts) {
            if (cuts.length != COUNT - 1) {
                throw new IllegalArgumentException("there are " + cuts.length + " cuts, expected " + (COUNT - 1));
            }
            values.duplicate().order(values.order()).position(Layout.LevelsOptions.CUTS).asDoubleBuffer().put(cuts);
            return this;
        }

        /**
         * The names of the levels.
         *
         * @param names five, from the lowest level
         * @return this
         */
        public Options names(String... names) {
            if (names.length != COUNT) {
                throw new IllegalArgumentException("there are " + names.length + " names, expected " + COUNT);
            }
            this.names = List.of(names);
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            for (int i = 0; names != null && i < COUNT; i++) {
                options.i64(Layout.LevelsOptions.NAMES + 8 * i, frame.text(names.get(i)));
            }
            return options;
        }
    }

    /** Rows of a matrix of probabilities; C cannot know how long an array is. */
    private static int rows(double[] probabilities, int classes) {
        if (classes < 1 || probabilities.length % classes != 0) {
            throw new IllegalArgumentException("there are " + probabilities.length + " probabilities for " + classes + " classes");
        }
        return probabilities.length / classes;
    }

    /**
     * Finds the cut points.
     *
     * @param probabilities of all classes, row after row; for absolute cuts may be empty
     * @param classes how many
     * @param options how
     * @return the levels
     */
    public static Levels fit(double[] probabilities, int classes, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            int n = rows(probabilities, classes);
            f.check(Native.levelsFit(out.address, f.copy(probabilities).address, n, classes, options.write(f).address, f.error()));
            return new Levels(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the levels
     */
    public static Levels load(Path path) {
        return new Levels(load(path, Native::levelsLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the levels
     */
    public static Levels read(byte[] bytes) {
        return new Levels(read(bytes, Native::levelsRead));
    }

    /**
     * The level of each probability.
     *
     * @param probabilities of all classes, row after row
     * @return for each 0, the lowest, to 4
     */
    public byte[] grade(double... probabilities) {
        try (Frame f = Frame.open()) {
            Memory grades = f.array(probabilities.length, 1);
            int n = rows(probabilities, classCount);
            f.check(Native.levelsGrade(f.inside(this), f.copy(probabilities).address, n, grades.address, f.error()));
            return grades.bytes(0, probabilities.length);
        }
    }

    /**
     * One level of one class.
     *
     * @param classNumber of the class
     * @param level 0 to 4
     * @param mode how it was cut
     * @param name of the level
     * @param from the least probability in it
     * @param to the least probability above it
     * @param rows in it
     * @param share of all rows
     * @param meanProbability of its rows
     * @param known rows whose class is known
     * @param observedRate share of the class among them
     * @param low of the 95 % Wilson interval of that rate
     * @param high of the same
     * @param lift observed rate over that of all known rows
     */
    public record Row(int classNumber, int level, Mode mode, String name, double from, double to, long rows, double share,
        double meanProbability, long known, double observedRate, double low, double high, double lift) {}

    /**
     * Share, size and outcome of every level.
     *
     * @param probabilities of all classes, row after row
     * @param observed class of each row, -1 for unknown; null means all unknown
     * @return five rows a class
     */
    public List<Row> report(double[] probabilities, int[] observed) {
        try (Frame f = Frame.open()) {
            int n = rows(probabilities, classCount);
            if (observed != null && observed.length != n) {
                throw new IllegalArgumentException("observed has " + observed.length + " rows, there are " + n);
            }
            Memory table = f.array((long) classCount * COUNT, Layout.LevelRow.SIZEOF);
            f.check(Native.levelsReport(f.inside(this), f.copy(probabilities).address, n, observed == null ? 0 : f.copy(observed).address,
                table.address, f.error()));
            return table(table, classCount);
        }
    }

    /**
     * A report for each segment of customers, as columns: segment, class, level, name, mode, from, to and the figures.
     *
     * @param probabilities of all classes, row after row
     * @param observed class of each row, -1 for unknown; null means all unknown
     * @param segments number of each row's segment, -1 for not counted; null means one segment, without such a column
     * @param segmentNames of all segments; not read where segments is null
     * @param classNames of all classes
     * @return a table, to be closed
     */
    public Table table(double[] probabilities, int[] observed, int[] segments, List<String> segmentNames, List<String> classNames) {
        int n = rows(probabilities, classCount);
        if (observed != null && observed.length != n || segments != null && segments.length != n) {
            throw new IllegalArgumentException("observed or segments has not as many rows as there are, " + n);
        }
        if (classNames.size() != classCount) {
            throw new IllegalArgumentException("there are " + classNames.size() + " class names, expected " + classCount);
        }
        try (Frame f = Frame.open()) {
            int count = segments == null ? 1 : segmentNames.size();
            Memory report = f.array((long) count * classCount * COUNT, Layout.LevelRow.SIZEOF);
            long self = f.inside(this);
            long p = f.copy(probabilities).address;
            long seen = observed == null ? 0 : f.copy(observed).address;
            f.check(segments == null ? Native.levelsReport(self, p, n, seen, report.address, f.error())
                : Native.levelsReportSegments(self, p, n, seen, f.copy(segments).address, count, report.address, f.error()));
            Memory out = f.zeros(8);
            f.check(Native.levelsTable(out.address, self, report.address, count, texts(f, classNames),
                segments == null ? 0 : texts(f, segmentNames), 0, f.error()));
            return new Table(out.i64(0));
        }
    }

    private static long texts(Frame f, List<String> names) {
        Memory pointers = f.array(names.size(), Long.BYTES);
        for (int i = 0; i < names.size(); i++) {
            pointers.i64(8 * i, f.text(names.get(i)));
        }
        return pointers.address;
    }

    /** What C wrote as kehu_level_row[classes][5]; while the handle that owns the names is in use. */
    static List<Row> table(Memory m, int classes) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < classes * COUNT; i++) {
            int at = i * Layout.LevelRow.SIZEOF;
            rows.add(new Row(m.i32(at + Layout.LevelRow.CLASS_NUMBER), m.i32(at + Layout.LevelRow.LEVEL),
                Mode.ALL[m.i32(at + Layout.LevelRow.MODE)], Memory.text(m.i64(at + Layout.LevelRow.NAME)),
                m.f64(at + Layout.LevelRow.FROM), m.f64(at + Layout.LevelRow.TO), m.i64(at + Layout.LevelRow.N_ROWS),
                m.f64(at + Layout.LevelRow.SHARE), m.f64(at + Layout.LevelRow.MEAN_PROBABILITY), m.i64(at + Layout.LevelRow.N_KNOWN),
                m.f64(at + Layout.LevelRow.OBSERVED_RATE), m.f64(at + Layout.LevelRow.LOW), m.f64(at + Layout.LevelRow.HIGH),
                m.f64(at + Layout.LevelRow.LIFT)));
        }
        return List.copyOf(rows);
    }

    /**
     * How many classes the levels are for.
     *
     * @return 1 or more
     */
    public int classCount() {
        return classCount;
    }

    /**
     * How they were cut.
     *
     * @return the mode
     */
    public Mode mode() {
        try (Frame f = Frame.open()) {
            return Mode.ALL[Native.levelsMode(f.inside(this))];
        }
    }

    /**
     * The names of the levels.
     *
     * @return five, from the lowest level
     */
    public List<String> names() {
        try (Frame f = Frame.open()) {
            String[] names = new String[COUNT];
            for (int i = 0; i < COUNT; i++) {
                names[i] = Memory.text(Native.levelsName(f.inside(this), i));
            }
            return List.of(names);
        }
    }

    /**
     * The four cuts of a class.
     *
     * @param classNumber of the class
     * @return probabilities, rising
     */
    public double[] cuts(int classNumber) {
        Objects.checkIndex(classNumber, classCount);
        try (Frame f = Frame.open()) {
            double[] cuts = new double[COUNT - 1];
            for (int i = 0; i < cuts.length; i++) {
                cuts[i] = Native.levelsCut(f.inside(this), classNumber, i);
            }
            return cuts;
        }
    }
}
