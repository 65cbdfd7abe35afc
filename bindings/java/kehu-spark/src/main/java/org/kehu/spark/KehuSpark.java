package org.kehu.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.kehu.Column;
import org.kehu.Hybrid;
import org.kehu.Keyword;
import org.kehu.Preference;
import org.kehu.Svm;
import org.kehu.Tokenizer;
import org.kehu.Tree;

/**
 * The same kernels inside Apache Spark: models score in every task, the answers are those of one process, to the bit,
 * whatever the partitioning.
 *
 * <p>A model travels as a broadcast; each executor reads it once for all its tasks. The functions take a frame and give it back with columns added; columns of those names must not be there
 * before. Rows keep their values; a missing text counts as an empty one. What fails in a task fails the job, with kehu's
 * message. For recency, frequency and money see {@link SparkRfm}.
 */
public final class KehuSpark {
    private static final DataType TEXTS = DataTypes.createArrayType(DataTypes.StringType);

    private KehuSpark() {}

    // Texts

    /**
     * Adds class (missing where the model abstains) and probability.
     *
     * @param df with texts
     * @param model trained without a tokenizer of its own
     * @param text column of texts
     * @return the frame with the columns
     */
    public static Dataset<Row> classify(Dataset<Row> df, Svm model, String text) {
        return classify(df, model, text, 0);
    }

    /**
     * Adds class (missing where the model abstains), probability and terms, those that speak loudest for the answer.
     *
     * @param df with texts
     * @param model trained without a tokenizer of its own
     * @param text column of texts
     * @param terms how many; 0 for no such column
     * @return the frame with the columns
     */
    public static Dataset<Row> classify(Dataset<Row> df, Svm model, String text, int terms) {
        return classify(df, new Shipped<>(df.sparkSession(), "svm", files -> Svm.map(files.get(0), null), model.toBytes()), text, terms);
    }

    /**
     * The same by a model that was trained with a tokenizer.
     *
     * @param df with texts
     * @param model to classify by
     * @param tokenizer it was trained with
     * @param mode of that tokenizer
     * @param text column of texts
     * @param terms how many; 0 for no such column
     * @return the frame with the columns
     */
    public static Dataset<Row> classify(Dataset<Row> df, Svm model, Tokenizer tokenizer, Tokenizer.Mode mode, String text, int terms) {
        Shipped<Svm> shipped = new Shipped<>(df.sparkSession(), "svm " + mode, files ->
            Svm.map(files.get(0), Tokenizer.load(files.get(1), new Tokenizer.Options().mode(mode))), model.toBytes(), tokenizer.toBytes());
        return classify(df, shipped, text, terms);
    }

    private static Dataset<Row> classify(Dataset<Row> df, Shipped<Svm> model, String text, int terms) {
        Frames.checkText(df, text);
        List<StructField> added = new ArrayList<>(List.of(Frames.field("class", DataTypes.StringType),
            Frames.field("probability", DataTypes.FloatType)));
        if (terms > 0) {
            added.add(Frames.field("terms", TEXTS));
        }
        int at = df.schema().fieldIndex(text);
        return Frames.with(df, model, added, (svm, rows) -> classified(svm, rows, at, terms));
    }

    private static Object[][] classified(Svm model, List<Row> rows, int at, int terms) {
        int n = rows.size();
        int k = model.classNames().size();
        IntBuffer classes = direct(n).asIntBuffer();
        FloatBuffer probabilities = direct(Math.multiplyExact(n, k)).asFloatBuffer();
        model.predict(Frames.texts(rows, at), new Svm.PredictOptions(), classes, probabilities, null);
        Object[][] made = new Object[terms > 0 ? 3 : 2][n];
        for (int i = 0; i < n; i++) {
            float most = 0;
            for (int c = 0; c < k; c++) {
                most = Math.max(most, probabilities.get(i * k + c));
            }
            made[0][i] = classes.get(i) < 0 ? null : model.classNames().get(classes.get(i));
            made[1][i] = most;
            if (terms > 0) {
                made[2][i] = model.explain(Frames.text(rows.get(i), at), -1, terms).reasons().stream().map(Svm.Reason::term).toArray(String[]::new);
            }
        }
        return made;
    }

