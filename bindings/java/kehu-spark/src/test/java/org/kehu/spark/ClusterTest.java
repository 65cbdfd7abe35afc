package org.kehu.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.kehu.Svm;

class ClusterTest extends Same {
    private Cluster cluster;

    @BeforeAll
    void start() throws Exception {
        cluster = new Cluster();
        spark = cluster.session("");
    }

    @AfterAll
    void stop() throws Exception {
        spark.stop();
        cluster.close();
    }

    @Test
    void anExecutorThatDiesChangesNothing() throws Exception {
        String died = Files.createTempDirectory("kehu").resolve("died").toString();
        Svm svm = Samples.svm(Samples.texts());
        FilterFunction<Row> dieOnce = row -> {
            if (row.getInt(0) == 100 && !Files.exists(Path.of(died))) {
                Files.createFile(Path.of(died));
                Runtime.getRuntime().halt(9);
            }
            return true;
        };
        Dataset<Row> found = KehuSpark.classify(texts(4).filter(dieOnce), svm, "text");
        assertEquals(classified(svm, Samples.texts()), rows(found, "id", "class", "probability"));
        assertTrue(Files.exists(Path.of(died)));
    }

    @Test
    void aWorkerWithoutTheLibraryIsTold() {
        spark.stop();
        Svm svm = Samples.svm(Samples.texts());
        try {
            spark = cluster.session("-Dkehu.native=/nowhere/libkehu_jni.so");
            LocalTest.fails("the native library of kehu cannot be loaded on this worker: Can't load library: /nowhere/libkehu_jni.so",
                () -> KehuSpark.classify(texts(1), svm, "text").collectAsList());
        } finally {
            spark.stop();
            spark = cluster.session("");
        }
    }

    @Test
    void everyExecutorHasTheLibraryOfTheJar() {
        Dataset<Row> found = KehuSpark.classify(texts(8), Samples.svm(Samples.texts()), "text");
        MapPartitionsFunction<Row, String> where = rows -> {
            rows.forEachRemaining(row -> {});
            return List.of(org.kehu.Kehu.nativeLibrary().getFileName().toString()).iterator();
        };
        List<String> libraries = found.mapPartitions(where, Encoders.STRING()).distinct().collectAsList();
        assertTrue(libraries.size() == 1 && libraries.get(0).startsWith("libkehu_jni-"), libraries.toString());
    }
}
