package org.kehu;

/** Which level of need texts speak of, by the words that give it away: basic, expected or latent. */
public final class Needs {
    private Needs() {}

    /** The reports; kehu/need.h names their columns. */
    public enum Report {
        /** A row a text: its need, the points of each, the words that speak for it. */
        TEXTS,
        /** A row a class: the texts of each need, their shares, the words in most of them. */
        CLASSES
    }

    /** What to go by. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        private Keyword words;

        /** All defaults. */
        public Options() {
            super(Layout.NeedsOptions.SIZEOF, Layout.NeedsOptions.N_THREADS, Layout.NeedsOptions.PROGRESS);
        }

        /**
         * Words to list as reasons.
         *
         * @param n at most; 1 to 100; 0 means 5
         * @return this
         */
        public Options wordCount(int n) {
            putCount(Layout.NeedsOptions.N_WORDS, n, "wordCount");
            return this;
        }

        /**
         * The list: of the classes basic, expected and latent.
         *
         * @param words edited, or learned from labelled texts; null for the library's
         * @return this
         */
        public Options words(Keyword words) {
            this.words = words;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.NeedsOptions.WORDS, frame.insideOrNull(words));
            return options;
        }
    }

    /**
     * The library's words.
     *
     * @return a list to edit
     */
    public static Keyword words() {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.needsWords(out.address, 0, f.error()));
            return Keyword.adopt(out.i64(0));
        }
    }

    /**
     * Makes a report.
     *
     * @param report which one
     * @param texts a column of texts
     * @param classOf their classes; null: all are one class
     * @param options what to go by
     * @return the caller's to close
     */
    public static Table find(Report report, Column texts, Column classOf, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.needsFind(out.address, report.ordinal(), texts.address(f), Column.addressOrNull(f, classOf),
                options.write(f).address, f.error()));
            return new Table(out.i64(0));
        }
    }
}
