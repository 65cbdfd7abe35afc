import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;

/**
 * Java trusts the certificates of a store of its own, everything else those of a PEM file that SSL_CERT_FILE names: makes
 * the one from the other, for machines that reach the world through a proxy with a certificate.
 *
 *     java TrustStore.java ca-certificates.crt out.p12     the password is changeit
 */
final class TrustStore {
    private TrustStore() {}

    public static void main(String[] files) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream in = new FileInputStream(files[0]); OutputStream out = new FileOutputStream(files[1])) {
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca" + store.size(), certificate);
            }
            store.store(out, "changeit".toCharArray());
        }
    }
}
