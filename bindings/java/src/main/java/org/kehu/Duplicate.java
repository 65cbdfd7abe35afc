package org.kehu;

/** Texts that are nearly the same folded into groups: one complaint copied a thousand times is one complaint with its volume. */
public final class Duplicate {
    private Duplicate() {}

    /** How to fold. What is not set has the default of the C library. */
    public static final class Options extends WorkOptions<Options> {
        /** All defaults. */
        public Options() {
            super(Layout.DuplicateOptions.SIZEOF, Layout.DuplicateOptions.N_THREADS, Layout.DuplicateOptions.PROGRESS);
        }

        /**
         * Characters in a row that make a shingle.
         *
         * @param n 1 to 16; 0 means 3
         * @return this
         */
        public Options shingle(int n) {
            putCount(Layout.DuplicateOptions.SHINGLE, n, "shingle");
            return this;
        }

        /**
         * How similar texts of a group are.
         *
         * @param jaccard shingles of both / shingles of either, 0.1 to 1; 0 means 0.8
         * @return this
         */
        public Options similarity(double jaccard) {
            values.putDouble(Layout.DuplicateOptions.SIMILARITY, jaccard);
            return this;
        }
    }

    /**
     * Groups of texts.
     *
     * @param groups one row a group, by falling volume: text, row, volume and forms; the caller's to close
     * @param groupOf the row of the table for each text, -1 for a text of blanks
     */
    public record Folded(Table groups, long[] groupOf) {}

    /**
     * Groups texts.
     *
     * @param texts a column of texts
     * @param options how
     * @return the groups
     */
    public static Folded fold(Column texts, Options options) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            int n = Memory.count(texts.length());
            Memory groups = f.array(n, Long.BYTES);
            f.check(Native.duplicateFold(out.address, groups.address, texts.address(f), options.write(f).address, f.error()));
            return new Folded(new Table(out.i64(0)), groups.longs(0, n));
        }
    }
}
