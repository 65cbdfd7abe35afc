package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokenizer, the keyword classifier and the hybrid. */
class TextTest {
    private static final Column TEXTS = Column.of(null, Samples.texts(120));
    private static final Column LABELS = Column.of(null, Samples.labels(120));

    @Test
    void spansCoverTheTextInChars() {
        String text = "😀充了100元话费，iPhone15pro还是没信号 13812345678";
        try (Tokenizer tokenizer = Tokenizer.standard()) {
            StringBuilder joined = new StringBuilder();
            List<Tokenizer.Span> spans = tokenizer.split(text);
            spans.forEach(span -> joined.append(span.in(text)));
            assertEquals(text, joined.toString());
            assertEquals(Tokenizer.Kind.EMOJI, spans.get(0).kind());
            assertTrue(spans.stream().anyMatch(s -> s.in(text).equals("100元") && s.kind() == Tokenizer.Kind.AMOUNT));
            assertTrue(spans.stream().anyMatch(s -> s.in(text).equals("13812345678") && s.kind() == Tokenizer.Kind.PHONE));
            List<List<Tokenizer.Span>> all = tokenizer.split(Arrays.asList(text, null, ""), 2);
            assertEquals(spans, all.get(0));
            assertEquals(List.of(), all.get(1));
            assertEquals(List.of(), all.get(2));
            assertTrue(tokenizer.wordCount() > 100_000);
            assertThrows(IllegalArgumentException.class, () -> tokenizer.split("\uDC00"));
            assertThrows(NullPointerException.class, () -> tokenizer.split((String) null));
        }
    }

    @Test
    void dictionariesAreEditedKeptAndLookedUp(@TempDir Path folder) throws IOException {
        Tokenizer.Options options = new Tokenizer.Options();
        try (Tokenizer words = Tokenizer.readWords("宽带 5 n\n断网 3\n", options);
            Tokenizer edited = words.edit(List.of("龘龘"), new long[] {Tokenizer.WHOLE}, null)) {
            assertEquals(new Tokenizer.Word(words.find("宽带").number(), false, 5, "n"), words.find("宽带"));
            assertThrows(KehuException.NotFound.class, () -> words.find("龘龘"));
            assertTrue(edited.find("龘龘").isWhole());
            assertEquals(1, edited.split("龘龘").size());
            assertFalse(words.fingerprint() == edited.fingerprint());
            assertThrows(IllegalArgumentException.class, () -> words.edit(List.of("a"), new long[2], null));
            words.save(folder.resolve("t"));
            words.saveWords(folder.resolve("w"));
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            words.writeWords(text);
            try (Tokenizer loaded = Tokenizer.load(folder.resolve("t"), options); Tokenizer read = Tokenizer.read(words.toBytes(), options);
                Tokenizer mapped = Tokenizer.map(folder.resolve("t"), options);
                Tokenizer listed = Tokenizer.loadWords(folder.resolve("w"), options);
                Tokenizer again = Tokenizer.readWords(text.toString(StandardCharsets.UTF_8), options)) {
                for (Tokenizer other : List.of(loaded, read, mapped, listed, again)) {
                    assertEquals(words.fingerprint(), other.fingerprint());
                }
            }
        }
        assertThrows(KehuException.Range.class, () -> Tokenizer.readWords("a 0\n", options));
    }

    @Test
    void aTokenizerLearnsFromSentences() {
        String[] things = {"宽带", "路由器", "信号", "手机", "套餐"};
        List<String> sentences = IntStream.range(0, 60).mapToObj(i -> "我的 " + things[i % 5] + " 又 " + (i % 3 == 0 ? "断" : "坏") + " 了").toList();
        try (Tokenizer trained = Tokenizer.train(null, sentences, new Tokenizer.TrainOptions().epochs(3))) {
            Tokenizer.Quality quality = trained.evaluate(sentences, null);
            assertTrue(quality.f1() > 0.9 && quality.right() <= quality.wanted());
            assertTrue(quality.newWords() == quality.wanted());
        }
        assertThrows(KehuException.Empty.class, () -> Tokenizer.train(null, List.of(), new Tokenizer.TrainOptions()));
    }

    @Test
    void aTokenizerAdaptsToTexts() {
        List<String> texts = IntStream.range(0, 60).mapToObj(i -> i % 2 == 0 ? "研究，生命的起源" : "生命和研究").toList();
        try (Tokenizer list = Tokenizer.readWords("研究 10\n研究生 90\n生命 10\n命 50\n", new Tokenizer.Options());
            Tokenizer same = list.adapt(List.of(), null);
            Tokenizer adapted = list.adapt(texts, new Tokenizer.AdaptOptions().rounds(3).prior(10).threads(2).progress((done, stage) -> assertEquals("adapt", stage)))) {
            assertEquals(List.of("研究生", "命"), list.split("研究生命").stream().map(s -> s.in("研究生命")).toList());
            assertEquals(List.of("研究", "生命"), adapted.split("研究生命").stream().map(s -> s.in("研究生命")).toList());
            assertEquals(list.fingerprint(), same.fingerprint());
            assertThrows(KehuException.Argument.class, () -> list.adapt(texts, new Tokenizer.AdaptOptions().prior(-1)));
            assertThrows(ArithmeticException.class, () -> list.adapt(texts, new Tokenizer.AdaptOptions().progress((done, stage) -> {
                throw new ArithmeticException();
            })));
        }
    }

