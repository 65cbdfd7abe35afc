package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Demands: followed, folded, summed up, their words, needs, trends, topics, ranks and tone. */
class DemandTest {
    private static final String STATUSES = "登记: open -> 答复\n答复: replied, final\n";

    private static Instant hour(int h) {
        return Instant.parse("2024-05-01T00:00:00Z").plusSeconds(3600L * h);
    }

    private static Column times(Integer... hours) {
        Instant[] times = new Instant[hours.length];
        for (int i = 0; i < hours.length; i++) {
            times[i] = hours[i] == null ? null : hour(hours[i]);
        }
        return Column.of("time", times);
    }

    @Test
    void statusesAreReadKeptAndAsked(@TempDir Path folder) throws IOException {
        try (DemandMachine machine = DemandMachine.of(STATUSES)) {
            assertEquals(List.of("登记", "答复"), machine.statuses());
            assertEquals(Set.of(DemandMachine.Mark.REPLIED, DemandMachine.Mark.FINAL), machine.marks("答复"));
            assertTrue(machine.allows("登记", "答复"));
            assertFalse(machine.allows("答复", "登记"));
            assertThrows(IllegalArgumentException.class, () -> machine.marks("none"));
            machine.save(folder.resolve("m"));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            machine.write(bytes);
            assertEquals(STATUSES, bytes.toString(StandardCharsets.UTF_8));
            try (DemandMachine loaded = DemandMachine.load(folder.resolve("m")); DemandMachine standard = DemandMachine.of(DemandMachine.builtin())) {
                assertEquals(machine.statuses(), loaded.statuses());
                assertTrue(standard.marks("solved").contains(DemandMachine.Mark.SOLVED));
            }
        }
        assertEquals(0, assertThrows(KehuException.Format.class, () -> DemandMachine.of("a: open -> b\nb: open -> a")).position());
    }

    @Test
    void demandsAreFollowedFromIntakeToSolution() {
        try (DemandMachine machine = DemandMachine.of(STATUSES);
            Demands one = Demands.of(new Demands.Options().machine(machine).dayOffsetMinutes(480));
            Demands two = Demands.of(new Demands.Options().machine(machine).dayOffsetMinutes(480).threads(2))) {
            one.add(new Demands.Batch(Column.of("d", "d1", "d2"), times(1, 2), Column.of("s", "登记", "登记"), Column.of("c", "x", "y"),
                Column.of("channel", "热线", "web"), null));
            two.add(new Demands.Batch(Column.of("d", "d1", "d3", null), times(5, 4, 4), Column.of("s", "答复", "答复", "登记"), null, null, null));
            one.merge(two);
            assertThrows(IllegalArgumentException.class, () -> one.merge(one));
            assertThrows(KehuException.Argument.class, () -> one.table(Demands.Report.COUNTS));
            one.finish(hour(8), new Demands.ReportOptions().period(Demands.Period.MONTH).replyWithinHours(3));
            assertEquals(new Demands.Counts(5, 0, 2, 2, 1, 2, 0), one.counts());
            try (Table times = one.table(Demands.Report.TIMES); Table overdue = one.table(Demands.Report.OVERDUE);
                Table refused = one.table(Demands.Report.REFUSED); Table open = one.table(Demands.Report.AGEING);
                Table customers = one.table(Demands.Report.CUSTOMERS); Table counts = one.table(Demands.Report.COUNTS);
                Table classes = one.table(Demands.Report.CLASSES)) {
                assertEquals(4 * 3600, times.longs("reply_median_s")[0]);
                assertArrayEquals(new long[] {3 * 3600}, overdue.longs("late_s"));
                assertArrayEquals(new String[] {"before the intake", "no demand"}, refused.texts("reason"));
                assertArrayEquals(new String[] {"d2"}, open.texts("demand"));
                assertArrayEquals(new long[] {0, 1}, customers.longs("open"));
                assertArrayEquals(new long[] {LocalDate.of(2024, 5, 1).toEpochDay(), LocalDate.of(2024, 5, 1).toEpochDay()},
                    counts.longs("period"));
                assertArrayEquals(new long[] {2}, classes.longs("customers"));
            }
            assertThrows(KehuException.ColumnMismatch.class,
                () -> one.add(new Demands.Batch(Column.of("d", 1L), times(1), Column.of("s", "登记"), null, null, null)));
            assertThrows(KehuException.class, () -> one.add(new Demands.Batch(null, null, null, null, null, null)));
        }
    }

