package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The spam gate: 100 good messages, then 100 of spam. */
class GateTest {
    private static final List<String> TEXTS = IntStream.range(0, 200)
        .mapToObj(i -> i < 100 ? "明天" + i + "点开会" : "免费中奖" + (i - 100) + "元").toList();
    private static final List<String> LABELS = IntStream.range(0, 200).mapToObj(i -> i < 100 ? "ham" : "spam").toList();

    private static Gate train(List<String> labels, String good, Gate.Options options) {
        return Gate.train(Column.of(null, TEXTS), Column.of(null, labels), good, options);
    }

    @Test
    void spamIsHeldBackWithItsTerm(@TempDir Path folder) {
        List<String> texts = new ArrayList<>(TEXTS);
        Collections.addAll(texts, null, "");
        Column column = Column.of(null, texts);
        try (Gate gate = train(LABELS, "ham", new Gate.Options().cost(1)); Table held = gate.hold(column)) {
            assertArrayEquals(LongStream.range(100, 200).toArray(), held.longs("row"));
            for (double score : held.doubles("score")) {
                assertTrue(score > gate.info().threshold());
            }
            for (String term : held.texts("term")) {
                assertTrue("免费中奖".contains(term), term);
            }
            gate.save(folder.resolve("g"));
            try (Gate loaded = Gate.load(folder.resolve("g")); Gate read = Gate.read(gate.toBytes()); Table a = loaded.hold(column);
                Table b = read.hold(column)) {
                assertArrayEquals(held.doubles("score"), a.doubles("score"));
                assertArrayEquals(held.doubles("score"), b.doubles("score"));
                assertEquals(gate.info(), loaded.info());
            }
        }
    }

    @Test
    void infoTellsWhatPassesAndTheMachineSaysWhy() {
        Gate.Options options = new Gate.Options().recall(0.9).spamWeight(2).cost(1).charMax(2).folds(3).seed(7);
        Gate gate = train(LABELS, "ham", options);
        Gate.Info info = gate.info();
        assertEquals(List.of(100L, 100L, 0.9, 1.0), List.of(info.good(), info.spam(), info.recall(), info.cost()));
        assertTrue(info.passed() >= 0.9 && info.caught() > 0.9 && info.macroF1() > 0.9);
        Svm inside = gate.svm();
        assertEquals(List.of("ham", "spam"), inside.classNames());
        assertEquals("spam", inside.classify("免费中奖").className());
        try (Gate again = train(LABELS, "ham", options.threads(2))) {
            assertArrayEquals(gate.toBytes(), again.toBytes());
        }
        gate.close();
        assertThrows(IllegalStateException.class, () -> inside.classify("免费中奖"));
        assertThrows(IllegalStateException.class, gate::info);
    }

    @Test
    void whatCannotBeLearnedIsRefused() {
        Gate.Options options = new Gate.Options();
        List<String> three = new ArrayList<>(LABELS);
        three.set(199, "x");
        assertThrows(KehuException.NotFound.class, () -> train(LABELS, "good", options));
        assertThrows(KehuException.OneClass.class, () -> train(Collections.nCopies(200, "ham"), "ham", options));
        assertEquals(199, assertThrows(KehuException.Data.class, () -> train(three, "ham", options)).position());
        assertThrows(KehuException.Argument.class, () -> train(LABELS, null, options));
        assertThrows(KehuException.Argument.class, () -> train(LABELS, "ham", new Gate.Options().folds(21)));
        assertThrows(KehuException.Empty.class, () -> train(LABELS, "ham", new Gate.Options().recall(0.999)));
        assertThrows(IllegalArgumentException.class, () -> new Gate.Options().folds(-1));
        Gate.Options stopped = new Gate.Options().progress((done, stage) -> {
            throw new UnsupportedOperationException(stage);
        });
        assertThrows(UnsupportedOperationException.class, () -> train(LABELS, "ham", stopped));
    }
}
