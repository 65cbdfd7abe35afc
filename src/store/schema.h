/* store/schema.h - the columns of the store's two parts, and of the sums of events.
 *
 * Columns 0..15 are built in; declared fields count on from 16 in the order of
 * their declaration and are never renumbered, so data written before a field was
 * declared simply lacks it. */
#ifndef KEHU_SRC_STORE_SCHEMA_H
#define KEHU_SRC_STORE_SCHEMA_H

#include <kehu/store.h>

#include "base/date.h"
#include "file/container.h"
#include "store/vector.h"

enum {
    KEHU__PARTS = 2, /* customers 0, events 1 */
    KEHU__SUMS = 2,  /* a part inside segments of events only, see sums.h */
    KEHU__KEY = 0,   /* columns of all parts */
    KEHU__TIME = 1,  /* of customers: valid from */
    KEHU__SEQUENCE = 2,
    KEHU__KIND = 3, /* columns of events */
    KEHU__CHANNEL = 4,
    KEHU__ITEM = 5,
    KEHU__AMOUNT = 6,
    KEHU__QUANTITY = 7,
    KEHU__TEXT = 8,
    KEHU__SOURCE = 9, /* of customers and events */
    KEHU__EVENTS = 3, /* columns of sums, whose time is the first */
    KEHU__LATEST = 4, /* they have KEHU__AMOUNT too */
    KEHU__BUILT_IN = 10,
    KEHU__FIRST_FIELD = 16,
    KEHU__MAX_FIELDS = 4096, /* a part */
    KEHU__MAX_KEY = 1024,    /* bytes */
    KEHU__MAX_NAME = 255     /* bytes */
};

typedef struct kehu__schema {
    kehu_allocator alloc;
    kehu_store_field *fields[KEHU__PARTS]; /* strings owned, never NULL */
    size_t capacity[KEHU__PARTS];
    uint32_t n_fields[KEHU__PARTS];
} kehu__schema;

kehu__schema kehu__schema_new(const kehu_allocator *alloc);
void kehu__schema_free(kehu__schema *s);
kehu_status kehu__schema_copy(kehu__schema *to, const kehu__schema *from,
                              kehu_error *err);

/* Add a checked field: KEHU_OK, also when the very same is there already (then
 * *added is false); KEHU_DUPLICATE when another of its name is. */
kehu_status kehu__schema_add(kehu__schema *s, kehu_store_part part,
                             const kehu_store_field *field, bool *added, kehu_error *err);

/* Undo the last kehu__schema_add of a part. */
void kehu__schema_drop_last(kehu__schema *s, kehu_store_part part);

/* Column number of a name, UINT32_MAX when there is none; and back (NULL). */
uint32_t kehu__schema_find(const kehu__schema *s, kehu_store_part part, const char *name);
const char *kehu__schema_name(const kehu__schema *s, kehu_store_part part, uint32_t id);
kehu_type kehu__schema_type(const kehu__schema *s, kehu_store_part part, uint32_t id);

/* A field as bytes, for the log and the manifest; read adds it to s, where the very
 * same may be already. Any bytes are safe. Fails with KEHU_FORMAT, KEHU_NO_MEMORY. */
void kehu__field_write(kehu__buffer *out, kehu_store_part part,
                       const kehu_store_field *field);
kehu_status kehu__field_read(kehu__reader *r, kehu__schema *s, const char *name,
                             kehu_error *err);

#endif
