package org.kehu;

/** Strings to real UTF-8, without an object for each: String.getBytes would make two, and write '?' for what has no UTF-8. */
final class Utf8 {
    private static final int CHUNK = 2048;

    private final char[] chars = new char[CHUNK];
    private final byte[] encoded = new byte[8 * CHUNK];

    /** Writes text at this offset and returns how many bytes that were. */
    int encode(String text, Memory to, int at) {
        int written = 0;
        int n = text.length();
        for (int start = 0; start < n;) {
            int end = Math.min(n, start + CHUNK);
            if (end < n && Character.isHighSurrogate(text.charAt(end - 1))) {
                end--;
            }
            text.getChars(start, end, chars, 0);
            int size = encodeChunk(end - start, start, 0);
            to.put(at + written, encoded, size);
            written += size;
            start = end;
        }
        return written;
    }

    /** Writes texts one behind the other, and behind each one's number where it ends; null is empty. Small ones are put together. */
    void encodeAll(String[] texts, Memory to, Memory ends) {
        int flushed = 0;
        int filled = 0;
        for (int i = 0; i < texts.length; i++) {
            String text = texts[i] == null ? "" : texts[i];
            try {
                int n = text.length();
                if (n > CHUNK || filled + 3 * n > encoded.length) {
                    to.put(flushed, encoded, filled);
                    flushed += filled;
                    filled = 0;
                }
                if (n > CHUNK) {
                    flushed += encode(text, to, flushed);
                } else {
                    text.getChars(0, n, chars, 0);
                    filled += encodeChunk(n, 0, filled);
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("row " + i + ": " + e.getMessage(), e);
            }
            ends.i32(4 * i, flushed + filled);
        }
        to.put(flushed, encoded, filled);
    }

    /** From the chars to this place in the bytes; start is for the message. */
    private int encodeChunk(int n, int start, int first) {
        int size = first;
        for (int i = 0; i < n; i++) {
            int c = chars[i];
            if (c < 0x80) {
                encoded[size++] = (byte) c;
            } else if (c < 0x800) {
                encoded[size++] = (byte) (0xC0 | c >> 6);
                encoded[size++] = (byte) (0x80 | c & 0x3F);
            } else if (!Character.isSurrogate((char) c)) {
                encoded[size++] = (byte) (0xE0 | c >> 12);
                encoded[size++] = (byte) (0x80 | c >> 6 & 0x3F);
                encoded[size++] = (byte) (0x80 | c & 0x3F);
            } else if (i + 1 < n && Character.isSurrogatePair((char) c, chars[i + 1])) {
                c = Character.toCodePoint((char) c, chars[++i]);
                encoded[size++] = (byte) (0xF0 | c >> 18);
                encoded[size++] = (byte) (0x80 | c >> 12 & 0x3F);
                encoded[size++] = (byte) (0x80 | c >> 6 & 0x3F);
                encoded[size++] = (byte) (0x80 | c & 0x3F);
            } else {
                throw new IllegalArgumentException("the text has an unpaired surrogate at index " + (start + i));
            }
        }
        return size - first;
    }

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
