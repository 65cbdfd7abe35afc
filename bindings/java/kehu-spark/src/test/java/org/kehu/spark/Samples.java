package org.kehu.spark;

import java.sql.Date;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.kehu.Column;
import org.kehu.Preference;
import org.kehu.Segments;
import org.kehu.Svm;
import org.kehu.Tree;

/** The same texts, customers and transactions for every test. */
final class Samples {
    static final LocalDate AS_OF = LocalDate.of(2024, 12, 1);
    static final StructType TEXTS = schema("id", DataTypes.IntegerType, "label", DataTypes.StringType, "text", DataTypes.StringType);
    static final StructType CUSTOMERS = schema("id", DataTypes.IntegerType, "age", DataTypes.LongType, "channel", DataTypes.StringType, "spend",
        DataTypes.DoubleType);
    static final StructType LEAVERS = schema("id", DataTypes.LongType, "age", DataTypes.LongType, "plan", DataTypes.StringType, "gone",
        DataTypes.BooleanType);
    static final StructType SALES = schema("customer", DataTypes.StringType, "day", DataTypes.DateType, "amount", DataTypes.LongType, "order",
        DataTypes.StringType);

    private static final String[][] PHRASES = {{"网速太慢", "宽带断了", "信号不好", "断网三天"}, {"话费扣错", "账单不对", "乱扣费用", "多扣了钱"}};
    private static final String[] ENDS = {"", "！", "啊", "，快点", "😀"};

    private Samples() {}

    private static StructType schema(Object... namesAndTypes) {
        List<StructField> fields = new ArrayList<>();
        for (int i = 0; i < namesAndTypes.length; i += 2) {
            fields.add(Frames.field((String) namesAndTypes[i], (org.apache.spark.sql.types.DataType) namesAndTypes[i + 1]));
        }
        return DataTypes.createStructType(fields);
    }

    static List<Row> texts() {
        Random chance = new Random(3);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            int c = chance.nextInt(2);
            rows.add(RowFactory.create(i, c == 0 ? "network" : "bill", PHRASES[c][chance.nextInt(4)] + ENDS[chance.nextInt(5)]));
        }
        rows.add(RowFactory.create(300, "bill", null));
        rows.add(RowFactory.create(301, "bill", ""));
        return rows;
    }

    static List<String> column(List<Row> rows, int at) {
        List<String> values = new ArrayList<>();
        rows.forEach(row -> values.add(row.getString(at)));
        return values;
    }

    static Svm svm(List<Row> texts) {
        return Svm.train(Column.of(null, column(texts, 2)), Column.of(null, column(texts, 1)), new Svm.Options().cost(1).seed(1));
    }

    static List<Row> customers() {
        Random chance = new Random(5);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            rows.add(RowFactory.create(i, chance.nextInt(9) == 0 ? null : (Object) (long) (18 + chance.nextInt(62)),
                new String[] {"app", "hall", null}[chance.nextInt(3)], chance.nextDouble() * 100));
        }
        return rows;
    }

    static List<Column> columns(List<Row> customers) {
        return List.of(Column.ofNullable("age", customers.stream().map(r -> (Long) r.get(1)).toArray(Long[]::new)),
            Column.of("channel", column(customers, 2)), Column.of("spend", customers.stream().mapToDouble(r -> r.getDouble(3)).toArray()));
    }

    private static Column target(List<Row> customers) {
        Random chance = new Random(6);
        return Column.of(null, customers.stream().map(r -> !r.isNullAt(1) && r.getLong(1) > 40 ^ "app".equals(r.get(2))
            ^ chance.nextInt(5) == 0 ? "1" : "0").toArray(String[]::new));
    }

    static Tree tree(List<Row> customers) {
        return Tree.train(columns(customers), target(customers), new Tree.Options().folds(2));
    }

    static Preference preference(List<Row> customers) {
        return Preference.train(columns(customers), target(customers), null,
            new Preference.Options().rules(Segments.of("1 +1.5: age > 40 and channel = hall\n")));
    }

    static List<Row> leavers() {
        Random chance = new Random(9);
        List<Row> rows = new ArrayList<>();
        for (long i = 0; i < 2000; i++) {
            int age = chance.nextInt(9);
            String plan = new String[] {"应用", "hall", null}[chance.nextInt(3)];
            rows.add(RowFactory.create(i, age == 8 ? null : (Object) (long) age, plan, age > 4 ^ "应用".equals(plan) ^ chance.nextInt(5) == 0));
        }
        return rows;
    }

    static List<Row> sales() {
        Random chance = new Random(7);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            rows.add(RowFactory.create("c" + chance.nextInt(200), Date.valueOf(LocalDate.of(2024, 1, 1).plusDays(chance.nextInt(300))),
                chance.nextLong(-5000, 10_000_000_000L), chance.nextInt(20) == 0 ? null : "o" + chance.nextInt(700)));
        }
        rows.add(RowFactory.create(null, Date.valueOf(AS_OF), 5L, "o"));
        rows.add(RowFactory.create("", Date.valueOf(AS_OF), 5L, "o"));
        return rows;
    }
}
