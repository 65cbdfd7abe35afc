package org.kehu;

import java.util.List;

/**
 * How to read a column of a file, or to write one.
 *
 * @param name in the header row
 * @param type of the values
 * @param isRequired whether a missing value rejects the row
 * @param isOptional whether the file may lack the column
 * @param isLoose whether numbers may have thousands commas and full-width digits
 * @param isCoerced whether a value that cannot be read becomes missing, and is listed by {@link Csv#coerced}, instead of rejecting
 *     its row
 * @param decimals of money, kept as whole minor units
 */
public record Field(String name, Column.Type type, boolean isRequired, boolean isOptional, boolean isLoose, boolean isCoerced, int decimals) {
    /**
     * A plain field.
     *
     * @param name in the header row
     * @param type of the values
     * @return the field
     */
    public static Field of(String name, Column.Type type) {
        return new Field(name, type, false, false, false, false, 0);
    }

    /**
     * An amount of money, kept as whole minor units.
     *
     * @param name in the header row
     * @param decimals 0 to 18: with 2, "12.3" is 1230
     * @return the field
     */
    public static Field money(String name, int decimals) {
        return new Field(name, Column.Type.INT64, false, false, false, false, decimals);
    }

    /**
     * The same field, of which no value may be missing.
     *
     * @return a new field
     */
    public Field required() {
        return new Field(name, type, true, isOptional, isLoose, isCoerced, decimals);
    }

    /**
     * The same field, whose column may be missing.
     *
     * @return a new field
     */
    public Field optional() {
        return new Field(name, type, isRequired, true, isLoose, isCoerced, decimals);
    }

    /**
     * The same field, with thousands commas and full-width digits allowed.
     *
     * @return a new field
     */
    public Field loose() {
        return new Field(name, type, isRequired, isOptional, true, isCoerced, decimals);
    }

    /**
     * The same field, of which a value that cannot be read becomes missing instead of rejecting its row.
     *
     * @return a new field
     */
    public Field coerce() {
        return new Field(name, type, isRequired, isOptional, isLoose, true, decimals);
    }

    /** Address of kehu_field[n]. */
    static long addresses(Frame frame, List<Field> fields) {
        Memory array = frame.zeros(Math.multiplyExact(fields.size(), Layout.Field.SIZEOF));
        for (int i = 0; i < fields.size(); i++) {
            Field field = fields.get(i);
            int at = i * Layout.Field.SIZEOF;
            array.i64(at + Layout.Field.NAME, frame.text(field.name));
            array.i32(at + Layout.Field.TYPE, field.type.code());
            array.i32(at + Layout.Field.FLAGS, (int) ((field.isRequired ? Constants.FIELD_REQUIRED : 0)
                | (field.isOptional ? Constants.FIELD_OPTIONAL : 0) | (field.isLoose ? Constants.FIELD_LOOSE : 0)
                | (field.isCoerced ? Constants.FIELD_COERCE : 0)));
            array.i32(at + Layout.Field.DECIMALS, field.decimals);
        }
        return array.address;
    }
}
