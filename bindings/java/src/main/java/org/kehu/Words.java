package org.kehu;

/** New words: strings of Chinese characters that the dictionary does not have and that texts use as words. */
public final class Words {
    private Words() {}

    /** What to look for. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private Tokenizer tokenizer;

        /** All defaults. */
        public Options() {
            super(Layout.WordsOptions.SIZEOF, Layout.WordsOptions.N_THREADS, Layout.WordsOptions.PROGRESS);
        }

        /**
         * Occurrences of a word.
         *
         * @param n at least 2; 0 means 10, and one more for each 2,000,000 characters
         * @return this
         */
        public Options minCount(int n) {
            putCount(Layout.WordsOptions.MIN_COUNT, n, "minCount");
            return this;
        }

        /**
         * The longest word.
         *
         * @param characters 2 to 10; 0 means 5
         * @return this
         */
        public Options maxCharacters(int characters) {
            putCount(Layout.WordsOptions.MAX_CHARACTERS, characters, "maxCharacters");
            return this;
        }

        /**
         * Words to keep, the best ones.
         *
         * @param n 0 means all
         * @return this
         */
        public Options maxWords(int n) {
            putCount(Layout.WordsOptions.MAX_WORDS, n, "maxWords");
            return this;
        }

        /**
         * How well the parts of a word belong together.
         *
         * @param nats above 0; 0 means 4
         * @return this
         */
        public Options minCohesion(double nats) {
            values.putDouble(Layout.WordsOptions.MIN_COHESION, nats);
            return this;
        }

        /**
         * The same for strings with a known word among their parts.
         *
         * @param nats 0 means 7
         * @return this
         */
        public Options phraseCohesion(double nats) {
            values.putDouble(Layout.WordsOptions.PHRASE_COHESION, nats);
            return this;
        }

        /**
         * How freely a word stands.
         *
         * @param nats above 0; 0 means 1.5
         * @return this
         */
        public Options minEntropy(double nats) {
            values.putDouble(Layout.WordsOptions.MIN_ENTROPY, nats);
            return this;
        }

        /**
         * Whose words are not new.
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
            options.i64(Layout.WordsOptions.TOKENIZER, frame.insideOrNull(tokenizer));
            return options;
        }
    }

    /**
     * Finds them.
     *
     * @param texts a column of texts
     * @param options what to look for
     * @return word, count, cohesion, left_entropy, right_entropy and score, the best word first
     */
    public static Table find(Column texts, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.wordsFind(out.address, texts.address(f), options.write(f).address, f.error()));
            return new Table(out.i64(0));
        }
    }
}
