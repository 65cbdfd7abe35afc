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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.kehu.RfmBase;
import org.kehu.Segments;
import org.kehu.Svm;

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
        fails("no column age", () -> KehuSpark.score(texts(1), Samples.tree(Samples.customers()), false));
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
        spark.createDataFrame(Samples.sales(), Samples.SALES).write().parquet(folder.resolve("sales").toString());
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dspark.master=local[2]", "-Dspark.app.name=readme", "-Dspark.ui.enabled=false",
            "-Dspark.sql.parquet.compression.codec=uncompressed", "-cp", System.getProperty("java.class.path")));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(a -> a.startsWith("--add-")).forEach(command::add);
        command.add(source.toString());
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
        assertEquals(texts(1).count(), spark.read().json(folder.resolve("answers").toString()).where("class IS NOT NULL").count());
        assertEquals(gradedHere(Samples.sales(), false, Segments.builtin("rfm_grid"), RfmBase.Returns.NET),
            rows(spark.read().parquet(folder.resolve("customers").toString()), "customer", "customer", "recency_days", "orders", "spend", "R", "F", "M",
                "segment"));
    }
}
