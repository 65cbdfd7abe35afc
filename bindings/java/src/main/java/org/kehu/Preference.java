package org.kehu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Which channel, content or occupation suits each customer: a probability and a level for every class, also for customers
 * of whom it has not been observed yet. Experience may be written down as rules.
 */
public final class Preference extends Model {
    private final List<String> classNames;
    private final Tree tree;
    private final Levels levels;

    private Preference(long pointer) {
        super(pointer, Native::preferenceFree);
        String[] names = new String[Native.preferenceClassCount(pointer)];
        for (int i = 0; i < names.length; i++) {
            names[i] = Memory.text(Native.preferenceClassName(pointer, i));
        }
        classNames = List.of(names);
        tree = Tree.borrowed(Native.preferenceTree(pointer), this);
        levels = Levels.borrowed(Native.preferenceLevels(pointer), this);
    }

    /** Frees the C object; the tree and the levels are closed with it. */
    @Override
    public void close() {
        tree.close();
        levels.close();
        super.close();
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.preferenceSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.preferenceWrite(self, writer, error);
    }

    /** How to learn. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        private Tree.Options tree;
        private Levels.Options levels;
        private Segments rules;

        /** All defaults. */
        public Options() {
            super(Layout.PreferenceOptions.SIZEOF);
        }

        /**
         * Folds of the fusion.
         *
         * @param n 2 to 20; 0 means 5
         * @return this
         */
        public Options folds(int n) {
            putCount(Layout.PreferenceOptions.N_FOLDS, n, "folds");
            return this;
        }

        /**
         * How the tree learns.
         *
         * @param tree null for its defaults
         * @return this
         */
        public Options tree(Tree.Options tree) {
            this.tree = tree;
            return this;
        }

        /**
         * Where the levels are cut.
         *
         * @param levels null for 0.2 0.4 0.6 0.8
         * @return this
         */
        public Options levels(Levels.Options levels) {
            this.levels = levels;
            return this;
        }

        /**
         * Experience: each line names a class and how much its condition speaks for it.
         *
         * @param rules null for none
         * @return this
         */
        public Options rules(Segments rules) {
            this.rules = rules;
            return this;
        }

