package org.kehu;

/** A walk over a snapshot, which it keeps open. */
public final class Scan extends MutableHandle {
    Scan(long pointer, Snapshot snapshot) {
        super(pointer, Native::scanFree, snapshot);
    }

    /**
     * The next rows.
     *
     * @return null after the last row
     */
    public Table next() {
        try (Frame f = Frame.open()) {
            Memory batch = f.zeros(Layout.ScanBatch.SIZEOF);
            f.check(Native.scanNext(f.inside(this), batch.address, f.error()));
            if (batch.i64(Layout.ScanBatch.N_ROWS) == 0) {
                return null;
            }
            Memory out = f.zeros(8); // a copy, as the next call takes the batch back
            f.check(Native.tableCopy(out.address, batch.i64(Layout.ScanBatch.COLUMNS), batch.i64(Layout.ScanBatch.N_COLUMNS), 0, f.error()));
            return new Table(out.i64(0));
        }
    }
}
