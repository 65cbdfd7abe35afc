package org.kehu.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** The rows of a partition with the columns that a model adds, worked out for some thousand rows at a time. */
final class Batches<M> implements Iterator<Row> {
    private static final int ROWS = 4096;

    /** What a model says of rows: one array a column to add. */
    interface Work<M> extends Serializable {
        Object[][] of(M model, List<Row> rows);
    }

    private final Iterator<Row> rows;
    private final M model;
    private final Work<M> work;
    private final List<Row> batch = new ArrayList<>();
    private Object[][] added = {};
    private int at;

    Batches(Iterator<Row> rows, M model, Work<M> work) {
        this.rows = rows;
        this.model = model;
        this.work = work;
    }

    @Override
    public boolean hasNext() {
        return at < batch.size() || rows.hasNext();
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        if (at == batch.size()) {
            batch.clear();
            while (batch.size() < ROWS && rows.hasNext()) {
                batch.add(rows.next());
            }
            added = work.of(model, batch);
            at = 0;
        }
        Row row = batch.get(at);
        Object[] values = new Object[row.size() + added.length];
        for (int i = 0; i < row.size(); i++) {
            values[i] = row.get(i);
        }
        for (int k = 0; k < added.length; k++) {
            values[row.size() + k] = added[k][at];
        }
        at++;
        return RowFactory.create(values);
    }
}
