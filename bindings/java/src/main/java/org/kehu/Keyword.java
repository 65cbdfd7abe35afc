package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Texts sorted into classes by keywords that anyone can read and edit.
 *
 * <p>The weights of the keywords found in a text are added up class by class, each keyword once; the class with the most
 * points is the answer, and the keywords found are the reason. The list is learned from labelled texts, written by hand, or
 * both: its text form is a line "class, keyword, weight" each.
 */
public final class Keyword extends Model {
    private final List<String> classNames;

    private Keyword(long pointer, boolean owned, NativeHandle keeps) {
        super(pointer, owned ? Native::keywordFree : null, keeps);
        String[] names = new String[Native.keywordClassCount(pointer)];
        for (int i = 0; i < names.length; i++) {
            names[i] = Memory.text(Native.keywordClassName(pointer, i));
        }
        classNames = List.of(names);
    }

    private Keyword(long pointer) {
        this(pointer, true, null);
    }

    /** A list that is nobody's yet. */
    static Keyword adopt(long pointer) {
        return new Keyword(pointer);
    }

    /** The list inside another model. */
    static Keyword borrowed(long pointer, NativeHandle owner) {
        return new Keyword(pointer, false, owner);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.keywordSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.keywordWrite(self, writer, error);
    }

    /** For what a keyword speaks. */
    public enum Mode {
        /** For or against every class. */
        SIGNED,
        /** For its own class only, with weights above 0. */
        UNSIGNED
    }

    /** What a line of the list says. */
    public enum Mark {
        /** Learning again may change or drop it. */
        LEARNED,
        /** Stays listed, its weight is learned again. */
        ADDED,
        /** Stays as it is. */
        FIXED,
        /** Not allowed for this class. */
        FORBIDDEN;

        private static final Mark[] ALL = values();

        /** Null for -1. */
        private static Mark of(int code) {
            return code < 0 ? null : ALL[code];
        }
    }

    /** How to learn. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private Keyword base;

        /** All defaults. */
        public Options() {
            super(Layout.KeywordOptions.SIZEOF, Layout.KeywordOptions.N_THREADS, Layout.KeywordOptions.PROGRESS);
        }

        /**
         * Keywords to choose.
         *
         * @param n 1 to 10,000; 0 means 50
         * @return this
         */
        public Options keywordsPerClass(int n) {
            putCount(Layout.KeywordOptions.KEYWORDS_PER_CLASS, n, "keywordsPerClass");
            return this;
        }

        /**
         * For what a keyword speaks.
         *
         * @param mode signed unless set
         * @return this
         */
        public Options mode(Mode mode) {
            values.putInt(Layout.KeywordOptions.MODE, mode.ordinal());
            return this;
        }

        /**
         * Texts a keyword must be in.
         *
         * @param n 0 means 3
         * @return this
         */
        public Options minDf(int n) {
            putCount(Layout.KeywordOptions.MIN_DF, n, "minDf");
            return this;
        }

        /**
         * Characters, or words, of a keyword.
         *
         * @param n 1 to 8; 0 means 4
         * @return this
         */
        public Options maxSymbols(int n) {
            putCount(Layout.KeywordOptions.MAX_SYMBOLS, n, "maxSymbols");
            return this;
        }

        /**
         * The cost C of the ranking machine.
         *
         * @param c above 0; 0 means 0.01
         * @return this
         */
        public Options cost(double c) {
            values.putDouble(Layout.KeywordOptions.COST, c);
            return this;
        }

        /**
         * Share of right answers wanted among those given; less sure ones abstain.
         *
         * @param share below 1; 0 means answer always
         * @return this
         */
        public Options precision(double share) {
            values.putDouble(Layout.KeywordOptions.PRECISION, share);
            return this;
        }

        /**
         * Seed of the order of the texts in the solver.
         *
         * @param seed any number
         * @return this
         */
        public Options seed(long seed) {
            values.putLong(Layout.KeywordOptions.SEED, seed);
            return this;
        }

