package org.kehu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CompletenessTest {
    /** Of the C functions only these have no use in Java, as another, an enum, chars or the fingerprint of the headers do it. */
    private static final Set<String> UNUSED = Set.of("abiNumber", "columnText", "structSize", "levelModeName", "redactKindName", "tableFind",
        "statusText", "statusName", "tokenizerCharacters", "tokenizerView");

    /** Set for all options alike, kept for later, or not for Java: allocators and executors are C functions. */
    private static final Set<String> NO_OPTIONS = Set.of("SIZEOF", "SIZE", "RESERVED", "ALLOC", "EXECUTOR");

    private static String sources() throws IOException {
        StringBuilder sources = new StringBuilder();
        try (Stream<Path> files = Files.list(Path.of("src/main/java/org/kehu"))) {
            for (Path file : files.toList()) {
                sources.append(Files.readString(file));
            }
        }
        return sources.toString();
    }

    @Test
    void everyOptionCanBeGiven() throws IOException {
        String sources = sources();
        Set<String> unused = new TreeSet<>();
        for (Class<?> struct : Layout.class.getDeclaredClasses()) {
            for (Field field : struct.getDeclaredFields()) {
                String name = struct.getSimpleName() + "." + field.getName();
                boolean isUsed = Pattern.compile("Layout\\." + name + "\\b").matcher(sources).find();
                if (struct.getSimpleName().endsWith("Options") && !NO_OPTIONS.contains(field.getName()) && !isUsed) {
                    unused.add(name);
                }
            }
        }
        assertEquals(Set.of(), unused);
    }

    @Test
    void everyCFunctionIsUsed() throws IOException {
        String sources = sources();
        Set<String> unused = new TreeSet<>();
        for (Method method : Native.class.getDeclaredMethods()) {
            boolean isUsed = Pattern.compile("Native(\\.|::)" + method.getName() + "\\b").matcher(sources).find();
            boolean isPythons = method.getName().startsWith("python");
            if (Modifier.isNative(method.getModifiers()) && !isUsed && !isPythons) {
                unused.add(method.getName());
            }
        }
        assertEquals(new TreeSet<>(UNUSED), unused);
    }

    /** What C calls is named in the metadata of native-image, or would not be there. */
    @Test
    void callbacksAreKnownToNativeImage() throws IOException {
        String config = Files.readString(Path.of("src/main/resources/META-INF/native-image/org.kehu/kehu/jni-config.json"));
        String source = Files.readString(Path.of("src/main/c/kehu_jni.c"));
        for (Method method : Callbacks.class.getDeclaredMethods()) {
            String signature = MethodType.methodType(method.getReturnType(), method.getParameterTypes()).toMethodDescriptorString();
            String types = Stream.of(method.getParameterTypes()).map(type -> '"' + type.getName() + '"').collect(Collectors.joining(", "));
            boolean isCalled = source.contains("callbacks, \"" + method.getName() + "\", \"" + signature + "\"");
            String entry = "{\"name\": \"" + method.getName() + "\", \"parameterTypes\": [" + types + "]}";
            assertEquals(isCalled, config.contains(entry), method.getName());
        }
        assertEquals(3, config.split("parameterTypes", -1).length - 1);
    }

    @Test
    void enumsAreNumberedAsInC() throws Exception {
        check(Column.Type.values(), "", 1);
        check(Tokenizer.Kind.values(), "SPAN_", 1);
        check(Tokenizer.Mode.values(), "TOKENIZER_", 1);
        check(Svm.Loss.values(), "SVM_", 0);
        check(Linear.Loss.values(), "LINEAR_", 0);
        check(Keyword.Mode.values(), "KEYWORD_", 0);
        check(Keyword.Mark.values(), "KEYWORD_", 0);
        check(Hybrid.By.values(), "HYBRID_", 1);
        check(Tree.Criterion.values(), "TREE_", 0);
        check(Tree.Kind.values(), "TREE_", 0);
        check(Tree.Calibration.values(), "TREE_CALIBRATE_", 0);
        check(Levels.Mode.values(), "LEVEL_", 0);
        check(RfmBase.Returns.values(), "RFM_RETURNS_", 0);
        check(Rfm.Rule.values(), "RFM_", 0);
        check(Rfm.Measure.values(), "RFM_", 0);
        check(Clv.Kind.values(), "", 0);
        check(Redact.Kind.values(), "REDACT_", 0);
        assertEquals(Constants.REDACT_KINDS, Redact.Kind.values().length);
        check(Store.Part.values(), "STORE_", 0);
        check(Store.Mode.values(), "STORE_", 0);
        check(Store.Durability.values(), "STORE_", 0);
        check(Csv.Encoding.values(), "ENCODING_", 0);
        check(Evaluate.Format.values(), "EVALUATION_", 0);
        check(Kano.Kind.values(), "KANO_", 0);
        assertEquals(Constants.KANO_KINDS, Kano.Kind.values().length);
        check(Trend.Report.values(), "TREND_", 0);
        check(Needs.Report.values(), "NEEDS_", 0);
        check(Demands.Report.values(), "DEMAND_", 0);
        check(Demands.Period.values(), "DEMAND_", 0);
        for (DemandMachine.Mark mark : DemandMachine.Mark.values()) {
            assertEquals(Constants.class.getDeclaredField("DEMAND_" + mark).getLong(null), mark.bit());
        }
        assertEquals(Constants.LEVEL_COUNT, Levels.COUNT);
        assertEquals(Constants.WORD_AUTOMATIC, Tokenizer.AUTOMATIC);
        assertEquals(Constants.WORD_WHOLE, Tokenizer.WHOLE);
        assertEquals(Constants.WORD_REMOVED, Tokenizer.REMOVED);
    }

    private static void check(Enum<?>[] values, String prefix, int first) throws Exception {
        for (Enum<?> value : values) {
            String name = prefix + value.name().toUpperCase(Locale.ROOT);
            assertEquals(Constants.class.getDeclaredField(name).getLong(null), value.ordinal() + first, name);
        }
    }
}
