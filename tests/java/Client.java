import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.http.Header;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpDelete;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.client.methods.HttpUriRequest;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.mime.HttpMultipartMode;
import org.apache.http.entity.mime.MultipartEntityBuilder;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;

/** The calls of the deployed client, made with its libraries and its habits: URLs are put together from strings, nothing is encoded. */
final class Client implements AutoCloseable {
    private final String base;
    private final CloseableHttpClient http = HttpClients.createDefault();

    Client(String base) {
        this.base = base;
    }

    /** An answer: status code, headers, body. */
    static final class Answer {
        final int code;
        final byte[] body;
        final Map<String, String> headers = new LinkedHashMap<>();

        Answer(CloseableHttpResponse response) throws IOException {
            code = response.getStatusLine().getStatusCode();
            body = response.getEntity() == null ? new byte[0] : EntityUtils.toByteArray(response.getEntity());
            for (Header header : response.getAllHeaders()) {
                headers.put(header.getName().toLowerCase(), header.getValue());
            }
        }

        JsonObject json() {
            return JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
        }

        @Override
        public String toString() {
            return code + " " + new String(body, 0, Math.min(body.length, 400), StandardCharsets.UTF_8);
        }
    }

    /** A form under construction: the fields of POST /upload. */
    static final class Upload {
        final MultipartEntityBuilder form = MultipartEntityBuilder.create();

        Upload mode(HttpMultipartMode mode, Charset charset) {
            form.setMode(mode);
            form.setCharset(charset);
            return this;
        }

        Upload file(byte[] content, String name) {
            form.addBinaryBody("file", content, ContentType.APPLICATION_OCTET_STREAM, name);
            return this;
        }

        Upload field(String name, String value) {
            form.addTextBody(name, value, ContentType.TEXT_PLAIN.withCharset(StandardCharsets.UTF_8));
            return this;
        }
    }

    Answer upload(Upload upload) throws IOException {
        HttpPost post = new HttpPost(base + "/upload");
        post.setEntity(upload.form.build());
        return send(post);
    }

    Answer get(String path) throws IOException {
        return send(new HttpGet(base + path));
    }

    Answer getAbsolute(String url) throws IOException {
        return send(new HttpGet(url));
    }

    Answer getRange(String path, String range) throws IOException {
        HttpGet get = new HttpGet(base + path);
        get.setHeader("Range", range);
        return send(get);
    }

    Answer delete(String path) throws IOException {
        return send(new HttpDelete(base + path));
    }

    private Answer send(HttpUriRequest request) throws IOException {
        try (CloseableHttpResponse response = http.execute(request)) {
            return new Answer(response);
        }
    }

    @Override
    public void close() throws IOException {
        http.close();
    }
}
