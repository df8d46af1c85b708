import com.google.gson.JsonObject;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.http.entity.mime.HttpMultipartMode;

/**
 * The contract with the deployed Java client, spoken by a program built as that client is. Usage: Contract BASE_URL SONG SCENARIO. Exit
 * status 0 means that every answer was exactly as agreed.
 */
public final class Contract {
    private static final long PATIENCE_SECONDS = 90;
    private static final Set<String> STATES = Set.of("processing", "completed", "failed");

    private static final String[] ALL_NAMES = {
        "月亮代表我的心.wav", "my song (live) #1 100%?.wav", "it's \"quoted\" & <b>.wav", "🎵 emoji \\ 🎤.wav",
        "Cafe\u0301 が.wav", // decomposed letters, as a Mac sends them: java.net.URI composes them
        "a+b=c;d,e@f!$*[1]{2}|^`~.wav", "日本語 한국어 עברית.wav", "..hidden..wav",
    };

    private final Client client;
    private final byte[] song;

    private Contract(Client client, byte[] song) {
        this.client = client;
        this.song = song;
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        try (Client client = new Client(args[0])) {
            Contract contract = new Contract(client, Files.readAllBytes(Path.of(args[1])));
            switch (args[2]) {
                case "health": contract.health(); break;
                case "wav": case "mp3": case "flac": contract.life(args[2]); break;
                case "defaults": contract.defaults(); break;
                case "strict": contract.names(HttpMultipartMode.STRICT, null); break;
                case "browser": contract.names(HttpMultipartMode.BROWSER_COMPATIBLE, StandardCharsets.UTF_8); break;
                case "rfc6532": contract.names(HttpMultipartMode.RFC6532, StandardCharsets.UTF_8); break;
                case "errors": contract.errors(); break;
                case "retry": contract.retriedCallback(); break;
                case "cancel": contract.cancel(); break;
                case "other_address": contract.otherAddress(args[0].replace("127.0.0.1", "localhost")); break;
                default: throw new IllegalArgumentException(args[2]);
            }
            out.println("ok " + args[2]);
        } catch (AssertionError error) {
            out.println("NOT AS AGREED: " + error.getMessage());
            error.printStackTrace(out);
            System.exit(1);
        }
    }

    private void health() throws Exception {
        JsonObject health = Check.code(client.get("/health"), 200).json();
        Check.that(Check.text(health, "status").equals("healthy"), "not healthy: " + health);
        Check.text(health, "service");
        Check.text(health, "version");
        Check.code(client.get("/docs"), 200);
    }

    /** One task from upload to delete, in one output format, with its callback. */
    private void life(String format) throws Exception {
        String id = UUID.randomUUID().toString();
        try (Receiver receiver = new Receiver(0)) {
            JsonObject accepted = Check.code(client.upload(new Client.Upload()
                .file(song, "song.wav").field("task_id", id).field("preset_name", "my_preset.json")
                .field("output_format", format).field("callback_url", receiver.url())), 200).json();
            Check.that(Check.text(accepted, "task_id").equals(id), "another task_id: " + accepted);
            Check.that(Check.text(accepted, "status").equals("accepted"), "not accepted: " + accepted);
            Check.text(accepted, "message");

            Client.Answer early = client.get("/results/" + id);
            if (early.code != 200) { // 200 only when the song was done that fast
                Check.error(early, 400);
            }
            JsonObject done = finish(id);
            Set<String> wanted = new TreeSet<>(Arrays.asList(
                id + "/extra_output/song_vocals." + format, id + "/extra_output/song_accompaniment." + format));
            Check.that(wanted.equals(new TreeSet<>(Arrays.asList(Check.texts(done, "results")))), "results: " + done);

            JsonObject results = Check.code(client.get("/results/" + id), 200).json();
            Check.that(wanted.equals(new TreeSet<>(Arrays.asList(Check.texts(results, "results")))), "results: " + results);
            Check.that(Check.text(results, "task_id").equals(id), "another task_id: " + results);
            for (String url : Check.texts(results, "download_urls")) {
                sound(Check.code(client.getAbsolute(url), 200), format);
            }
            for (String result : wanted) {
                download(id, result, format);
            }
            JsonObject callback = receiver.next(PATIENCE_SECONDS);
            Check.that(Check.text(callback, "task_id").equals(id), "callback: " + callback);
            Check.that(Check.text(callback, "status").equals("completed"), "callback: " + callback);
            Check.that(wanted.equals(new TreeSet<>(Arrays.asList(Check.texts(callback, "results")))), "callback: " + callback);
            Check.text(callback, "message");
            for (String url : Check.texts(callback, "download_urls")) {
                sound(Check.code(client.getAbsolute(url), 200), format);
            }
            Check.that(receiver.silent(500), "the callback came twice");
        }
        gone(id);
    }

