import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The client's side of the callback: a small HTTP server that keeps what it is sent, and may refuse the first deliveries. */
final class Receiver implements AutoCloseable {
    private final HttpServer server;
    private final BlockingQueue<JsonObject> received = new LinkedBlockingQueue<>();
    private final AtomicInteger refusals;

    Receiver(int refusals) throws IOException {
        this.refusals = new AtomicInteger(refusals);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/done", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/done";
    }

    /** The next callback that was accepted, or an error after the given time. */
    JsonObject next(long seconds) throws InterruptedException {
        JsonObject body = received.poll(seconds, TimeUnit.SECONDS);
        Check.that(body != null, "no callback within " + seconds + " s");
        return body;
    }

    boolean silent(long milliseconds) throws InterruptedException {
        return received.poll(milliseconds, TimeUnit.MILLISECONDS) == null;
    }

    int refusalsLeft() {
        return Math.max(0, refusals.get());
    }

    private void handle(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        boolean fine = "POST".equals(exchange.getRequestMethod()) && type != null && type.startsWith("application/json");
        int code = !fine ? 400 : refusals.getAndDecrement() > 0 ? 503 : 200;
        if (code == 200) {
            received.add(JsonParser.parseString(body).getAsJsonObject());
        }
        exchange.sendResponseHeaders(code, -1);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
