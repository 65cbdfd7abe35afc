package org.kehu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's program and the example service do what they say. */
class ExamplesTest {
    private static final Path ROOT = Path.of("../..");
    private static final Path LABELLED = ROOT.resolve("tests/golden/readme_labelled.csv");

    private static Process start(Path program, String... arguments) throws IOException {
        String classes = System.getProperty("java.class.path") + ":" + System.getProperty("jdk.module.path", "");
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-cp", classes, program.toString());
        builder.command().addAll(List.of(arguments));
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    @Test
    void theReadmesProgramPrintsWhatCPrints(@TempDir Path folder) throws Exception {
        Matcher program = Pattern.compile("^```java\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE)
            .matcher(Files.readString(ROOT.resolve("README.md")));
        assertTrue(program.find());
        assertTrue(program.group(1).lines().count() <= 10);
        Path source = Files.writeString(folder.resolve("Classify.java"), program.group(1));
        Process process = start(source, LABELLED.toString());
        assertEquals(Files.readString(ROOT.resolve("tests/golden/readme_output.txt")),
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, process.waitFor());
    }

    @Test
    void theListOfCustomersAtRiskIsThatOfC() throws Exception {
        Path folder = ROOT.resolve("tests/golden/at_risk");
        Process process = start(ROOT.resolve("examples/java/AtRisk.java"), folder.resolve("customers.csv").toString(),
            folder.resolve("labelled.csv").toString(), folder.resolve("complaints.csv").toString());
        assertEquals(Files.readString(folder.resolve("output.txt")),
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, process.waitFor());
    }

    @Test
    void theServiceClassifiesPostedTexts() throws Exception {
        Process process = start(ROOT.resolve("examples/java/ClassifyService.java"), LABELLED.toString(), "0");
        try (BufferedReader out = process.inputReader()) {
            String port = out.readLine().replaceAll("\\D", "");
            URI service = URI.create("http://127.0.0.1:" + port + "/classify");
            List<String> lines = answers(service, "宽带又断了\n😀\n");
            assertEquals(2, lines.size());
            assertTrue(lines.get(0).matches("宽带故障\t[01]\\.\\d+"), lines.get(0));
            List<String> crlf = answers(service, "宽带又断了\r\n\r\n😀");
            assertEquals(List.of(lines.get(0), lines.get(1)), List.of(crlf.get(0), crlf.get(2)));
            assertEquals(3, crlf.size());
            assertEquals(List.of(), answers(service, ""));
            String explained = answers(service.resolve("/explain"), "宽带又断了").get(0);
            assertTrue(explained.startsWith(lines.get(0) + "\t") && "宽带又断了".contains(explained.split("\t")[2]), explained);
            assertEquals(Collections.nCopies(20_000, lines.get(0)), answers(service, "宽带又断了\n".repeat(20_000)));
            assertEquals(400, post(service, new byte[] {(byte) 0xFF}).getResponseCode());
            assertEquals("HTTP/1.1 413 Request Entity Too Large", announced(service, (16 << 20) + 1));
            assertEquals(405, ((HttpURLConnection) service.toURL().openConnection()).getResponseCode());
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    private static List<String> answers(URI service, String texts) throws IOException {
        HttpURLConnection answer = post(service, texts.getBytes(StandardCharsets.UTF_8));
        assertEquals(200, answer.getResponseCode());
        return new String(answer.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }

    /** What is said to a body of so many bytes before they come. */
    private static String announced(URI service, int size) throws IOException {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            String head = "POST /classify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + size + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine();
        }
    }

    private static HttpURLConnection post(URI service, byte[] body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) service.toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.getOutputStream().write(body);
        return connection;
    }
}
