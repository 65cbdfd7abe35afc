package org.kehu.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.xxhash64;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.kehu.Keyword;
import org.kehu.Tokenizer;
import org.kehu.Tree;

/**
 * Learning from counts, inside Apache Spark: Spark adds up whole numbers, the driver learns from the sums, so what it learns
 * does not depend on how the rows lie.
 */
public final class SparkTrain {
    /** Different rows that trainTree lets the driver have. */
    public static final int MAX_GROUPS = 5_000_000;

    private static final StructType COUNTS = DataTypes.createStructType(List.of(Frames.field("class", DataTypes.StringType),
        Frames.field("term", DataTypes.StringType), Frames.field("texts", DataTypes.LongType)));

    private SparkTrain() {}

    // Keywords

    /**
     * In how many texts of a class a word of the built-in dictionary is.
     *
     * @param df with labelled texts
     * @param label column of classes, text or whole numbers; a text without one fails the job
     * @param text column of texts
     * @return class, term, texts; a missing term stands for all texts of the class
     */
    public static Dataset<Row> countTerms(Dataset<Row> df, String label, String text) {
        return count(df, label, text, new Shipped<>(df.sparkSession(), "words", files -> Tokenizer.standard()), SparkTrain::words);
    }

    /**
     * In how many texts of a class a word is: without case and width, and without those that have other characters than
     * letters and digits. Counts of parts (days, shops) may be kept and put together by union.
     *
     * @param df with labelled texts
     * @param label column of classes, text or whole numbers; a text without one fails the job
     * @param text column of texts
     * @param words whose words they are
     * @param mode how to split
     * @return class, term, texts; a missing term stands for all texts of the class
     */
    public static Dataset<Row> countTerms(Dataset<Row> df, String label, String text, Tokenizer words, Tokenizer.Mode mode) {
        Shipped<Tokenizer> shipped = new Shipped<>(df.sparkSession(), "words " + mode, files ->
            Tokenizer.load(files.get(0), new Tokenizer.Options().mode(mode)), words.toBytes());
        return count(df, label, text, shipped, SparkTrain::words);
    }

    /**
     * In how many texts of a class a keyword is, inside of words too.
     *
     * @param df with labelled texts
     * @param label column of classes, text or whole numbers; a text without one fails the job
     * @param text column of texts
     * @param list whose keywords they are
     * @return class, term, texts; a missing term stands for all texts of the class
     */
    public static Dataset<Row> countTerms(Dataset<Row> df, String label, String text, Keyword list) {
        Shipped<Keyword> shipped = new Shipped<>(df.sparkSession(), "keyword", files -> Keyword.load(files.get(0)), list.toBytes());
        return count(df, label, text, shipped, (keyword, texts) -> texts.stream().map(given -> keyword.match(given, 0).stream()
            .map(match -> keyword.words().get(match.word())).collect(Collectors.toSet())).toList());
    }

    private static <M> Dataset<Row> count(Dataset<Row> df, String label, String text, Shipped<M> model, Terms.In<M> terms) {
        Frames.checkText(df, text);
        Frames.check(df, label, "string or whole numbers", Frames::isKey);
        MapPartitionsFunction<Row, Row> run = rows -> new Terms<>(rows, model.open(), terms, label);
        return summed(df.select(Frames.col(label).cast("string"), Frames.col(text)).mapPartitions(run, Encoders.row(COUNTS)));
    }

    private static Dataset<Row> summed(Dataset<Row> counts) {
        return counts.groupBy("class", "term").agg(sum("texts").as("texts"));
    }

    private static List<Set<String>> words(Tokenizer words, List<String> texts) {
        List<String> folded = texts.stream().map(SparkTrain::folded).toList();
        List<List<Tokenizer.Span>> spans = words.split(folded, 0);
        return IntStream.range(0, folded.size()).mapToObj(i -> spans.get(i).stream().map(span -> span.in(folded.get(i)))
            .filter(word -> word.codePoints().allMatch(SparkTrain::isLetterOrDigit)).collect(Collectors.toSet())).toList();
    }

    /** Without width and case: ß is ss, and a sigma at the end of a word is like any other. */
    private static String folded(String text) {
        int[] folded = Normalizer.normalize(text, Normalizer.Form.NFKC).toUpperCase(Locale.ROOT).codePoints().map(Character::toLowerCase).toArray();
        return new String(folded, 0, folded.length);
    }

    private static boolean isLetterOrDigit(int c) {
        int type = Character.getType(c);
        return Character.isLetterOrDigit(c) || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
    }