    private static ByteBuffer direct(int n) {
        return ByteBuffer.allocateDirect(Math.multiplyExact(n, 4)).order(ByteOrder.nativeOrder());
    }

    /**
     * Adds class (missing where there is no answer) and probability.
     *
     * @param df with texts
     * @param model to classify by
     * @param text column of texts
     * @return the frame with the columns
     */
    public static Dataset<Row> classify(Dataset<Row> df, Hybrid model, String text) {
        Frames.checkText(df, text);
        int at = df.schema().fieldIndex(text);
        return Frames.with(df, new Shipped<>(df.sparkSession(), "hybrid", files -> Hybrid.load(files.get(0)), model.toBytes()),
            List.of(Frames.field("class", DataTypes.StringType), Frames.field("probability", DataTypes.DoubleType)), (hybrid, rows) -> {
                Hybrid.Predictions found = hybrid.predict(Frames.texts(rows, at), new Hybrid.PredictOptions());
                return new Object[][] {named(hybrid.classNames(), found.classes()), Frames.boxed(found.probabilities(), 0, 1, rows.size())};
            });
    }

    /**
     * Adds class (missing where the model abstains), probability, and keywords: those that gave or took points.
     *
     * @param df with texts
     * @param model to classify by
     * @param text column of texts
     * @return the frame with the columns
     */
    public static Dataset<Row> keywords(Dataset<Row> df, Keyword model, String text) {
        Frames.checkText(df, text);
        int at = df.schema().fieldIndex(text);
        return Frames.with(df, new Shipped<>(df.sparkSession(), "keyword", files -> Keyword.load(files.get(0)), model.toBytes()),
            List.of(Frames.field("class", DataTypes.StringType), Frames.field("probability", DataTypes.DoubleType),
                Frames.field("keywords", TEXTS)), (keyword, rows) -> {
                    Keyword.Predictions found = keyword.predict(Frames.texts(rows, at), new Keyword.PredictOptions());
                    Object[] told = rows.stream().map(row -> keyword.explain(Frames.text(row, at), -1).stream().map(Keyword.Match::keyword)
                        .toArray(String[]::new)).toArray();
                    return new Object[][] {named(keyword.classNames(), found.classes()), Frames.boxed(found.probabilities(), 0, 1, rows.size()), told};
                });
    }

    /**
     * Adds words, the words of each text, by the dictionary that is part of the library.
     *
     * @param df with texts
     * @param text column of texts
     * @return the frame with the column
     */
    public static Dataset<Row> tokenize(Dataset<Row> df, String text) {
        return tokenize(df, new Shipped<>(df.sparkSession(), "words", files -> Tokenizer.standard()), text);
    }

    /**
     * Adds words, the words of each text.
     *
     * @param df with texts
     * @param tokenizer whose dictionary or model it is
     * @param mode how to split
     * @param text column of texts
     * @return the frame with the column
     */
    public static Dataset<Row> tokenize(Dataset<Row> df, Tokenizer tokenizer, Tokenizer.Mode mode, String text) {
        return tokenize(df, new Shipped<>(df.sparkSession(), "words " + mode, files ->
            Tokenizer.load(files.get(0), new Tokenizer.Options().mode(mode)), tokenizer.toBytes()), text);
    }

    private static Dataset<Row> tokenize(Dataset<Row> df, Shipped<Tokenizer> tokenizer, String text) {
        Frames.checkText(df, text);
        int at = df.schema().fieldIndex(text);
        return Frames.with(df, tokenizer, List.of(Frames.field("words", TEXTS)), (words, rows) -> {
            List<String> texts = rows.stream().map(row -> Frames.text(row, at)).toList();
            List<List<Tokenizer.Span>> spans = words.split(texts, 0);
            return new Object[][] {IntStream.range(0, texts.size())
                .mapToObj(i -> spans.get(i).stream().map(span -> span.in(texts.get(i))).toArray(String[]::new)).toArray()};
        });
    }

    // Customers

