package org.kehu;

/**
 * Hears how far long work has come.
 *
 * <p>It is called in the thread that called, some ten times a second at most. What it throws stops the work and comes out
 * of the call. An interrupt of the thread stops long work too, with {@link KehuException.Cancelled}; the thread stays
 * interrupted. Short work is not stopped: a text is classified in an interrupted thread as in any other.
 */
@FunctionalInterface
public interface Progress {
    /**
     * Takes notice.
     *
     * @param done from 0 to 1
     * @param stage a short English word
     */
    void report(double done, String stage);
}
