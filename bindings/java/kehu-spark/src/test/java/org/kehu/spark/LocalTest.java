package org.kehu.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Date;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.kehu.Column;
import org.kehu.Keyword;
import org.kehu.Preference;
import org.kehu.RfmBase;
import org.kehu.Segments;
import org.kehu.Svm;
import org.kehu.Tree;

class LocalTest extends Same {
    @BeforeAll
    void start() {
        spark = Cluster.local(SparkSession.builder().master("local[2]")).getOrCreate();
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    static void fails(String message, Executable job) {
        Exception e = assertThrows(Exception.class, job);
        assertTrue(e.toString().contains(message), e.toString());
    }

    @Test
    void columnsThatDoNotFit() {
        Svm svm = Samples.svm(Samples.texts());
        fails("the frame has no column note, there are id, label, text", () -> KehuSpark.classify(texts(1), svm, "note"));
        fails("column id is int, expected string", () -> KehuSpark.classify(texts(1), svm, "id"));
        fails("the frame has a column class already", () -> KehuSpark.classify(texts(1).withColumnRenamed("label", "class"), svm, "text"));
        Keyword keyword = Keyword.train(Column.of(null, Samples.column(Samples.texts(), 2)), Column.of(null, Samples.column(Samples.texts(), 1)),
            new Keyword.Options());
        List<Function<String, Dataset<Row>>> calls = List.of(column -> KehuSpark.keywords(texts(1), keyword, column),
            column -> KehuSpark.tokenize(texts(1), column), column -> SparkTrain.countTerms(texts(1), "label", column));
        for (Function<String, Dataset<Row>> call : calls) {
            fails("no column note", () -> call.apply("note"));
            fails("column id is int, expected string", () -> call.apply("id"));
        }
    }

    @Test
    void featuresThatDoNotFit() {
        List<Row> rows = Samples.customers();
        Dataset<Row> customers = spark.createDataFrame(rows, Samples.CUSTOMERS);
        Tree tree = Samples.tree(rows);
        Preference preference = Samples.preference(rows);
        for (Function<Dataset<Row>, Dataset<Row>> call : List.<Function<Dataset<Row>, Dataset<Row>>>of(df -> KehuSpark.score(df, tree, false),
            df -> KehuSpark.preference(df, preference, false))) {
            fails("no column age, there are id, channel, spend", () -> call.apply(customers.drop("age")));
            fails("column age is array<bigint>, expected numbers", () -> call.apply(customers.withColumn("age", functions.array(functions.col("age")))));
            fails("column age is UTF8, the tree was trained on numbers",
                () -> call.apply(customers.withColumn("age", functions.lit("old"))).collectAsList());
        }
        fails("no column plan", () -> SparkTrain.trainTree(customers, "channel", List.of("plan"), null, 9, new Tree.Options()));
        fails("column spend is double, expected string, whole numbers or truth values",
            () -> SparkTrain.trainTree(customers, "spend", List.of("age"), null, 9, new Tree.Options()));
        fails("the columns age, channel have more than maxGroups, 9, different rows",
            () -> SparkTrain.trainTree(customers, "channel", List.of("age"), null, 9, new Tree.Options()));
    }

    @Test
    void countsThatDoNotFit() {
        Dataset<Row> counts = spark.createDataFrame(List.of(count("a", null, 8), count("b", null, 18), count("a", "x", 7), count("b", "x", 1),
            count("b", "y", 9), count("a", "rare", 2)), DataTypes.createStructType(List.of(Frames.field("class", DataTypes.StringType),
                Frames.field("term", DataTypes.StringType), Frames.field("texts", DataTypes.LongType))));
        Keyword model = SparkTrain.trainKeywords(counts, 50, 3); // the same as in Python
        assertEquals("[a x 100, a y -77, b x -100, b y 77]", model.lines().stream().map(line -> model.classNames().get(line.classNumber()) + " "
            + line.keyword() + " " + line.weight()).toList().toString());
        assertEquals(List.of(-39, 39), List.of(model.bias(0), model.bias(1)));
        fails("the counts are of 1 classes", () -> SparkTrain.trainKeywords(counts.where("class = 'a'"), 50, 3));
        fails("no term tells the classes apart", () -> SparkTrain.trainKeywords(counts.where("term IS NULL"), 50, 3));
        fails("minDf is 0", () -> SparkTrain.trainKeywords(counts, 50, 0));
        fails("no column texts", () -> SparkTrain.trainKeywords(counts.drop("texts"), 50, 3));
        Dataset<Row> texts = texts(1).withColumn("label", functions.lit(null).cast("string"));
        fails("column label: a text has no class", () -> SparkTrain.countTerms(texts, "label", "text").collectAsList());
    }

    private static Row count(String name, String term, long texts) {
        return RowFactory.create(name, term, texts);
    }

    @Test
    void extremeAmounts() {
        List<Row> sales = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String customer = String.format("c%02d", i);
            sales.add(RowFactory.create(customer, Date.valueOf(LocalDate.of(2024, 1, 1 + i % 28)), (i % 2 == 0 ? 1 : -1) * (1L << i), null));
            sales.add(RowFactory.create(customer, Date.valueOf(Samples.AS_OF), 1L << 40, null));
        }
        Dataset<Row> found = SparkRfm.rfm(spark.createDataFrame(sales, Samples.SALES), "customer", "day", "amount", Samples.AS_OF,
            new SparkRfm.Options()).customers();
        assertEquals(gradedHere(sales, false, Segments.builtin("rfm_grid"), RfmBase.Returns.NET),
            rows(found, "customer", "customer", "recency_days", "orders", "spend", "R", "F", "M", "segment"));
    }

