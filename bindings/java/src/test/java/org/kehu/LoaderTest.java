package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoaderTest {
    private static final byte[] LIBRARY = {1, 2, 3};
    private static final String SHA256 = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81";

    @Test
    void unpacksOnceAndRepairsWhatIsDamaged(@TempDir Path parent) throws IOException {
        Path folder = parent.resolve("kehu");
        Path file = Loader.unpack(folder, () -> LIBRARY, SHA256);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
        assertEquals(file, Loader.unpack(folder, () -> {
            throw new AssertionError("the jar is not read again");
        }, SHA256));
        Files.write(file, new byte[] {1, 2});
        Loader.unpack(folder, () -> LIBRARY, SHA256);
        assertArrayEquals(LIBRARY, Files.readAllBytes(file));
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void aDamagedJarOrAFolderOpenToOthersIsRefused(@TempDir Path parent) throws IOException {
        assertThrows(IOException.class, () -> Loader.unpack(parent.resolve("a"), () -> new byte[] {9}, SHA256));
        Path open = Files.createDirectory(parent.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThrows(IOException.class, () -> Loader.unpack(open, () -> LIBRARY, SHA256));
    }

    @Test
    void theCLibraryIsTheOneThatIsMapped() {
        String glibc = "7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libc.so.6";
        assertFalse(Loader.isMusl(List.of(glibc)));
        assertTrue(Loader.isMusl(List.of("7f00-7f01 r-xp 00000000 08:01 1 /lib/ld-musl-x86_64.so.1")));
        assertFalse(Loader.isMusl(List.of()));
        assertEquals("aarch64", Loader.architecture("arm64"));
        assertTrue(Files.isRegularFile(Kehu.nativeLibrary()));
    }

    /** Runs LoaderTest's main in a JVM of its own, with that cache folder in the environment; what it prints. */
    private static String run(String... options) throws IOException, InterruptedException {
        return run(List.of(), null, options);
    }

    private static String run(List<String> before, Path cache, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        String path = System.getProperty("java.class.path");
        String modules = System.getProperty("jdk.module.path", "");
        command.addAll(List.of("-cp", path + ":" + modules + ":" + Path.of("").toAbsolutePath(), "org.kehu.LoaderTest"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("KEHU_JNI_LIBRARY");
        if (cache != null) {
            builder.environment().put("XDG_CACHE_HOME", cache.toString());
        }
        Process process = builder.start();
        try (InputStream in = process.getInputStream()) {
            String text = new String(in.readAllBytes());
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            return text;
        }
    }

    public static void main(String[] arguments) {
        System.out.println("library " + Kehu.nativeLibrary());
    }

    @Test
    void theSecondStartWritesNothing(@TempDir Path parent) throws Exception {
        String option = "-Dkehu.tmpdir=" + parent.resolve("cache");
        String first = run(option);
        Path file = Path.of(first.replaceAll("(?s).*library (\\S+).*", "$1"));
        var written = Files.getLastModifiedTime(file);
        assertEquals(first, run(option));
        assertEquals(written, Files.getLastModifiedTime(file));
    }

    @Test
    void aNamedLibraryIsTheOnlyOne(@TempDir Path parent) throws Exception {
        Path copy = Files.copy(Kehu.nativeLibrary(), parent.resolve("other.so"));
        assertTrue(run("-Dkehu.native=" + copy).contains("library " + copy));
        assertTrue(run("-Dkehu.native=" + parent.resolve("none.so")).contains("UnsatisfiedLinkError"));
        assertTrue(run("-Dkehu.tmpdir=/proc/none").contains("could not be loaded from any folder"));
    }

    @Test
    void aFolderThatCannotBeUsedIsPassedOver(@TempDir Path parent) throws Exception {
        Path cache = Files.createDirectory(parent.resolve("cache"));
        Files.createFile(cache.resolve("kehu")); // stands where the folder should
        Path home = Files.createDirectory(parent.resolve("home"));
        assertTrue(run(List.of(), cache, "-Duser.home=" + home).contains("library " + home.resolve(".cache/kehu/libkehu_jni-")));
    }

    @Test
    void aFolderMountedNoexecIsPassedOver(@TempDir Path parent) throws Exception {
        Path cache = Files.createDirectory(parent.resolve("cache"));
        List<String> mounted = List.of("unshare", "-rm", "sh", "-c", "mount -t tmpfs -o noexec none \"$0\" && exec \"$@\"", cache.toString());
        List<String> probe = new ArrayList<>(mounted);
        probe.add("true");
        assumeTrue(new ProcessBuilder(probe).start().waitFor() == 0, "mounting is not allowed here");
        assertTrue(run(mounted, cache, "-Duser.home=" + parent).contains("library " + parent.resolve(".cache/kehu/libkehu_jni-")));
    }
}
