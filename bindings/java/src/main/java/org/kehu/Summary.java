package org.kehu;

/** A few sentences that stand for a group of texts, taken as they stand: a topic's, a class's, a day's complaints. */
public final class Summary {
    private Summary() {}

    /** What to take. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        /** All defaults. */
        public Options() {
            super(Layout.SummaryOptions.SIZEOF, Layout.SummaryOptions.N_THREADS, Layout.SummaryOptions.PROGRESS);
        }

        /**
         * Sentences to take.
         *
         * @param n at most, 1 to 1000; 0 means 3
         * @return this
         */
        public Options sentences(int n) {
            putCount(Layout.SummaryOptions.N_SENTENCES, n, "sentences");
            return this;
        }

        /**
         * The shortest sentence.
         *
         * @param characters at least; 0 means 6
         * @return this
         */
        public Options minCharacters(int characters) {
            putCount(Layout.SummaryOptions.MIN_CHARACTERS, characters, "minCharacters");
            return this;
        }

        /**
         * How similar a sentence may be to one before it.
         *
         * @param jaccard of pairs of characters, above 0 up to 1; 0 means 0.4
         * @return this
         */
        public Options maxSimilarity(double jaccard) {
            values.putDouble(Layout.SummaryOptions.MAX_SIMILARITY, jaccard);
            return this;
        }
    }

    /**
     * Finds them.
     *
     * @param texts a column of texts
     * @param options what to take
     * @return sentence, row, start and end (bytes of that text) and score, the best sentence first
     */
    public static Table find(Column texts, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.summaryFind(out.address, texts.address(f), options.write(f).address, f.error()));
            return new Table(out.i64(0));
        }
    }
}
