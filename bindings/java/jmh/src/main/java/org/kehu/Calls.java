package org.kehu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What calls cost; times are a call or a text. {@code -p texts=FILE} takes 1,000 lines of a file (label, tab, text) instead
 * of made-up ones, {@code -p model=FILE} a model instead of one of these texts.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class Calls {
    private static final int N = 1000;
    private static final Svm.PredictOptions OPTIONS = new Svm.PredictOptions();

    /** A model file. */
    @Param("")
    public String model;

    /** A file of labels and texts. */
    @Param("")
    public String texts;

    private final List<String> rows = new ArrayList<>();
    private final List<String> labels = new ArrayList<>();
    private final IntBuffer classes = ByteBuffer.allocateDirect(4 * N).order(ByteOrder.nativeOrder()).asIntBuffer();
    private Column ready;
    private Svm svm;
    private Tokenizer tokenizer;
    private int next;

    /** Reads or makes the texts and the model. */
    @Setup
    public void open() throws IOException {
        List<String> lines = texts.isEmpty() ? IntStream.range(0, N).mapToObj(i -> i % 3 + "\t第" + i % 97 + "次" + "网速话费态度".substring(i % 3 * 2,
            i % 3 * 2 + 2) + "有问题").toList() : Files.readAllLines(Path.of(texts)).subList(0, N);
        IntBuffer offsets = IntBuffer.allocate(N + 1).put(0);
        int end = 0;
        for (String line : lines) {
            String[] parts = line.split("\t", 2);
            labels.add(parts[0]);
            rows.add(parts[1]);
            end += parts[1].getBytes(StandardCharsets.UTF_8).length;
            offsets.put(end);
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(end).put(String.join("", rows).getBytes(StandardCharsets.UTF_8)).flip();
        ready = Column.ofBuffer(null, bytes, offsets.flip());
        svm = model.isEmpty() ? Svm.train(rows, labels) : Svm.load(Path.of(model));
        tokenizer = Tokenizer.standard();
    }

    /** Frees the models. */
    @TearDown
    public void close() {
        svm.close();
        tokenizer.close();
    }

    private String row() {
        next = (next + 1) % N;
        return rows.get(next);
    }

    /** A call that does nothing. */
    @Benchmark
    public int noOp() {
        return Native.versionNumber();
    }

    /** One text a call. */
    @Benchmark
    public Svm.Answer classify() {
        return svm.classify(row());
    }

    /** One text a call, with its strongest term. */
    @Benchmark
    public Svm.Explanation explain() {
        return svm.explain(row(), -1, 1);
    }

    /** 1,000 texts a call, as strings. */
    @Benchmark
    @OperationsPerInvocation(N)
    public int[] list() {
        return svm.predict(rows);
    }

    /** 1,000 texts a call, encoded already. */
    @Benchmark
    @OperationsPerInvocation(N)
    public void buffers() {
        svm.predict(ready, OPTIONS, classes, null, null);
    }

    /** Words of one text. */
    @Benchmark
    public List<Tokenizer.Span> split() {
        return tokenizer.split(row());
    }
}
