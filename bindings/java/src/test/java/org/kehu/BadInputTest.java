package org.kehu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is given, the answer is a result or an exception; the JVM lives on. */
class BadInputTest {
    private static final int ROWS = 120;
    private static final Column TEXTS = Column.of("text", Samples.texts(ROWS));
    private static final Column LABELS = Column.of("label", Samples.labels(ROWS));
    private static final double[] NUMBERS = new double[ROWS];
    private static final String[] YES_OR_NO = new String[ROWS];

    /** A small one of every class that has bytes. */
    private static final Map<String, NativeHandle> MODELS = new TreeMap<>();
    private static final Map<String, byte[]> BYTES = new TreeMap<>();

    private static void keep(NativeHandle made) throws Exception {
        MODELS.put(made.getClass().getSimpleName(), made);
        BYTES.put(made.getClass().getSimpleName(), (byte[]) made.getClass().getMethod("toBytes").invoke(made));
    }

    @BeforeAll
    static void makeOneOfEach() throws Exception {
        for (int i = 0; i < ROWS; i++) {
            NUMBERS[i] = i * 37 % 61;
            YES_OR_NO[i] = NUMBERS[i] < 20 ? "yes" : "no";
        }
        List<Column> columns = List.of(Column.of("x", NUMBERS.clone()));
        Tree.Options small = new Tree.Options().maxLeaves(4).folds(2);
        Keyword keyword = Keyword.train(TEXTS, LABELS, new Keyword.Options().keywordsPerClass(5));
        RfmBase base = RfmBase.of(LocalDate.EPOCH.plusDays(100), new RfmBase.Options());
        base.add(new RfmBase.Batch(Column.of("c", "a", "b", "c", "d", "e", "f"), Column.ofDates("d", 1, 20, 33, 41, 52, 63),
            Column.of("m", 100L, 200L, 300L, 400L, 500L, 600L)));
        keep(Svm.train(TEXTS, LABELS, new Svm.Options().cost(1)));
        keep(keyword);
        keep(Hybrid.train(TEXTS, LABELS, new Hybrid.Options().svm(new Svm.Options().cost(1))));
        keep(Tokenizer.readWords("宽带 5 n\n断网 3\n", new Tokenizer.Options()));
        keep(Tree.train(columns, Column.of("y", YES_OR_NO), small));
        keep(Bins.fit(columns, 1));
        keep(Preference.train(columns, Column.of("y", YES_OR_NO), null, new Preference.Options().tree(small)));
        keep(Levels.fit(new double[] {.2, .8, .6, .4}, 2, new Levels.Options()));
        keep(base);
        keep(Rfm.fit(base.finish(), new Rfm.Options().levels(2, 2, 2)));
        keep(Clv.of(Clv.Kind.BG_NBD, .243, 4.414, .793, 2.426));
        keep(Linear.train(new Linear.Rows(2, new long[] {0, 1, 2}, new int[] {0, 1}, new float[] {1, 1}), new int[] {-1, 1},
            new Linear.Options().cost(1)));
        keep(Sentiment.of(Keyword.readText("positive\t好\t60\nnegative\t坏\t60\n")));
        keep(Gate.train(Column.of(null, Samples.texts(ROWS)), Column.of(null, YES_OR_NO), "no", new Gate.Options().cost(1)));
        keep(Demands.of(new Demands.Options()));
        keep(Topic.fit(TEXTS, new Topic.Options().topics(2).minDf(2)));
    }

    @AfterAll
    static void freeThem() {
        MODELS.values().forEach(NativeHandle::close);
    }

