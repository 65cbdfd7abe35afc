#include "store/schema.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

typedef struct built_in {
    const char *name;
    kehu_type type;
} built_in;

static const built_in customer_columns[KEHU__BUILT_IN] = {
    [KEHU__KEY] = {"customer", KEHU_UTF8},
    [KEHU__TIME] = {"valid_from", KEHU_TIMESTAMP},
    [KEHU__SEQUENCE] = {"sequence", KEHU_INT64},
    [KEHU__SOURCE] = {"source", KEHU_UTF8}};
static const built_in event_columns[KEHU__BUILT_IN] = {
    {"customer", KEHU_UTF8}, {"time", KEHU_TIMESTAMP},   {"sequence", KEHU_INT64},
    {"kind", KEHU_UTF8},     {"channel", KEHU_UTF8},     {"item", KEHU_UTF8},
    {"amount", KEHU_INT64},  {"quantity", KEHU_FLOAT64}, {"text", KEHU_UTF8},
    {"source", KEHU_UTF8}};

static const built_in sum_columns[KEHU__BUILT_IN] = {
    [KEHU__KEY] = {"customer", KEHU_UTF8},
    [KEHU__TIME] = {"first_time", KEHU_TIMESTAMP},
    [KEHU__SEQUENCE] = {"sequence", KEHU_INT64},
    [KEHU__EVENTS] = {"events", KEHU_INT64},
    [KEHU__LATEST] = {"last_time", KEHU_TIMESTAMP},
    [KEHU__AMOUNT] = {"amount", KEHU_INT64}};

/* A name of NULL is none of this part's. */
static const built_in *built_ins(kehu_store_part part)
{
    return part == KEHU_STORE_EVENTS             ? event_columns
           : part == (kehu_store_part)KEHU__SUMS ? sum_columns
                                                 : customer_columns;
}

kehu__schema kehu__schema_new(const kehu_allocator *alloc)
{
    return (kehu__schema){.alloc = *alloc};
}

static void free_text(const kehu_allocator *a, const char *text)
{
    if (text != NULL) {
        char *own;
        memcpy(&own, &text, sizeof own); /* allocated here, const only to readers */
        kehu__free(a, own, strlen(text) + 1, 1);
    }
}

static void free_field(const kehu_allocator *a, kehu_store_field *f)
{
    free_text(a, f->name);
    free_text(a, f->origin);
    free_text(a, f->inputs);
}

void kehu__schema_free(kehu__schema *s)
{
    for (int part = 0; part < KEHU__PARTS; part++) {
        for (uint32_t i = 0; i < s->n_fields[part]; i++)
            free_field(&s->alloc, &s->fields[part][i]);
        kehu__free(&s->alloc, s->fields[part], s->capacity[part],
                   sizeof *s->fields[part]);
    }
    *s = kehu__schema_new(&s->alloc);
}

void kehu__schema_drop_last(kehu__schema *s, kehu_store_part part)
{
    free_field(&s->alloc, &s->fields[part][--s->n_fields[part]]);
}

static const char *copy_text(const kehu_allocator *a, const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = kehu__alloc(a, n, 1);
    if (copy != NULL)
        memcpy(copy, text, n);
    return copy;
}

static kehu_status push_field(kehu__schema *s, kehu_store_part part,
                              const kehu_store_field *field, kehu_error *err)
{
    kehu_store_field copy = *field;
    if (!kehu__grow(&s->alloc, &s->fields[part], &s->capacity[part],
                    (size_t)s->n_fields[part] + 1, sizeof copy))
        return kehu__no_memory(err, "a field");
    copy.name = copy_text(&s->alloc, field->name);
    copy.origin = copy_text(&s->alloc, field->origin == NULL ? "" : field->origin);
    copy.inputs = copy_text(&s->alloc, field->inputs == NULL ? "" : field->inputs);
    copy.layer = field->layer == 0 ? 1 : field->layer;
    if (copy.name == NULL || copy.origin == NULL || copy.inputs == NULL) {
        free_field(&s->alloc, &copy);
        return kehu__no_memory(err, "a field");
    }
    s->fields[part][s->n_fields[part]++] = copy;
    return KEHU_OK;
}

kehu_status kehu__schema_copy(kehu__schema *to, const kehu__schema *from, kehu_error *err)
{
    *to = kehu__schema_new(&from->alloc);
    for (int part = 0; part < KEHU__PARTS; part++)
        for (uint32_t i = 0; i < from->n_fields[part]; i++) {
            const kehu_status status =
                push_field(to, (kehu_store_part)part, &from->fields[part][i], err);
            if (status != KEHU_OK) {
                kehu__schema_free(to);
                return status;
            }
        }
    return KEHU_OK;
}

static bool type_allowed(kehu_type type)
{
    return type == KEHU_BOOL || type == KEHU_INT64 || type == KEHU_FLOAT64 ||
           type == KEHU_DATE32 || type == KEHU_TIMESTAMP || type == KEHU_UTF8;
}

static bool text_sound(const char *text, size_t max)
{
    const size_t n = text == NULL ? 0 : strlen(text);
    return n <= max && (n == 0 || kehu__utf8_valid(text, n) == n);
}

