package org.kehu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Is a text for or against, how strongly, and which words say so: a list of cue words, and beside it a linear SVM. */
public final class Sentiment extends Model {
    private final Keyword words;

    private Sentiment(long pointer) {
        super(pointer, Native::sentimentFree);
        words = Keyword.borrowed(Native.sentimentWords(pointer), this);
    }

    /** Frees the C object; the list is closed with it. */
    @Override
    public void close() {
        words.close();
        super.close();
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.sentimentSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.sentimentWrite(self, writer, error);
    }

    /** How to train. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private String positive;
        private Keyword words;

        /** All defaults. */
        public Options() {
            super(Layout.SentimentOptions.SIZEOF, Layout.SentimentOptions.N_THREADS, Layout.SentimentOptions.PROGRESS);
        }

        /**
         * Cues to learn.
         *
         * @param n 2 to 20,000; 0 means 200
         * @return this
         */
        public Options wordCount(int n) {
            putCount(Layout.SentimentOptions.N_WORDS, n, "wordCount");
            return this;
        }

        /**
         * Whether the list decides alone.
         *
         * @param only false unless set: an SVM decides
         * @return this
         */
        public Options wordsOnly(boolean only) {
            values.putInt(Layout.SentimentOptions.WORDS_ONLY, only ? 1 : 0);
            return this;
        }

        /**
         * The label of texts that are for something.
         *
         * @param label null for "positive"
         * @return this
         */
        public Options positive(String label) {
            positive = label;
            return this;
        }

        /**
         * A list instead of a learned one.
         *
         * @param words null for none
         * @return this
         */
        public Options words(Keyword words) {
            this.words = words;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.SentimentOptions.POSITIVE, frame.text(positive));
            options.i64(Layout.SentimentOptions.WORDS, frame.insideOrNull(words));
            return options;
        }
    }

    /**
     * Learns from texts with one of two labels.
     *
     * @param texts a column of texts
     * @param labels a column of texts of the same length
     * @param options how
     * @return the model
     */
    public static Sentiment train(Column texts, Column labels, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.sentimentTrain(out.address, texts.address(f), labels.address(f), options.write(f).address, f.error()));
            return new Sentiment(out.i64(0));
        }
    }

    /**
     * A model of a list alone.
     *
     * @param words of the classes positive, negative, negation and degree; copied
     * @return the model
     */
    public static Sentiment of(Keyword words) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.sentimentFromWords(out.address, f.inside(words), 0, f.error()));
            return new Sentiment(out.i64(0));
        }
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @return the model
     */
    public static Sentiment load(Path path) {
        return new Sentiment(load(path, Native::sentimentLoad));
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @return the model
     */
    public static Sentiment read(byte[] bytes) {
        return new Sentiment(read(bytes, Native::sentimentRead));
    }

    /**
     * The list, as a part of this model.
     *
     * @return to read, or to keep and edit
     */
    public Keyword words() {
        return words;
    }

    /**
     * What was found, one a text.
     *
     * @param polarities 1 for, -1 against, 0 neither
     * @param probabilities of being for something
     * @param strengths 0 to 1
     * @param points of the list
     * @param cues how many
     */
    public record Scores(byte[] polarities, double[] probabilities, double[] strengths, int[] points, int[] cues) {}

    /**
     * Scores texts.
     *
     * @param texts a column of texts
     * @param wordsOnly whether the list decides, though there is an SVM
     * @param threads to use; 0 means 1
     * @return what was found
     */
    public Scores score(Column texts, boolean wordsOnly, int threads) {
        try (Frame f = Frame.open()) {
            int n = Memory.count(texts.length());
            Memory polarities = f.array(n, 1);
            Memory probabilities = f.array(n, Double.BYTES);
            Memory strengths = f.array(n, Double.BYTES);
            Memory points = f.array(n, Integer.BYTES);
            Memory cues = f.array(n, Integer.BYTES);
            Memory answers = f.zeros(Layout.SentimentAnswers.SIZEOF);
            answers.i64(Layout.SentimentAnswers.POLARITIES, polarities.address);
            answers.i64(Layout.SentimentAnswers.PROBABILITIES, probabilities.address);
            answers.i64(Layout.SentimentAnswers.STRENGTHS, strengths.address);
            answers.i64(Layout.SentimentAnswers.POINTS, points.address);
            answers.i64(Layout.SentimentAnswers.N_CUES, cues.address);
            Memory options = f.zeros(Layout.SentimentScoreOptions.SIZEOF);
            options.i32(Layout.SentimentScoreOptions.SIZE, Layout.SentimentScoreOptions.SIZEOF);
            options.i32(Layout.SentimentScoreOptions.N_THREADS, OptionsBuilder.notNegative(threads, "threads"));
            options.i32(Layout.SentimentScoreOptions.WORDS_ONLY, wordsOnly ? 1 : 0);
            options.i64(Layout.SentimentScoreOptions.PROGRESS, f.progress(null));
            f.check(Native.sentimentScore(f.inside(this), texts.address(f), options.address, answers.address, f.error()));
            return new Scores(polarities.bytes(0, n), probabilities.doubles(0, n), strengths.doubles(0, n), points.ints(0, n),
                cues.ints(0, n));
        }
    }

    /**
     * A cue.
     *
     * @param start index of its first char in the text
     * @param end index behind its last char
     * @param from where the first word that changes it begins, else start
     * @param text as it stands there
     * @param weight in the list; below 0: against
     * @param points the weight after negation and degree
     * @param negations words that turn it round
     */
    public record Cue(int start, int end, int from, String text, int weight, int points, int negations) {}

    /**
     * The cues of one text in order; with the bias of the list their points add up to the text's.
     *
     * @param text to explain
     * @return all of them
     */
    public List<Cue> cues(String text) {
        try (Frame f = Frame.open()) {
            Frame.Sized bytes = f.sized(text);
            int capacity = text.length(); // they are apart, and none is empty
            Memory cues = f.array(capacity, Layout.SentimentCue.SIZEOF);
            Memory n = f.zeros(8);
            f.check(Native.sentimentCues(f.inside(this), bytes.address(), bytes.size(), cues.address, capacity, n.address, f.error()));
            int[] index = Utf8.charIndex(text);
            List<Cue> list = new ArrayList<>();
            for (int i = 0; i < Math.min(n.i64(0), capacity); i++) {
                int at = i * Layout.SentimentCue.SIZEOF;
                int start = index[(int) cues.i64(at + Layout.SentimentCue.START)];
                int end = index[(int) cues.i64(at + Layout.SentimentCue.END)];
                list.add(new Cue(start, end, index[(int) cues.i64(at + Layout.SentimentCue.FROM)], text.substring(start, end),
                    cues.i32(at + Layout.SentimentCue.WEIGHT), cues.i32(at + Layout.SentimentCue.POINTS),
                    cues.i32(at + Layout.SentimentCue.NEGATIONS)));
            }
            return List.copyOf(list);
        }
    }
}
