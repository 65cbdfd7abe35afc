package org.kehu.spark;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.kehu.Column;

/** Frames with columns added, their checks, and their values as kehu's columns. */
final class Frames {
    private Frames() {}

    // Checks, in the driver

    static DataType check(Dataset<Row> df, String name, String expected, Predicate<DataType> fits) {
        if (!List.of(df.columns()).contains(name)) {
            throw new IllegalArgumentException("the frame has no column " + name + ", there are " + String.join(", ", df.columns()));
        }
        DataType found = df.schema().apply(name).dataType();
        if (!fits.test(found)) {
            throw new IllegalArgumentException("column " + name + " is " + found.simpleString() + ", expected " + expected);
        }
        return found;
    }

    static void checkText(Dataset<Row> df, String name) {
        check(df, name, "string", type -> type instanceof StringType);
    }

    static boolean isWhole(DataType type) {
        return type instanceof LongType || type instanceof IntegerType || type instanceof ShortType || type instanceof ByteType;
    }

    static boolean isKey(DataType type) {
        return type instanceof StringType || isWhole(type);
    }

    static boolean isTime(DataType type) {
        return type instanceof DateType || type instanceof TimestampType || type instanceof TimestampNTZType;
    }

    /** What kehu's columns can be made of. */
    static boolean isPlain(DataType type) {
        return isWhole(type) || isTime(type) || type instanceof StringType || type instanceof BooleanType || type instanceof FloatType
            || type instanceof DoubleType;
    }

    static void checkFeatures(Dataset<Row> df, List<String> names) {
        for (String name : names) {
            check(df, name, "numbers, truth values, dates, times or string", Frames::isPlain);
        }
    }

    static StructField field(String name, DataType type) {
        return DataTypes.createStructField(name, type, true);
    }

    /** A column by exactly this name, dots and all. */
    static org.apache.spark.sql.Column col(String name) {
        return functions.col("`" + name.replace("`", "``") + "`");
    }

    // Columns added

    /** Texts travel as their bytes: nothing of them is decoded on the way, and what is no UTF-8 stays what it is. */
    static <M> Dataset<Row> with(Dataset<Row> df, Shipped<M> model, List<StructField> added, Batches.Work<M> work) {
        StructType before = df.schema();
        for (StructField field : added) {
            if (List.of(df.columns()).contains(field.name())) {
                throw new IllegalArgumentException("the frame has a column " + field.name() + " already");
            }
        }
        Dataset<Row> bytes = df.select(cast(before, DataTypes.BinaryType, List.of()));
        List<StructField> all = new ArrayList<>(Arrays.asList(bytes.schema().fields()));
        all.addAll(added);
        MapPartitionsFunction<Row, Row> run = rows -> new Batches<>(rows, model.open(), work);
        return bytes.mapPartitions(run, Encoders.row(DataTypes.createStructType(all))).select(cast(before, null, added));
    }

    /** Its columns, those of texts as this type (null: as they were), and the added ones. */
    private static org.apache.spark.sql.Column[] cast(StructType schema, DataType texts, List<StructField> added) {
        List<org.apache.spark.sql.Column> columns = new ArrayList<>();
        for (StructField field : schema.fields()) {
            boolean isText = field.dataType() instanceof StringType;
            columns.add(isText ? col(field.name()).cast(texts == null ? field.dataType() : texts).as(field.name(), field.metadata())
                : col(field.name()));
        }
        added.forEach(field -> columns.add(col(field.name())));
        return columns.toArray(org.apache.spark.sql.Column[]::new);
    }

    // Values, in a task

    static Object[] boxed(double[] values, int from, int step, int n) {
        Object[] boxed = new Object[n];
        for (int i = 0; i < n; i++) {
            boxed[i] = values[from + i * step];
        }
        return boxed;
    }

    /** Texts as they lie in the rows, a missing one as an empty one. */
    static Column texts(List<Row> rows, int at) {
        int[] ends = new int[rows.size() + 1];
        for (int i = 0; i < rows.size(); i++) {
            byte[] text = (byte[]) rows.get(i).get(at);
            ends[i + 1] = Math.addExact(ends[i], text == null ? 0 : text.length);
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(ends[rows.size()]);
        for (Row row : rows) {
            byte[] text = (byte[]) row.get(at);
            if (text != null) {
                bytes.put(text);
            }
        }
        return Column.ofBuffer(null, bytes.flip(), IntBuffer.wrap(ends));
    }

    /** A text; "" for a missing one. */
    static String text(Row row, int at) {
        return row.isNullAt(at) ? "" : new String((byte[]) row.get(at), StandardCharsets.UTF_8);
    }

    /** The columns of these places as kehu takes them, by name. */
    static List<Column> columns(StructType schema, int[] places, List<Row> rows) {
        return Arrays.stream(places).mapToObj(at -> column(schema.fields()[at].name(), schema.fields()[at].dataType(), at, rows))
            .collect(Collectors.toList());
    }

    static Column column(String name, DataType type, int at, List<Row> rows) {
        int n = rows.size();
        if (type instanceof StringType) {
            return Column.of(name, rows.stream().map(row -> row.isNullAt(at) ? null : text(row, at)).toArray(String[]::new));
        }
        if (type instanceof FloatType) {
            float[] values = new float[n];
            for (int i = 0; i < n; i++) {
                values[i] = rows.get(i).isNullAt(at) ? Float.NaN : rows.get(i).getFloat(at);
            }
            return Column.of(name, values);
        }
        if (type instanceof DoubleType) {
            return Column.of(name, rows.stream().mapToDouble(row -> row.isNullAt(at) ? Double.NaN : row.getDouble(at)).toArray());
        }
        if (type instanceof DateType) {
            return Column.of(name, rows.stream().map(row -> date(row.get(at))).toArray(LocalDate[]::new));
        }
        if (isTime(type)) {
            return Column.of(name, rows.stream().map(row -> instant(row.get(at))).toArray(Instant[]::new));
        }
        return Column.ofNullable(name, rows.stream().map(row -> number(row.get(at))).toArray(Long[]::new));
    }

    private static Long number(Object value) {
        return value == null ? null : value instanceof Boolean yes ? Long.valueOf(yes ? 1 : 0) : Long.valueOf(((Number) value).longValue());
    }

    private static LocalDate date(Object value) {
        return value instanceof java.sql.Date date ? date.toLocalDate() : (LocalDate) value;
    }

    private static Instant instant(Object value) {
        return value instanceof Timestamp time ? time.toInstant() : value instanceof LocalDateTime time ? time.toInstant(ZoneOffset.UTC)
            : (Instant) value;
    }
}