    /**
     * A keyword list from what countTerms counted, in one part or more, without the texts. Its weights are those of naive
     * Bayes, so probabilities come out too sure: Keyword.train with this list as base learns them anew on a sample. A list
     * finds its keywords inside of longer words too: count once more, by this list, for weights that know it.
     *
     * @param counts class, term, texts
     * @param keywordsPerClass those terms whose presence tells most (G-squared) about a class that they are more frequent in
     * @param minDf texts that a keyword must be in
     * @return the list
     */
    public static Keyword trainKeywords(Dataset<Row> counts, int keywordsPerClass, int minDf) {
        Frames.checkText(counts, "class");
        Frames.checkText(counts, "term");
        Frames.check(counts, "texts", "whole numbers", Frames::isWhole);
        if (keywordsPerClass < 1 || minDf < 1) {
            throw new IllegalArgumentException("keywordsPerClass is " + keywordsPerClass + ", minDf is " + minDf + ", expected 1 or more");
        }
        Dataset<Row> summed = summed(counts).cache();
        TreeMap<String, Long> totals = new TreeMap<>(NaiveBayes.BY_BYTES);
        summed.where("term IS NULL").collectAsList().forEach(row -> totals.put(row.getAs("class"), row.getAs("texts")));
        if (totals.size() < 2) {
            throw new IllegalArgumentException("the counts are of " + totals.size() + " classes, expected two or more");
        }
        Dataset<Row> often = summed.where("term IS NOT NULL").groupBy("term").agg(sum("texts").as("df")).where(col("df").geq(minDf));
        Map<String, Map<String, Long>> byTerm = new HashMap<>();
        summed.join(often, "term").collectAsList().forEach(row -> byTerm.computeIfAbsent(row.getAs("term"), term -> new HashMap<>())
            .put(row.getAs("class"), row.getAs("texts")));
        summed.unpersist();
        return Keyword.readText(new NaiveBayes(totals, byTerm).list(keywordsPerClass));
    }

    // Trees

    /**
     * A tree from counts: Spark counts equal rows, the driver learns from each with its count as weight. Its splits, leaves
     * and probabilities are those that all rows would have given one process with the same fold keys.
     *
     * @param df with the columns
     * @param target column of text, whole numbers or truth values
     * @param features columns of few different values: categories, bands, counts; round others first
     * @param rowId rows are folded for cross-validation by this column, in 64 groups; null: rows of equal features share a fold
     * @param maxGroups different rows that the driver may get; more fail
     * @param options how
     * @return the tree
     */
    public static Tree trainTree(Dataset<Row> df, String target, List<String> features, String rowId, int maxGroups, Tree.Options options) {
        DataType classes = Frames.check(df, target, "string, whole numbers or truth values", type -> Frames.isKey(type) || type instanceof BooleanType);
        Frames.checkFeatures(df, features);
        List<Column> columns = new ArrayList<>(features.stream().map(Frames::col).toList());
        Column[] hashed = columns.toArray(Column[]::new);
        columns.add(classes instanceof BooleanType ? Frames.col(target).cast("string") : Frames.col(target));
        if (rowId == null) {
            columns.add(xxhash64(hashed));
        } else {
            Frames.check(df, rowId, "any type", type -> true);
            columns.add(pmod(xxhash64(Frames.col(rowId)), lit(64)));
        }
        Column[] named = IntStream.range(0, columns.size()).mapToObj(i -> columns.get(i).as("c" + i)).toArray(Column[]::new);
        Dataset<Row> equal = df.select(named);
        StructType schema = equal.schema();
        List<Row> groups = counted(equal, schema, maxGroups + 1);
        if (groups.size() > maxGroups) {
            throw new IllegalArgumentException("the columns " + String.join(", ", features) + ", " + target + " have more than maxGroups, " + maxGroups
                + ", different rows");
        }
        int n = features.size();
        List<org.kehu.Column> inputs = IntStream.range(0, n).mapToObj(i -> Frames.column(features.get(i), schema.fields()[i].dataType(), i, groups)).toList();
        return Tree.train(inputs, Frames.column(null, schema.fields()[n].dataType(), n, groups), Frames.column(null, DataTypes.LongType, n + 1, groups),
            Frames.column(null, DataTypes.LongType, n + 2, groups), options);
    }

    /** The different rows in order, missing values last, and how many there are of each; texts as their bytes. */
    private static List<Row> counted(Dataset<Row> rows, StructType schema, int most) {
        Column[] bytes = IntStream.range(0, schema.size()).mapToObj(i -> schema.fields()[i].dataType() instanceof StringType
            ? col("c" + i).cast("binary").as("c" + i) : col("c" + i)).toArray(Column[]::new);
        Column[] all = IntStream.range(0, schema.size()).mapToObj(i -> col("c" + i)).toArray(Column[]::new);
        Column[] order = IntStream.range(0, schema.size()).mapToObj(i -> col("c" + i).asc_nulls_last()).toArray(Column[]::new);
        return rows.select(bytes).groupBy(all).count().limit(most).orderBy(order).collectAsList();
    }
}
