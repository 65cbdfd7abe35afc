package org.kehu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
    private static final Instant NEW_YEAR = Instant.parse("2026-01-01T00:00:00Z");

    private static List<Column> events(String customer, int n) {
        String[] who = new String[n];
        Instant[] when = new Instant[n];
        long[] cents = new long[n];
        String[] text = new String[n];
        for (int i = 0; i < n; i++) {
            who[i] = customer;
            when[i] = NEW_YEAR.plusSeconds(i);
            cents[i] = 100 + i;
            text[i] = i % 2 == 0 ? "网速慢😀" : null;
        }
        return List.of(Column.of("customer", who), Column.of("time", when), Column.of("amount", cents), Column.of("text", text));
    }

    private static Store created(Path folder) {
        return Store.open(folder.resolve("shop.kehu"), new Store.Options().mode(Store.Mode.CREATE).durability(Store.Durability.NONE));
    }

    @Test
    void aSourceIsWithdrawnStaleValuesAreMissingAndSharesMakeUpTheWhole(@TempDir Path folder) {
        try (Store store = created(folder)) {
            store.declare(Store.Part.CUSTOMERS, new Store.Declared("income", Column.Type.INT64, 1, 365, "form", ""));
            store.addCustomers(List.of(Column.of("customer", "a", "b"), Column.of("income", new long[] {1, 2}), Column.of("source", "crm", "list"),
                Column.of("valid_from", NEW_YEAR.minus(Duration.ofDays(366)), NEW_YEAR)));
            store.addEvents(events("8", 3));
            store.withdraw("list");
            try (Snapshot snapshot = store.snapshot(new Snapshot.Options())) {
                assertEquals(1, snapshot.stats().withdrawnSources());
                try (Scan scan = snapshot.scan(Store.Part.CUSTOMERS, new Snapshot.ScanOptions().fresh(NEW_YEAR)); Table left = scan.next()) {
                    assertEquals(1, left.rowCount());
                    assertArrayEquals(new boolean[] {false}, left.present("income"));
                }
                try (Scan first = snapshot.scan(Store.Part.EVENTS, new Snapshot.ScanOptions().share(0, 2));
                    Scan second = snapshot.scan(Store.Part.EVENTS, new Snapshot.ScanOptions().share(1, 2)); Table rows = first.next()) {
                    assertEquals(3, rows.rowCount()); // one customer is in one share
                    assertNull(second.next());
                }
                try (Table totals = snapshot.totals(new Snapshot.ScanOptions().threads(2))) {
                    assertArrayEquals(new long[] {303}, totals.longs("amount"));
                }
            }
            Store.Proof proof = store.purge();
            assertEquals(1, proof.sources());
            assertEquals(1, proof.customerRows());
        }
    }

    @Test
    void groupsAreCountedFilesImportedOnceAndStoresRepaired(@TempDir Path folder) throws IOException {
        byte[] lines = "customer,time,kind\n1,2026-01-01,buy\n2,2026-01-01,buy\n3,2026-01-01,call\n".getBytes(StandardCharsets.UTF_8);
        Path file = Files.write(folder.resolve("events.csv"), lines);
        try (Store store = created(folder)) {
            for (int i = 0; i < 2; i++) {
                try (Csv csv = Csv.open(file, new Csv.Options().fields(Field.of("time", Column.Type.TIMESTAMP)))) {
                    assertEquals(i == 0 ? 3 : 0, store.importCsv(Store.Part.EVENTS, csv, Map.of(), 0, Store.Duplicates.SKIP));
                }
            }
            for (int i = 0; i < 2; i++) {
                try (Csv csv = Csv.open(Files.writeString(folder.resolve("more.csv"), "customer\n4\n"), new Csv.Options())) {
                    assertEquals(
                        1 - i, store.importCsv(Store.Part.CUSTOMERS, csv, Map.of(), 0, Store.Duplicates.KEEP, "more.csv"));
                }
            }
            try (Snapshot snapshot = store.snapshot(new Snapshot.Options());
                Table all = snapshot.groups(Store.Part.EVENTS, "kind", 1, new Snapshot.ScanOptions());
                Table large = snapshot.groups(Store.Part.EVENTS, "kind", 3, new Snapshot.ScanOptions())) {
                assertArrayEquals(new String[] {"buy", "call"}, all.texts("group"));
                assertArrayEquals(new long[] {3}, large.longs("customers"));
            }
        }
        try (Table lost = Store.repair(folder.resolve("shop.kehu"), folder.resolve("repaired"), null)) {
            assertEquals(0, lost.rowCount());
        }
        try (Snapshot repaired = Snapshot.open(folder.resolve("repaired"), new Snapshot.Options())) {
            assertEquals(3, repaired.stats().events().rows());
        }
    }

    @Test
    void dataGoesOutWithConsentUnderPseudonyms(@TempDir Path folder) {
        byte[] key = "sixteen bytes...".getBytes(StandardCharsets.UTF_8);
        try (Store store = created(folder)) {
            store.declare(Store.Part.CUSTOMERS, new Store.Declared("mail", Column.Type.BOOL, 1, 0, "form", ""));
            store.addCustomers(List.of(Column.of("customer", "8", "甲"), Column.of("mail", new boolean[] {true, false})));
            store.addEvents(events("8", 2));
            store.addEvents(events("甲", 1));
            try (Snapshot snapshot = store.snapshot(new Snapshot.Options());
                Table agreed = snapshot.totals(new Snapshot.ScanOptions().require("mail").pseudonymKey(key))) {
                assertArrayEquals(new long[] {201}, agreed.longs("amount"));
                assertArrayEquals(new String[] {"6da798c810756fe3a0ab6b4da0c1b1fe"}, agreed.texts("customer"));
                assertEquals("6da798c810756fe3a0ab6b4da0c1b1fe", Store.pseudonym("8", key));
                assertThrows(KehuException.class, () -> snapshot.totals(new Snapshot.ScanOptions().require("mail or")));
                assertThrows(KehuException.class, () -> Store.pseudonym("8", new byte[15]));
            }
        }
    }

    @Test
    void whatIsAddedIsReadBackInOrder(@TempDir Path folder) throws IOException {
        try (Store store = created(folder)) {
            store.declare(Store.Part.CUSTOMERS, new Store.Declared("age", Column.Type.INT64, 1, 365, "form", ""));
            store.addCustomers(List.of(Column.of("customer", "甲", "乙"), Column.of("age", 30L, 40L)));
            assertEquals(3, store.addEvents(events("甲", 5)));
            assertEquals(3, store.sequence());
            try (Snapshot snapshot = store.snapshot(new Snapshot.Options())) {
                store.addEvents(events("乙", 5));
                assertEquals(3, snapshot.sequence());
                assertEquals("age", snapshot.fields(Store.Part.CUSTOMERS).get(0).name());
                assertEquals(5, snapshot.stats().events().rows());
                try (Scan scan = snapshot.scan(Store.Part.EVENTS, new Snapshot.ScanOptions().batchRows(3).columns("amount", "text"));
                    Table first = scan.next(); Table second = scan.next()) {
                    assertArrayEquals(new long[] {100, 101, 102}, first.longs("amount"));
                    assertArrayEquals(new String[] {"网速慢😀", null, "网速慢😀"}, first.texts("text"));
                    assertEquals(2, second.rowCount());
                    assertNull(scan.next());
                }
                try (Scan scan = snapshot.scanCustomer(Store.Part.CUSTOMERS, "乙", new Snapshot.ScanOptions()); Table row = scan.next()) {
                    assertArrayEquals(new long[] {40}, row.longs("age"));
                }
                try (Table totals = snapshot.totals(new Snapshot.ScanOptions().from(NEW_YEAR.plusSeconds(1)).until(NEW_YEAR.plusSeconds(3)))) {
                    assertArrayEquals(new long[] {203}, totals.longs("amount"));
                    assertArrayEquals(new String[] {"甲"}, totals.texts("customer"));
                }
                snapshot.backup(folder.resolve("copy"), null);
                try (Snapshot copy = Snapshot.open(folder.resolve("copy"), new Snapshot.Options())) {
                    assertEquals(5, copy.stats().events().rows());
                }
                assertThrows(KehuException.Duplicate.class, () -> snapshot.backup(folder.resolve("copy"), null));
                ByteArrayOutputStream json = new ByteArrayOutputStream();
                snapshot.export("甲", json);
                assertTrue(json.toString(StandardCharsets.UTF_8).contains("网速慢😀"));
                assertTrue(snapshot.check((done, stage) -> {}).rows() >= 5);
                Scan orphan = snapshot.scan(Store.Part.EVENTS, new Snapshot.ScanOptions());
                snapshot.close();
                orphan.next().close();
                orphan.close();
                assertThrows(IllegalStateException.class, snapshot::sequence);
            }
        }
    }

    @Test
    void aPersonCanBeErased(@TempDir Path folder) {
        try (Store store = created(folder)) {
            store.addEvents(events("甲", 5));
            store.addEvents(events("乙", 7));
            store.flush();
            store.erase("甲");
            Store.Proof proof = store.purge();
            assertEquals(5, proof.eventRows());
            assertEquals(0, proof.rowsLeft());
            store.compact();
            store.sync();
            try (Snapshot snapshot = store.snapshot(new Snapshot.Options().asOf(NEW_YEAR.plusSeconds(2)));
                Table totals = snapshot.totals(new Snapshot.ScanOptions())) {
                assertArrayEquals(new String[] {"乙"}, totals.texts("customer"));
                assertArrayEquals(new long[] {3}, totals.longs("events"));
            }
        }
    }

    @Test
    void filesAreImportedAndOtherProcessesMayRead(@TempDir Path folder) {
        byte[] rows = "id,when,cents\n甲,2026-01-01,5\n,2026-01-01,5\n乙,2026-01-02,7\n".getBytes(StandardCharsets.UTF_8);
        Csv.Options options = new Csv.Options().fields(Field.of("when", Column.Type.TIMESTAMP), Field.of("cents", Column.Type.INT64));
        try (Store store = created(folder); Csv csv = Csv.read(rows, "rows", options)) {
            assertEquals(2, store.importCsv(Store.Part.EVENTS, csv, Map.of("id", "customer", "when", "time", "cents", "amount"), 0));
            assertEquals(1, csv.rejectCount());
            assertThrows(KehuException.Busy.class, () -> Store.open(folder.resolve("shop.kehu"), new Store.Options()));
            try (Snapshot other = Snapshot.open(folder.resolve("shop.kehu"), new Snapshot.Options())) {
                assertEquals(2, other.stats().events().rows());
            }
        }
    }

    @Test
    void badRowsChangeNothing(@TempDir Path folder) {
        try (Store store = created(folder)) {
            KehuException e = assertThrows(KehuException.Data.class,
                () -> store.addEvents(List.of(Column.of("customer", "甲", ""), Column.of("time", NEW_YEAR, NEW_YEAR))));
            assertEquals(1, e.position());
            assertThrows(KehuException.ColumnMismatch.class, () -> store.addEvents(List.of(Column.of("customer", "甲"))));
            assertThrows(KehuException.ColumnMismatch.class,
                () -> store.addEvents(List.of(Column.of("customer", "甲", "乙"), Column.of("time", NEW_YEAR))));
            assertThrows(KehuException.class, () -> store.addEvents(List.of()));
            assertThrows(IllegalArgumentException.class, () -> store.erase("a\0b"));
            assertThrows(KehuException.class, () -> store.erase(null));
            assertEquals(0, store.sequence());
        }
        assertThrows(KehuException.NotFound.class, () -> Store.open(folder.resolve("none"), new Store.Options()));
    }

    @Test
    void threadsTakeTurnsWithAStore(@TempDir Path folder) throws InterruptedException {
        try (Store store = created(folder)) {
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                String name = "c" + t;
                threads.add(new Thread(() -> {
                    for (int i = 0; i < 20; i++) {
                        store.addEvents(events(name, 3));
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(80, store.sequence());
        }
    }
}
