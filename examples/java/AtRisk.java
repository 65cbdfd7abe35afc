import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.kehu.Column;
import org.kehu.Csv;
import org.kehu.Svm;
import org.kehu.Table;
import org.kehu.Tree;

/**
 * Three files in, one list out: sort complaints by class, and list the ten customers most likely to leave, each with what it
 * complained about last and the strongest reason.
 *
 *     java -cp kehu.jar AtRisk.java customers.csv labelled.csv complaints.csv
 *
 * customers.csv has columns customer_id, left (yes or no) and whatever else is known; labelled.csv has text and class;
 * complaints.csv has customer_id and text, oldest first.
 */
public final class AtRisk {
    private AtRisk() {}

    private static Table load(String file) {
        try (Csv csv = Csv.open(Path.of(file), new Csv.Options().inferRows(1000))) {
            return csv.rest();
        }
    }

    /** Prints how many complaints each class has, and gives what each customer complained about last. */
    private static Map<String, String> sort(Table labelled, Table complaints) {
        try (Svm svm = Svm.train(labelled.column("text"), labelled.column("class"), new Svm.Options())) {
            int[] classes = svm.predict(complaints.column("text"), new Svm.PredictOptions()).classes();
            List<String> names = svm.classNames();
            for (int k = 0; k < names.size(); k++) {
                int number = k;
                System.out.println(names.get(k) + "\t" + Arrays.stream(classes).filter(c -> c == number).count());
            }
            Map<String, String> last = new HashMap<>();
            String[] who = complaints.texts("customer_id");
            for (int i = 0; i < who.length; i++) {
                last.put(who[i], names.get(classes[i]));
            }
            return last;
        }
    }

    private static void listAtRisk(Table customers, Map<String, String> last) {
        List<Column> inputs = customers.columnsWithout("customer_id", "left");
        String[] ids = customers.texts("customer_id");
        String[] left = customers.texts("left");
        try (Tree tree = Tree.train(inputs, customers.column("left"), customers.column("customer_id"), null, new Tree.Options())) {
            double[] p = tree.score(inputs); // of no and yes, row by row
            IntStream.range(0, ids.length).filter(row -> left[row].equals("no")).boxed()
                .sorted(Comparator.comparing((Integer row) -> -p[2 * row + 1])).limit(10).forEach(row -> {
                    String reason = tree.explain(inputs, row, 1).steps().stream()
                        .reduce((a, b) -> b.change() > a.change() ? b : a).map(Tree.Step::condition).orElse("-");
                    System.out.printf(Locale.ROOT, "%s\t%.3f\t%s\t%s%n", ids[row], p[2 * row + 1], last.getOrDefault(ids[row], "-"), reason);
                });
        }
    }

    public static void main(String[] files) {
        try (Table customers = load(files[0]); Table labelled = load(files[1]); Table complaints = load(files[2])) {
            listAtRisk(customers, sort(labelled, complaints));
        }
    }
}
