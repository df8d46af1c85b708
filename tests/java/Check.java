import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Set;

/** Assertions that say what was seen. */
final class Check {
    private Check() {}

    static void that(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }

    static Client.Answer code(Client.Answer answer, Integer... wanted) {
        that(Set.of(wanted).contains(answer.code), "expected " + Set.of(wanted) + ", got " + answer);
        return answer;
    }

    /** An error answer: the code, and a JSON body whose `detail` is text that says something. */
    static void error(Client.Answer answer, Integer... wanted) {
        code(answer, wanted);
        that(!text(answer.json(), "detail").isEmpty(), "an error without a detail: " + answer);
    }

    static String text(JsonObject object, String key) {
        JsonElement value = object.get(key);
        boolean text = value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
        that(text, key + " is not text in " + object);
        return value.getAsString();
    }

    static double number(JsonObject object, String key) {
        JsonElement value = object.get(key);
        boolean number = value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
        that(number, key + " is not a number in " + object);
        return value.getAsDouble();
    }

    static String[] texts(JsonObject object, String key) {
        JsonElement value = object.get(key);
        that(value != null && value.isJsonArray(), key + " is not a list in " + object);
        String[] texts = new String[value.getAsJsonArray().size()];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = value.getAsJsonArray().get(i).getAsString();
        }
        return texts;
    }
}
