package org.kehu.spark;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** A standalone master and two workers on loopback, processes of their own that get kehu by its jars alone. */
final class Cluster implements AutoCloseable {
    private static final String DEPLOY = "org.apache.spark.deploy.";

    private final List<Process> started = new ArrayList<>();
    private final Path folder;
    private final Path home;
    private final String url;

    Cluster() throws IOException {
        folder = Files.createTempDirectory("kehu-cluster");
        home = folder.resolve("spark");
        Path jars = Files.createDirectories(home.resolve("jars"));
        for (Path jar : classPath().filter(p -> p.toString().endsWith(".jar") && !isKehu(p)).toList()) {
            Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
        }
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        url = "spark://127.0.0.1:" + port;
        start("master.Master", "--host", "127.0.0.1", "--port", Integer.toString(port), "--webui-port", "0");
        await(port);
        for (int i = 0; i < 2; i++) {
            start("worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir",
                folder.resolve("worker" + i).toString(), url);
        }
    }

    /** The driver gives up after a minute, which a busy machine may need. */
    private void await(int port) throws IOException {
        for (int seconds = 0;; seconds++) {
            try (Socket master = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (ConnectException e) {
                if (seconds == 300 || !started.get(0).isAlive()) {
                    throw e;
                }
            }
            try {
                Thread.sleep(1000);
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
        }
    }

    private static Stream<Path> classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(java.io.File.pathSeparator)).map(Path::of);
    }

    private static boolean isKehu(Path path) {
        return path.getFileName().toString().startsWith("kehu-");
    }

    private void start(String daemon, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-cp",
            home.resolve("jars") + "/*"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(a -> a.startsWith("--add-")).forEach(command::add);
        command.add(DEPLOY + daemon);
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(folder.resolve("daemon" + started.size() + ".log").toFile());
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13"); // told, as there is no build folder to guess it from
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        started.add(builder.start());
    }

    SparkSession session(String executorOptions) {
        try {
            Path own = folder.resolve("own.jar");
            jar(own, classPath().filter(Files::isDirectory).toList());
            Path kehu = classPath().filter(Cluster::isKehu).findFirst().orElseThrow();
            return local(SparkSession.builder().master(url).config("spark.jars", own + "," + kehu).config("spark.executor.memory", "512m")
                .config("spark.executor.extraJavaOptions", executorOptions)).getOrCreate();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static SparkSession.Builder local(SparkSession.Builder builder) {
        return builder.appName("kehu").config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1").config("spark.sql.shuffle.partitions", "4")
            // Snappy's library for Java takes musl's file where that is installed beside glibc, and does not load.
            .config("spark.sql.parquet.compression.codec", "uncompressed");
    }

    /** The classes of this module and of its tests. */
    private static void jar(Path to, List<Path> folders) throws IOException {
        try (OutputStream out = Files.newOutputStream(to); JarOutputStream jar = new JarOutputStream(out)) {
            for (Path from : folders) {
                try (Stream<Path> files = Files.walk(from)) {
                    for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                        jar.putNextEntry(new JarEntry(from.relativize(file).toString()));
                        Files.copy(file, jar);
                    }
                }
            }
        }
    }

    @Override
    public void close() throws Exception {
        for (int i = started.size() - 1; i >= 0; i--) {
            started.get(i).destroy();
            if (!started.get(i).waitFor(30, TimeUnit.SECONDS)) {
                started.get(i).destroyForcibly();
            }
        }
    }
}
