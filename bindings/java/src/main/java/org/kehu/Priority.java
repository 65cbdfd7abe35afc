package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What to do first: groups of demands ranked by several inputs, with weights in a text that people edit. */
public final class Priority extends NativeHandle {
    private final Map<String, Double> weights;

    private Priority(long pointer) {
        super(pointer, Native::priorityFree);
        Map<String, Double> all = new LinkedHashMap<>();
        for (int i = 0; i < Native.priorityCount(pointer); i++) {
            all.put(Memory.text(Native.priorityGetName(pointer, i)), Native.priorityGetWeight(pointer, i));
        }
        weights = Collections.unmodifiableMap(all);
    }

    /**
     * The text of the built-in weights, to start from.
     *
     * @return "input: weight" a line
     */
    public static String builtin() {
        return Memory.text(Native.priorityBuiltin());
    }

    /**
     * Parses weights.
     *
     * @param text "input: weight" a line
     * @return the weights
     */
    public static Priority of(String text) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Frame.Sized bytes = f.sized(text);
            f.check(Native.priorityRead(out.address, bytes.address(), bytes.size(), 0, f.error()));
            return new Priority(out.i64(0));
        }
    }

    /**
     * Parses the weights in a file.
     *
     * @param path of the text file
     * @return the weights
     */
    public static Priority load(Path path) {
        return new Priority(Model.load(path, Native::priorityLoad));
    }

    /**
     * Keeps the text as it was read.
     *
     * @param path of the file
     */
    public void save(Path path) {
        Model.toPath(this, path, Native::prioritySave);
    }

    /**
     * Keeps the text as it was read.
     *
     * @param stream takes the bytes; stays open
     * @throws IOException of the stream
     */
    public void write(OutputStream stream) throws IOException {
        Model.toStream(this, stream, Native::priorityWrite);
    }

    /**
     * The weight of each input, in the order of the text.
     *
     * @return an unchangeable map
     */
    public Map<String, Double> weights() {
        return weights;
    }

    /**
     * Ranks groups, the most urgent first.
     *
     * @param group their names
     * @param columns numbers of each, found by the names of the inputs; others are ignored
     * @return one row a group: group, rank, score, and of each input its value, share and points
     */
    public Table rank(Column group, List<Column> columns) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Column.Batch batch = Column.batch(f, columns);
            f.check(Native.priorityRank(out.address, f.inside(this), group.address(f), batch.address(), batch.n(), f.error()));
            return new Table(out.i64(0));
        }
    }
}
