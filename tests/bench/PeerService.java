import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/**
 * What examples/java/ClassifyService.java does at /classify, by PeerJava: the class of each line that is posted, without a
 * probability, which its model has not.
 *
 *     PeerService TRAIN PORT
 */
final class PeerService {
    private final PeerJava peer;

    private PeerService(PeerJava peer) {
        this.peer = peer;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            StringBuilder answers = new StringBuilder();
            new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).lines()
                .forEach(text -> answers.append(peer.classify(text)).append('\n'));
            byte[] bytes = answers.toString().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    public static void main(String[] arguments) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        PeerService service = new PeerService(new PeerJava(arguments[0]));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1])), 0);
        server.createContext("/classify", service::handle);
        server.setExecutor(Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors() * 2));
        server.start();
        System.out.println("listening on port " + server.getAddress().getPort());
    }
}
