import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.kehu.Column;
import org.kehu.Csv;
import org.kehu.Svm;
import org.kehu.Table;

/**
 * A service that sorts texts into classes: POST texts to /classify, one a line; each line of the answer is class and
 * probability, parted by a tab. /explain adds the term that speaks most for the class.
 *
 *     java -cp kehu.jar ClassifyService.java labelled.csv 8080
 *
 * It trains on the CSV file (columns text and class), or loads a model when the file's name ends in .svm. One model serves
 * all threads. Port 0 takes any free one; the port is printed.
 */
public final class ClassifyService {
    private static final int MAX_BYTES = 16 << 20;
    private static final Svm.PredictOptions OPTIONS = new Svm.PredictOptions();

    private final Svm svm;

    private ClassifyService(Svm svm) {
        this.svm = svm;
    }

    private static Svm model(String file) {
        if (file.endsWith(".svm")) {
            return Svm.load(Path.of(file));
        }
        try (Csv csv = Csv.open(Path.of(file), new Csv.Options()); Table labelled = csv.rest()) {
            return Svm.train(labelled.column("text"), labelled.column("class"), new Svm.Options().threads(2));
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!exchange.getRequestMethod().equals("POST")) {
                reply(exchange, 405, "POST texts, one a line\n");
                return;
            }
            byte[] body = exchange.getRequestBody().readNBytes(MAX_BYTES + 1);
            if (body.length > MAX_BYTES) {
                reply(exchange, 413, "more than " + MAX_BYTES + " bytes\n");
                return;
            }
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
                reply(exchange, 200, answers(body, lines(body), exchange.getHttpContext().getPath().equals("/explain")));
            } catch (CharacterCodingException e) {
                reply(exchange, 400, "the texts are not UTF-8\n");
            }
        }
    }

    /** Moves lines together, without what ends them; where each one begins, and where the last one ends. */
    private static int[] lines(byte[] body) {
        int most = 2;
        for (byte b : body) {
            most += b == '\n' ? 1 : 0;
        }
        int[] offsets = new int[most];
        int lines = 0;
        int size = 0;
        for (byte b : body) {
            if (b == '\n') {
                offsets[++lines] = size;
            } else if (b != '\r') {
                body[size++] = b;
            }
        }
        if (body.length > 0 && body[body.length - 1] != '\n') {
            offsets[++lines] = size;
        }
        return Arrays.copyOf(offsets, lines + 1);
    }

    private String answers(byte[] texts, int[] offsets, boolean withReasons) {
        Svm.Predictions found = svm.predict(Column.ofUtf8("text", texts, offsets), OPTIONS);
        int classes = svm.classNames().size();
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < found.classes().length; i++) {
            int number = found.classes()[i];
            int thousandths = number < 0 ? 0 : Math.round(1000 * found.probabilities()[i * classes + number]);
            lines.append(number < 0 ? "" : svm.classNames().get(number)).append('\t').append(thousandths / 1000).append('.');
            for (int unit = 100; unit > 0; unit /= 10) {
                lines.append((char) ('0' + thousandths / unit % 10));
            }
            if (withReasons) {
                String text = new String(texts, offsets[i], offsets[i + 1] - offsets[i], StandardCharsets.UTF_8);
                List<Svm.Reason> why = svm.explain(text, number, 1).reasons();
                lines.append('\t').append(why.isEmpty() ? "" : why.get(0).term());
            }
            lines.append('\n');
        }
        return lines.toString();
    }

    private static void reply(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: ClassifyService labelled.csv|model.svm PORT");
            System.exit(2);
        }
        System.setProperty("sun.net.httpserver.nodelay", "true"); // else small answers may wait 40 ms
        ClassifyService service = new ClassifyService(model(arguments[0]));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1])), 0);
        ExecutorService threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors() * 2);
        server.createContext("/classify", service::handle);
        server.createContext("/explain", service::handle);
        server.setExecutor(threads);
        server.start();
        System.out.println("listening on port " + server.getAddress().getPort());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.stop(1);
            threads.shutdown();
            service.svm.close();
        }));
    }
}