    /** Nothing but a file: the server chooses the id, the preset my_preset and wav. */
    private void defaults() throws Exception {
        JsonObject accepted = Check.code(client.upload(new Client.Upload().file(song, "song.wav")), 200).json();
        String id = Check.text(accepted, "task_id");
        UUID.fromString(id);
        for (String result : Check.texts(finish(id), "results")) {
            download(id, result, "wav");
        }
        gone(id);
    }

    /** Names of any language: whatever arrives, the results' names go into a URL as they are. */
    private void names(HttpMultipartMode mode, Charset charset) throws Exception {
        String[] names = mode == HttpMultipartMode.RFC6532 ? ALL_NAMES : Arrays.copyOf(ALL_NAMES, 4);
        String[] ids = new String[names.length];
        for (int i = 0; i < names.length; i++) {
            ids[i] = UUID.randomUUID().toString();
            Client.Upload upload = new Client.Upload().mode(mode, charset).file(song, names[i]).field("task_id", ids[i]);
            Client.Answer answer = client.upload(upload);
            Check.that(answer.code == 200, names[i] + " was answered " + answer);
        }
        for (int i = 0; i < names.length; i++) {
            String[] results = Check.texts(finish(ids[i]), "results");
            Check.that(results.length == 2, names[i] + " gave " + Arrays.toString(results));
            for (String result : results) {
                download(ids[i], result, "wav");
            }
            gone(ids[i]);
        }
        if (charset != null) { // letters of any language stay
            String id = UUID.randomUUID().toString();
            client.upload(new Client.Upload().mode(mode, charset).file(song, "月亮 代表.wav").field("task_id", id));
            String results = Arrays.toString(Check.texts(finish(id), "results"));
            Check.that(results.contains("/月亮_代表_vocals.wav"), "results: " + results);
            gone(id);
        }
    }

    private void errors() throws Exception {
        String unknown = UUID.randomUUID().toString();
        Check.error(client.get("/status/" + unknown), 404);
        Check.error(client.get("/results/" + unknown), 404);
        Check.error(client.get("/download/" + unknown + "/song_vocals.wav"), 404);
        Check.error(client.delete("/task/" + unknown), 404);
        Check.error(client.get("/status/not-a-uuid"), 400, 404);

        Check.error(client.upload(new Client.Upload().file(song, "a.wav").field("task_id", "../../etc/passwd")), 400);
        Check.error(client.upload(new Client.Upload().file(song, "a.wav").field("task_id", "not-a-uuid")), 400);
        Check.error(client.upload(new Client.Upload().file(song, "a.wav").field("preset_name", "no_such_preset")), 400, 404);
        Check.error(client.upload(new Client.Upload().file(song, "a.wav").field("output_format", "docx")), 400, 415);
        Check.error(client.upload(new Client.Upload().file("just text".getBytes(), "a.txt")), 400, 415);
        Check.error(client.upload(new Client.Upload().file("just text".getBytes(), "a.wav")), 400, 415);
        Check.error(client.upload(new Client.Upload().file(new byte[0], "empty.wav")), 400, 415);
        Check.error(client.upload(new Client.Upload().field("task_id", unknown)), 400, 422);
        Check.error(client.upload(new Client.Upload().file(song, "a.wav").field("callback_url", "not a url")), 400, 422);
        Check.error(client.get("/status/" + unknown), 404); // a refused upload leaves no task behind

        Check.code(client.upload(new Client.Upload().file(song, "a.wav").field("task_id", unknown)), 200);
        Check.error(client.upload(new Client.Upload().file(song, "a.wav").field("task_id", unknown)), 409);
        finish(unknown);
        Check.error(client.upload(new Client.Upload().file(song, "a.wav").field("task_id", unknown)), 409);
        Check.error(client.get("/download/" + unknown + "/no_such_file.wav"), 404);
        Check.error(client.get("/download/" + unknown + "/..%2f..%2f..%2fjobs.db"), 400, 404);
        gone(unknown);
    }

