import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/** The server's side of one log-in, RFC 5802 and 7677. The messages come and go in plain text. */
final class Scram {
    private final Credentials credentials;
    private final boolean rightDatabase;
    private final boolean skipEmptyExchange;
    private String clientFirstBare;
    private String serverFirst;
    private String nonce;
    private boolean userKnown;
    private boolean proven;
    private boolean done;

    Scram(Credentials credentials, boolean rightDatabase, boolean skipEmptyExchange) {
        this.credentials = credentials;
        this.rightDatabase = rightDatabase;
        this.skipEmptyExchange = skipEmptyExchange;
    }

    boolean done() {
        return done;
    }

    /** The answer to the client's next message, or null when the log-in has failed. */
    String answer(String message) throws GeneralSecurityException {
        if (clientFirstBare == null) {
            return first(message);
        }
        if (!proven) {
            return prove(message);
        }
        done = true;   // the client's closing, empty message
        return "";
    }

    private String first(String message) {
        clientFirstBare = message.substring(message.indexOf("n="));
        Map<String, String> fields = fields(clientFirstBare);
        String user = fields.get("n").replace("=2C", ",").replace("=3D", "=");
        userKnown = rightDatabase && user.equals(credentials.user());
        nonce = fields.get("r") + Base64.getEncoder().encodeToString(Hashes.random(24));
        serverFirst = "r=" + nonce + ",s=" + Base64.getEncoder().encodeToString(credentials.salt())
            + ",i=" + Credentials.ITERATIONS;
        return serverFirst;
    }

    private String prove(String message) throws GeneralSecurityException {
        Map<String, String> fields = fields(message);
        String withoutProof = message.substring(0, message.lastIndexOf(",p="));
        String signed = clientFirstBare + "," + serverFirst + "," + withoutProof;
        byte[] clientKey = Hashes.xor(
            Base64.getDecoder().decode(fields.get("p")), Hashes.hmac(credentials.storedKey(), signed));
        boolean sameKey = MessageDigest.isEqual(Hashes.sha256(clientKey), credentials.storedKey());
        if (!userKnown || !sameKey || !nonce.equals(fields.get("r"))) {
            return null;
        }
        proven = true;
        done = skipEmptyExchange;
        return "v=" + Base64.getEncoder().encodeToString(Hashes.hmac(credentials.serverKey(), signed));
    }

    private static Map<String, String> fields(String message) {
        Map<String, String> fields = new HashMap<>();
        for (String part : message.split(",")) {
            fields.put(part.substring(0, 1), part.substring(2));
        }
        return fields;
    }
}
