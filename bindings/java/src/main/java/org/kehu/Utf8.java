package org.kehu;

/** Strings to real UTF-8, without an object for each: String.getBytes would make two, and write '?' for what has no UTF-8. */
final class Utf8 {
    static {
        Loader.load();
    }

    private static final int CHUNK = 8192;

    private final char[] chars = new char[CHUNK];
    private final Memory end;

    /** end has room for one int. */
    Utf8(Memory end) {
        this.end = end;
    }

    /** Writes a text and returns how many bytes that were. */
    int encode(String text, Memory to) {
        int written = 0;
        int n = text.length();
        for (int start = 0; start < n;) {
            int stop = Math.min(n, start + CHUNK);
            if (stop < n && Character.isHighSurrogate(text.charAt(stop - 1))) {
                stop--;
            }
            text.getChars(start, stop, chars, 0);
            end.i32(0, stop - start);
            int size = encode(chars, end.address, 1, to.address + written, 0);
            if (size < 0) {
                throw new IllegalArgumentException(unpaired(text));
            }
            written += size;
            start = stop;
        }
        return written;
    }

    /** Writes texts one behind the other, and where each one ends; null is empty. Small ones go to C together. */
    void encodeAll(String[] texts, Memory to, Memory ends) {
        int written = 0;
        int first = 0;
        int filled = 0;
        for (int i = 0; i < texts.length; i++) {
            int n = texts[i] == null ? 0 : texts[i].length();
            if (filled + n > CHUNK) {
                written = flush(texts, first, i, to, ends, written);
                first = i;
                filled = 0;
            }
            if (n > CHUNK) {
                written += encodeRow(texts, i, to.shifted(written));
                ends.i32(4 * i, written);
                first = i + 1;
            } else {
                if (n > 0) {
                    texts[i].getChars(0, n, chars, filled);
                }
                filled += n;
                ends.i32(4 * i, filled);
            }
        }
        flush(texts, first, texts.length, to, ends, written);
    }

    /** The texts from first on, whose chars and their ends are there, become bytes and their ends. */
    private int flush(String[] texts, int first, int stop, Memory to, Memory ends, int written) {
        int size = encode(chars, ends.address + 4L * first, stop - first, to.address + written, written);
        for (int i = first; size < 0 && i < stop; i++) {
            encodeRow(texts, i, to.shifted(written));
        }
        return written + size;
    }

    private int encodeRow(String[] texts, int i, Memory to) {
        try {
            return texts[i] == null ? 0 : encode(texts[i], to);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("row " + i + ": " + e.getMessage(), e);
        }
    }

    private static String unpaired(String text) {
        int i = 0;
        while (Character.charCount(text.codePointAt(i)) == 2 || !Character.isSurrogate(text.charAt(i))) {
            i += Character.charCount(text.codePointAt(i));
        }
        return "the text has an unpaired surrogate at index " + i;
    }

    /**
     * Writes count texts as UTF-8, one behind the other. Their ends, one int each, are read as places in the chars and
     * written as places in the bytes, base later.
     *
     * @return how many bytes that were; -1 when a text has an unpaired surrogate
     */
    private static native int encode(char[] chars, long ends, int count, long to, int base);

    /** For each byte of the text's UTF-8, and for its end, the index of the char it belongs to. */
    static int[] charIndex(String text) {
        int[] index = new int[Math.toIntExact(bound(text)) + 1];
        int size = 0;
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            for (int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; n > 0; n--) {
                index[size++] = i;
            }
            i += Character.charCount(c);
        }
        index[size] = text.length();
        return index;
    }

    /** Most bytes a text can need. */
    static long bound(String text) {
        return 3L * text.length();
    }
}
