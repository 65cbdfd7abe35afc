package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Words, numbers, amounts, dates, links and more in Chinese customer texts.
 *
 * <p>The spans of a text cover it exactly and in order, whatever it holds. Full and half width, upper and lower case,
 * traditional and simplified characters count as the same; spans always refer to the text as it is. A tokenizer with its
 * dictionary is a model like any other: immutable, shareable, kept as a file.
 */
public final class Tokenizer extends Model {
    /** Frequency of an edited word: just enough to be kept whole where it stands alone. */
    public static final long AUTOMATIC = 0;
    /** Frequency of an edited word: never split, wherever it occurs. */
    public static final long WHOLE = -1;
    /** Frequency of an edited word: no longer a word. */
    public static final long REMOVED = -2;

    private Tokenizer(long pointer) {
        super(pointer, Native::tokenizerFree);
    }

    @Override
    int saveTo(long self, long path, long error) {
        return Native.tokenizerSave(self, path, error);
    }

    @Override
    int writeTo(long self, long writer, long error) {
        return Native.tokenizerWrite(self, writer, error);
    }

    /** What a span is. */
    public enum Kind {
        /** A word of the dictionary. */
        WORD,
        /** A Chinese character that is no word. */
        CHARACTER,
        /** Latin letters: wifi, don't, AT&amp;T. */
        LATIN,
        /** Letters of another script. */
        FOREIGN,
        /** 12, 1,299.00, 50%, 3.5万. */
        NUMBER,
        /** iPhone15pro, 5G, T恤. */
        MIXED,
        /** 2024年5月6日, 10:30. */
        DATE,
        /** 199元, 3.5万元. */
        AMOUNT,
        /** A link. */
        URL,
        /** An e-mail address. */
        EMAIL,
        /** A telephone number, masked ones too. */
        PHONE,
        /** One emoji, joined sequences and flags in one piece. */
        EMOJI,
        /** A mark or symbol; repeated ones in one. */
        PUNCTUATION,
        /** A run of blanks. */
        SPACE,
        /** One control or zero-width character. */
        CONTROL,
        /** One byte that is not part of valid UTF-8; never in a String. */
        BAD_BYTE;

        private static final Kind[] ALL = values();
    }

    /** How to split. */
    public enum Mode {
        /** The best way through the word graph. */
        WORDS,
        /** The same, and the shorter words inside longer ones. */
        SEARCH,
        /** Each Chinese character alone; needs no dictionary. */
        CHARACTERS,
        /** By a trained model. */
        ACCURATE
    }

    /**
     * A piece of a text.
     *
     * @param start index of its first char
     * @param end index behind its last char
     * @param kind what it is
     * @param word its number in the dictionary, 0 when it is not in it
     * @param isPart a word inside the span before it (search mode)
     */
    public record Span(int start, int end, Kind kind, int word, boolean isPart) {
        /**
         * The piece itself.
         *
         * @param text that was split
         * @return its part
         */
        public String in(String text) {
            return text.substring(start, end);
        }
    }

    /** How the tokenizer works. What is not set has the default of the C library. */
    public static final class Options extends OptionsBuilder {
        /** All defaults. */
        public Options() {
            super(Layout.TokenizerOptions.SIZEOF);
        }

        /**
         * How to split.
         *
         * @param mode words unless set; accurate for a trained tokenizer
         * @return this
         */
        public Options mode(Mode mode) {
            values.putInt(Layout.TokenizerOptions.MODE, mode.ordinal() + 1);
            return this;
        }

        /**
         * Whether 2024年5月6日 and 199元 are parted at their units.
         *
         * @param split false unless set
         * @return this
         */
        public Options splitUnits(boolean split) {
            values.putInt(Layout.TokenizerOptions.SPLIT_UNITS, split ? 1 : 0);
            return this;
        }
    }

    private interface Make {
        int call(Frame f, long out, long options);
    }

