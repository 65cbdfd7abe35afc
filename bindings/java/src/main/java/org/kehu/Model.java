package org.kehu;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.LongConsumer;

/**
 * What was learned, ready for use. It never changes: any number of threads may share it. It can be kept as a file, whose
 * bytes are the same in C, Python and Java and on every machine.
 */
public abstract class Model extends NativeHandle {
    Model(long pointer, LongConsumer free) {
        super(pointer, free);
    }

    Model(long pointer, LongConsumer free, NativeHandle keeps) {
        super(pointer, free, keeps);
    }

    abstract int saveTo(long self, long path, long error);

    abstract int writeTo(long self, long writer, long error);

    /**
     * Keeps the model in a file, which is replaced as a whole or not at all.
     *
     * @param path of the file
     */
    public final void save(Path path) {
        toPath(this, path, this::saveTo);
    }

    /**
     * Keeps the model in a stream, which stays open.
     *
     * @param stream takes the bytes
     * @throws IOException of the stream
     */
    public final void write(OutputStream stream) throws IOException {
        toStream(this, stream, this::writeTo);
    }

    /**
     * The bytes of the model file.
     *
     * @return a new array
     */
    public final byte[] toBytes() {
        return toBytes(this, this::writeTo);
    }

    // What handles without a common class share too

    interface Sink {
        int call(long self, long target, long error);
    }

    interface FromPath {
        int call(long out, long path, long alloc, long error);
    }

    interface FromBytes {
        int call(long out, long bytes, long size, long alloc, long error);
    }

    static void toPath(NativeHandle self, Path path, Sink save) {
        try (Frame f = Frame.open()) {
            f.check(save.call(f.inside(self), f.path(path), f.error()));
        }
    }

    static void toStream(NativeHandle self, OutputStream stream, Sink write) throws IOException {
        Objects.requireNonNull(stream, "stream");
        try (Frame f = Frame.open()) {
            f.check(write.call(f.inside(self), f.writer(stream), f.error()));
        }
    }

    static byte[] toBytes(NativeHandle self, Sink write) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            toStream(self, bytes, write);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static long load(Path path, FromPath load) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(load.call(out.address, f.path(path), 0, f.error()));
            return out.i64(0);
        }
    }

    static long read(byte[] bytes, FromBytes read) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            f.check(read.call(out.address, f.copy(bytes).address, bytes.length, 0, f.error()));
            return out.i64(0);
        }
    }
}
