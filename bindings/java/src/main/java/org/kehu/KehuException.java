package org.kehu;

/**
 * Says why the C library did not do what was asked: one subclass for each status, with the library's own message. What
 * memory was refused for is an {@link OutOfMemoryError} instead.
 *
 * <p>In messages rows count from 0 like the elements of an array, lines of a file from 1 as editors show them.
 */
public class KehuException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Status number of the C library. */
    private final int code;
    /** Number of the argument or option from 1, 0 for none. */
    private final int field;
    /** Row, line or byte from 0, -1 for none. */
    private final long position;

    KehuException(int code, int field, long position, String message) {
        super(message);
        this.code = code;
        this.field = field;
        this.position = position;
    }

    /**
     * The status number of the C library, which is negative.
     *
     * @return the status
     */
    public int code() {
        return code;
    }

    /**
     * Which argument or option is meant; nothing sets it yet, the message names it.
     *
     * @return 0
     */
    public int field() {
        return field;
    }

    /**
     * Which row, line or byte is meant.
     *
     * @return its number from 0, -1 for none
     */
    public long position() {
        return position;
    }

    static RuntimeException of(int code, int field, long position, String message) {
        return switch (code) {
            case -1 -> throw new OutOfMemoryError(message);
            case -2 -> new Argument(field, position, message);
            case -3 -> new Data(field, position, message);
            case -4 -> new NotFound(field, position, message);
            case -5 -> new Io(field, position, message);
            case -6 -> new Format(field, position, message);
            case -7 -> new Version(field, position, message);
            case -8 -> new Limit(field, position, message);
            case -9 -> new Cancelled(field, position, message);
            case -10 -> new Internal(field, position, message);
            case -11 -> new Kind(field, position, message);
            case -12 -> new ColumnMismatch(field, position, message);
            case -13 -> new Encoding(field, position, message);
            case -14 -> new Duplicate(field, position, message);
            case -15 -> new Empty(field, position, message);
            case -16 -> new OneClass(field, position, message);
            case -17 -> new Busy(field, position, message);
            case -18 -> new Poisoned(field, position, message);
            case -19 -> new Range(field, position, message);
            default -> new KehuException(code, field, position, message);
        };
    }

    /** An argument or option broke its documented contract. */
    public static final class Argument extends KehuException {
        private static final long serialVersionUID = 1;

        Argument(int field, long position, String message) {
            super(-2, field, position, message);
        }
    }

    /** A value in the input data is unusable. */
    public static final class Data extends KehuException {
        private static final long serialVersionUID = 1;

        Data(int field, long position, String message) {
            super(-3, field, position, message);
        }
    }

    /** No such file, customer, field, term or class. */
    public static final class NotFound extends KehuException {
        private static final long serialVersionUID = 1;

        NotFound(int field, long position, String message) {
            super(-4, field, position, message);
        }
    }

    /** The operating system refused a read or a write. */
    public static final class Io extends KehuException {
        private static final long serialVersionUID = 1;

        Io(int field, long position, String message) {
            super(-5, field, position, message);
        }
    }

    /** Not the expected file format, or damaged. */
    public static final class Format extends KehuException {
        private static final long serialVersionUID = 1;

        Format(int field, long position, String message) {
            super(-6, field, position, message);
        }
    }

    /** A file or options come from a newer kehu. */
    public static final class Version extends KehuException {
        private static final long serialVersionUID = 1;

        Version(int field, long position, String message) {
            super(-7, field, position, message);
        }
    }

    /** A documented size limit would be exceeded. */
    public static final class Limit extends KehuException {
        private static final long serialVersionUID = 1;

        Limit(int field, long position, String message) {
            super(-8, field, position, message);
        }
    }

    /** The thread was interrupted during long work; nothing of it was kept. */
    public static final class Cancelled extends KehuException {
        private static final long serialVersionUID = 1;

        Cancelled(int field, long position, String message) {
            super(-9, field, position, message);
        }
    }

    /** A bug in kehu; please report it. */
    public static final class Internal extends KehuException {
        private static final long serialVersionUID = 1;

        Internal(int field, long position, String message) {
            super(-10, field, position, message);
        }
    }

    /** A sound kehu file, but of another kind of model. */
    public static final class Kind extends KehuException {
        private static final long serialVersionUID = 1;

        Kind(int field, long position, String message) {
            super(-11, field, position, message);
        }
    }

    /** A needed column is missing, doubled or of another type. */
    public static final class ColumnMismatch extends KehuException {
        private static final long serialVersionUID = 1;

        ColumnMismatch(int field, long position, String message) {
            super(-12, field, position, message);
        }
    }

    /** Bytes are not valid in the stated character encoding. */
    public static final class Encoding extends KehuException {
        private static final long serialVersionUID = 1;

        Encoding(int field, long position, String message) {
            super(-13, field, position, message);
        }
    }

    /** The same key twice where keys must differ. */
    public static final class Duplicate extends KehuException {
        private static final long serialVersionUID = 1;

        Duplicate(int field, long position, String message) {
            super(-14, field, position, message);
        }
    }

    /** No rows, or too few, where some are needed. */
    public static final class Empty extends KehuException {
        private static final long serialVersionUID = 1;

        Empty(int field, long position, String message) {
            super(-15, field, position, message);
        }
    }

    /** Training needs at least two classes. */
    public static final class OneClass extends KehuException {
        private static final long serialVersionUID = 1;

        OneClass(int field, long position, String message) {
            super(-16, field, position, message);
        }
    }

    /** Another process or handle holds the lock. */
    public static final class Busy extends KehuException {
        private static final long serialVersionUID = 1;

        Busy(int field, long position, String message) {
            super(-17, field, position, message);
        }
    }

    /** An earlier write failed; close the handle and open it again. */
    public static final class Poisoned extends KehuException {
        private static final long serialVersionUID = 1;

        Poisoned(int field, long position, String message) {
            super(-18, field, position, message);
        }
    }

    /** A number or date outside its allowed range. */
    public static final class Range extends KehuException {
        private static final long serialVersionUID = 1;

        Range(int field, long position, String message) {
            super(-19, field, position, message);
        }
    }
}
