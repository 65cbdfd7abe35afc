package org.kehu;

/** Kano's questionnaire: which wishes are taken for granted, which pay by degree, which delight. */
public final class Kano {
    private static final Kind[] ALL = Kind.values();

    private Kano() {}

    /** What a feature is to customers; of equally frequent ones the first here decides. */
    public enum Kind {
        /** A basic need. */
        MUST_BE,
        /** An expected need, the more the better. */
        ONE_DIMENSIONAL,
        /** A latent need. */
        ATTRACTIVE,
        /** Neither here nor there. */
        INDIFFERENT,
        /** Unwanted. */
        REVERSE,
        /** The answers contradict each other. */
        QUESTIONABLE;

        /**
         * The kind as tables name it.
         *
         * @return such as must-be
         */
        public String text() {
            return Memory.text(Native.kanoKindName(ordinal()));
        }

        /**
         * The need behind it.
         *
         * @return basic, expected or latent; null for the other kinds
         */
        public String need() {
            return Memory.text(Native.kanoNeedName(ordinal()));
        }
    }

    /**
     * The kind of one pair of answers, each 1 (I like it) to 5 (I dislike it).
     *
     * @param functional how is it if it is there
     * @param dysfunctional how is it if it is not
     * @return null when one is not 1 to 5
     */
    public static Kind classify(int functional, int dysfunctional) {
        int kind = Native.kanoClassify(functional, dysfunctional);
        return kind < 0 ? null : ALL[kind];
    }

    /**
     * Sums the answers up by feature.
     *
     * @param feature texts
     * @param functional whole numbers 1 to 5; a pair with a missing one is left out
     * @param dysfunctional the same
     * @return one row a feature: its name, the answers, those of each kind, kind, need, better and worse
     */
    public static Table sum(Column feature, Column functional, Column dysfunctional) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(Native.kanoSum(out.address, feature.address(f), functional.address(f), dysfunctional.address(f), 0, f.error()));
            return new Table(out.i64(0));
        }
    }
}
