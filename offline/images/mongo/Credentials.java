import java.security.GeneralSecurityException;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** The one user. What SCRAM keeps of a password: two keys made of it, not the password. */
record Credentials(String user, byte[] salt, byte[] storedKey, byte[] serverKey) {

    static final int ITERATIONS = 15000;

    static Credentials of(String user, String password) throws GeneralSecurityException {
        byte[] salt = Hashes.random(28);
        byte[] salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
            .generateSecret(new PBEKeySpec(password.toCharArray(), salt, ITERATIONS, 256))
            .getEncoded();
        byte[] storedKey = Hashes.sha256(Hashes.hmac(salted, "Client Key"));
        return new Credentials(user, salt, storedKey, Hashes.hmac(salted, "Server Key"));
    }

    /** Null: no log-in wanted, as in the real image. */
    static Credentials fromEnvironment() throws GeneralSecurityException {
        String user = System.getenv().getOrDefault("MONGO_INITDB_ROOT_USERNAME", "");
        String password = System.getenv().getOrDefault("MONGO_INITDB_ROOT_PASSWORD", "");
        if (user.isEmpty() != password.isEmpty()) {
            throw new IllegalArgumentException(
                "MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD go together");
        }
        return user.isEmpty() ? null : of(user, password);
    }
}
