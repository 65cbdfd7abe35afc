package org.kehu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Topics of texts without labels: which words go together, how much each topic takes up, typical texts, and what a new text
 * is about. Topics are ordered by falling share.
 */
public final class Topic extends Model {
    private final int count;

    private Topic(long pointer, NativeHandle keeps) {
        super(pointer, Native::topicFree, keeps);
        count = Native.topicCount(pointer);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.topicSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.topicWrite(self, writer, error);
    }

    /** How to fit. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private Tokenizer tokenizer;

        /** All defaults. */
        public Options() {
            super(Layout.TopicOptions.SIZEOF, Layout.TopicOptions.N_THREADS, Layout.TopicOptions.PROGRESS);
        }

        /**
         * How many topics.
         *
         * @param n 1 to 500; 0 means 10
         * @return this
         */
        public Options topics(int n) {
            putCount(Layout.TopicOptions.N_TOPICS, n, "topics");
            return this;
        }

        /**
         * Texts a term must be in.
         *
         * @param n 0 means 5
         * @return this
         */
        public Options minDf(int n) {
            putCount(Layout.TopicOptions.MIN_DF, n, "minDf");
            return this;
        }

        /**
         * Terms to keep, the most frequent ones.
         *
         * @param n 0 means 20,000
         * @return this
         */
        public Options maxTerms(int n) {
            putCount(Layout.TopicOptions.MAX_TERMS, n, "maxTerms");
            return this;
        }

        /**
         * Of the texts, the part that a term may be in.
         *
         * @param share above 0 up to 1; 0 means 0.5
         * @return this
         */
        public Options maxShare(double share) {
            values.putDouble(Layout.TopicOptions.MAX_SHARE, share);
            return this;
        }

        /**
         * Passes over all rows.
         *
         * @param n at most; 0 means 200
         * @return this
         */
        public Options passes(int n) {
            putCount(Layout.TopicOptions.PASSES, n, "passes");
            return this;
        }

        /**
         * Whose words are terms.
         *
         * @param tokenizer null for the built-in one
         * @return this
         */
        public Options tokenizer(Tokenizer tokenizer) {
            this.tokenizer = tokenizer;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.TopicOptions.TOKENIZER, frame.insideOrNull(tokenizer));
            return options;
        }
    }

    /**
     * Fits topics.
     *
     * @param texts a column of texts; a missing one is empty
     * @param options how
     * @return the topics
     */
    public static Topic fit(Column texts, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.topicFit(out.address, texts.address(f), options.write(f).address, f.error()));
            return new Topic(out.i64(0), options.tokenizer);
        }
    }

    /**
     * Reads the file of a model that was fitted with the built-in tokenizer.
     *
     * @param path of the file
     * @return the topics
     */
    public static Topic load(Path path) {
        return load(path, (Tokenizer) null);
    }

    /**
     * Reads a model file.
     *
     * @param path of the file
     * @param tokenizer the one it was fitted with; null for the built-in one
     * @return the topics
     */
    public static Topic load(Path path, Tokenizer tokenizer) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.topicLoad(out.address, f.path(path), f.insideOrNull(tokenizer), 0, f.error()));
            return new Topic(out.i64(0), tokenizer);
        }
    }

    /**
     * Reads the bytes of a model that was fitted with the built-in tokenizer.
     *
     * @param bytes not kept
     * @return the topics
     */
    public static Topic read(byte[] bytes) {
        return read(bytes, (Tokenizer) null);
    }

    /**
     * Reads the bytes of a model file.
     *
     * @param bytes not kept
     * @param tokenizer the one it was fitted with; null for the built-in one
     * @return the topics
     */
    public static Topic read(byte[] bytes, Tokenizer tokenizer) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.topicRead(out.address, f.copy(bytes).address, bytes.length, f.insideOrNull(tokenizer), 0, f.error()));
            return new Topic(out.i64(0), tokenizer);
        }
    }

    /**
     * How many topics there are.
     *
     * @return 1 or more
     */
    public int count() {
        return count;
    }

    /**
     * What is known of a topic from the texts it was fitted on.
     *
     * @param share mean of its share over the texts that have terms; all add to 1
     * @param coherence of its first words, -1 to 1; NaN with fewer than 2
     * @param texts it has the largest share of
     * @param examples rows with the most of it, most first
     */
    public record Info(double share, double coherence, long texts, List<Long> examples) {}

    /**
     * What is known of a topic.
     *
     * @param topic 0 to count - 1
     * @return the figures
     */
    public Info info(int topic) {
        try (Frame f = Frame.open()) {
            Memory m = f.zeros(Layout.TopicInfo.SIZEOF);
            f.check(Native.topicGetInfo(f.inside(this), topic, m.address, f.error()));
            List<Long> examples = new ArrayList<>();
            for (int i = 0; i < Constants.TOPIC_EXAMPLES && m.i64(Layout.TopicInfo.EXAMPLES + 8 * i) >= 0; i++) {
                examples.add(m.i64(Layout.TopicInfo.EXAMPLES + 8 * i));
            }
            return new Info(m.f64(Layout.TopicInfo.SHARE), m.f64(Layout.TopicInfo.COHERENCE), m.i64(Layout.TopicInfo.N_TEXTS),
                List.copyOf(examples));
        }
    }

    /**
     * A word of a topic.
     *
     * @param word folded
     * @param weight what the topic says with this word of all that it says with words, 0 to 1
     */
    public record Word(String word, double weight) {}

    /**
     * A topic's first words, at most 200: by what it says with each, and the share it has of the word.
     *
     * @param topic 0 to count - 1
     * @param most how many are wanted
     * @return at most so many
     */
    public List<Word> words(int topic, int most) {
        try (Frame f = Frame.open()) {
            int capacity = Math.min(OptionsBuilder.notNegative(most, "most"), 1 << 20);
            Memory words = f.array(capacity, Layout.TopicWord.SIZEOF);
            Memory n = f.zeros(8);
            f.check(Native.topicWords(f.inside(this), topic, words.address, capacity, n.address, f.error()));
            Word[] list = new Word[Math.min(n.i32(0), capacity)];
            for (int i = 0; i < list.length; i++) {
                int at = i * Layout.TopicWord.SIZEOF;
                list[i] = new Word(Memory.text(words.i64(at + Layout.TopicWord.WORD)), words.f64(at + Layout.TopicWord.WEIGHT));
            }
            return List.of(list);
        }
    }

    /**
     * What texts are about, those it was fitted on or new ones.
     *
     * @param texts a column of texts
     * @param threads to use; 0 means 1
     * @return share of each topic, text after text; each text's add to 1, all are 0 where no term is known
     */
    public float[] weights(Column texts, int threads) {
        try (Frame f = Frame.open()) {
            int cells = Memory.count(texts.length(), count);
            Memory weights = f.array(cells, Float.BYTES);
            Memory options = f.zeros(Layout.TopicWeightsOptions.SIZEOF);
            options.i32(Layout.TopicWeightsOptions.SIZE, Layout.TopicWeightsOptions.SIZEOF);
            options.i32(Layout.TopicWeightsOptions.N_THREADS, OptionsBuilder.notNegative(threads, "threads"));
            options.i64(Layout.TopicWeightsOptions.PROGRESS, f.progress(null));
            f.check(Native.topicWeights(f.inside(this), texts.address(f), options.address, weights.address, f.error()));
            return weights.floats(0, cells);
        }
    }
}