    private static Tokenizer make(Options options, Make make) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(make.call(f, out.address, options == null ? 0 : options.write(f).address));
            return new Tokenizer(out.i64(0));
        }
    }

    /**
     * The dictionary that is part of the library.
     *
     * @return a tokenizer in words mode
     */
    public static Tokenizer standard() {
        return standard(new Options());
    }

    /**
     * The dictionary that is part of the library.
     *
     * @param options how to work
     * @return a tokenizer
     */
    public static Tokenizer standard(Options options) {
        return make(options, (f, out, o) -> Native.tokenizerDefault(out, o, f.error()));
    }

    /**
     * A dictionary from a text file, a word a line: word, frequency, tag, as jieba has them.
     *
     * @param path of the file
     * @param options how to work
     * @return a tokenizer
     */
    public static Tokenizer loadWords(Path path, Options options) {
        return make(options, (f, out, o) -> Native.tokenizerLoadWords(out, f.path(path), o, f.error()));
    }

    /**
     * A dictionary from text, a word a line: word, frequency, tag, as jieba has them.
     *
     * @param text of the list
     * @param options how to work
     * @return a tokenizer
     */
    public static Tokenizer readWords(String text, Options options) {
        return make(options, (f, out, o) -> {
            Frame.Sized bytes = f.sized(text);
            return Native.tokenizerReadWords(out, bytes.address(), bytes.size(), o, f.error());
        });
    }

    /**
     * Reads a tokenizer's file.
     *
     * @param path of the file
     * @param options how to work
     * @return a tokenizer
     */
    public static Tokenizer load(Path path, Options options) {
        return make(options, (f, out, o) -> Native.tokenizerLoad(out, f.path(path), o, f.error()));
    }

    /**
     * Uses a tokenizer's file where it is; all processes that map it share one copy. It may be replaced, as save does, or removed,
     * but not written into.
     *
     * @param path of the file
     * @param options how to work
     * @return a tokenizer
     */
    public static Tokenizer map(Path path, Options options) {
        return make(options, (f, out, o) -> Native.tokenizerMap(out, f.path(path), o, f.error()));
    }

    /**
     * Reads the bytes of a tokenizer's file.
     *
     * @param bytes not kept
     * @param options how to work
     * @return a tokenizer
     */
    public static Tokenizer read(byte[] bytes, Options options) {
        return make(options, (f, out, o) -> Native.tokenizerRead(out, f.copy(bytes).address, bytes.length, o, f.error()));
    }

    /**
     * Keeps the words as a text file.
     *
     * @param path of the file
     */
    public void saveWords(Path path) {
        toPath(this, path, Native::tokenizerSaveWords);
    }

    /**
     * Writes the words as text.
     *
     * @param stream takes the bytes; stays open
     * @throws IOException of the stream
     */
    public void writeWords(OutputStream stream) throws IOException {
        toStream(this, stream, Native::tokenizerWriteWords);
    }

    /**
     * A new tokenizer with words added, changed or removed. Both share the dictionary.
     *
     * @param words to edit
     * @param frequencies 1 to 2147483647, {@link #AUTOMATIC}, {@link #WHOLE} or {@link #REMOVED} for each; null means
     *     all automatic
     * @param options of the new one; null means those of this one
     * @return a new tokenizer
     */
    public Tokenizer edit(List<String> words, long[] frequencies, Options options) {
        Column column = Column.of(null, words);
        if (frequencies != null && frequencies.length != column.length()) {
            throw new IllegalArgumentException("there are " + column.length() + " words and " + frequencies.length + " frequencies");
        }
        return make(options, (f, out, o) -> Native.tokenizerEdit(out, f.inside(this), column.address(f),
            frequencies == null ? 0 : f.copy(frequencies).address, o, f.error()));
    }

    /** How to adapt. What is not set has the default of the C library. */
    public static final class AdaptOptions extends OptionsBuilder {
        private Progress progress;

        /** All defaults. */
        public AdaptOptions() {
            super(Layout.TokenizerAdaptOptions.SIZEOF);
        }

        /**
         * Times the texts are split.
         *
         * @param n 1 to 20; 0 means 2
         * @return this
         */
        public AdaptOptions rounds(int n) {
            putCount(Layout.TokenizerAdaptOptions.ROUNDS, n, "rounds");
            return this;
        }

        /**
         * Words of text that the old frequencies count as.
         *
         * @param words 1e-9 to 1e15; 0 means 20000
         * @return this
         */
        public AdaptOptions prior(double words) {
            values.putDouble(Layout.TokenizerAdaptOptions.PRIOR, words);
            return this;
        }

        /**
         * Threads to use.
         *
         * @param n 1 unless set
         * @return this
         */
        public AdaptOptions threads(int n) {
            putCount(Layout.TokenizerAdaptOptions.N_THREADS, n, "threads");
            return this;
        }

        /**
         * Who hears how far it is.
         *
         * @param listener null for nobody
         * @return this
         */
        public AdaptOptions progress(Progress listener) {
            progress = listener;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.TokenizerAdaptOptions.PROGRESS, frame.progress(progress));
            return options;
        }
    }

    /**
     * Learns how frequent words are from texts that nobody has parted. This tokenizer stays as it is.
     *
     * @param texts any; without a word in them nothing changes
     * @param options how; null means all defaults
     * @return a new tokenizer of the same words and the same mode
     */
    public Tokenizer adapt(List<String> texts, AdaptOptions options) {
        Column column = Column.of(null, texts);
        return make(null, (f, out, none) -> Native.tokenizerAdapt(out, f.inside(this), column.address(f),
            (options == null ? new AdaptOptions() : options).write(f).address, f.error()));
    }

    /** How to train. What is not set has the default of the C library. */
    public static final class TrainOptions extends OptionsBuilder {
        private Progress progress;

        /** All defaults. */
        public TrainOptions() {
            super(Layout.TokenizerTrainOptions.SIZEOF);
        }

        /**
         * Passes over the corpus.
         *
         * @param n 1 to 100; 0 means 8
         * @return this
         */
        public TrainOptions epochs(int n) {
            putCount(Layout.TokenizerTrainOptions.EPOCHS, n, "epochs");
            return this;
        }

        /**
         * Chance that a word of the corpus is hidden from the dictionary features.
         *
         * @param chance above 0, up to 1; 0 means 0.9
         * @return this
         */
        public TrainOptions dropout(double chance) {
            values.putDouble(Layout.TokenizerTrainOptions.DROPOUT, chance);
            return this;
        }

        /**
         * Seed of the order and the hiding.
         *
         * @param seed any number
         * @return this
         */
        public TrainOptions seed(long seed) {
            values.putLong(Layout.TokenizerTrainOptions.SEED, seed);
            return this;
        }

        /**
         * Who hears how far it is.
         *
         * @param listener null for nobody
         * @return this
         */
        public TrainOptions progress(Progress listener) {
            progress = listener;
            return this;
        }

        @Override
        Memory write(Frame frame) {
            Memory options = super.write(frame);
            options.i64(Layout.TokenizerTrainOptions.PROGRESS, frame.progress(progress));
            return options;
        }
    }

    /**
     * Learns to split as a corpus does.
     *
     * @param dictionary its words serve as hints; null means only those of the corpus
     * @param sentences words parted by blanks
     * @param options how
     * @return a tokenizer in accurate mode
     */
    public static Tokenizer train(Tokenizer dictionary, List<String> sentences, TrainOptions options) {
        Column column = Column.of(null, sentences);
        return make(null, (f, out, none) -> Native.tokenizerTrain(out, f.insideOrNull(dictionary), column.address(f), options.write(f).address,
            f.error()));
    }

    /**
     * Splits one text.
     *
     * @param text to split
     * @return its pieces, in order
     */
    public List<Span> split(String text) {
        try (Frame f = Frame.open()) {
            Frame.Sized bytes = f.sized(text);
            long self = f.inside(this);
            long bound = Native.tokenizerBound(self, bytes.size());
            Memory spans = f.take(Math.multiplyExact(bound, Layout.Span.SIZEOF));
            Memory found = f.zeros(8);
            f.check(Native.tokenizerSplit(self, bytes.address(), bytes.size(), spans.address, bound, found.address, 0, f.error()));
            return spans(text, spans, 0, found.i64(0));
        }
    }

    /**
     * Splits texts.
     *
     * @param texts a null has no pieces
     * @param threads to use; 0 means 1
     * @return the pieces of each text
     */
    public List<List<Span>> split(List<String> texts, int threads) {
        String[] copy = texts.toArray(new String[0]);
        Column column = Column.of(null, copy);
        try (Frame f = Frame.open()) {
            long self = f.inside(this);
            long address = column.address(f);
            Memory bound = f.zeros(8);
            f.check(Native.tokenizerBoundColumn(self, address, bound.address, f.error()));
            Memory spans = f.take(Math.multiplyExact(bound.i64(0), Layout.Span.SIZEOF));
            Memory starts = f.array(copy.length + 1L, Long.BYTES);
            Memory options = f.zeros(Layout.TokenizerBatchOptions.SIZEOF);
            options.i32(Layout.TokenizerBatchOptions.SIZE, Layout.TokenizerBatchOptions.SIZEOF);
            options.i32(Layout.TokenizerBatchOptions.N_THREADS, OptionsBuilder.notNegative(threads, "threads"));
            options.i64(Layout.TokenizerBatchOptions.PROGRESS, f.progress(null));
            f.check(Native.tokenizerSplitColumn(self, address, spans.address, bound.i64(0), starts.address, options.address, f.error()));
            List<List<Span>> all = new ArrayList<>(copy.length);
            for (int i = 0; i < copy.length; i++) {
                all.add(copy[i] == null ? List.of() : spans(copy[i], spans, starts.i64(8 * i), starts.i64(8 * i + 8)));
            }
            return all;
        }
    }

    private static List<Span> spans(String text, Memory from, long first, long end) {
        int[] index = Utf8.charIndex(text);
        List<Span> list = new ArrayList<>((int) (end - first));
        for (long i = first; i < end; i++) {
            int at = (int) (i * Layout.Span.SIZEOF);
            int start = from.i32(at + Layout.Span.START);
            int kindAndPart = from.i32(at + Layout.Span.KIND);
            list.add(new Span(index[start], index[start + from.i32(at + Layout.Span.SIZE)], Kind.ALL[(kindAndPart & 0xFFFF) - 1],
                from.i32(at + Layout.Span.WORD), kindAndPart >>> 16 != 0));
        }
        return list;
    }

    /**
     * How a tokenizer does on sentences parted by hand.
     *
     * @param wanted words in the sentences
     * @param found words found
     * @param right words in both
     * @param newWords wanted words that are not known
     * @param newRight of them found
     * @param precision right / found
     * @param recall right / wanted
     * @param f1 their harmonic mean
     * @param newRecall newRight / newWords
     */
    public record Quality(long wanted, long found, long right, long newWords, long newRight, double precision, double recall, double f1,
        double newRecall) {}

    /**
     * Compares with sentences whose words are parted by blanks.
     *
     * @param sentences parted by hand
     * @param known whose dictionary says which words are not new; null means all are
     * @return the figures
     */
    public Quality evaluate(List<String> sentences, Tokenizer known) {
        Column column = Column.of(null, sentences);
        try (Frame f = Frame.open()) {
            Memory q = f.zeros(Layout.TokenizerQuality.SIZEOF);
            f.check(Native.tokenizerEvaluate(f.inside(this), column.address(f), f.insideOrNull(known), q.address, f.error()));
            return new Quality(q.i64(Layout.TokenizerQuality.N_WANTED), q.i64(Layout.TokenizerQuality.N_FOUND),
                q.i64(Layout.TokenizerQuality.N_RIGHT), q.i64(Layout.TokenizerQuality.N_NEW), q.i64(Layout.TokenizerQuality.N_NEW_RIGHT),
                q.f64(Layout.TokenizerQuality.PRECISION), q.f64(Layout.TokenizerQuality.RECALL), q.f64(Layout.TokenizerQuality.F1),
                q.f64(Layout.TokenizerQuality.NEW_RECALL));
        }
    }

    /**
     * What the dictionary says of a word.
     *
     * @param number as in {@link Span#word()}
     * @param isWhole never split
     * @param frequency of all the forms that fold to it
     * @param tag part of speech as in the list, "" for none
     */
    public record Word(int number, boolean isWhole, long frequency, String tag) {}

    /**
     * Looks a word up in any of its forms.
     *
     * @param word to look up
     * @return what is known of it
     * @throws KehuException.NotFound when it is not in the dictionary
     */
    public Word find(String word) {
        try (Frame f = Frame.open()) {
            Frame.Sized bytes = f.sized(word);
            Memory info = f.zeros(Layout.WordInfo.SIZEOF);
            f.check(Native.tokenizerFind(f.inside(this), bytes.address(), bytes.size(), info.address, f.error()));
            return new Word(info.i32(Layout.WordInfo.WORD), info.i32(Layout.WordInfo.WHOLE) != 0, info.i64(Layout.WordInfo.FREQUENCY),
                Memory.text(info.address + Layout.WordInfo.TAG));
        }
    }

    /**
     * Words in the dictionary.
     *
     * @return how many; 0 without a dictionary
     */
    public long wordCount() {
        try (Frame f = Frame.open()) {
            return Native.tokenizerCount(f.inside(this));
        }
    }

    /**
     * Equal for two tokenizers that give the same spans for every text.
     *
     * @return a hash
     */
    public long fingerprint() {
        try (Frame f = Frame.open()) {
            return Native.tokenizerFingerprint(f.inside(this));
        }
    }
}
