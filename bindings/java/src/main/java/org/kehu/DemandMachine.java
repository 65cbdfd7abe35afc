package org.kehu;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Which status of a demand may follow which, as an editable text: "status: marks -> statuses that may follow" a line. */
public final class DemandMachine extends NativeHandle {
    private final List<String> statuses;

    private DemandMachine(long pointer) {
        super(pointer, Native::demandMachineFree);
        String[] all = new String[Native.demandMachineCount(pointer)];
        for (int i = 0; i < all.length; i++) {
            all[i] = Memory.text(Native.demandMachineGetName(pointer, i));
        }
        statuses = List.of(all);
    }

    /** What a status means. */
    public enum Mark {
        /** Work is left: the demand ages and can be late. */
        OPEN,
        /** Entering it is a reply to the customer. */
        REPLIED,
        /** Entering it solves the demand, until an open status is entered. */
        SOLVED,
        /** A demand may stay there for good. */
        FINAL;

        int bit() {
            return 1 << ordinal();
        }
    }

    /**
     * The text of the default machine, to start from.
     *
     * @return one status a line
     */
    public static String builtin() {
        return Memory.text(Native.demandMachineBuiltin());
    }

    /**
     * Parses a machine.
     *
     * @param text one status a line
     * @return the machine
     */
    public static DemandMachine of(String text) {
        try (Frame f = Frame.open()) {
            Memory out = f.zeros(8);
            Frame.Sized bytes = f.sized(text);
            f.check(Native.demandMachineRead(out.address, bytes.address(), bytes.size(), 0, f.error()));
            return new DemandMachine(out.i64(0));
        }
    }

    /**
     * Parses the machine in a file.
     *
     * @param path of the text file
     * @return the machine
     */
    public static DemandMachine load(Path path) {
        return new DemandMachine(Model.load(path, Native::demandMachineLoad));
    }

    /**
     * Keeps the text as it was read.
     *
     * @param path of the file
     */
    public void save(Path path) {
        Model.toPath(this, path, Native::demandMachineSave);
    }

    /**
     * Keeps the text as it was read.
     *
     * @param stream takes the bytes; stays open
     * @throws IOException of the stream
     */
    public void write(OutputStream stream) throws IOException {
        Model.toStream(this, stream, Native::demandMachineWrite);
    }

    /**
     * The statuses in the order of the text; the first is the intake.
     *
     * @return an unchangeable list
     */
    public List<String> statuses() {
        return statuses;
    }

    private int number(String status) {
        int number = statuses.indexOf(status);
        if (number < 0) {
            throw new IllegalArgumentException("there is no status " + status);
        }
        return number;
    }

    /**
     * What a status means.
     *
     * @param status its name
     * @return its marks
     */
    public Set<Mark> marks(String status) {
        int number = number(status);
        try (Frame f = Frame.open()) {
            int bits = Native.demandMachineGetMarks(f.inside(this), number);
            Set<Mark> marks = EnumSet.allOf(Mark.class);
            marks.removeIf(mark -> (bits & mark.bit()) == 0);
            return marks;
        }
    }

    /**
     * Whether a status may follow another.
     *
     * @param from the one
     * @param to the one that follows
     * @return true when it may
     */
    public boolean allows(String from, String to) {
        int one = number(from);
        int next = number(to);
        try (Frame f = Frame.open()) {
            return Native.demandMachineAllows(f.inside(this), one, next) != 0;
        }
    }
}
