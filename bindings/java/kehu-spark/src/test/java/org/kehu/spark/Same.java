package org.kehu.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kehu.Column;
import org.kehu.Customers;
import org.kehu.Hybrid;
import org.kehu.Keyword;
import org.kehu.Preference;
import org.kehu.Rfm;
import org.kehu.RfmBase;
import org.kehu.Segments;
import org.kehu.Svm;
import org.kehu.Tokenizer;
import org.kehu.Tree;

/** What one process gives, to the bit, for any partitioning. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class Same {
    SparkSession spark;

    static List<List<Object>> rows(Dataset<Row> frame, String by, String... names) {
        List<List<Object>> found = new ArrayList<>();
        for (Row row : frame.orderBy(by).collectAsList()) {
            List<Object> values = new ArrayList<>();
            for (String name : names) {
                Object value = row.getAs(name);
                values.add(value instanceof scala.collection.Seq<?> list ? scala.jdk.javaapi.CollectionConverters.asJava(list) : value);
            }
            found.add(values);
        }
        return found;
    }

    Dataset<Row> texts(int partitions) {
        return spark.createDataFrame(Samples.texts(), Samples.TEXTS).repartition(partitions);
    }

    static List<List<Object>> classified(Svm svm, List<Row> texts) {
        Svm.Predictions found = svm.predict(Column.of(null, Samples.column(texts, 2)), new Svm.PredictOptions());
        List<List<Object>> want = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            want.add(List.of(svm.classNames().get(found.classes()[i]), Math.max(found.probabilities()[2 * i], found.probabilities()[2 * i + 1])));
        }
        return want;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void classes(int partitions) {
        Svm svm = Samples.svm(Samples.texts());
        Dataset<Row> found = KehuSpark.classify(texts(partitions), svm, "text");
        assertEquals(classified(svm, Samples.texts()), rows(found, "id", "class", "probability"));
        assertEquals(Samples.texts().stream().map(row -> Arrays.asList(row.get(1), row.get(2))).toList(), rows(found, "id", "label", "text"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void termsKeywordsAndWords(int partitions) {
        List<String> given = Samples.column(Samples.texts(), 2).stream().map(t -> t == null ? "" : t).toList();
        Svm svm = Samples.svm(Samples.texts());
        assertEquals(given.stream().map(t -> List.<Object>of(svm.explain(t, -1, 2).reasons().stream().map(Svm.Reason::term).toList())).toList(),
            rows(KehuSpark.classify(texts(partitions), svm, "text", 2), "id", "terms"));
        Keyword keyword = Keyword.train(given, Samples.column(Samples.texts(), 1));
        Keyword.Predictions answers = keyword.predict(Column.of(null, given), new Keyword.PredictOptions());
        assertEquals(IntStream.range(0, given.size()).mapToObj(i -> Arrays.<Object>asList(answers.classes()[i] < 0 ? null
            : keyword.classNames().get(answers.classes()[i]), answers.probabilities()[i],
            keyword.explain(given.get(i), -1).stream().map(Keyword.Match::keyword).toList())).toList(),
            rows(KehuSpark.keywords(texts(partitions), keyword, "text"), "id", "class", "probability", "keywords"));
        Tokenizer words = Tokenizer.readWords("网速太慢 10\n网速 10\n太慢 10\n宽带断了 10\n宽带 10\n", new Tokenizer.Options().mode(Tokenizer.Mode.SEARCH));
        List<List<Object>> want = given.stream().map(t -> List.<Object>of(words.split(t).stream().map(s -> s.in(t)).toList())).toList();
        assertTrue(want.stream().anyMatch(w -> w.toString().contains("网速太慢, 网速")));
        assertEquals(want, rows(KehuSpark.tokenize(texts(partitions), words, Tokenizer.Mode.SEARCH, "text"), "id", "words"));
        Tokenizer own = Tokenizer.standard();
        assertEquals(given.stream().map(t -> List.<Object>of(own.split(t).stream().map(s -> s.in(t)).toList())).toList(),
            rows(KehuSpark.tokenize(texts(partitions), "text"), "id", "words"));
    }

    @Test
    void modelsOfTwoKindsAndWithATokenizer() {
        List<String> given = Samples.column(Samples.texts(), 2);
        Column labels = Column.of(null, Samples.column(Samples.texts(), 1));
        Hybrid hybrid = Hybrid.train(Column.of(null, given), labels, new Hybrid.Options().svm(new Svm.Options().cost(1)));
        Hybrid.Predictions answers = hybrid.predict(Column.of(null, given), new Hybrid.PredictOptions());
        assertEquals(IntStream.range(0, given.size()).mapToObj(i -> List.<Object>of(hybrid.classNames().get(answers.classes()[i]),
            answers.probabilities()[i])).toList(), rows(KehuSpark.classify(texts(7), hybrid, "text"), "id", "class", "probability"));
        Tokenizer words = Tokenizer.readWords("网速 10\n宽带 10\n", new Tokenizer.Options().mode(Tokenizer.Mode.SEARCH));
        Svm svm = Svm.train(Column.of(null, given), labels, new Svm.Options().cost(1).tokenizer(words));
        assertEquals(classified(svm, Samples.texts()),
            rows(KehuSpark.classify(texts(2), svm, words, Tokenizer.Mode.SEARCH, "text", 0), "id", "class", "probability"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void scoresAndPreferences(int partitions) {
        List<Row> customers = Samples.customers();
        Dataset<Row> frame = spark.createDataFrame(customers, Samples.CUSTOMERS).repartition(partitions);
        Tree tree = Samples.tree(customers);
        List<Column> columns = Samples.columns(customers);
        double[] scores = tree.score(columns);
        List<List<Object>> want = new ArrayList<>();
        for (int i = 0; i < customers.size(); i++) {
            int best = scores[2 * i + 1] > scores[2 * i] ? 1 : 0;
            want.add(List.of(scores[2 * i], scores[2 * i + 1], tree.explain(columns, i, best).steps().stream().map(Tree.Step::condition).toList()));
        }
        assertEquals(want, rows(KehuSpark.score(frame, tree, true), "id", "probability_0", "probability_1", "reasons"));
        Preference preference = Samples.preference(customers);
        Preference.Scores found = preference.score(columns, 0);
        want.clear();
        for (int i = 0; i < customers.size(); i++) {
            int best = found.probabilities()[2 * i + 1] > found.probabilities()[2 * i] ? 1 : 0;
            List<String> told = new ArrayList<>();
            preference.fired(columns, i).forEach(rule -> told.add(rule.text()));
            preference.tree().explain(columns, i, best).steps().forEach(step -> told.add(step.condition()));
            want.add(List.of(preference.classNames().get(best), found.probabilities()[2 * i + best],
                preference.levels().names().get(found.levels()[2 * i + best]), told));
        }
        assertEquals(want, rows(KehuSpark.preference(frame, preference, true), "id", "class", "probability", "level", "reasons"));
    }

    private static final String WORDS = "话费 10\n网速 10\n宽带 10\n断网 10\n多扣 10\n账单 10\n信号 10\n扣错 10\n扣费 10\n";

    private static Map<List<String>, Long> counted(Dataset<Row> counts) {
        return counts.collectAsList().stream().collect(Collectors.toMap(row -> Arrays.asList(row.getString(0), row.getString(1)), row -> row.getLong(2)));
    }

    private static Map<List<String>, Long> countedHere(Function<String, Stream<String>> terms) {
        Map<List<String>, Long> want = new HashMap<>();
        for (Row row : Samples.texts()) {
            want.merge(Arrays.asList(row.getString(1), null), 1L, Long::sum);
            terms.apply(row.isNullAt(2) ? "" : row.getString(2)).distinct().forEach(term -> want.merge(List.of(row.getString(1), term), 1L, Long::sum));
        }
        return want;
    }

    @Test
    void keywordsFromCounts() {
        Tokenizer words = Tokenizer.readWords(WORDS, new Tokenizer.Options());
        Map<List<String>, Long> want = countedHere(t -> words.split(t).stream().map(span -> span.in(t)).filter(w -> w.matches("[\\p{L}\\p{N}]+")));
        assertTrue(want.size() > 12);
        Set<String> lists = new HashSet<>();
        for (int partitions : new int[] {1, 2, 7, 64}) {
            Dataset<Row> counts = SparkTrain.countTerms(texts(partitions), "label", "text", words, Tokenizer.Mode.WORDS).cache();
            assertEquals(want, counted(counts));
            lists.add(SparkTrain.trainKeywords(counts, 20, 3).text());
            counts.unpersist();
        }
        Dataset<Row> odd = SparkTrain.countTerms(texts(2).where("id % 2 = 1"), "label", "text", words, Tokenizer.Mode.WORDS);
        Dataset<Row> even = SparkTrain.countTerms(texts(3).where("id % 2 = 0"), "label", "text", words, Tokenizer.Mode.WORDS);
        lists.add(SparkTrain.trainKeywords(odd.union(even), 20, 3).text());
        assertEquals(1, lists.size());
        Keyword list = Keyword.readText(lists.iterator().next());
        assertEquals(countedHere(t -> list.words().stream().filter(t::contains)), counted(SparkTrain.countTerms(texts(3), "label", "text", list)));
    }

    @Test
    void aTreeOfCountsIsTheTreeOfTheRows() throws IOException {
        List<Row> rows = Samples.leavers();
        Dataset<Row> frame = spark.createDataFrame(rows, Samples.LEAVERS);
        List<String> features = List.of("age", "plan");
        long[] keys = frame.orderBy("id").selectExpr("pmod(xxhash64(id), 64L)").collectAsList().stream().mapToLong(row -> row.getLong(0)).toArray();
        boolean[] gone = new boolean[rows.size()];
        IntStream.range(0, gone.length).forEach(i -> gone[i] = rows.get(i).getBoolean(3));
        List<Column> columns = List.of(Column.ofNullable("age", rows.stream().map(r -> (Long) r.get(1)).toArray(Long[]::new)),
            Column.of("plan", Samples.column(rows, 2)));
        Tree want = Tree.train(columns, Column.of(null, gone), Column.of(null, keys), null, new Tree.Options().maxLeaves(64));
        Set<String> bytes = new HashSet<>();
        for (int partitions : new int[] {1, 2, 7, 64}) {
            Tree found = SparkTrain.trainTree(frame.repartition(partitions), "gone", features, "id", SparkTrain.MAX_GROUPS, new Tree.Options().maxLeaves(64));
            bytes.add(HexFormat.of().formatHex(found.toBytes()));
            ByteArrayOutputStream ours = new ByteArrayOutputStream();
            ByteArrayOutputStream theirs = new ByteArrayOutputStream();
            found.writeRules(ours);
            want.writeRules(theirs);
            assertEquals(theirs.toString(), ours.toString());
            assertTrue(found.leafCount() > 3);
            assertEquals(rows.size(), found.info().weight());
            assertArrayEquals(want.score(columns), found.score(columns));
        }
        assertEquals(1, bytes.size());
        assertEquals(List.of("false", "true"), SparkTrain.trainTree(frame, "gone", features, null, 100, new Tree.Options()).classNames());
    }

    /** Each executor maps a model once, for all its tasks, and never writes to it. */
    @Test
    void anExecutorHasOneModel() {
        Svm svm = Samples.svm(Samples.texts());
        Shipped<Svm> shipped = new Shipped<>(spark, "svm", files -> Svm.map(files.get(0), null), svm.toBytes());
        MapPartitionsFunction<Row, String> look = rows -> {
            int model = System.identityHashCode(shipped.open());
            rows.forEachRemaining(row -> {});
            List<String> maps = Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1).stream()
                .filter(line -> line.contains("/kehu-") && line.contains(".model")).toList();
            boolean isRead = !maps.isEmpty() && maps.stream().allMatch(line -> line.contains(" r--"));
            return List.of(ProcessHandle.current().pid() + " " + model + " " + isRead).iterator();
        };
        List<String> seen = texts(8).mapPartitions(look, Encoders.STRING()).distinct().collectAsList();
        assertEquals(seen.size(), seen.stream().map(s -> s.split(" ")[0]).distinct().count(), seen.toString());
        assertTrue(seen.stream().allMatch(s -> s.endsWith(" true")), seen.toString());
    }

    @Test
    void aModelThatDoesNotArriveWholeIsTold() {
        byte[] bytes = Samples.svm(Samples.texts()).toBytes();
        Shipped<Svm> cut = new Shipped<>(spark, "svm", files -> Svm.map(files.get(0), null), Arrays.copyOf(bytes, bytes.length / 2));
        MapPartitionsFunction<Row, String> open = rows -> List.of(cut.open().toString()).iterator();
        LocalTest.fails("org.kehu.KehuException$Format: ", () -> texts(1).mapPartitions(open, Encoders.STRING()).collectAsList());
    }

    /** What RfmBase, Rfm and Segments of one process give. */
    static List<List<Object>> gradedHere(List<Row> sales, boolean order, String rules, RfmBase.Returns returns) {
        try (RfmBase base = RfmBase.of(Samples.AS_OF, new RfmBase.Options().returns(returns))) {
            base.add(new RfmBase.Batch(Column.of(null, Samples.column(sales, 0)),
                Column.of(null, sales.stream().map(r -> r.getDate(1).toLocalDate()).toArray(java.time.LocalDate[]::new)),
                Column.of(null, sales.stream().mapToLong(r -> r.getLong(2)).toArray()), order ? Column.of(null, Samples.column(sales, 3)) : null, null, null));
            Customers found = base.finish();
            Rfm rfm = Rfm.fit(found, new Rfm.Options());
            byte[] grades = rfm.grade(found);
            Segments table = Segments.of(rules);
            int[] segments = table.assign(rfm, found, List.of());
            return IntStream.range(0, found.count()).mapToObj(i -> List.<Object>of(found.names()[i], found.recencyDays()[i], found.orders()[i],
                found.spend()[i], grades[3 * i], grades[3 * i + 1], grades[3 * i + 2], table.names().get(segments[i]))).toList();
        }
    }

    private void gradedSame(int partitions, boolean order, String rules, RfmBase.Returns returns) {
        Dataset<Row> frame = spark.createDataFrame(Samples.sales(), Samples.SALES).repartition(partitions);
        SparkRfm.Graded found = SparkRfm.rfm(frame, "customer", "day", "amount", Samples.AS_OF,
            new SparkRfm.Options().order(order ? "order" : null).rules(rules).returns(returns));
        assertEquals(gradedHere(Samples.sales(), order, rules, returns),
            rows(found.customers(), "customer", "customer", "recency_days", "orders", "spend", "R", "F", "M", "segment"));
        found.sums().unpersist();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void grades(int partitions) {
        gradedSame(partitions, true, Segments.builtin("rfm_grid"), RfmBase.Returns.NET);
    }

    @Test
    void gradesByRulesOnValuesAndOtherReturns() {
        gradedSame(3, false, "Big: spend >= 500000000 and R >= 3\nSeldom: orders <= 4\nOthers: otherwise\n", RfmBase.Returns.COUNT);
        gradedSame(3, false, Segments.builtin("rfm_intervals"), RfmBase.Returns.DROP);
    }
}
