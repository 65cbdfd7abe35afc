package org.kehu;

import java.nio.file.Path;

/** Facts about the library that is loaded. */
public final class Kehu {
    static {
        Loader.load();
    }

    private Kehu() {}

    /** What JMX shows of the library, as org.kehu:type=Kehu. */
    public interface KehuMXBean {
        /**
         * Handles that are open now.
         *
         * @return how many
         */
        long getOpenHandles();

        /**
         * Handles that were not closed but collected, so far.
         *
         * @return how many
         */
        long getForgottenHandles();

        /**
         * The version of the library.
         *
         * @return such as 0.1.0
         */
        String getVersion();
    }

    /**
     * The version of the C library.
     *
     * @return such as 0.1.0
     */
    public static String version() {
        int number = Native.versionNumber();
        return number / 10000 + "." + number / 100 % 100 + "." + number % 100;
    }

    /**
     * The file that the native library was loaded from.
     *
     * @return its path
     */
    public static Path nativeLibrary() {
        return Loader.path();
    }

    /**
     * Handles that are open now.
     *
     * @return how many
     */
    public static long openHandles() {
        return NativeHandle.OPEN.sum();
    }

    /**
     * Handles that were not closed but collected, so far. Their memory was freed, but later than need be.
     *
     * @return how many
     */
    public static long forgottenHandles() {
        return NativeHandle.FORGOTTEN.sum();
    }

    /** Shows the counts by JMX as org.kehu:type=Kehu. Not done unasked, as it starts the JMX machinery. */
    public static void registerMBean() {
        Management.register();
    }
}