        /**
         * A row that is not observed counts as of the class whose rules lead by so much.
         *
         * @param lead above 0; below 0 for never; 0 means 2
         * @return this
         */
        public Options sure(double lead) {
            values.putDouble(Layout.PreferenceOptions.SURE, lead);
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            // There is always a tree's options, as they carry what an interrupt needs.
            options.i64(Layout.PreferenceOptions.TREE, (tree == null ? new Tree.Options() : tree).write(frame).address);
            options.i64(Layout.PreferenceOptions.LEVELS, levels == null ? 0 : levels.write(frame).address);
            options.i64(Layout.PreferenceOptions.RULES, frame.insideOrNull(rules));
            return options;
        }
    }

    /**
     * Learns a preference.
     *
     * @param columns inputs, each with a name
     * @param observed the class of each row, missing where it is not known; null when only the rules know
     * @param rowIds rows with the same id share a fold; null means each row stands for itself
     * @param options how
     * @return the preference
     */
    public static Preference train(List<Column> columns, Column observed, Column rowIds, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Column.Batch batch = Column.batch(f, columns);
            f.check(Native.preferenceTrain(out.address, batch.address(), batch.n(), Column.addressOrNull(f, observed),
                Column.addressOrNull(f, rowIds), options.write(f).address, f.error()));
            return new Preference(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the preference
     */
    public static Preference load(Path path) {
        return new Preference(load(path, Native::preferenceLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the preference
     */
    public static Preference read(byte[] bytes) {
        return new Preference(read(bytes, Native::preferenceRead));
    }

    /**
     * The names of the classes by number.
     *
     * @return an unchangeable list
     */
    public List<String> classNames() {
        return classNames;
    }

    /**
     * The tree inside, for explanations; closed with this.
     *
     * @return a model of its own
     */
    public Tree tree() {
        return tree;
    }

    /**
     * The levels inside; closed with this.
     *
     * @return a model of its own
     */
    public Levels levels() {
        return levels;
    }

    /**
     * Scores of a batch of rows.
     *
     * @param probabilities of all classes, row after row
     * @param levels of all classes, row after row: 0 (hardly) to 4 (reliant)
     */
    public record Scores(double[] probabilities, byte[] levels) {}

    /**
     * Scores rows.
     *
     * @param columns at least those trained on, matched by name
     * @param threads to use; 0 means 1
     * @return probabilities and levels
     */
    public Scores score(List<Column> columns, int threads) {
        try (Frame f = Frame.open()) {
            Column.Batch batch = Column.batch(f, columns);
            int cells = Memory.count(batch.rows(), classNames.size());
            Memory probabilities = f.array(cells, Double.BYTES);
            Memory grades = f.array(cells, 1);
            f.check(Native.preferenceScore(f.inside(this), batch.address(), batch.n(), probabilities.address, grades.address,
                Tree.scoreOptions(f, threads, 0, 0, 0), f.error()));
            return new Scores(probabilities.doubles(0, cells), grades.bytes(0, cells));
        }
    }

    /**
     * How many customers are in each level of each class, and how often they turned out to be of it.
     *
     * @param columns as for scoring
     * @param observed the class of each row, missing where it is not known; null means none known
     * @return five rows a class
     */
    public List<Levels.Row> report(List<Column> columns, Column observed) {
        try (Frame f = Frame.open()) {
            Memory rows = f.array((long) classNames.size() * Levels.COUNT, Layout.LevelRow.SIZEOF);
            Column.Batch batch = Column.batch(f, columns);
            f.check(Native.preferenceReport(f.inside(this), batch.address(), batch.n(), Column.addressOrNull(f, observed), Tree.scoreOptions(f, 0, 0, 0, 0), rows.address, f.error()));
            return Levels.table(rows, classNames.size());
        }
    }

    /**
     * How tree and rules are fused for a group of rows.
     *
     * @param treeWeight exponent of the tree's probability
     * @param ruleWeight factor of the rules' sum
     * @param rules how many there are
     * @param isFitted whether the weights were fitted to observed rows
     * @param offsets one a class, added in log-odds
     */
    public record Fusion(double treeWeight, double ruleWeight, int rules, boolean isFitted, double[] offsets) {}

    /**
     * How tree and rules are fused.
     *
     * @param spoken for rows of which some rule speaks in favour of a class; false for silent ones
     * @return the weights
     */
    public Fusion fusion(boolean spoken) {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            int group = (int) (spoken ? Constants.PREFERENCE_SPOKEN : Constants.PREFERENCE_SILENT);
            Memory m = f.zeros(Layout.PreferenceFusion.SIZEOF);
            Native.preferenceFusionGet(self, group, m.address);
            double[] offsets = new double[classNames.size()];
            for (int i = 0; i < offsets.length; i++) {
                offsets[i] = Native.preferenceOffset(self, group, i);
            }
            return new Fusion(m.f64(Layout.PreferenceFusion.TREE_WEIGHT), m.f64(Layout.PreferenceFusion.RULE_WEIGHT),
                m.i32(Layout.PreferenceFusion.N_RULES), m.i32(Layout.PreferenceFusion.FITTED) != 0, offsets);
        }
    }

    /**
     * A rule that holds for a row.
     *
     * @param classNumber of the class it speaks for
     * @param line of the rules' text, from 1
     * @param weight in log-odds
     * @param text the line
     */
    public record Rule(int classNumber, int line, double weight, String text) {}

    /**
     * The rules that speak for or against a row's classes.
     *
     * @param columns as for scoring
     * @param row one of their rows
     * @return the rules in the text's order
     */
    public List<Rule> fired(List<Column> columns, long row) {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            Column.Batch batch = Column.batch(f, columns);
            Memory n = f.zeros(8);
            f.check(Native.preferenceFired(self, batch.address(), batch.n(), row, 0, 0, n.address, f.error()));
            int capacity = n.i32(0);
            Memory m = f.array(capacity, Layout.PreferenceRule.SIZEOF);
            f.check(Native.preferenceFired(self, batch.address(), batch.n(), row, m.address, capacity, n.address, f.error()));
            List<Rule> rules = new ArrayList<>();
            for (int i = 0; i < capacity; i++) {
                int at = i * Layout.PreferenceRule.SIZEOF;
                rules.add(new Rule(m.i32(at + Layout.PreferenceRule.CLASS_NUMBER), m.i32(at + Layout.PreferenceRule.LINE),
                    m.f64(at + Layout.PreferenceRule.WEIGHT), Memory.text(m.i64(at + Layout.PreferenceRule.TEXT))));
            }
            return List.copyOf(rules);
        }
    }
}
