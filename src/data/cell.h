/* data/cell.h - one value from text to its type, as readers of files need it. */
#ifndef KEHU_SRC_DATA_CELL_H
#define KEHU_SRC_DATA_CELL_H

#include "data/builder.h"
#include "data/column.h"

/* What all columns of a file share. */
typedef struct kehu__cell_rules {
    const char *const *missing; /* [n_missing] words beside the empty text */
    uint32_t n_missing;
    int32_t zone_minutes;
} kehu__cell_rules;

/* Check an array of fields from a caller. Fails with KEHU_ARGUMENT. */
kehu_status kehu__fields_check(const kehu_field *fields, uint32_t n_fields,
                               kehu_error *err);

/* The field's type with its default put in. */
static inline kehu_type kehu__field_type(const kehu_field *field)
{
    return field->type == 0 ? KEHU_UTF8 : field->type;
}

/* An ASCII character that is no quote, CR, LF or NUL can part values. */
static inline bool kehu__delimiter_allowed(uint32_t c)
{
    return c > 0 && c < 0x7F && c != '"' && c != '\n' && c != '\r';
}

/* The text without blanks at its ends (ASCII and full-width). */
kehu__text kehu__trim(kehu__text t);

/* The text stands for no value. */
bool kehu__cell_is_missing(const kehu__cell_rules *rules, kehu__text t);

/* Read the text as the field says into a cell of the builder. Returns NULL when
 * it fits, else the reason (a constant) why it does not. quoted: an empty text is
 * a value, not a missing one. */
const char *kehu__cell_read(kehu__builder *b, size_t column, const kehu_field *field,
                            const kehu__cell_rules *rules, kehu__text t, bool quoted);

/* The narrowest of INT64, FLOAT64, DATE32, TIMESTAMP, UTF8 that fits `type` (0 =
 * nothing seen yet) and this text too. A number with a leading zero is text: it
 * names something. */
kehu_type kehu__cell_infer(kehu_type type, const kehu__cell_rules *rules, kehu__text t);

#endif