    /**
     * Adds probability_CLASS for each class of a tree; its features are columns of the frame.
     *
     * @param df with the features
     * @param model to score by
     * @param reasons true: also reasons, what is true of the row on its way from the root
     * @return the frame with the columns
     */
    public static Dataset<Row> score(Dataset<Row> df, Tree model, boolean reasons) {
        Frames.checkFeatures(df, model.featureNames());
        List<StructField> added = new ArrayList<>(model.classNames().stream().map(name -> Frames.field("probability_" + name, DataTypes.DoubleType))
            .toList());
        if (reasons) {
            added.add(Frames.field("reasons", TEXTS));
        }
        StructType schema = df.schema();
        int[] places = model.featureNames().stream().mapToInt(schema::fieldIndex).toArray();
        return Frames.with(df, new Shipped<>(df.sparkSession(), "tree", files -> Tree.load(files.get(0)), model.toBytes()), added,
            (tree, rows) -> {
                int k = tree.classNames().size();
                double[] scores = tree.score(Frames.columns(schema, places, rows));
                Object[][] made = new Object[added.size()][];
                for (int c = 0; c < k; c++) {
                    made[c] = Frames.boxed(scores, c, k, rows.size());
                }
                if (reasons) {
                    made[k] = IntStream.range(0, rows.size()).mapToObj(i -> path(tree, schema, places, rows.get(i), best(scores, i, k)).toArray(String[]::new))
                        .toArray();
                }
                return made;
            });
    }

    /**
     * Adds class (the most probable one), probability and level (its name) of a preference model; its features and the
     * fields of its rules are columns of the frame.
     *
     * @param df with the features
     * @param model to score by
     * @param reasons true: also reasons, the rules that speak, then what is true of the row on its way through the tree
     * @return the frame with the columns
     */
    public static Dataset<Row> preference(Dataset<Row> df, Preference model, boolean reasons) {
        Frames.checkFeatures(df, model.tree().featureNames());
        List<StructField> added = new ArrayList<>(List.of(Frames.field("class", DataTypes.StringType),
            Frames.field("probability", DataTypes.DoubleType), Frames.field("level", DataTypes.StringType)));
        if (reasons) {
            added.add(Frames.field("reasons", TEXTS));
        }
        StructType schema = df.schema();
        int[] places = IntStream.range(0, schema.size()).filter(i -> Frames.isPlain(schema.fields()[i].dataType())).toArray();
        return Frames.with(df, new Shipped<>(df.sparkSession(), "preference", files -> Preference.load(files.get(0)), model.toBytes()), added,
            (preference, rows) -> preferred(preference, schema, places, rows, reasons));
    }

    private static Object[][] preferred(Preference model, StructType schema, int[] places, List<Row> rows, boolean reasons) {
        int n = rows.size();
        int k = model.classNames().size();
        List<Column> columns = Frames.columns(schema, places, rows);
        Preference.Scores scores = model.score(columns, 0);
        List<String> levels = model.levels().names();
        Object[][] made = new Object[reasons ? 4 : 3][n];
        for (int i = 0; i < n; i++) {
            int best = best(scores.probabilities(), i, k);
            made[0][i] = model.classNames().get(best);
            made[1][i] = scores.probabilities()[i * k + best];
            made[2][i] = levels.get(scores.levels()[i * k + best]);
            if (reasons) {
                List<String> told = new ArrayList<>();
                model.fired(Frames.columns(schema, places, List.of(rows.get(i))), 0).forEach(rule -> told.add(rule.text()));
                told.addAll(path(model.tree(), schema, places, rows.get(i), best));
                made[3][i] = told.toArray(String[]::new);
            }
        }
        return made;
    }

    private static List<String> path(Tree tree, StructType schema, int[] places, Row row, int classNumber) {
        return tree.explain(Frames.columns(schema, places, List.of(row)), 0, classNumber).steps().stream().map(Tree.Step::condition).toList();
    }

    /** The most probable class of a row, the first of equal ones. */
    private static int best(double[] scores, int row, int k) {
        int best = 0;
        for (int c = 1; c < k; c++) {
            best = scores[row * k + c] > scores[row * k + best] ? c : best;
        }
        return best;
    }

    private static Object[] named(List<String> names, int[] numbers) {
        return IntStream.of(numbers).mapToObj(i -> i < 0 ? null : names.get(i)).toArray();
    }
}