    @Test
    void keywordsAreReadEditedAndExplained(@TempDir Path folder) throws IOException {
        try (Keyword learned = Keyword.train(TEXTS, LABELS, new Keyword.Options().keywordsPerClass(5).threads(2))) {
            Keyword.Predictions found = learned.predict(TEXTS, new Keyword.PredictOptions());
            assertEquals(120 * 3, found.scores().length);
            assertTrue(learned.info().accuracy() > 0.9);
            String edited = learned.text() + "宽带\t!龘龘\t90\n";
            try (Keyword mine = Keyword.readText(edited)) {
                List<Keyword.Change> changes = learned.changesTo(mine);
                assertEquals(List.of(new Keyword.Change("宽带", "龘龘", null, Keyword.Mark.FIXED, 0, 90)), changes);
                assertTrue(mine.lines().stream().anyMatch(l -> l.keyword().equals("龘龘") && l.mark() == Keyword.Mark.FIXED));
                assertTrue(mine.words().contains("龘龘"));
                int broadband = mine.classNumber("宽带");
                assertEquals(-1, mine.classNumber("none"));
                List<Keyword.Match> why = mine.explain("😀龘龘", broadband);
                assertEquals(new Keyword.Match(2, 4, why.get(0).word(), "龘龘", 90), why.get(0));
                assertEquals(2, mine.match("龘龘、龘龘", -1).size());
                assertEquals(broadband, mine.predict(List.of("龘龘"))[0]);
                assertTrue(Math.abs(mine.bias(broadband)) < 1000);
                assertThrows(IndexOutOfBoundsException.class, () -> mine.bias(9));
                assertThrows(KehuException.Argument.class, () -> mine.explain("x", 9));
                try (Keyword again = Keyword.train(TEXTS, LABELS, new Keyword.Options().base(mine))) {
                    assertTrue(again.words().contains("龘龘"));
                }
                mine.saveText(folder.resolve("k.txt"));
                mine.save(folder.resolve("k"));
                ByteArrayOutputStream text = new ByteArrayOutputStream();
                mine.writeText(text);
                assertEquals(mine.text(), text.toString(StandardCharsets.UTF_8));
                try (Keyword a = Keyword.loadText(folder.resolve("k.txt")); Keyword b = Keyword.load(folder.resolve("k"));
                    Keyword c = Keyword.read(mine.toBytes())) {
                    assertEquals(mine.lines(), a.lines());
                    assertEquals(mine.lines(), b.lines());
                    assertEquals(mine.lines(), c.lines());
                }
            }
        }
        assertEquals(2, assertThrows(KehuException.Format.class, () -> Keyword.readText("a\tb\t1\n\na\tb\tx\n")).position());
    }

    @Test
    void theHybridSaysWhoDecided(@TempDir Path folder) {
        try (Hybrid hybrid = Hybrid.train(TEXTS, LABELS, new Hybrid.Options().svm(new Svm.Options().cost(1)).threads(2))) {
            Hybrid.Predictions found = hybrid.predict(TEXTS, new Hybrid.PredictOptions());
            assertArrayEquals(found.classes(), hybrid.predict(Samples.texts(120)));
            assertEquals(120, found.by().length);
            assertTrue(hybrid.info().heldOut() > 0);
            Svm inside = hybrid.svm();
            assertEquals(hybrid.classNames().size(), inside.classNames().size());
            assertEquals("宽带", inside.classify("宽带断网").className());
            assertFalse(hybrid.keyword().words().isEmpty());
            hybrid.save(folder.resolve("h"));
            try (Hybrid loaded = Hybrid.load(folder.resolve("h")); Hybrid read = Hybrid.read(hybrid.toBytes())) {
                assertArrayEquals(found.classes(), loaded.predict(Samples.texts(120)));
                assertArrayEquals(found.probabilities(), read.predict(TEXTS, new Hybrid.PredictOptions()).probabilities());
            }
            long open = Kehu.openHandles();
            hybrid.close();
            assertEquals(open - 1, Kehu.openHandles());
            assertThrows(IllegalStateException.class, () -> inside.classify("宽带"));
        }
    }

    @Test
    void whatNamesAPersonIsTakenOut() {
        String text = "😀请打13812345678联系我，a.b@c.com";
        List<Redact.Span> found = Redact.find(text, new Redact.Options());
        assertEquals(new Redact.Span(4, 15, Redact.Kind.PHONE), found.get(0));
        assertEquals(Redact.Kind.EMAIL, found.get(1).kind());
        assertEquals("a.b@c.com", text.substring(found.get(1).start(), found.get(1).end()));
        Redact.Redacted done = Redact.texts(Arrays.asList(text, null, ""), new Redact.Options().kinds(Redact.Kind.PHONE));
        assertEquals(Arrays.asList("😀请打[phone]联系我，a.b@c.com", null, ""), done.texts());
        assertArrayEquals(new long[] {1, 0, 0, 0, 0}, done.counts());
        Redact.Options stars = new Redact.Options().instead("*", "*", "*", "*", "*");
        assertEquals("😀请打*联系我，*", Redact.texts(List.of(text), stars).texts().get(0));
        assertThrows(IllegalArgumentException.class, () -> new Redact.Options().instead("*"));
    }
}
