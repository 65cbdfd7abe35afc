import io.undertow.Undertow;
import io.undertow.util.Headers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What examples/java/ClassifyService.java does at /classify, on the same server, by PeerJava: the class of each line that
 * is posted, without a probability, which its model has not.
 *
 *     PeerService TRAIN PORT
 */
final class PeerService {
    private final PeerJava peer;

    private PeerService(PeerJava peer) {
        this.peer = peer;
    }

    private ByteBuffer answers(byte[] body) {
        StringBuilder answers = new StringBuilder();
        new String(body, StandardCharsets.UTF_8).lines().forEach(text -> answers.append(peer.classify(text)).append('\n'));
        return ByteBuffer.wrap(answers.toString().getBytes(StandardCharsets.UTF_8));
    }

    public static void main(String[] arguments) throws IOException {
        PeerService service = new PeerService(new PeerJava(arguments[0]));
        Undertow server = Undertow.builder().addHttpListener(Integer.parseInt(arguments[1]), "127.0.0.1")
            .setHandler(exchange -> exchange.getRequestReceiver().receiveFullBytes((whole, body) -> {
                whole.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
                whole.getResponseSender().send(service.answers(body));
            })).build();
        server.start();
        System.out.println("listening on port " + ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort());
    }
}