    private static List<Class<?>> classes() throws Exception {
        List<Class<?>> classes = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("src/main/java/org/kehu"))) {
            for (Path file : files.sorted().toList()) {
                Class<?> found = Class.forName("org.kehu." + file.getFileName().toString().replace(".java", ""));
                if (Modifier.isPublic(found.getModifiers())) {
                    classes.add(found);
                }
            }
        }
        return classes;
    }

    /** The exception of a call by reflection; null for a result, which is closed if it can be. */
    private static Throwable thrown(Method method, Object self, Object... arguments) throws Exception {
        try {
            if (method.invoke(self, arguments) instanceof AutoCloseable made && made != self) {
                made.close();
            }
            return null;
        } catch (InvocationTargetException e) {
            return e.getCause();
        }
    }

    private static Method reader(String name) throws Exception {
        return Stream.of(Class.forName("org.kehu." + name).getMethods())
            .filter(m -> m.getName().equals("read") && m.getParameterTypes()[0] == byte[].class)
            .min((a, b) -> a.getParameterCount() - b.getParameterCount()).orElseThrow();
    }

    private static Object[] arguments(Method reader, byte[] bytes) throws Exception {
        Object[] arguments = new Object[reader.getParameterCount()];
        arguments[0] = bytes;
        for (int i = 1; i < arguments.length; i++) {
            arguments[i] = reader.getParameterTypes()[i].getConstructor().newInstance();
        }
        return arguments;
    }

    private static Throwable read(String name, byte[] bytes) throws Exception {
        return thrown(reader(name), null, arguments(reader(name), bytes));
    }

    @Test
    void thereIsOneOfEveryModel() throws Exception {
        Set<String> all = new TreeSet<>();
        for (Class<?> found : classes()) {
            if (Stream.of(found.getMethods()).anyMatch(m -> m.getName().equals("toBytes")) && !Modifier.isAbstract(found.getModifiers())) {
                all.add(found.getSimpleName());
            }
        }
        assertEquals(all, MODELS.keySet());
    }

    @Test
    void aModelOfAnotherKindIsRefusedAsSuch() throws Exception {
        for (String reader : BYTES.keySet()) {
            for (String written : BYTES.keySet()) {
                Throwable thrown = read(reader, BYTES.get(written));
                Class<?> other = reader.equals("Linear") || written.equals("Linear") ? KehuException.Format.class : KehuException.Kind.class;
                Class<?> wanted = reader.equals(written) ? null : other; // a linear model is a text, LIBLINEAR's
                assertEquals(wanted, thrown == null ? null : thrown.getClass(), reader + " reads " + written);
            }
        }
    }

    @Test
    void damagedModelsAreRefused() throws Exception {
        for (Map.Entry<String, byte[]> model : BYTES.entrySet()) {
            byte[] whole = model.getValue();
            for (int i = 0; i < 64; i++) {
                byte[] damaged = whole.clone();
                damaged[(int) ((long) i * whole.length / 64)] ^= (byte) (1 << i % 8);
                byte[] cut = Arrays.copyOf(whole, (int) ((long) i * whole.length / 64));
                for (byte[] wrong : List.of(damaged, cut)) {
                    Throwable thrown = read(model.getKey(), wrong);
                    boolean isText = model.getKey().equals("Linear"); // another number is a number too
                    assertTrue(thrown instanceof KehuException || thrown == null && isText, model.getKey() + ", damage " + i + ": " + thrown);
                }
            }
        }
    }

    /** Every public method, all of its arguments null, 0 or empty. */
    private static void callAll(Class<?> type, Object self, boolean isClosed) throws Exception {
        for (Method method : type.getMethods()) {
            boolean isOurs = method.getDeclaringClass().getName().startsWith("org.kehu.") && !method.getName().equals("close");
            if (!isOurs || Modifier.isStatic(method.getModifiers()) != (self == null)) {
                continue;
            }
            Class<?>[] types = method.getParameterTypes();
            Object[] nulls = Stream.of(types).map(t -> t.isPrimitive() ? Array.get(Array.newInstance(t, 1), 0) : null).toArray();
            Throwable thrown = thrown(method, self, nulls);
            boolean isException = thrown instanceof RuntimeException || thrown instanceof java.io.IOException;
            assertTrue(thrown == null || isException, method + " threw " + thrown);
        }
        if (isClosed) {
            for (String name : self instanceof Model ? List.of("save", "write") : List.<String>of()) {
                Object argument = name.equals("save") ? Path.of("never-written") : new ByteArrayOutputStream();
                Class<?> parameter = name.equals("save") ? Path.class : java.io.OutputStream.class;
                Throwable thrown = thrown(type.getMethod(name, parameter), self, argument);
                assertTrue(thrown instanceof IllegalStateException, type + " " + name + " threw " + thrown);
            }
        }
    }

    @Test
    void nullsAreNeverFatal() throws Exception {
        for (Class<?> type : classes()) {
            callAll(type, null, false);
        }
        for (NativeHandle model : MODELS.values()) {
            callAll(model.getClass(), model, false);
        }
    }

    /** Of every class that models are not of, in an order in which they may be closed. */
    private static List<NativeHandle> others(Path folder) {
        Table table = Table.of(Column.of("x", 1.0));
        Store store = Store.open(folder.resolve("s.kehu"), new Store.Options().mode(Store.Mode.CREATE).durability(Store.Durability.NONE));
        Snapshot snapshot = store.snapshot(new Snapshot.Options());
        Scan scan = snapshot.scan(Store.Part.CUSTOMERS, new Snapshot.ScanOptions());
        return List.of(table, scan, snapshot, store, ClvBase.of(LocalDate.EPOCH, new ClvBase.Options()),
            DemandMachine.of(DemandMachine.builtin()), Segments.of(Segments.builtin("rfm_grid")),
            Priority.of(Priority.builtin()), Libsvm.read("1 1:1\n-1 2:1\n".getBytes(StandardCharsets.UTF_8)),
            Csv.read("a\n1\n".getBytes(StandardCharsets.UTF_8), null, new Csv.Options()));
    }

    @Test
    void noHandleIsHarmedByNullsOrByUseAfterClose(@TempDir Path folder) throws Exception {
        Set<String> all = new TreeSet<>();
        for (Class<?> found : classes()) {
            if (NativeHandle.class.isAssignableFrom(found) && !Modifier.isAbstract(found.getModifiers())) {
                all.add(found.getSimpleName());
            }
        }
        all.removeAll(MODELS.keySet());
        List<NativeHandle> others = others(folder);
        assertEquals(all, new TreeSet<>(others.stream().map(o -> o.getClass().getSimpleName()).toList()));
        for (NativeHandle other : others) {
            callAll(other.getClass(), other, false);
        }
        for (NativeHandle other : others) {
            other.close();
            callAll(other.getClass(), other, false);
        }
    }

    @Test
    void closedModelsAreNeverFatal() throws Exception {
        for (String name : MODELS.keySet()) {
            NativeHandle model = (NativeHandle) reader(name).invoke(null, arguments(reader(name), BYTES.get(name)));
            model.close();
            callAll(model.getClass(), model, true);
        }
    }

    private interface Call {
        void run() throws Exception;
    }

    /** Calls for a while beside a thread that changes what the calls are given. */
    private static void beside(Runnable change, Call call) throws Exception {
        Thread changing = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                change.run();
            }
        });
        changing.start();
        try {
            long end = System.nanoTime() + 300_000_000;
            do {
                try {
                    call.run();
                } catch (KehuException | IllegalArgumentException | NullPointerException expected) {
                    assertTrue(expected.getMessage() != null);
                }
            } while (System.nanoTime() < end);
        } finally {
            changing.interrupt();
            changing.join();
        }
    }

    @Test
    void arraysMayChangeDuringACall() throws Exception {
        Svm svm = (Svm) MODELS.get("Svm");
        Tree tree = (Tree) MODELS.get("Tree");
        Linear linear = (Linear) MODELS.get("Linear");
        Svm.PredictOptions plain = new Svm.PredictOptions();

        double[] numbers = NUMBERS.clone();
        beside(() -> Arrays.setAll(numbers, i -> numbers[i] > 0 ? Double.NaN : 1e300), () -> assertEquals(2 * ROWS,
            tree.score(List.of(Column.of("x", numbers))).length));

        String[] strings = Samples.texts(ROWS).toArray(new String[0]);
        beside(() -> Arrays.setAll(strings, i -> strings[i] == null ? "😀".repeat(i * 50) : null),
            () -> assertEquals(ROWS, svm.predict(Arrays.asList(strings)).length));

        byte[] bytes = "宽带断网".repeat(100).getBytes(StandardCharsets.UTF_8);
        int[] offsets = {0, 12, 600, 1200};
        Random random = new Random(1);
        beside(() -> {
            Arrays.setAll(offsets, i -> offsets[i] ^ (i + 1) << 28);
            random.nextBytes(bytes);
        }, () -> svm.predict(Column.ofUtf8("t", bytes, offsets), plain));

        long[] starts = {0, 1, 2};
        int[] columns = {0, 1};
        beside(() -> {
            starts[1] ^= Long.MIN_VALUE | 1 << 20;
            columns[0] ^= 1 << 30;
        }, () -> linear.predict(new Linear.Rows(2, starts, columns, new float[] {1, 1})));
    }

    /** Against the contract, so the results mean nothing; but there are results. */
    @Test
    void directBuffersMayChangeDuringACall() throws Exception {
        Svm svm = (Svm) MODELS.get("Svm");
        Tree tree = (Tree) MODELS.get("Tree");
        Random random = new Random(2);
        byte[] noise = new byte[8 * ROWS];
        ByteBuffer numbers = ByteBuffer.allocateDirect(noise.length).order(ByteOrder.nativeOrder());
        ByteBuffer texts = ByteBuffer.allocateDirect(noise.length);
        int[] offsets = {0, 1, 40, 41, 200, noise.length};
        Runnable change = () -> {
            random.nextBytes(noise);
            numbers.put(0, noise);
            texts.put(0, noise);
        };
        IntBuffer classes = ByteBuffer.allocateDirect(4 * offsets.length).order(ByteOrder.nativeOrder()).asIntBuffer();
        Column text = Column.ofBuffer("t", texts, IntBuffer.wrap(offsets));
        beside(change, () -> svm.predict(text, new Svm.PredictOptions(), classes, null, null));
        Column number = Column.ofBuffer("x", Column.Type.FLOAT64, numbers.asReadOnlyBuffer().order(ByteOrder.nativeOrder()));
        beside(change, () -> tree.score(List.of(number)));
    }
}
