package org.kehu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Takes phone numbers, identity cards, bank cards, e-mail addresses and postal addresses out of texts from mainland China,
 * before anything is stored or shown.
 */
public final class Redact {
    private Redact() {}

    /** What is looked for. */
    public enum Kind {
        /** Numbers of mobile and other telephones; those of companies stay. */
        PHONE,
        /** Identity cards of 18 and 15 characters. */
        IDENTITY_CARD,
        /** Bank cards, with their check digit. */
        BANK_CARD,
        /** E-mail addresses. */
        EMAIL,
        /** Postal addresses. */
        ADDRESS;

        private static final Kind[] ALL = values();
    }

    /** What to redact. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        private List<String> instead;

        /** All defaults. */
        public Options() {
            super(Layout.RedactOptions.SIZEOF);
        }

        /**
         * What is looked for.
         *
         * @param kinds none for all
         * @return this
         */
        public Options kinds(Kind... kinds) {
            int bits = 0;
            for (Kind kind : kinds) {
                bits |= 1 << kind.ordinal();
            }
            values.putInt(Layout.RedactOptions.KINDS, bits);
            return this;
        }

        /**
         * What takes the place.
         *
         * @param texts one a kind; "[phone]", "[identity card]" and so on unless set
         * @return this
         */
        public Options instead(String... texts) {
            if (texts.length != Kind.ALL.length) {
                throw new IllegalArgumentException("there are " + texts.length + " texts, expected " + Kind.ALL.length);
            }
            instead = List.of(texts);
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.RedactOptions.INSTEAD, instead == null ? 0 : frame.texts(instead));
            return options;
        }
    }

    /**
     * Something to redact.
     *
     * @param start index of its first char in the text
     * @param end index behind its last char
     * @param kind what it is
     */
    public record Span(int start, int end, Kind kind) {}

    /**
     * Where a text has something to redact.
     *
     * @param text to look through
     * @param options what to look for
     * @return the places, in order
     */
    public static List<Span> find(String text, Options options) {
        try (Frame f = Frame.open()) {
            Frame.Sized bytes = f.sized(text);
            long address = options.write(f).address;
            Memory n = f.zeros(8);
            f.check(Native.redactFind(bytes.address(), bytes.size(), address, 0, 0, n.address, f.error()));
            long room = n.i64(0);
            Memory m = f.array(room, Layout.RedactSpan.SIZEOF);
            f.check(Native.redactFind(bytes.address(), bytes.size(), address, m.address, room, n.address, f.error()));
            int[] index = Utf8.charIndex(text);
            List<Span> spans = new ArrayList<>();
            for (int i = 0; i < room; i++) {
                int at = i * Layout.RedactSpan.SIZEOF;
                spans.add(new Span(index[(int) m.i64(at + Layout.RedactSpan.START)], index[(int) m.i64(at + Layout.RedactSpan.END)],
                    Kind.ALL[m.i32(at + Layout.RedactSpan.KIND)]));
            }
            return List.copyOf(spans);
        }
    }

    /**
     * What became of texts.
     *
     * @param texts with all of it replaced; a missing text stays null
     * @param counts how many of each kind were replaced
     */
    public record Redacted(List<String> texts, long[] counts) {}

    /**
     * Replaces all of it.
     *
     * @param texts a null is a missing text
     * @param options what to redact
     * @return the texts and what was replaced
     */
    public static Redacted texts(List<String> texts, Options options) {
        Column column = Column.of("text", texts);
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Memory counts = f.array(Kind.ALL.length, Long.BYTES);
            f.check(Native.redactTexts(out.address, column.address(f), options.write(f).address, counts.address, f.error()));
            try (Table table = new Table(out.i64(0))) {
                return new Redacted(Arrays.asList(table.texts("text")), counts.longs(0, Kind.ALL.length));
            }
        }
    }
}
