package org.kehu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class NativeHandleTest {
    private static Levels small() {
        return Levels.fit(new double[0], 1, new Levels.Options());
    }

    @Test
    void closingTwiceIsFineAndUseAfterItThrows() {
        long open = Kehu.openHandles();
        Levels levels = small();
        assertEquals(open + 1, Kehu.openHandles());
        levels.close();
        levels.close();
        assertEquals(open, Kehu.openHandles());
        assertEquals("Levels is closed", assertThrows(IllegalStateException.class, () -> levels.grade(0.5)).getMessage());
    }

    @Test
    void forgottenHandlesAreFreedAndCounted() throws InterruptedException {
        long open = Kehu.openHandles();
        long forgotten = Kehu.forgottenHandles();
        for (int i = 0; i < 10_000; i++) {
            small();
        }
        for (int i = 0; i < 100 && Kehu.openHandles() > open; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertTrue(Kehu.openHandles() <= open); // fewer when another test forgot one
        assertTrue(Kehu.forgottenHandles() >= forgotten + 10_000);
    }

    @Test
    void eightThreadsMayScoreWhileAnotherCloses() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            Levels levels = small();
            CountDownLatch started = new CountDownLatch(8);
            AtomicInteger stopped = new AtomicInteger();
            AtomicReference<Throwable> wrong = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                Thread thread = new Thread(() -> {
                    try {
                        for (int k = 0;; k++) {
                            assertEquals(2, levels.grade(0.5)[0]);
                            if (k == 3) {
                                started.countDown();
                            }
                        }
                    } catch (IllegalStateException closed) {
                        stopped.incrementAndGet();
                    } catch (Throwable other) {
                        wrong.set(other);
                        started.countDown();
                    }
                });
                threads.add(thread);
                thread.start();
            }
            started.await();
            levels.close();
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(null, wrong.get());
            assertEquals(8, stopped.get());
        }
    }

    @Test
    void countsAreShownByJmx() throws Exception {
        Kehu.registerMBean();
        Kehu.registerMBean();
        try (Levels levels = small()) {
            Object open = ManagementFactory.getPlatformMBeanServer().getAttribute(new ObjectName("org.kehu:type=Kehu"), "OpenHandles");
            assertTrue((Long) open >= 1);
            assertEquals(1, levels.classCount());
        }
        assertTrue(Kehu.version().matches("\\d+\\.\\d+\\.\\d+"));
    }

    @Test
    void everyStatusHasItsException() throws Exception {
        for (var constant : Constants.class.getDeclaredFields()) {
            long value = constant.getLong(null);
            boolean isStatus = value <= -2 && value >= -19 && Memory.text(Native.statusName((int) value)).equals(constant.getName());
            if (isStatus) {
                RuntimeException e = KehuException.of((int) value, 1, 2, "text");
                assertEquals(KehuException.class, e.getClass().getSuperclass(), constant.getName());
            }
        }
        assertThrows(OutOfMemoryError.class, () -> KehuException.of(-1, 0, -1, "text"));
    }
}
