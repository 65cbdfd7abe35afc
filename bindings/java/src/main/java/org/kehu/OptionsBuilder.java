package org.kehu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Options of a C function as the C struct itself: what is not set is zero, and zero is C's default. */
abstract class OptionsBuilder {
    final ByteBuffer values;

    OptionsBuilder(int bytes) {
        values = ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
        values.putInt(0, bytes);
    }

    /** A copy for one call; subclasses add what is referred to. */
    Memory write(Frame frame) {
        byte[] bytes = values.array();
        Memory memory = frame.take(bytes.length);
        memory.put(0, bytes, bytes.length);
        return memory;
    }

    /** Counts are unsigned in C: a negative one is refused here, so that it does not become a huge one. */
    final void putCount(int at, int value, String name) {
        values.putInt(at, notNegative(value, name));
    }

    static int notNegative(int value, String name) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " is " + value + ", expected 0 (the default) or more");
        }
        return value;
    }
}
