package org.kehu;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Figures of the Java package; CPU time of the calling thread, after a warm-up.
 *
 *     BenchJava train TRAIN MODEL
 *     BenchJava batch MODEL TEST REPEATS     1,000 texts again and again, and a call that does nothing
 *     BenchJava whole TRAIN TEST             training, and all texts of TEST one by one
 */
final class BenchJava {
    private static final int WARM_UP_SECONDS = 10;
    private static final int PASSES = 20;

    private BenchJava() {}

    private static double cpuSeconds() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() * 1e-9;
    }

    private static void figure(String name, double value) {
        System.out.printf("figure %s %.9g%n", name, value);
    }

    private record Labelled(List<String> texts, List<String> labels) {}

    private static Labelled read(String file) throws Exception {
        Labelled all = new Labelled(new ArrayList<>(), new ArrayList<>());
        for (String line : Files.readAllLines(Path.of(file))) {
            int tab = line.indexOf('\t');
            all.labels.add(line.substring(0, tab));
            all.texts.add(line.substring(tab + 1));
        }
        return all;
    }

    /** With C = 1, as the peer. */
    private static Svm train(Labelled learned) {
        return Svm.train(Column.of(null, learned.texts), Column.of(null, learned.labels), new Svm.Options().cost(1));
    }

    private interface Work {
        void run();
    }

    private static double seconds(int repeats, Work work) {
        for (int i = 0; i < repeats; i++) {
            work.run();
        }
        double start = cpuSeconds();
        for (int i = 0; i < repeats; i++) {
            work.run();
        }
        return (cpuSeconds() - start) / repeats;
    }

    private static int sum;

    private static void noOp() {
        for (int i = 0; i < 1_000_000; i++) {
            sum += Native.versionNumber();
        }
    }

    private static void batch(String model, String test, int repeats) throws Exception {
        List<String> texts = read(test).texts.subList(0, 1000);
        IntBuffer offsets = IntBuffer.allocate(1001).put(0);
        StringBuilder all = new StringBuilder();
        int end = 0;
        for (String text : texts) {
            all.append(text);
            end += text.getBytes(StandardCharsets.UTF_8).length;
            offsets.put(end);
        }
        Column ready = Column.ofBuffer(null, ByteBuffer.allocateDirect(end).put(all.toString().getBytes(StandardCharsets.UTF_8)).flip(),
            offsets.flip());
        IntBuffer classes = ByteBuffer.allocateDirect(4000).order(ByteOrder.nativeOrder()).asIntBuffer();
        Svm.PredictOptions options = new Svm.PredictOptions();
        try (Svm svm = Svm.load(Path.of(model))) {
            figure("list_s", seconds(repeats, () -> svm.predict(texts)));
            figure("buffer_s", seconds(repeats, () -> svm.predict(ready, options, classes, null, null)));
        }
        figure("no_op_s", seconds(10, BenchJava::noOp) / 1_000_000);
    }

    private static int countRight(Svm svm, Labelled asked) {
        int right = 0;
        for (int i = 0; i < asked.texts.size(); i++) {
            right += asked.labels.get(i).equals(svm.classify(asked.texts.get(i)).className()) ? 1 : 0;
        }
        return right;
    }

    private static void whole(String train, String test) throws Exception {
        Labelled learned = read(train);
        Labelled asked = read(test);
        double start = cpuSeconds();
        try (Svm svm = train(learned)) {
            figure("train_s", cpuSeconds() - start);
            for (start = cpuSeconds(); cpuSeconds() - start < WARM_UP_SECONDS;) {
                countRight(svm, asked);
            }
            int right = 0;
            start = cpuSeconds();
            for (int pass = 0; pass < PASSES; pass++) {
                right = countRight(svm, asked);
            }
            figure("classify_s", (cpuSeconds() - start) / PASSES / asked.texts.size());
            figure("accuracy", (double) right / asked.texts.size());
        }
    }

    public static void main(String[] a) throws Exception {
        switch (a[0]) {
            case "train" -> {
                Labelled learned = read(a[1]);
                try (Svm svm = train(learned)) {
                    svm.save(Path.of(a[2]));
                }
            }
            case "batch" -> batch(a[1], a[2], Integer.parseInt(a[3]));
            case "whole" -> whole(a[1], a[2]);
            default -> throw new IllegalArgumentException(a[0]);
        }
    }
}