static kehu_status check_field(const kehu_store_field *f, kehu_error *err)
{
    if (f->name == NULL || f->name[0] == '\0' || !text_sound(f->name, KEHU__MAX_NAME))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "field.name is not UTF-8 of 1 to %d bytes", KEHU__MAX_NAME);
    if (!type_allowed(f->type))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "field %s has type %d, expected BOOL, INT64, FLOAT64, DATE32, "
                          "TIMESTAMP or UTF8",
                          f->name, (int)f->type);
    if (f->layer > 5)
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "field %s has layer %u, expected 1 to 5", f->name,
                          (unsigned)f->layer);
    if (!text_sound(f->origin, 4096) || !text_sound(f->inputs, 65536))
        return kehu__fail(err, KEHU_ARGUMENT, -1,
                          "origin or inputs of field %s are not UTF-8 or too long",
                          f->name);
    return KEHU_OK;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool same_field(const kehu_store_field *a, const kehu_store_field *b)
{
    return a->type == b->type && a->age_limit_days == b->age_limit_days &&
           (a->layer == 0 ? 1 : a->layer) == (b->layer == 0 ? 1 : b->layer) &&
           same_text(a->origin, b->origin) && same_text(a->inputs, b->inputs);
}

kehu_status kehu__schema_add(kehu__schema *s, kehu_store_part part,
                             const kehu_store_field *field, bool *added, kehu_error *err)
{
    uint32_t id;
    *added = false;
    KEHU_TRY(check_field(field, err));
    id = kehu__schema_find(s, part, field->name);
    if (id != UINT32_MAX) {
        if (id >= KEHU__FIRST_FIELD &&
            same_field(field, &s->fields[part][id - KEHU__FIRST_FIELD]))
            return KEHU_OK;
        return kehu__fail(err, KEHU_DUPLICATE, -1, "another column has the name %s",
                          field->name);
    }
    if (s->n_fields[part] == KEHU__MAX_FIELDS)
        return kehu__fail(err, KEHU_LIMIT, -1,
                          "field %s would be number %d, the last is %d", field->name,
                          KEHU__MAX_FIELDS + 1, KEHU__MAX_FIELDS);
    KEHU_TRY(push_field(s, part, field, err));
    *added = true;
    return KEHU_OK;
}

/* Declared ones first: "source" was no built-in column in the first stores. */
uint32_t kehu__schema_find(const kehu__schema *s, kehu_store_part part, const char *name)
{
    const built_in *b = built_ins(part);
    for (uint32_t i = 0; i < s->n_fields[part]; i++)
        if (strcmp(s->fields[part][i].name, name) == 0)
            return KEHU__FIRST_FIELD + i;
    for (uint32_t i = 0; i < KEHU__BUILT_IN; i++)
        if (b[i].name != NULL && strcmp(b[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

const char *kehu__schema_name(const kehu__schema *s, kehu_store_part part, uint32_t id)
{
    if (id < KEHU__BUILT_IN)
        return built_ins(part)[id].name;
    if (id >= KEHU__FIRST_FIELD && (unsigned)part < KEHU__PARTS &&
        id - KEHU__FIRST_FIELD < s->n_fields[part])
        return s->fields[part][id - KEHU__FIRST_FIELD].name;
    return NULL;
}

kehu_type kehu__schema_type(const kehu__schema *s, kehu_store_part part, uint32_t id)
{
    return id < KEHU__BUILT_IN ? built_ins(part)[id].type
                               : s->fields[part][id - KEHU__FIRST_FIELD].type;
}

static void write_text(kehu__buffer *out, const char *text)
{
    const size_t n = text == NULL ? 0 : strlen(text);
    kehu__buffer_u32(out, (uint32_t)n);
    kehu__buffer_add(out, text, n);
    kehu__buffer_u8(out, 0); /* so that it can be read in place */
}

void kehu__field_write(kehu__buffer *out, kehu_store_part part,
                       const kehu_store_field *field)
{
    kehu__buffer_u8(out, (uint8_t)part);
    kehu__buffer_u8(out, (uint8_t)field->type);
    kehu__buffer_u8(out, (uint8_t)(field->layer == 0 ? 1 : field->layer));
    kehu__buffer_u32(out, field->age_limit_days);
    write_text(out, field->name);
    write_text(out, field->origin);
    write_text(out, field->inputs);
}

static const char *read_text(kehu__reader *r)
{
    const uint32_t n = kehu__read_u32(r);
    const char *text = kehu__read_bytes(r, (size_t)n + 1);
    if (text == NULL || text[n] != '\0' || strlen(text) != n) {
        r->failed = true;
        return NULL;
    }
    return text;
}

kehu_status kehu__field_read(kehu__reader *r, kehu__schema *s, const char *name,
                             kehu_error *err)
{
    const uint8_t part = kehu__read_u8(r), type = kehu__read_u8(r);
    kehu_store_field f = {.layer = kehu__read_u8(r)};
    kehu_status status;
    bool added = false;
    f.age_limit_days = kehu__read_u32(r);
    f.type = (kehu_type)type;
    f.name = read_text(r);
    f.origin = read_text(r);
    f.inputs = read_text(r);
    if (r->failed || part >= KEHU__PARTS)
        return kehu__fail(err, KEHU_FORMAT, -1, "%s has a damaged field", name);
    status =
        f.name != NULL && strcmp(f.name, "source") == 0 &&
                kehu__schema_find(s, (kehu_store_part)part, "source") == KEHU__SOURCE &&
                check_field(&f, err) == KEHU_OK
            ? push_field(s, (kehu_store_part)part, &f, err)
            : kehu__schema_add(s, (kehu_store_part)part, &f, &added, err);
    if (status == KEHU_NO_MEMORY || status == KEHU_OK)
        return status;
    return kehu__fail(err, KEHU_FORMAT, -1, "%s has a field that cannot be", name);
}
