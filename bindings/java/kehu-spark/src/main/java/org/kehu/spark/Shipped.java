package org.kehu.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * A model on its way to the executors: the bytes of its files, broadcast. Each executor reads them once; all its tasks, of
 * later jobs too, share the one model.
 *
 * <p>Not by SparkContext.addFile: of the files added to a context, the jobs of a session of Spark 4.2 get none.
 */
final class Shipped<M> implements Serializable {
    private static final long serialVersionUID = 1;
    private static final Map<SparkContext, Map<String, Broadcast<byte[]>>> SENT = new WeakHashMap<>(); // by this driver
    private static final ConcurrentHashMap<String, Object> LOADED = new ConcurrentHashMap<>(); // of this executor
    private static final Pattern AGAIN = Pattern.compile("^Exception [\\w.]+: (.*) \\[in thread .*$", Pattern.DOTALL);

    /** Makes the model of its files, which are removed afterwards. */
    interface Read<M> extends Serializable {
        M from(List<Path> files);
    }

    private final String name;
    private final ArrayList<Broadcast<byte[]>> contents = new ArrayList<>();
    private final Read<M> read;

    /** kind: what read makes of these bytes; two of the same kind and bytes are one model. */
    Shipped(SparkSession spark, String kind, Read<M> read, byte[]... files) {
        StringBuilder all = new StringBuilder(kind);
        for (byte[] bytes : files) {
            String hash = hash(bytes);
            all.append(' ').append(hash);
            contents.add(send(spark.sparkContext(), hash, bytes));
        }
        this.name = all.toString();
        this.read = read;
    }

    private static Broadcast<byte[]> send(SparkContext context, String hash, byte[] bytes) {
        synchronized (SENT) {
            return SENT.computeIfAbsent(context, c -> new ConcurrentHashMap<>())
                .computeIfAbsent(hash, h -> JavaSparkContext.fromSparkContext(context).broadcast(bytes));
        }
    }

    private static String hash(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    /** The model, in a task. Fails where the native library cannot be loaded. */
    @SuppressWarnings("unchecked")
    M open() {
        try {
            return (M) LOADED.computeIfAbsent(name, n -> load());
        } catch (LinkageError e) {
            throw new IllegalStateException("the native library of kehu cannot be loaded on this worker: " + reason(e), e);
        }
    }

    /** What the loader said. Of the second time on the JVM tells it as a text of its own, around it. */
    private static String reason(Throwable e) {
        return e.getCause() != null ? reason(e.getCause()) : AGAIN.matcher(String.valueOf(e.getMessage())).replaceFirst("$1");
    }

    /** By files, as some models are mapped from them; a mapped file may be removed. */
    private M load() {
        List<Path> files = new ArrayList<>();
        try {
            try {
                for (Broadcast<byte[]> content : contents) {
                    Path file = Files.createTempFile("kehu-", ".model");
                    files.add(file);
                    Files.write(file, content.value());
                }
                return read.from(files);
            } finally {
                for (Path file : files) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the model file cannot be written on this worker: " + e.getMessage(), e);
        }
    }
}
