package org.kehu;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;

/** A handle that changes: calls of several threads come one after the other. */
public abstract class MutableHandle extends NativeHandle {
    private static final AtomicLong COUNT = new AtomicLong();

    /** For locking two of them, in one order everywhere. */
    final long number = COUNT.incrementAndGet();
    private final ReentrantLock lock = new ReentrantLock();

    MutableHandle(long pointer, LongConsumer free) {
        super(pointer, free);
    }

    MutableHandle(long pointer, LongConsumer free, NativeHandle keeps) {
        super(pointer, free, keeps);
    }

    @Override
    final long enter() {
        if (lock.isHeldByCurrentThread()) {
            throw new IllegalStateException(getClass().getSimpleName() + " cannot be called by its own listener");
        }
        lock.lock();
        try {
            return super.enter();
        } catch (Throwable closed) {
            lock.unlock();
            throw closed;
        }
    }

    @Override
    final void leave() {
        super.leave();
        lock.unlock();
    }

    @Override
    public final void close() {
        if (lock.isHeldByCurrentThread()) {
            throw new IllegalStateException(getClass().getSimpleName() + " cannot be closed by its own listener");
        }
        super.close();
    }
}
