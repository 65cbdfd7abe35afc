package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The bytes of every result are those of the C library: bindings/golden.c has the inputs, golden.json the hashes. */
class GoldenTest {
    private static final String[][] WORDS = {{"网速", "宽带", "信号"}, {"话费", "账单", "扣费"}, {"套餐", "流量", "升级"}};
    private static final String[] LABELS = {"network", "bill", "plan"};
    private static final LocalDate AS_OF = LocalDate.ofEpochDay(19400);

    private final Map<String, String> found = new TreeMap<>();

    private void put(String name, byte[] bytes) throws Exception {
        found.put(name, HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
    }

    private void put(String name, int[] numbers) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(numbers);
        put(name, bytes.array());
    }

    private void put(String name, float[] numbers) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(numbers);
        put(name, bytes.array());
    }

    private void put(String name, double[] numbers) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(8 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(numbers);
        put(name, bytes.array());
    }

    private void texts() throws Exception {
        List<String> said = new ArrayList<>();
        List<String> named = new ArrayList<>();
        for (int i = 0; i < 240; i++) {
            said.add(WORDS[i % 3][i / 3 % 3] + "很" + "差慢贵怪乱".charAt(i % 5) + i % 7);
            named.add(LABELS[i % 3]);
        }
        Column text = Column.of("text", said);
        Column label = Column.of("label", named);
        Svm.Options plain = new Svm.Options().cost(1).threads(2);
        Keyword.Options few = new Keyword.Options().keywordsPerClass(20);
        try (Svm svm = Svm.train(text, label, plain); Keyword keyword = Keyword.train(text, label, few);
            Hybrid hybrid = Hybrid.train(text, label, new Hybrid.Options().keyword(few).svm(new Svm.Options().cost(1)));
            Tokenizer tokenizer = Tokenizer.standard()) {
            put("svm.model", svm.toBytes());
            put("svm.margins", svm.predict(text, new Svm.PredictOptions()).margins());
            put("keyword.model", keyword.toBytes());
            put("keyword.txt", keyword.text().getBytes(StandardCharsets.UTF_8));
            put("keyword.scores", keyword.predict(text, new Keyword.PredictOptions()).scores());
            put("hybrid.model", hybrid.toBytes());
            List<Integer> numbers = new ArrayList<>();
            List<List<Tokenizer.Span>> all = tokenizer.split(said, 2);
            for (int i = 0; i < 240; i++) {
                assertEquals(all.get(i), tokenizer.split(said.get(i)));
                for (Tokenizer.Span span : all.get(i)) {
                    numbers.add(said.get(i).substring(0, span.start()).getBytes(StandardCharsets.UTF_8).length);
                    numbers.add(span.in(said.get(i)).getBytes(StandardCharsets.UTF_8).length);
                    numbers.add(span.kind().ordinal() + 1);
                }
            }
            put("tokenizer.spans", numbers.stream().mapToInt(Integer::intValue).toArray());
        }
    }

    private void sales() throws Exception {
        String[] who = new String[600];
        int[] days = new int[600];
        long[] amounts = new long[600];
        for (int i = 0; i < 600; i++) {
            who[i] = "c" + i * 37 % 50;
            days[i] = 19000 + i * 53 % 365;
            amounts[i] = i * 7919 % 100000 - 2000;
        }
        List<Column> columns = List.of(Column.of("customer", who), Column.ofDates("day", days), Column.of("amount", amounts));
        RfmBase.Batch batch = new RfmBase.Batch(columns.get(0), columns.get(1), columns.get(2));
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        try (Table table = Table.of(columns); RfmBase base = RfmBase.of(AS_OF, new RfmBase.Options());
            ClvBase buys = ClvBase.of(AS_OF, new ClvBase.Options()); Segments grid = Segments.of(Segments.builtin("rfm_grid"));
            Clv clv = Clv.of(Clv.Kind.BG_NBD, .243, 4.414, .793, 2.426)) {
            table.writeJson(json, new Table.WriteOptions());
            put("csv.json", json.toByteArray());
            base.add(batch);
            put("rfm.base", base.toBytes());
            Customers customers = base.finish();
            try (Rfm rfm = Rfm.fit(customers, new Rfm.Options().threads(2))) {
                put("rfm.model", rfm.toBytes());
                put("rfm.grades", rfm.grade(customers));
                put("segments.codes", grid.assign(rfm, customers, List.of()));
            }
            buys.add(batch);
            put("clv.alive", clv.alive(buys.finish()));
        }
    }

    private void columns() throws Exception {
        double[] tenure = new double[400];
        double[] spend = new double[400];
        String[] plan = new String[400];
        String[] target = new String[400];
        String[] observed = new String[400];
        long[] starts = new long[401];
        int[] at = new int[800];
        float[] values = new float[800];
        int[] signs = new int[400];
        int n = 0;
        for (int i = 0; i < 400; i++) {
            tenure[i] = i * 37 % 61;
            spend[i] = i % 11 == 0 ? Double.NaN : i * 7919 % 10007 / 16.0;
            plan[i] = "abc".substring(i % 3, i % 3 + 1);
            target[i] = tenure[i] < 20 || i % 17 == 0 ? "yes" : "no";
            observed[i] = i % 4 == 0 ? null : target[i];
            float[] row = {(float) tenure[i], i % 3};
            for (int j = 0; j < 2; j++) {
                if (row[j] != 0) {
                    at[n] = j;
                    values[n++] = row[j];
                }
            }
            starts[i + 1] = n;
            signs[i] = target[i].equals("yes") ? 1 : -1;
        }
        List<Column> all = List.of(Column.of("tenure", tenure), Column.of("spend", spend), Column.of("plan", plan));
        Tree.Options small = new Tree.Options().maxLeaves(8).folds(2).threads(2);
        try (Tree tree = Tree.train(all, Column.of("target", target), small)) {
            double[] scores = tree.score(all);
            put("tree.model", tree.toBytes());
            put("tree.scores", scores);
            try (Levels levels = Levels.fit(scores, 2, new Levels.Options().mode(Levels.Mode.QUANTILE))) {
                put("levels.model", levels.toBytes());
            }
            for (int i = 0; i < 3; i++) {
                double[] row = tree.scoreRow(tenure[i], spend[i], plan[i]);
                assertArrayEquals(new double[] {scores[2 * i], scores[2 * i + 1]}, row);
            }
        }
        try (Preference preference = Preference.train(all, Column.of("target", observed), null, new Preference.Options().tree(small))) {
            put("preference.model", preference.toBytes());
        }
        try (Linear linear = Linear.train(new Linear.Rows(2, starts, at, values), signs, new Linear.Options().cost(1))) {
            put("linear.model", linear.toBytes());
        }
    }

    @Test
    void allResultsAreTheLibrarysBytes() throws Exception {
        texts();
        sales();
        columns();
        Map<String, String> wanted = new TreeMap<>();
        Matcher entry = Pattern.compile("\"([a-z.]+)\": \"([0-9a-f]{64})\"").matcher(Files.readString(Path.of("../golden.json")));
        while (entry.find()) {
            wanted.put(entry.group(1), entry.group(2));
        }
        assertEquals(wanted, found);
    }
}
