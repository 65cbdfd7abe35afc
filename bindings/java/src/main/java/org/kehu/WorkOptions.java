package org.kehu;

/**
 * Options of long work.
 *
 * @param <B> the options themselves, for calls in a row
 */
abstract class WorkOptions<B extends WorkOptions<B>> extends OptionsBuilder {
    private final int threadsAt;
    private final int progressAt;
    private Progress progress;

    /** Of a struct of so many bytes, and where in it the two fields lie. */
    WorkOptions(int bytes, int threadsAt, int progressAt) {
        super(bytes);
        this.threadsAt = threadsAt;
        this.progressAt = progressAt;
    }

    @SuppressWarnings("unchecked")
    private B self() {
        return (B) this;
    }

    /**
     * Threads to use; the result does not depend on them.
     *
     * @param n 0 means 1
     * @return this
     */
    public final B threads(int n) {
        putCount(threadsAt, n, "threads");
        return self();
    }

    /**
     * Who hears how far it is.
     *
     * @param listener null for nobody
     * @return this
     */
    public final B progress(Progress listener) {
        progress = listener;
        return self();
    }

    @Override
    Memory write(Frame frame) {
        Memory options = super.write(frame);
        options.i64(progressAt, frame.progress(progress));
        return options;
    }
}