    @Test
    void transactionsThatDoNotFit() {
        Dataset<Row> sales = spark.createDataFrame(Samples.sales(), Samples.SALES);
        SparkRfm.Options options = new SparkRfm.Options();
        fails("column order is string, expected whole numbers", () -> SparkRfm.rfm(sales, "customer", "day", "order", Samples.AS_OF, options));
        fails("column amount is bigint, expected date or timestamp", () -> SparkRfm.rfm(sales, "customer", "amount", "amount", Samples.AS_OF, options));
        fails("after as_of_day 19727", () -> SparkRfm.rfm(sales, "customer", "day", "amount", LocalDate.of(2024, 1, 5), options));
        for (Row row : List.of(RowFactory.create("c1", null, 5L, "o"), RowFactory.create("c1", Date.valueOf(Samples.AS_OF), null, "o"))) {
            Dataset<Row> bad = sales.union(spark.createDataFrame(List.of(row), Samples.SALES));
            fails(row.isNullAt(1) ? "column day: a row has no time" : "column amount: a row has no amount",
                () -> SparkRfm.rfm(bad, "customer", "day", "amount", Samples.AS_OF, options));
        }
        fails("no purchase in the window", () -> SparkRfm.rfm(sales.where("amount < 0"), "customer", "day", "amount", Samples.AS_OF, options));
    }

    @Test
    void theReadmesProgramRuns(@TempDir Path folder) throws Exception {
        String readme = Files.readString(Path.of("../../../examples/spark/README.md"));
        Matcher program = Pattern.compile("^```java\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE).matcher(readme);
        assertTrue(program.find());
        Path source = Files.writeString(folder.resolve("Main.java"), program.group(1).replace("/shared/", folder + "/"));
        Samples.svm(Samples.texts()).save(folder.resolve("demands.svm"));
        texts(2).write().json(folder.resolve("incoming").toString());
        texts(2).write().json(folder.resolve("labelled").toString());
        spark.createDataFrame(Samples.sales(), Samples.SALES).write().parquet(folder.resolve("sales").toString());
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dspark.master=local[2]", "-Dspark.app.name=readme", "-Dspark.ui.enabled=false",
            "-Dspark.sql.parquet.compression.codec=uncompressed", "-cp", System.getProperty("java.class.path")));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(a -> a.startsWith("--add-")).forEach(command::add);
        command.add(source.toString());
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
        assertEquals(List.of("bill", "network"), Keyword.loadText(folder.resolve("keywords.txt")).classNames());
        assertEquals(texts(1).count(), spark.read().json(folder.resolve("answers").toString()).where("class IS NOT NULL").count());
        assertEquals(gradedHere(Samples.sales(), false, Segments.builtin("rfm_grid"), RfmBase.Returns.NET),
            rows(spark.read().parquet(folder.resolve("customers").toString()), "customer", "customer", "recency_days", "orders", "spend", "R", "F", "M",
                "segment"));
    }
}
