package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SvmTest {
    private static final List<String> TEXTS = Samples.texts(90);
    private static final List<String> LABELS = Samples.labels(90);

    private static Svm trained() {
        return Svm.train(Column.of(null, TEXTS), Column.of(null, LABELS), new Svm.Options().cost(1));
    }

    @Test
    void trainsAndClassifiesWithNamesInByteOrder() {
        try (Svm svm = trained()) {
            assertEquals(List.of("宽带", "投诉", "资费"), svm.classNames());
            assertEquals(1, svm.classNumber("投诉"));
            assertEquals(-1, svm.classNumber("none"));
            int[] found = svm.predict(TEXTS);
            for (int i = 0; i < found.length; i++) {
                assertEquals(LABELS.get(i), svm.classNames().get(found[i]));
            }
            Svm.Answer answer = svm.classify("套餐余额不对");
            assertEquals("资费", answer.className());
            assertTrue(answer.probability() > 0.4 && answer.probability() <= 1);
        }
    }

    @Test
    void aModelIsAsSmallAndAsSureAsAskedFor() {
        Svm.Options small = new Svm.Options().cost(1).maxBytes(4000);
        try (Svm whole = Svm.train(Column.of("text", TEXTS), Column.of("class", LABELS), new Svm.Options().cost(1));
            Svm cut = Svm.train(Column.of("text", TEXTS), Column.of("class", LABELS), small);
            Svm sure = Svm.train(Column.of("text", TEXTS), Column.of("class", LABELS), new Svm.Options().fixedTerms(true).precision(1))) {
            assertTrue(cut.toBytes().length <= 4000, cut.toBytes().length + " bytes");
            assertTrue(whole.toBytes().length > 4000, whole.toBytes().length + " bytes");
            assertEquals(3, sure.classNames().size());
            assertThrows(KehuException.class, () -> Svm.train(Column.of("text", TEXTS), Column.of("class", LABELS),
                new Svm.Options().precision(.9).abstainBelow(.5)));
        }
    }

    @Test
    void probabilitiesSumToOneAndTheLargestMarginWins() {
        try (Svm svm = trained()) {
            Svm.Predictions found = svm.predict(Column.of(null, TEXTS), new Svm.PredictOptions().threads(2));
            for (int i = 0; i < TEXTS.size(); i++) {
                float sum = 0;
                int best = 0;
                for (int k = 0; k < 3; k++) {
                    sum += found.probabilities()[3 * i + k];
                    best = found.margins()[3 * i + k] > found.margins()[3 * i + best] ? k : best;
                }
                assertEquals(1, sum, 1e-5);
                assertEquals(best, found.classes()[i]);
            }
            int[] top = svm.top(found.probabilities(), 2);
            assertEquals(found.classes()[7], top[14]);
            assertThrows(IllegalArgumentException.class, () -> svm.top(found.probabilities(), 4));
        }
    }

    @Test
    void directBuffersGiveWhatArraysGive() {
        StringBuilder all = new StringBuilder();
        IntBuffer offsets = IntBuffer.allocate(TEXTS.size() + 1).put(0);
        for (String text : TEXTS) {
            all.append(text);
            offsets.put(all.toString().getBytes(StandardCharsets.UTF_8).length);
        }
        byte[] encoded = all.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocateDirect(encoded.length).put(encoded).flip();
        Column column = Column.ofBuffer(null, bytes, offsets.flip());
        IntBuffer classes = ByteBuffer.allocateDirect(4 * 90).order(ByteOrder.nativeOrder()).asIntBuffer();
        FloatBuffer probabilities = ByteBuffer.allocateDirect(4 * 270).order(ByteOrder.nativeOrder()).asFloatBuffer();
        try (Svm svm = trained()) {
            Svm.Predictions expected = svm.predict(Column.of(null, TEXTS), new Svm.PredictOptions());
            svm.predict(column, new Svm.PredictOptions(), classes, probabilities, null);
            int[] found = new int[90];
            float[] p = new float[270];
            classes.get(found);
            probabilities.get(p);
            assertArrayEquals(expected.classes(), found);
            assertArrayEquals(expected.probabilities(), p);
        }
    }

    @Test
    void wrongBuffersAreRefused() {
        IntBuffer small = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()).asIntBuffer();
        IntBuffer heap = IntBuffer.allocate(90);
        IntBuffer readOnly = ByteBuffer.allocateDirect(400).order(ByteOrder.nativeOrder()).asIntBuffer().asReadOnlyBuffer();
        ByteOrder other = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        IntBuffer foreign = ByteBuffer.allocateDirect(400).order(other).asIntBuffer();
        IntBuffer shifted = ByteBuffer.allocateDirect(400).position(1).slice().order(ByteOrder.nativeOrder()).asIntBuffer();
        FloatBuffer foreignFloats = ByteBuffer.allocateDirect(1200).order(other).asFloatBuffer();
        Column texts = Column.of(null, TEXTS);
        Svm.PredictOptions options = new Svm.PredictOptions();
        try (Svm svm = trained()) {
            for (IntBuffer wrong : List.of(small, heap, readOnly, foreign, shifted)) {
                assertThrows(IllegalArgumentException.class, () -> svm.predict(texts, options, wrong, null, null));
            }
            assertEquals("margins is " + other + ", this machine is " + ByteOrder.nativeOrder(),
                assertThrows(IllegalArgumentException.class, () -> svm.predict(texts, options, null, null, foreignFloats)).getMessage());
        }
    }

    @Test
    void aModelLearnsOn() {
        Svm more;
        long open = Kehu.openHandles();
        try (Svm svm = trained()) {
            more = Svm.train(Column.of(null, TEXTS), Column.of(null, LABELS), new Svm.Options().start(svm));
        }
        assertTrue(Kehu.openHandles() <= open + 1, "the earlier model is still there");
        try (more; Svm svm = trained()) {
            assertEquals(svm.info().cost(), more.info().cost());
            assertArrayEquals(svm.predict(TEXTS), more.predict(TEXTS));
        }
    }

    @Test
    void aFileGivesTheSameModelBack(@TempDir Path folder) throws IOException {
        try (Svm svm = trained()) {
            Path file = folder.resolve("m.svm");
            svm.save(file);
            byte[] bytes = svm.toBytes();
            try (Svm loaded = Svm.load(file); Svm read = Svm.read(bytes); Svm mapped = Svm.map(file, null)) {
                assertArrayEquals(svm.predict(TEXTS), loaded.predict(TEXTS));
                assertArrayEquals(bytes, read.toBytes());
                assertArrayEquals(bytes, mapped.toBytes());
            }
            assertThrows(KehuException.Kind.class, () -> Tokenizer.read(bytes, new Tokenizer.Options()));
            bytes[bytes.length / 2] ^= 1;
            assertThrows(KehuException.Format.class, () -> Svm.read(bytes));
            assertThrows(KehuException.class, () -> Svm.read(new byte[0]));
            assertThrows(KehuException.NotFound.class, () -> Svm.load(folder.resolve("none")));
        }
    }

    @Test
    void whatAStreamThrowsComesOut() {
        try (Svm svm = trained()) {
            OutputStream full = new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    throw new IOException("the disk is full");
                }
            };
            assertEquals("the disk is full", assertThrows(IOException.class, () -> svm.write(full)).getMessage());
            OutputStream closing = new OutputStream() {
                @Override
                public void write(int b) {
                    svm.close();
                }
            };
            assertThrows(IllegalStateException.class, () -> svm.write(closing));
            assertEquals(90, svm.predict(TEXTS).length);
        }
    }

    @Test
    void explainsInCharsNotBytes() {
        try (Svm svm = trained()) {
            String text = "😀宽带断网了";
            Svm.Explanation why = svm.explain(text, svm.classNumber("宽带"), 100);
            double sum = why.bias();
            for (Svm.Reason r : why.reasons()) {
                assertEquals(r.term(), text.substring(r.start(), r.end()));
                sum += r.contribution();
            }
            assertEquals(why.margin(), sum, 1e-4);
            assertTrue(why.reasons().stream().anyMatch(r -> r.term().equals("宽带")));
            assertEquals(why.terms(), why.reasons().size());
            assertEquals(1, svm.explain(text, -1, 1).reasons().size());
            assertThrows(KehuException.Argument.class, () -> svm.explain(text, 3, 1));
            assertThrows(IllegalArgumentException.class, () -> svm.explain(text, 0, -1));
        }
    }

    @Test
    void errorsCarryCodeRowAndMessage() {
        List<String> labels = new ArrayList<>(LABELS);
        labels.set(5, null);
        KehuException e = assertThrows(KehuException.Data.class, () -> Svm.train(TEXTS, labels));
        assertEquals(-3, e.code());
        assertEquals(5, e.position());
        assertTrue(e.getMessage().contains("row 5 is missing, the first of 1: train without such rows"));
        assertThrows(KehuException.OneClass.class, () -> Svm.train(List.of("a", "b"), List.of("x", "x")));
        assertThrows(KehuException.Argument.class, () -> Svm.train(TEXTS, LABELS.subList(0, 3)));
        assertThrows(KehuException.ColumnMismatch.class,
            () -> Svm.train(Column.of(null, 1.0, 2.0), Column.of(null, "a", "b"), new Svm.Options()));
        assertThrows(KehuException.Argument.class,
            () -> Svm.train(Column.of(null, TEXTS), Column.of(null, LABELS), new Svm.Options().cost(-1)));
        assertThrows(IllegalArgumentException.class, () -> new Svm.Options().threads(-1));
        assertThrows(KehuException.Argument.class,
            () -> Svm.train(Column.of(null, TEXTS), Column.of(null, LABELS), new Svm.Options().weights(1, 2)));
        assertThrows(NullPointerException.class, () -> Svm.train(null, null));
    }

    @Test
    void textsWithoutAnUtf8FormAreRefusedAndNullsAreMissing() {
        try (Svm svm = trained()) {
            List<String> texts = Arrays.asList("好", null, "坏\uD83D");
            assertTrue(assertThrows(IllegalArgumentException.class, () -> svm.predict(texts)).getMessage().startsWith("row 2"));
            int[] found = svm.predict(Collections.nCopies(2, (String) null));
            assertEquals(found[0], found[1]);
            assertEquals(found[0], svm.predict(List.of(""))[0]);
        }
    }

    @Test
    void anInterruptStopsTrainingAndAListenerMayToo() {
        Thread.currentThread().interrupt();
        assertThrows(KehuException.Cancelled.class, () -> Svm.train(Samples.texts(3000), Samples.labels(3000)));
        assertTrue(Thread.interrupted());
        try (Svm svm = trained()) {
            Thread.currentThread().interrupt();
            assertEquals("宽带", svm.classify("宽带断网").className());
            assertTrue(Thread.interrupted());
        }
        List<Double> heard = new ArrayList<>();
        Svm.Options options = new Svm.Options().progress((done, stage) -> {
            heard.add(done);
            throw new UnsupportedOperationException(stage);
        });
        assertThrows(UnsupportedOperationException.class,
            () -> Svm.train(Column.of(null, TEXTS), Column.of(null, LABELS), options));
        assertEquals(1, heard.size());
    }

    @Test
    void wordsOfATokenizerMayBeTermsAndOutliveItsHandle() {
        Tokenizer tokenizer = Tokenizer.readWords("宽带 5\n断网 3\n", new Tokenizer.Options());
        Column texts = Column.of(null, TEXTS);
        Svm svm = Svm.train(texts, Column.of(null, LABELS), new Svm.Options().cost(1).tokenizer(tokenizer));
        int[] before = svm.predict(TEXTS);
        byte[] bytes = svm.toBytes();
        Svm more = Svm.train(texts, Column.of(null, LABELS), new Svm.Options().start(svm));
        int[] later = more.predict(TEXTS);
        assertThrows(KehuException.NotFound.class, () -> Svm.read(bytes));
        try (Svm read = Svm.read(bytes, tokenizer)) {
            tokenizer.close();
            assertArrayEquals(before, svm.predict(TEXTS));
            assertArrayEquals(before, read.predict(TEXTS));
        }
        assertThrows(IllegalStateException.class, () -> Svm.read(bytes, tokenizer));
        svm.close();
        assertThrows(IllegalStateException.class, () -> svm.predict(TEXTS));
        try (more) {
            assertArrayEquals(later, more.predict(TEXTS));
        }
    }

    @Test
    void infoTellsHowTrainingWent() {
        try (Svm svm = Svm.train(TEXTS, LABELS)) {
            Svm.Info info = svm.info();
            assertEquals(3, info.classes());
            assertEquals(90, info.texts());
            assertFalse(info.curve().isEmpty());
            assertTrue(info.curve().stream().anyMatch(step -> step.cost() == info.cost()));
            assertTrue(info.accuracy() > 0.9);
        }
    }
}
