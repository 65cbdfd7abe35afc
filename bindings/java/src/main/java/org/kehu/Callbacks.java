package org.kehu;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Where C comes back into Java. Never throws: what a listener throws is kept and thrown when C has returned. */
final class Callbacks {
    private static final ConcurrentHashMap<Long, Frame> FRAMES = new ConcurrentHashMap<>();
    private static final AtomicLong NEXT = new AtomicLong();
    private static final ThreadLocal<Deque<Frame>> RUNNING = ThreadLocal.withInitial(ArrayDeque::new);
    private static final int CHUNK = 1 << 16;

    private Callbacks() {}

    static long add(Frame frame) {
        long id = NEXT.incrementAndGet();
        FRAMES.put(id, frame);
        return id;
    }

    static void remove(long id) {
        FRAMES.remove(id);
    }

    /** Is a call that uses this handle waiting, in this thread, for the listener we are in? */
    static boolean holds(NativeHandle handle) {
        return RUNNING.get().stream().anyMatch(frame -> frame.isInside(handle));
    }

    /** Called by C with the number of the frame; false stops the work. */
    static boolean progress(long id, double done, long stage) {
        Frame frame = FRAMES.get(id);
        if (Thread.currentThread().isInterrupted()) {
            return false;
        }
        return frame.progress == null || run(frame, () -> frame.progress.report(done, Memory.text(stage)));
    }

    /** Called by C; false stops the work. */
    static boolean write(long id, long address, long size) {
        Frame frame = FRAMES.get(id);
        return run(frame, () -> {
            for (long at = 0; at < size; at += CHUNK) {
                int n = (int) Math.min(CHUNK, size - at);
                frame.output.write(Memory.at(address + at, n).bytes(0, n));
            }
        });
    }

    /** Called by C with the rows to learn from and to answer, and where the answers go; false stops the work. */
    static boolean learn(long id, long known, long nKnown, long asked, long nAsked, long answers, long probabilities) {
        Frame frame = FRAMES.get(id);
        if (Thread.currentThread().isInterrupted()) {
            return false;
        }
        return run(frame, () -> frame.learning.learn(known, Math.toIntExact(nKnown), asked, Math.toIntExact(nAsked), answers, probabilities));
    }

    private interface Body {
        void run() throws Exception;
    }

    private static boolean run(Frame frame, Body body) {
        RUNNING.get().push(frame);
        try {
            body.run();
            return true;
        } catch (Throwable thrown) {
            frame.failure = thrown;
            return false;
        } finally {
            RUNNING.get().pop();
        }
    }
}