    @Test
    void aLogIsKeptAndGoesOn(@TempDir Path folder) throws IOException {
        try (Demands log = Demands.of(new Demands.Options().dayOffsetMinutes(480))) {
            log.add(new Demands.Batch(Column.of("d", "d1", "d2"), times(1, 2), Column.of("s", "new", "lost"), null, null, null));
            log.save(folder.resolve("log"));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            log.write(bytes);
            assertArrayEquals(log.toBytes(), bytes.toByteArray());
            try (Demands loaded = Demands.load(folder.resolve("log")); Demands read = Demands.read(log.toBytes())) {
                assertArrayEquals(log.toBytes(), loaded.toBytes());
                read.add(new Demands.Batch(Column.of("d", "d1"), times(3), Column.of("s", "closed"), null, null, null));
                read.finish(hour(8), new Demands.ReportOptions());
                assertEquals(new Demands.Counts(3, 0, 1, 1, 0, 0, 0), read.counts());
            }
        }
        assertThrows(KehuException.Format.class, () -> Demands.read(new byte[] {1, 2, 3}));
    }

    @Test
    void copiesAreFolded() {
        Column texts = Column.of("text", "宽带又断了，什么时候来修！！", "谢谢", "宽带又断了，什么时候来修！！", "宽带又断了什么时候来修", " ", null);
        Duplicate.Folded folded = Duplicate.fold(texts, new Duplicate.Options().shingle(2).similarity(0.6).threads(2));
        try (Table groups = folded.groups()) {
            assertArrayEquals(new long[] {0, 1, 0, 0, -1, -1}, folded.groupOf());
            assertArrayEquals(new long[] {3, 1}, groups.longs("volume"));
            assertEquals("谢谢", groups.texts("text")[1]);
        }
        assertThrows(KehuException.Argument.class, () -> Duplicate.fold(texts, new Duplicate.Options().similarity(2)));
        assertThrows(KehuException.ColumnMismatch.class, () -> Duplicate.fold(Column.of(null, 1L), new Duplicate.Options()));
    }

    @Test
    void needsComeWithTheirWords() {
        Column texts = Column.of("text", "没信号，打不通", "没信号", "网速太慢", "要是能按天算", null);
        Column classes = Column.of("class", "net", "net", "net", "bill", "bill");
        try (Table found = Needs.find(Needs.Report.CLASSES, texts, classes, new Needs.Options().wordCount(1).threads(2));
            Keyword mine = Keyword.readText("basic\t要是\t7\n"); Keyword other = Keyword.readText("a\tb\t1\n");
            Table own = Needs.find(Needs.Report.TEXTS, texts, null, new Needs.Options().words(mine)); Keyword words = Needs.words()) {
            assertArrayEquals(new String[] {"latent", "basic"}, found.texts("need"));
            assertArrayEquals(new long[] {0, 2}, found.longs("basic"));
            assertArrayEquals(new String[] {"", "没信号:2"}, found.texts("basic_words"));
            assertArrayEquals(new String[] {null, null, null, "basic", null}, own.texts("need"));
            assertEquals(List.of("basic", "expected", "latent"), words.classNames());
            assertThrows(KehuException.NotFound.class, () -> Needs.find(Needs.Report.TEXTS, texts, null, new Needs.Options().words(other)));
        }
    }