        /**
         * Whose fixed, added and forbidden lines are respected and whose notes are kept.
         *
         * @param base null for none
         * @return this
         */
        public Options base(Keyword base) {
            this.base = base;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.KeywordOptions.BASE, frame.insideOrNull(base));
            return options;
        }
    }

    /**
     * Learns a keyword list.
     *
     * @param texts a null is an empty text
     * @param labels the name of each text's class
     * @return the classifier
     */
    public static Keyword train(List<String> texts, List<String> labels) {
        return train(Column.of(null, texts), Column.of(null, labels), new Options());
    }

    /**
     * Learns a keyword list.
     *
     * @param texts a column of texts
     * @param labels a column of texts of the same length: the name of each text's class
     * @param options how
     * @return the classifier
     */
    public static Keyword train(Column texts, Column labels, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.keywordTrain(out.address, texts.address(f), labels.address(f), options.write(f).address, f.error()));
            return new Keyword(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the classifier
     */
    public static Keyword load(Path path) {
        return new Keyword(load(path, Native::keywordLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the classifier
     */
    public static Keyword read(byte[] bytes) {
        return new Keyword(read(bytes, Native::keywordRead));
    }

    /**
     * Reads a list that people may have edited.
     *
     * @param path of the text file
     * @return the classifier
     */
    public static Keyword loadText(Path path) {
        return new Keyword(load(path, Native::keywordLoadText));
    }

    /**
     * Reads a list that people may have edited.
     *
     * @param text of the list
     * @return the classifier
     */
    public static Keyword readText(String text) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Frame.Sized bytes = f.sized(text);
            f.check(Native.keywordReadText(out.address, bytes.address(), bytes.size(), 0, f.error()));
            return new Keyword(out.i64(0));
        }
    }

    /**
     * Keeps the list as a text file for people.
     *
     * @param path of the file
     */
    public void saveText(Path path) {
        toPath(this, path, Native::keywordSaveText);
    }

    /**
     * Writes the list as text for people, in UTF-8.
     *
     * @param stream takes the bytes; stays open
     * @throws IOException of the stream
     */
    public void writeText(OutputStream stream) throws IOException {
        toStream(this, stream, Native::keywordWriteText);
    }

    /**
     * The list as text for people.
     *
     * @return lines parted by tabs
     */
    public String text() {
        return new String(toBytes(this, Native::keywordWriteText), StandardCharsets.UTF_8);
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
     * The number of a class.
     *
     * @param name of the class
     * @return -1 when there is none of that name
     */
    public int classNumber(String name) {
        try (Frame f = Frame.open()) {
            Frame.Sized bytes = f.sized(name);
            return Native.keywordClassFind(f.inside(this), bytes.address(), bytes.size());
        }
    }

    /**
     * Points given to a class whatever the text says.
     *
     * @param classNumber of the class
     * @return the points
     */
    public int bias(int classNumber) {
        Objects.checkIndex(classNumber, classNames.size());
        try (Frame f = Frame.open()) {
            return Native.keywordBias(f.inside(this), classNumber);
        }
    }

    /**
     * The different keywords, sorted by their bytes, folded.
     *
     * @return a new list
     */
    public List<String> words() {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            String[] words = new String[Native.keywordWordCount(self)];
            for (int i = 0; i < words.length; i++) {
                words[i] = Memory.text(Native.keywordWord(self, i));
            }
            return List.of(words);
        }
    }

    /**
     * A line of the list.
     *
     * @param classNumber -1 for all classes
     * @param keyword folded
     * @param weight -100 to 100
     * @param mark what the line says
     */
    public record Line(int classNumber, String keyword, int weight, Mark mark) {}

    /**
     * The lines of the list, sorted by class and keyword.
     *
     * @return a new list
     */
    public List<Line> lines() {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            Memory line = f.zeros(Layout.KeywordLine.SIZEOF);
            List<Line> lines = new ArrayList<>();
            for (long i = 0; i < Native.keywordLineCount(self); i++) {
                f.check(Native.keywordGetLine(self, i, line.address, f.error()));
                lines.add(new Line(line.i32(Layout.KeywordLine.CLASS_NUMBER), Memory.text(line.i64(Layout.KeywordLine.KEYWORD)),
                    line.i32(Layout.KeywordLine.WEIGHT), Mark.of(line.i32(Layout.KeywordLine.MARK))));
            }
            return List.copyOf(lines);
        }
    }

    /**
     * A difference between two lists.
     *
     * @param className "*" for all classes
     * @param keyword null for the bias of the class
     * @param oldMark null when it was not in the list
     * @param newMark null when it is not in the list
     * @param oldWeight before
     * @param newWeight after
     */
    public record Change(String className, String keyword, Mark oldMark, Mark newMark, int oldWeight, int newWeight) {}

    /**
     * What has been added, removed and changed from this list to another.
     *
     * @param to the other list
     * @return the changes, by class and keyword
     */
    public List<Change> changesTo(Keyword to) {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            long other = f.inside(to);
            Memory count = f.zeros(8);
            f.check(Native.keywordDiff(self, other, 0, 0, count.address, f.error()));
            long n = count.i64(0);
            Memory m = f.array(n, Layout.KeywordChange.SIZEOF);
            f.check(Native.keywordDiff(self, other, m.address, n, count.address, f.error()));
            List<Change> changes = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                int at = i * Layout.KeywordChange.SIZEOF;
                changes.add(new Change(Memory.text(m.i64(at + Layout.KeywordChange.CLASS_NAME)),
                    Memory.text(m.i64(at + Layout.KeywordChange.KEYWORD)), Mark.of(m.i32(at + Layout.KeywordChange.OLD_MARK)),
                    Mark.of(m.i32(at + Layout.KeywordChange.NEW_MARK)), m.i32(at + Layout.KeywordChange.OLD_WEIGHT),
                    m.i32(at + Layout.KeywordChange.NEW_WEIGHT)));
            }
            return List.copyOf(changes);
        }
    }

    /** How to classify. What is not set has the default of the C library. */
    public static final class PredictOptions extends WorkOptions<PredictOptions> {
        /** All defaults. */
        public PredictOptions() {
            super(Layout.KeywordPredictOptions.SIZEOF, Layout.KeywordPredictOptions.N_THREADS, Layout.KeywordPredictOptions.PROGRESS);
        }

        /**
         * Abstain below.
         *
         * @param probability 0 to 1; 0 means the model's own
         * @return this
         */
        public PredictOptions minProbability(double probability) {
            values.putDouble(Layout.KeywordPredictOptions.MIN_PROBABILITY, probability);
            return this;
        }
    }

    /**
     * What was found for a batch of texts.
     *
     * @param classes number of each text's class, -1 where it abstains
     * @param best the class with the most points, even where it abstains
     * @param probabilities of the best class
     * @param margins points the best class is ahead of the second
     * @param keywords different keywords in the text
     * @param scores points of all classes, text after text
     */
    public record Predictions(int[] classes, int[] best, double[] probabilities, int[] margins, int[] keywords, int[] scores) {}

    /**
     * Classifies texts.
     *
     * @param texts a null is an empty text
     * @return number of each text's class, -1 where it abstains
     */
    public int[] predict(List<String> texts) {
        return predict(Column.of(null, texts), new PredictOptions()).classes;
    }

    /**
     * Classifies texts.
     *
     * @param texts a column of texts
     * @param options how
     * @return classes and what speaks for them
     */
    public Predictions predict(Column texts, PredictOptions options) {
        try (Frame f = Frame.open()) {
            int n = Memory.count(texts.length());
            int cells = Memory.count(n, classNames.size());
            Memory classes = f.array(n, Integer.BYTES);
            Memory best = f.array(n, Integer.BYTES);
            Memory probabilities = f.array(n, Double.BYTES);
            Memory margins = f.array(n, Integer.BYTES);
            Memory keywords = f.array(n, Integer.BYTES);
            Memory scores = f.array(cells, Integer.BYTES);
            Memory answers = f.zeros(Layout.KeywordAnswers.SIZEOF);
            answers.i64(Layout.KeywordAnswers.CLASSES, classes.address);
            answers.i64(Layout.KeywordAnswers.BEST, best.address);
            answers.i64(Layout.KeywordAnswers.PROBABILITIES, probabilities.address);
            answers.i64(Layout.KeywordAnswers.MARGINS, margins.address);
            answers.i64(Layout.KeywordAnswers.N_KEYWORDS, keywords.address);
            answers.i64(Layout.KeywordAnswers.SCORES, scores.address);
            f.check(Native.keywordPredict(f.inside(this), texts.address(f), options.write(f).address, answers.address, f.error()));
            return new Predictions(classes.ints(0, n), best.ints(0, n), probabilities.doubles(0, n), margins.ints(0, n), keywords.ints(0, n),
                scores.ints(0, cells));
        }
    }

    /**
     * A keyword found.
     *
     * @param start index of its first char in the text
     * @param end index behind its last char
     * @param word its number in {@link #words()}
     * @param keyword as it stands in the text
     * @param weight points for the class asked about; 0 where it says nothing
     */
    public record Match(int start, int end, int word, String keyword, int weight) {}

    private interface Find {
        int call(long self, long text, long size, int classNumber, long matches, long capacity, long count, long error);
    }

    private List<Match> find(String text, int classNumber, Find find) {
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            Frame.Sized bytes = f.sized(text);
            Memory count = f.zeros(8);
            f.check(find.call(self, bytes.address(), bytes.size(), classNumber, 0, 0, count.address, f.error()));
            long n = count.i64(0);
            Memory m = f.array(n, Layout.KeywordMatch.SIZEOF);
            f.check(find.call(self, bytes.address(), bytes.size(), classNumber, m.address, n, count.address, f.error()));
            int[] index = Utf8.charIndex(text);
            List<Match> matches = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                int at = i * Layout.KeywordMatch.SIZEOF;
                int start = index[(int) m.i64(at + Layout.KeywordMatch.START)];
                int end = index[(int) m.i64(at + Layout.KeywordMatch.END)];
                matches.add(new Match(start, end, m.i32(at + Layout.KeywordMatch.WORD), text.substring(start, end),
                    m.i32(at + Layout.KeywordMatch.WEIGHT)));
            }
            return List.copyOf(matches);
        }
    }

    /**
     * All places of all keywords, overlapping ones included.
     *
     * @param text to look through
     * @param classNumber the class whose weights are given, -1 for the best one
     * @return the places, by rising end
     */
    public List<Match> match(String text, int classNumber) {
        return find(text, classNumber, Native::keywordMatchText);
    }

    /**
     * The reasons: each keyword that gives or takes points, once.
     *
     * @param text to explain
     * @param classNumber the class to explain, -1 for the best one
     * @return the keywords, the greatest |weight| first
     */
    public List<Match> explain(String text, int classNumber) {
        return find(text, classNumber, Native::keywordExplain);
    }

    /**
     * How a learned list was made; all zero for one from a file.
     *
     * @param texts learned from
     * @param empty texts without any character or word
     * @param conflicts texts that stand there again under another label
     * @param candidates words and strings looked at
     * @param accuracy of held-out texts, had it answered always
     * @param coverage share of the texts with at least one keyword
     * @param answered share of the texts whose answer is not to abstain
     * @param answeredRight share of right answers among those
     */
    public record Info(long texts, long empty, long conflicts, long candidates, double accuracy, double coverage, double answered,
        double answeredRight) {}

    /**
     * How the list was made.
     *
     * @return the figures
     */
    public Info info() {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.KeywordInfo.SIZEOF);
            Native.keywordGetInfo(f.inside(this), m.address);
            return new Info(m.i64(Layout.KeywordInfo.N_TEXTS), m.i64(Layout.KeywordInfo.N_EMPTY), m.i64(Layout.KeywordInfo.N_CONFLICTS),
                m.i64(Layout.KeywordInfo.N_CANDIDATES), m.f64(Layout.KeywordInfo.ACCURACY), m.f64(Layout.KeywordInfo.COVERAGE),
                m.f64(Layout.KeywordInfo.ANSWERED), m.f64(Layout.KeywordInfo.ANSWERED_RIGHT));
        }
    }
}
