package org.kehu;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;

/**
 * Owns an object of the C library.
 *
 * <p>Close it as soon as it is not needed, best by try-with-resources: its memory is not Java's, so the garbage collector
 * does not know how large it is. A forgotten one is freed after it was collected, and counted
 * ({@link Kehu#forgottenHandles()}). Closing waits for calls that other threads are in; later ones throw
 * {@link IllegalStateException}. Closing twice is fine.
 */
public abstract class NativeHandle implements AutoCloseable {
    static final LongAdder OPEN = new LongAdder();
    static final LongAdder FORGOTTEN = new LongAdder();
    private static final Cleaner CLEANER = Cleaner.create();

    private final State state;
    private final Cleaner.Cleanable cleanable;

    /** The C object and who still needs it. Must not refer to the handle, which would then never be collected. */
    private static final class State extends AtomicLong implements Runnable {
        private static final long serialVersionUID = 1;
        private static final long CALLS = 0xFFFF_FFFFL;
        private static final long DEPENDENT = 1L << 32;
        private static final long CLOSED = 1L << 62;

        private final transient long pointer;
        private final transient LongConsumer free;
        private final transient State kept;
        private final AtomicBoolean freed = new AtomicBoolean();

        State(long pointer, LongConsumer free, State kept) {
            this.pointer = pointer;
            this.free = free;
            this.kept = kept;
        }

        /** Runs in the cleaner's thread when the handle was collected, or after close, when there is nothing left to do. */
        @Override
        public void run() {
            if ((getAndUpdate(now -> now | CLOSED) & CLOSED) == 0 && free != null) {
                FORGOTTEN.increment();
            }
            freeIfUnused();
        }

        boolean enter() {
            if ((incrementAndGet() & CLOSED) == 0) {
                return true;
            }
            leave();
            return false;
        }

        void leave() {
            drop(1);
        }

        void drop(long what) {
            long now = addAndGet(-what);
            if ((now & CLOSED) != 0) {
                freeIfUnused();
                synchronized (this) {
                    notifyAll();
                }
            }
        }

        /** Marks as closed and waits for the calls inside. */
        void close() {
            getAndUpdate(now -> now | CLOSED);
            boolean interrupted = false;
            synchronized (this) {
                while ((get() & CALLS) != 0) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            freeIfUnused();
        }

        private void freeIfUnused() {
            if (get() == CLOSED && freed.compareAndSet(false, true)) {
                if (free != null) {
                    free.accept(pointer);
                    OPEN.decrement();
                }
                if (kept != null) {
                    kept.drop(DEPENDENT);
                }
            }
        }
    }

    NativeHandle(long pointer, LongConsumer free) {
        this(pointer, free, null);
    }

    /** keeps: what must outlive this one; it is inside a call now. */
    NativeHandle(long pointer, LongConsumer free, NativeHandle keeps) {
        if (pointer == 0) {
            throw new IllegalStateException("C gave no object");
        }
        if (keeps != null) {
            keeps.state.addAndGet(State.DEPENDENT);
        }
        state = new State(pointer, free, keeps == null ? null : keeps.state);
        if (free != null) { // else a part of another object, which is counted
            OPEN.increment();
        }
        cleanable = CLEANER.register(this, state);
    }

    /** The C object, which stays until leave. */
    long enter() {
        if (!state.enter()) {
            throw new IllegalStateException(getClass().getSimpleName() + " is closed");
        }
        return state.pointer;
    }

    void leave() {
        state.leave();
    }

    /**
     * Frees the C object, once no other thread is in a call.
     *
     * @throws IllegalStateException when called by a progress listener or a stream that such a call is using
     */
    @Override
    public void close() {
        if ((state.get() & State.CALLS) != 0 && Callbacks.holds(this)) {
            throw new IllegalStateException(getClass().getSimpleName() + " cannot be closed by its own listener");
        }
        state.close();
        cleanable.clean();
    }
}
