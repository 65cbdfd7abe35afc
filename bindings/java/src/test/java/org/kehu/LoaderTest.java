package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
        assertFalse(Loader.isMusl(List.of(glibc.replace("libc.so.6", "libc-2.28.so"), "7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/libc.so.bak")));
        for (String musl : List.of("/lib/ld-musl-x86_64.so.1", "/lib/libc.musl-aarch64.so.1", "/usr/lib/x86_64-linux-musl/libc.so")) {
            assertTrue(Loader.isMusl(List.of("7f00-7f01 r-xp 00000000 08:01 1 " + musl)), musl);
        }
        assertFalse(Loader.isMusl(List.of()));
        assertEquals("aarch64", Loader.architecture("arm64"));
        assertTrue(Files.isRegularFile(Kehu.nativeLibrary()));
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Loader.class.getResourceAsStream("/META-INF/native-image/org.kehu/kehu/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).replaceAll("\\s", "");
        }
    }

    /** native-image has of a jar what its metadata names, and C finds nothing else by name. */
    @Test
    void theJarSaysWhatIsInIt() throws Exception {
        Path jar = Path.of(Loader.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assertTrue(Files.readString(jar.resolve("META-INF/LICENSE")).contains("Sun Junyi"));
        assertTrue(Files.readString(jar.resolve("META-INF/sbom/kehu.cdx.json")).contains("CycloneDX"));
    }

    @Test
    void theMetadataForNativeImageNamesWhatIsLookedUp() throws Exception {
        StringBuilder wanted = new StringBuilder("[{\"name\":\"org.kehu.Callbacks\",\"methods\":[");
        Matcher lookup = Pattern.compile("GetStaticMethodID\\(env, callbacks, \"(\\w+)\", \"\\((\\w+)\\)Z\"\\)")
            .matcher(Files.readString(Path.of("src/main/c/kehu_jni.c")));
        while (lookup.find()) {
            String types = lookup.group(2).replace("J", "\"long\",").replace("D", "\"double\",");
            wanted.append("{\"name\":\"" + lookup.group(1) + "\",\"parameterTypes\":[" + types.substring(0, types.length() - 1) + "]},");
        }
        wanted.setCharAt(wanted.length() - 1, ']');
        assertEquals(wanted + "}]", resource("jni-config.json"));
        Matcher pattern = Pattern.compile("\\{\"resources\":\\{\"includes\":\\[\\{\"pattern\":\"(.*)\"}]}}")
            .matcher(resource("resource-config.json"));
        assertTrue(pattern.matches());
        assertTrue("org/kehu/native/linux-x86_64/libkehu_jni.so.sha256".matches(pattern.group(1).replace("\\\\", "\\")));
    }

    /** Runs LoaderTest's main in a JVM of its own, with that cache folder in the environment; what it prints. */
    private static String run(String... options) throws IOException, InterruptedException {
        return run(List.of(), null, options);
    }

    private static String run(List<String> before, Path cache, String... options) throws IOException, InterruptedException {
        String path = System.getProperty("java.class.path") + ":" + System.getProperty("jdk.module.path", "");
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("-cp", path + ":" + Path.of("").toAbsolutePath(), "org.kehu.LoaderTest"));
        return start(before, cache, all.toArray(new String[0]));
    }

    private static String start(List<String> before, Path cache, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(arguments));
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

    /** What would differ after a write: the folder's own time changes with the names in it. */
    private static List<String> state(Path folder) throws IOException {
        List<String> state = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted().toList()) {
                var found = Files.readAttributes(file, "unix:ino,size,lastModifiedTime,ctime");
                state.add(file + " " + new TreeMap<>(found));
            }
        }
        return state;
    }

    @Test
    void theSecondStartWritesNothing(@TempDir Path parent) throws Exception {
        Path cache = parent.resolve("cache");
        String first = run("-Dkehu.tmpdir=" + cache);
        List<String> before = state(cache);
        assertEquals(2, before.size());
        assertEquals(first, run("-Dkehu.tmpdir=" + cache));
        assertEquals(before, state(cache));
    }

    @Test
    void aStartRepairsADamagedCache(@TempDir Path parent) throws Exception {
        Path cache = parent.resolve("cache");
        String first = run("-Dkehu.tmpdir=" + cache);
        Path file = Path.of(first.replaceAll("(?s).*library (\\S+).*", "$1"));
        byte[] whole = Files.readAllBytes(file);
        byte[] changed = whole.clone();
        changed[whole.length / 2] ^= 1;
        for (byte[] damaged : List.of(new byte[0], Arrays.copyOf(whole, whole.length / 2), changed)) {
            Files.write(file, damaged);
            assertEquals(first, run("-Dkehu.tmpdir=" + cache));
            assertArrayEquals(whole, Files.readAllBytes(file));
        }
    }

    @Test
    void aLibraryOfOtherHeadersIsRefused(@TempDir Path parent) throws Exception {
        byte[] library = Files.readAllBytes(Kehu.nativeLibrary());
        byte[] fingerprint = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(Layout.FINGERPRINT).array();
        int at = 0;
        while (at + 8 < library.length && !Arrays.equals(library, at, at + 8, fingerprint, 0, 8)) {
            at++;
        }
        assumeTrue(at + 8 < library.length, "this processor's code has the number in pieces");
        library[at] ^= 1;
        Path other = Files.write(parent.resolve("other.so"), library);
        String said = run("-Dkehu.native=" + other);
        assertTrue(said.contains("UnsatisfiedLinkError: " + other + " was made with other headers"), said);
    }

    /** The folder that the class's package begins in. */
    private static String root(Class<?> type) throws Exception {
        return Path.of(type.getResource(type.getSimpleName() + ".class").toURI()).getParent().getParent().getParent().toString();
    }

    /** No warning of native access either, which newer JVMs print. */
    @Test
    void theModuleLoadsItsLibrary(@TempDir Path parent) throws Exception {
        String said = start(List.of(), null, "-Dkehu.tmpdir=" + parent.resolve("cache"), "--module-path", root(Kehu.class), "--patch-module",
            "kehu=" + root(LoaderTest.class), "--enable-native-access=kehu", "--module", "kehu/org.kehu.LoaderTest");
        assertTrue(said.startsWith("library " + parent) && said.lines().count() == 1, said);
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