    /** A receiver that is down at first gets its callback later. */
    private void retriedCallback() throws Exception {
        String id = UUID.randomUUID().toString();
        try (Receiver receiver = new Receiver(1)) {
            Check.code(client.upload(new Client.Upload()
                .file(song, "song.wav").field("task_id", id).field("callback_url", receiver.url())), 200);
            JsonObject callback = receiver.next(PATIENCE_SECONDS);
            Check.that(Check.text(callback, "task_id").equals(id), "callback: " + callback);
            Check.that(receiver.refusalsLeft() == 0, "the first try did not come");
        }
        gone(id);
    }

    /** Deleting waiting and running tasks ends them; what comes after is not disturbed. */
    private void cancel() throws Exception {
        String[] ids = new String[4];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = UUID.randomUUID().toString();
            Check.code(client.upload(new Client.Upload().file(song, "song.wav").field("task_id", ids[i])), 200);
        }
        for (int i = 0; i < ids.length - 1; i++) {
            gone(ids[i]);
        }
        finish(ids[ids.length - 1]);
        gone(ids[ids.length - 1]);
    }

    /** Download addresses begin as the address did that the caller used. */
    private void otherAddress(String base) throws Exception {
        try (Client other = new Client(base)) {
            String id = Check.text(Check.code(other.upload(new Client.Upload().file(song, "song.wav")), 200).json(), "task_id");
            finish(id);
            for (String url : Check.texts(Check.code(other.get("/results/" + id), 200).json(), "download_urls")) {
                Check.that(url.startsWith(base + "/download/" + id + "/"), "not below " + base + ": " + url);
                sound(Check.code(other.getAbsolute(url), 200), "wav");
            }
            gone(id);
        }
    }

    /** Polls as the client does, until the task has ended well; every answer on the way has all its fields. */
    private JsonObject finish(String id) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
        double before = 0;
        while (System.nanoTime() < deadline) {
            JsonObject status = Check.code(client.get("/status/" + id), 200).json();
            String state = Check.text(status, "status");
            double progress = Check.number(status, "progress");
            Check.that(Check.text(status, "task_id").equals(id), "another task_id: " + status);
            Check.that(STATES.contains(state), "unknown status: " + status);
            Check.text(status, "message");
            Check.texts(status, "results");
            Check.that(status.has("queue_position"), "no queue_position: " + status);
            Check.that(progress >= before && progress <= 1, "progress went from " + before + " to " + status);
            before = progress;
            Check.that(!state.equals("failed"), "the task failed: " + status);
            if (state.equals("completed")) {
                Check.that(progress == 1, "completed, but " + status);
                return status;
            }
            Thread.sleep(150);
        }
        throw new AssertionError("not done after " + PATIENCE_SECONDS + " s: " + id);
    }

    /** Fetches a result as the client does: the last part of its path, pasted into the URL. */
    private void download(String id, String result, String format) throws Exception {
        Check.that(result.startsWith(id + "/extra_output/"), "a result elsewhere: " + result);
        String path = "/download/" + id + "/" + result.substring(result.lastIndexOf('/') + 1);
        Client.Answer whole = Check.code(client.get(path), 200);
        sound(whole, format);
        Check.that(String.valueOf(whole.headers.get("content-disposition")).contains("filename"), "headers: " + whole.headers);
        Client.Answer part = Check.code(client.getRange(path, "bytes=0-3"), 206);
        Check.that(Arrays.equals(part.body, Arrays.copyOf(whole.body, 4)), "another part: " + part);
    }

    private static void sound(Client.Answer answer, String format) {
        String start = new String(answer.body, 0, 4, StandardCharsets.ISO_8859_1);
        boolean fits = format.equals("wav") ? start.equals("RIFF")
            : format.equals("flac") ? start.equals("fLaC")
            : start.startsWith("ID3") || (answer.body[0] & 0xff) == 0xff;
        Check.that(fits && answer.body.length > 1000, "not " + format + ": " + answer);
        Check.that(String.valueOf(answer.headers.get("content-type")).startsWith("audio/"), "headers: " + answer.headers);
    }

    private void gone(String id) throws Exception {
        Check.text(Check.code(client.delete("/task/" + id), 200).json(), "message");
        Check.error(client.get("/status/" + id), 404);
        Check.error(client.get("/results/" + id), 404);
        Check.error(client.get("/download/" + id + "/song_vocals.wav"), 404);
        Check.error(client.delete("/task/" + id), 404);
    }
}
