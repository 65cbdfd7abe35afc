import com.huaban.analysis.jieba.JiebaSegmenter;
import de.bwaldvogel.liblinear.Feature;
import de.bwaldvogel.liblinear.FeatureNode;
import de.bwaldvogel.liblinear.Linear;
import de.bwaldvogel.liblinear.Model;
import de.bwaldvogel.liblinear.Parameter;
import de.bwaldvogel.liblinear.Problem;
import de.bwaldvogel.liblinear.SolverType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The same job in pure Java: jieba-analysis cuts words, words and pairs of them become tf-idf rows, the Java port of
 * LIBLINEAR (-s 1, C = 1) classifies. Figures as BenchJava whole.
 *
 *     PeerJava TRAIN TEST
 */
final class PeerJava {
    private static final int WARM_UP_SECONDS = 10;
    private static final int PASSES = 2;

    private final JiebaSegmenter segmenter = new JiebaSegmenter();
    private final List<String> classes = new ArrayList<>();
    private final Map<String, Integer> terms = new HashMap<>();
    private final double[] idf;
    private final Model model;

    PeerJava(String train) throws IOException {
        List<Map<Integer, Integer>> rows = new ArrayList<>();
        List<Double> labels = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(train))) {
            int tab = line.indexOf('\t');
            if (!classes.contains(line.substring(0, tab))) {
                classes.add(line.substring(0, tab));
            }
            labels.add((double) classes.indexOf(line.substring(0, tab)));
            rows.add(counts(line.substring(tab + 1), true));
        }
        idf = new double[terms.size() + 1];
        rows.forEach(row -> row.keySet().forEach(term -> idf[term]++));
        for (int i = 1; i < idf.length; i++) {
            idf[i] = 1 + Math.log((1.0 + rows.size()) / (1 + idf[i]));
        }
        Problem problem = new Problem();
        problem.l = rows.size();
        problem.n = terms.size();
        problem.x = rows.stream().map(this::row).toArray(Feature[][]::new);
        problem.y = labels.stream().mapToDouble(Double::doubleValue).toArray();
        Linear.disableDebugOutput();
        model = Linear.train(problem, new Parameter(SolverType.L2R_L2LOSS_SVC_DUAL, 1, 0.1));
    }

    private Map<Integer, Integer> counts(String text, boolean learning) {
        List<String> words = segmenter.sentenceProcess(text);
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int i = 0; i < words.size(); i++) {
            for (int n = 1; n <= 2 && i + n <= words.size(); n++) {
                String term = n == 1 ? words.get(i) : words.get(i) + " " + words.get(i + 1);
                Integer number = learning ? terms.computeIfAbsent(term, t -> terms.size() + 1) : terms.get(term);
                if (number != null) {
                    counts.merge(number, 1, Integer::sum);
                }
            }
        }
        return counts;
    }

    private Feature[] row(Map<Integer, Integer> counts) {
        Feature[] row = new Feature[counts.size()];
        double norm = 0;
        int i = 0;
        for (Map.Entry<Integer, Integer> term : counts.entrySet()) {
            double value = (1 + Math.log(term.getValue())) * idf[term.getKey()];
            norm += value * value;
            row[i++] = new FeatureNode(term.getKey(), value);
        }
        for (Feature feature : row) {
            feature.setValue(feature.getValue() / Math.sqrt(norm));
        }
        return row;
    }

    String classify(String text) {
        return classes.get((int) Linear.predict(model, row(counts(text, false))));
    }

    private int countRight(List<String> lines) {
        int right = 0;
        for (String line : lines) {
            int tab = line.indexOf('\t');
            right += classify(line.substring(tab + 1)).equals(line.substring(0, tab)) ? 1 : 0;
        }
        return right;
    }

    private static double cpuSeconds() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() * 1e-9;
    }

    public static void main(String[] files) throws Exception {
        double start = cpuSeconds();
        PeerJava peer = new PeerJava(files[0]);
        System.out.printf("figure train_s %.9g%n", cpuSeconds() - start);
        List<String> lines = Files.readAllLines(Path.of(files[1]));
        for (start = cpuSeconds(); cpuSeconds() - start < WARM_UP_SECONDS;) {
            peer.countRight(lines);
        }
        int right = 0;
        start = cpuSeconds();
        for (int pass = 0; pass < PASSES; pass++) {
            right = peer.countRight(lines);
        }
        System.out.printf("figure classify_s %.9g%n", (cpuSeconds() - start) / PASSES / lines.size());
        System.out.printf("figure accuracy %.9g%n", (double) right / lines.size());
    }
}
