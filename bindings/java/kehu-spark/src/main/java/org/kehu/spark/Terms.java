package org.kehu.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** From the rows (class, text) of a partition: class, term and in how many texts; a missing term stands for all texts. */
final class Terms<M> implements Iterator<Row> {
    private static final int ROWS = 4096;
    private static final int MOST = 1_000_000;

    /** The different terms in each text. */
    interface In<M> extends Serializable {
        List<Set<String>> of(M model, List<String> texts);
    }

    private record Key(String name, String term) {}

    private final Iterator<Row> rows;
    private final M model;
    private final In<M> terms;
    private final String label;
    private Iterator<Map.Entry<Key, Long>> counted = Map.<Key, Long>of().entrySet().iterator();

    Terms(Iterator<Row> rows, M model, In<M> terms, String label) {
        this.rows = rows;
        this.model = model;
        this.terms = terms;
        this.label = label;
    }

    @Override
    public boolean hasNext() {
        if (!counted.hasNext() && rows.hasNext()) {
            counted = count().entrySet().iterator();
        }
        return counted.hasNext();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Map.Entry<Key, Long> next = counted.next();
        return RowFactory.create(next.getKey().name, next.getKey().term, next.getValue());
    }

    /** Of rows until there is much to remember. */
    private Map<Key, Long> count() {
        Map<Key, Long> found = new HashMap<>();
        List<String> names = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        while (found.size() < MOST && rows.hasNext()) {
            names.clear();
            texts.clear();
            while (texts.size() < ROWS && rows.hasNext()) {
                Row row = rows.next();
                if (row.isNullAt(0) || row.getString(0).isEmpty()) {
                    throw new IllegalArgumentException("column " + label + ": a text has no class");
                }
                names.add(row.getString(0));
                texts.add(row.isNullAt(1) ? "" : row.getString(1));
            }
            List<Set<String>> inside = terms.of(model, texts);
            for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                found.merge(new Key(name, null), 1L, Long::sum);
                inside.get(i).forEach(term -> found.merge(new Key(name, term), 1L, Long::sum));
            }
        }
        return found;
    }
}