    @Test
    void newWordsAreFound() {
        String[] planted = {"飞享", "鹏博士", "宽带"};
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            texts.add((char) (0x4E00 + i * 37 % 97) + "" + (char) (0x5E00 + i * 53 % 89) + planted[i % 3] + (char) (0x6E00 + i * 71 % 83));
        }
        try (Tokenizer known = Tokenizer.readWords("宽带 5", new Tokenizer.Options());
            Table found = Words.find(Column.of(null, texts), new Words.Options().tokenizer(known).minCount(20))) {
            assertEquals(Set.of("飞享", "鹏博士"), Set.of(found.texts("word")));
            assertTrue(found.longs("count")[0] >= 133);
        }
        assertThrows(KehuException.Argument.class, () -> Words.find(Column.of(null, texts), new Words.Options().maxCharacters(11)));
    }

    @Test
    void needsAreSummed() {
        assertEquals(Kano.Kind.MUST_BE, Kano.classify(3, 5));
        assertNull(Kano.classify(0, 5));
        assertEquals("one-dimensional", Kano.Kind.ONE_DIMENSIONAL.text());
        assertEquals("latent", Kano.Kind.ATTRACTIVE.need());
        assertNull(Kano.Kind.REVERSE.need());
        try (Table sums = Kano.sum(Column.of(null, "a", "b", "a", "a"), Column.of(null, 1, 3, 1, 1), Column.of(null, 5, 5, 5, 3))) {
            assertArrayEquals(new String[] {"one-dimensional", "must-be"}, sums.texts("kind"));
            assertArrayEquals(new double[] {1, 0}, sums.doubles("better"));
            assertArrayEquals(new long[] {3, 1}, sums.longs("answers"));
        }
        assertEquals(1, assertThrows(KehuException.Range.class,
            () -> Kano.sum(Column.of(null, "a", "a"), Column.of(null, 1, 6), Column.of(null, 1, 1))).position());
    }

    @Test
    void trendsHaveChangesAndBursts() {
        List<String> names = new ArrayList<>(List.of("B"));
        List<LocalDate> days = new ArrayList<>(List.of(LocalDate.ofEpochDay(50)));
        for (int day = 0; day < 100; day++) { // 4 a day, 12 from day 60 on, 40 on day 90
            for (int i = 0; i < (day == 90 ? 40 : day < 60 ? 4 : 12); i++) {
                names.add("A");
                days.add(LocalDate.ofEpochDay(day));
            }
        }
        Column group = Column.of(null, names);
        Column time = Column.of(null, days.toArray(new LocalDate[0]));
        LocalDate last = LocalDate.ofEpochDay(99);
        Trend.Options options = new Trend.Options();
        try (Table changes = Trend.find(Trend.Report.CHANGES, group, time, LocalDate.EPOCH, last, options);
            Table bursts = Trend.find(Trend.Report.BURSTS, group, time, LocalDate.EPOCH, last, options);
            Table levels = Trend.find(Trend.Report.LEVELS, null, time, LocalDate.EPOCH, last, options)) {
            assertArrayEquals(new long[] {60}, changes.longs("day"));
            assertEquals(4, changes.doubles("before")[0], 0.05);
            assertArrayEquals(new long[] {90}, bursts.longs("first"));
            assertArrayEquals(new long[] {40}, bursts.longs("events"));
            assertEquals(1, levels.rowCount());
        }
        assertThrows(KehuException.Empty.class, () -> Trend.find(Trend.Report.LEVELS, null, time, last, last, options));
    }

    @Test
    void featuresOfEvents() {
        LocalDate first = LocalDate.of(2024, 1, 1);
        LocalDate last = first.plusDays(9);
        Column customer = Column.of(null, "b", "a", "b");
        Column item = Column.of(null, "app", "hall", "hall");
        Column time = Column.of(null, first, first, first.plusDays(5));
        Features.Options options = new Features.Options().dayOffsetMinutes(480);
        try (Table plain = Features.find(customer, item, time, null, null, first, last, options);
            Table full = Features.find(customer, item, time, Column.of(null, 1L, 2L, 3L), item, first, last, options)) {
            assertEquals(2, plain.rowCount());
            assertArrayEquals(new double[] {0, 1}, plain.doubles("entropy"));
            assertArrayEquals(new double[] {1, 0.5}, plain.doubles("hall_share"));
            assertArrayEquals(new double[] {1, 0.75}, full.doubles("hall_share"));
            assertArrayEquals(new long[] {0, 1}, full.longs("moves"));
            assertArrayEquals(new double[] {-1, 0}, full.doubles("trend"));
        }
        try (Table chosen = Features.find(customer, item, time, null, null, first, last, options.items("hall", "shop"))) {
            assertArrayEquals(new long[] {1, 1}, chosen.longs("events"));
            assertArrayEquals(new long[] {0, 0}, chosen.longs("shop_events"));
        }
        assertThrows(KehuException.Argument.class, () -> Features.find(customer, item, time, null, null, last, first, options));
    }

    @Test
    void topicsHaveWordsExamplesAndShares(@TempDir Path folder) {
        String[] words = {"宽带 断网 网速 光猫", "话费 套餐 流量 余额"};
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            String[] one = words[i % 2].split(" ");
            texts.add(one[i / 2 % 4] + "，" + one[i / 8 % 4] + "，" + one[i / 3 % 4]);
        }
        Column column = Column.of(null, texts);
        try (Topic topics = Topic.fit(column, new Topic.Options().topics(2).minDf(2).threads(2))) {
            assertEquals(2, topics.count());
            assertEquals(1, topics.info(0).share() + topics.info(1).share(), 1e-9);
            assertEquals(60, topics.info(0).texts() + topics.info(1).texts());
            assertEquals(5, topics.info(1).examples().size());
            String first = topics.words(0, 1).get(0).word();
            assertTrue(words[(int) (topics.info(0).examples().get(0) % 2)].contains(first));
            float[] weights = topics.weights(Column.of(null, "宽带断网", "话费余额", "无关"), 2);
            assertTrue((weights[0] > 0.5) != (weights[2] > 0.5));
            assertArrayEquals(new float[] {0, 0}, new float[] {weights[4], weights[5]});
            topics.save(folder.resolve("t"));
            try (Topic loaded = Topic.load(folder.resolve("t")); Topic read = Topic.read(topics.toBytes())) {
                assertEquals(topics.words(1, 10), loaded.words(1, 10));
                assertArrayEquals(topics.weights(column, 0), read.weights(column, 1));
            }
            assertThrows(KehuException.Argument.class, () -> topics.info(2));
            assertThrows(KehuException.Argument.class, () -> topics.words(-1, 3));
        }
        assertThrows(KehuException.Empty.class, () -> Topic.fit(Column.of(null, "a", "b"), new Topic.Options()));
    }

    @Test
    void groupsAreRankedWithReasons(@TempDir Path folder) throws IOException {
        Column group = Column.of("group", "资费", "网络", "套餐");
        List<Column> inputs = List.of(Column.of("volume", 1.0, 5, 5), Column.of("growth", Double.NaN, 0.1, 0.2),
            Column.of("negative_share", 0.5, 0.5, 0.5), Column.of("customer_value", 0.0, 0, 9), Column.of("other", "a", "b", "c"));
        try (Priority weights = Priority.of(Priority.builtin()); Table ranked = weights.rank(group, inputs)) {
            assertEquals(List.of("volume", "growth", "negative_share", "customer_value"), List.copyOf(weights.weights().keySet()));
            assertEquals(3, weights.weights().get("volume"));
            assertArrayEquals(new String[] {"套餐", "网络", "资费"}, ranked.texts("group"));
            assertEquals((3 * 0.75 + 2 + 2 * 0.5 + 1) / 8, ranked.doubles("score")[0], 1e-12);
            assertThrows(KehuException.ColumnMismatch.class, () -> weights.rank(group, inputs.subList(0, 1)));
            weights.save(folder.resolve("p"));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            weights.write(bytes);
            assertEquals(Priority.builtin(), bytes.toString(StandardCharsets.UTF_8));
            try (Priority loaded = Priority.load(folder.resolve("p"))) {
                assertEquals(weights.weights(), loaded.weights());
            }
        }
        assertEquals(1, assertThrows(KehuException.Format.class, () -> Priority.of("a: 1\nb")).position());
    }

    @Test
    void textsAreForOrAgainst(@TempDir Path folder) {
        String list = "positive\t!好\t60\npositive\t!满意\t80\nnegative\t!差\t70\nnegation\t!不\t100\ndegree\t!很\t50\n";
        Column texts = Column.of(null, "信号很好", "不好", "😀服务差", "嗯");
        try (Keyword words = Keyword.readText(list); Sentiment by = Sentiment.of(words)) {
            Sentiment.Scores found = by.score(texts, false, 2);
            assertArrayEquals(new int[] {90, -60, -70, 0}, found.points());
            assertArrayEquals(new byte[] {1, -1, -1, 0}, found.polarities());
            assertArrayEquals(new int[] {1, 1, 1, 0}, found.cues());
            assertEquals(90 / 190.0, found.strengths()[0], 1e-12);
            assertEquals(List.of(new Sentiment.Cue(4, 5, 2, "好", 60, -90, 1)), by.cues("😀不很好"));
            assertEquals(List.of(), by.cues(""));
            assertEquals(words.text(), by.words().text());
            by.save(folder.resolve("s"));
            try (Sentiment loaded = Sentiment.load(folder.resolve("s")); Sentiment read = Sentiment.read(by.toBytes())) {
                assertArrayEquals(found.points(), loaded.score(texts, false, 0).points());
                assertArrayEquals(found.probabilities(), read.score(texts, true, 1).probabilities());
            }
        }
        String[] what = {"网速", "套餐", "客服", "信号", "资费"};
        List<String> said = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < 80; i++) {
            said.add(what[i % 5] + (i % 2 == 0 ? "满意，推荐" : "糟糕，失望") + what[i / 5 % 5]);
            labels.add(i % 2 == 0 ? "for" : "against");
        }
        Column labelled = Column.of(null, labels);
        try (Sentiment learned = Sentiment.train(Column.of(null, said), labelled, new Sentiment.Options().positive("for").wordCount(8).threads(2))) {
            assertArrayEquals(new byte[] {1, -1}, learned.score(Column.of(null, "宽带满意", "宽带糟糕"), false, 1).polarities());
        }
        assertThrows(KehuException.Data.class, () -> Sentiment.train(Column.of(null, said), labelled, new Sentiment.Options()));
    }

    @Test
    void textsAreSummedUpByTheirSentences() {
        Column texts = Column.of(null, "昨天小区宽带断网了。请尽快派人来修！！谢谢。", "小区宽带又断网了；客服电话打不通", null, "昨天小区宽带断网了。");
        try (Table one = Summary.find(texts, new Summary.Options().sentences(1).threads(2))) {
            assertArrayEquals(new String[] {"昨天小区宽带断网了。"}, one.texts("sentence"));
            assertArrayEquals(new long[] {0}, one.longs("row"));
        }
        assertThrows(KehuException.Argument.class, () -> Summary.find(texts, new Summary.Options().sentences(1001)));
    }
}
