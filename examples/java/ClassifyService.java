import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.RequestTooBigException;
import io.undertow.server.handlers.PathHandler;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.kehu.Column;
import org.kehu.Csv;
import org.kehu.Svm;
import org.kehu.Table;

/**
 * A service that sorts texts into classes: POST texts to /classify, one a line; each line of the answer is class and
 * probability, parted by a tab. /explain adds the term that speaks most for the class.
 *
 *     mvn -f examples/java compile exec:java -Dexec.args="labelled.csv 8080"
 *
 * It trains on the CSV file (columns text and class), or loads a model when the file's name ends in .svm. One model serves
 * all threads. Texts go from the request to the library as the bytes that they are. Port 0 takes any free one; the port is
 * printed.
 */
public final class ClassifyService {
    private static final int MAX_BYTES = 16 << 20;
    /** More is not for a thread that has other connections to serve. */
    private static final int SMALL = 1 << 17;
    private static final byte[] NO_NAME = {};
    private static final Svm.PredictOptions OPTIONS = new Svm.PredictOptions();

    private final Svm svm;
    private final byte[][] names;
    private final int longestName;

    private ClassifyService(Svm svm) {
        this.svm = svm;
        names = svm.classNames().stream().map(name -> name.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
        longestName = Arrays.stream(names).mapToInt(name -> name.length).max().orElse(0);
    }

    private static Svm model(String file) {
        if (file.endsWith(".svm")) {
            return Svm.load(Path.of(file));
        }
        try (Csv csv = Csv.open(Path.of(file), new Csv.Options()); Table labelled = csv.rest()) {
            return Svm.train(labelled.column("text"), labelled.column("class"), new Svm.Options().threads(2));
        }
    }

    private HttpHandler handler(boolean withReasons) {
        return exchange -> {
            if (!exchange.getRequestMethod().equals(Methods.POST)) {
                reply(exchange, StatusCodes.METHOD_NOT_ALLOWED, "POST texts, one a line\n");
                return;
            }
            exchange.getRequestReceiver().receiveFullBytes((whole, body) -> {
                if (body.length <= SMALL) {
                    answer(whole, body, withReasons);
                } else {
                    whole.dispatch(() -> answer(whole, body, withReasons));
                }
            }, (broken, e) -> {
                if (e instanceof RequestTooBigException) {
                    reply(broken, StatusCodes.REQUEST_ENTITY_TOO_LARGE, "more than " + MAX_BYTES + " bytes\n");
                } else {
                    broken.endExchange();
                }
            });
        };
    }

    private void answer(HttpServerExchange exchange, byte[] body, boolean withReasons) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
            reply(exchange, StatusCodes.OK, answers(body, lines(body), withReasons));
        } catch (CharacterCodingException e) {
            reply(exchange, StatusCodes.BAD_REQUEST, "the texts are not UTF-8\n");
        }
    }

    /**
     * Where each line begins, and where the last one ends. What ends a line stays in it: blanks behind a text change
     * nothing.
     */
    private static int[] lines(byte[] body) {
        int most = 2;
        for (byte b : body) {
            most += b == '\n' ? 1 : 0;
        }
        int[] offsets = new int[most];
        int lines = 0;
        for (int i = 0; i < body.length; i++) {
            if (body[i] == '\n') {
                offsets[++lines] = i + 1;
            }
        }
        if (offsets[lines] < body.length) {
            offsets[++lines] = body.length;
        }
        return Arrays.copyOf(offsets, lines + 1);
    }

    private ByteBuffer answers(byte[] texts, int[] offsets, boolean withReasons) {
        Svm.Predictions found = svm.predict(Column.ofUtf8("text", texts, offsets), OPTIONS);
        ByteBuffer lines = ByteBuffer.allocate((longestName + 8) * found.classes().length + (withReasons ? texts.length : 0));
        for (int i = 0; i < found.classes().length; i++) {
            int number = found.classes()[i];
            int thousandths = number < 0 ? 0 : Math.round(1000 * found.probabilities()[i * names.length + number]);
            lines.put(number < 0 ? NO_NAME : names[number]).put((byte) '\t').put((byte) ('0' + thousandths / 1000)).put((byte) '.');
            for (int unit = 100; unit > 0; unit /= 10) {
                lines.put((byte) ('0' + thousandths / unit % 10));
            }
            if (withReasons) {
                lines.put((byte) '\t');
                lines.put(reason(new String(texts, offsets[i], offsets[i + 1] - offsets[i], StandardCharsets.UTF_8), number));
            }
            lines.put((byte) '\n');
        }
        return lines.flip();
    }

    /** No longer than the text, of which it is a part. */
    private byte[] reason(String text, int classNumber) {
        List<Svm.Reason> why = svm.explain(text, classNumber, 1).reasons();
        return (why.isEmpty() ? "" : why.get(0).term()).getBytes(StandardCharsets.UTF_8);
    }

    private static void reply(HttpServerExchange exchange, int status, String text) {
        reply(exchange, status, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static void reply(HttpServerExchange exchange, int status, ByteBuffer text) {
        exchange.setStatusCode(status);
        exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
        exchange.getResponseSender().send(text);
    }

    public static void main(String[] arguments) {
        if (arguments.length != 2) {
            System.err.println("usage: ClassifyService labelled.csv|model.svm PORT");
            System.exit(2);
        }
        ClassifyService service = new ClassifyService(model(arguments[0]));
        Undertow server = Undertow.builder().addHttpListener(Integer.parseInt(arguments[1]), "127.0.0.1")
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, (long) MAX_BYTES)
            .setHandler(new PathHandler().addExactPath("/classify", service.handler(false)).addExactPath("/explain", service.handler(true)))
            .build();
        server.start();
        System.out.println("listening on port " + ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.stop();
            service.svm.close();
        }));
    }
}
