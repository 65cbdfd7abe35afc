package org.kehu;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Finds and loads the native library: the file that the system property kehu.native names, else the one that the
 * environment's KEHU_JNI_LIBRARY names, else the one in the jar, which is unpacked once a version and user.
 */
final class Loader {
    private static Path loaded;

    private Loader() {}

    /** Idempotent; every class with native methods calls it first. */
    static synchronized void load() {
        if (loaded == null) {
            Path library = find(System.getProperty("kehu.native"), System.getenv("KEHU_JNI_LIBRARY"));
            checkAbi(library);
            loaded = library;
        }
    }

    static synchronized Path path() {
        return loaded;
    }

    private static Path find(String property, String environment) {
        String named = property != null && !property.isEmpty() ? property : environment;
        if (named == null || named.isEmpty()) {
            return fromJar();
        }
        Path library = Path.of(named).toAbsolutePath();
        System.load(library.toString());
        return library;
    }

    private static void checkAbi(Path library) {
        long found = fingerprint();
        if (found != Layout.FINGERPRINT) {
            throw new UnsatisfiedLinkError(library + " was made with other headers (" + Long.toHexString(found) + ") than this jar ("
                + Long.toHexString(Layout.FINGERPRINT) + ")");
        }
    }

    /** Here and not in a class whose initialiser calls load(): two threads would wait for each other. */
    private static native long fingerprint();

    private static Path fromJar() {
        String resource = "native/" + platform() + "/libkehu_jni.so";
        byte[] checksum = resource(resource + ".sha256");
        if (checksum == null) {
            throw new UnsatisfiedLinkError("the kehu jar has no library for " + platform()
                + "; name one by -Dkehu.native=FILE or KEHU_JNI_LIBRARY");
        }
        String sha256 = new String(checksum, StandardCharsets.US_ASCII).strip();
        StringBuilder tried = new StringBuilder();
        for (Path folder : folders()) {
            try {
                Path unpacked = unpack(folder, () -> resource(resource), sha256);
                System.load(unpacked.toString());
                return unpacked;
            } catch (IOException | UnsatisfiedLinkError e) { // read-only, or mounted noexec: the next folder
                tried.append("\n  ").append(folder).append(": ").append(e.getMessage());
            }
        }
        throw new UnsatisfiedLinkError("the kehu library for " + platform() + " could not be loaded from any folder:" + tried
            + "\nname a folder by -Dkehu.tmpdir=FOLDER or the library by -Dkehu.native=FILE");
    }

    private static byte[] resource(String name) {
        try (InputStream in = Loader.class.getResourceAsStream(name)) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            throw new UnsatisfiedLinkError("the kehu jar cannot be read: " + e.getMessage());
        }
    }

    /** Where to unpack, best first. One that the user has named is the only one. */
    static List<Path> folders() {
        String named = System.getProperty("kehu.tmpdir");
        if (named != null && !named.isEmpty()) {
            return List.of(Path.of(named));
        }
        List<Path> folders = new ArrayList<>();
        String cache = System.getenv("XDG_CACHE_HOME");
        if (cache != null && !cache.isEmpty()) {
            folders.add(Path.of(cache, "kehu"));
        }
        Path home = Path.of(System.getProperty("user.home"));
        if (home.isAbsolute()) { // "?" for a user without an entry
            folders.add(home.resolve(".cache").resolve("kehu"));
        }
        String own = "kehu-" + System.getProperty("user.name").replaceAll("[^A-Za-z0-9._-]", "_");
        folders.add(Path.of(System.getProperty("java.io.tmpdir"), own));
        folders.add(Path.of("/var/tmp", own));
        return folders;
    }

    /** The library as a file of that folder: the one that is there if it is whole, else a new one, put there at once. */
    static Path unpack(Path folder, Supplier<byte[]> jar, String sha256) throws IOException {
        Files.createDirectories(folder.toAbsolutePath().getParent());
        if (!Files.isDirectory(folder)) {
            Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        if (!isOwn(folder)) {
            throw new IOException("the folder belongs to, or can be written by, another user");
        }
        Path target = folder.toAbsolutePath().resolve("libkehu_jni-" + sha256 + ".so");
        if (Files.isRegularFile(target) && sha256.equals(checksum(Files.readAllBytes(target)))) {
            return target;
        }
        byte[] library = jar.get();
        if (library == null || !sha256.equals(checksum(library))) {
            throw new IOException("the library in the jar is damaged");
        }
        Path part = Files.createTempFile(folder, "unpacking", ".so");
        try {
            Files.write(part, library);
            Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rwx------"));
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
        return target;
    }

    private static boolean isOwn(Path folder) throws IOException {
        String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(folder));
        return mode.charAt(4) != 'w' && mode.charAt(7) != 'w' && Files.getOwner(folder).equals(Files.getOwner(Path.of("/proc/self")));
    }

    private static String checksum(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).replaceAll("\\s.*", "");
        return system + "-" + architecture(System.getProperty("os.arch")) + (isMusl(maps()) ? "-musl" : "");
    }

    static String architecture(String name) {
        return switch (name) {
            case "amd64", "x86_64" -> "x86_64";
            case "arm64", "aarch64" -> "aarch64";
            default -> name;
        };
    }

    /**
     * Is the C library that this process has mapped musl? Files on the disk say nothing: both may be installed. Mapped is
     * what the loader's name leads to: the loader itself (Alpine) or libc.so (Debian, Void); glibc's are libc.so.6 or
     * libc-2.NN.so.
     */
    static boolean isMusl(List<String> maps) {
        return maps.stream().anyMatch(line -> line.contains("/ld-musl-") || line.contains("/libc.musl-") || line.endsWith("/libc.so"));
    }

    private static List<String> maps() {
        try {
            return Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of(); // no Linux, so no musl either
        }
    }
}
