/* A table's life: reading, writing, looking into it. */
#include <kehu/segment.h>

#include <string.h>

#include "base/error.h"
#include "file/handle_file.h"
#include "insight/segment.h"

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_segments *t;
    kehu_status status;
    if (from->size > KEHU__SEGMENT_TEXT)
        return kehu__fail(err, KEHU_LIMIT, -1, "the rule table has %zu bytes, at most %d",
                          from->size, KEHU__SEGMENT_TEXT);
    t = kehu__alloc_zero(&from->alloc, 1, sizeof *t);
    if (t == NULL)
        return kehu__no_memory(err, "a rule table");
    t->alloc = from->alloc;
    t->source_size = from->size;
    t->source = kehu__alloc(&t->alloc, from->size + 1, 1);
    if (t->source == NULL) {
        status = kehu__no_memory(err, "a rule table");
    } else {
        memcpy(t->source, from->bytes, from->size);
        t->source[from->size] = '\0';
        status = kehu__segments_parse(t, err);
    }
    if (status != KEHU_OK)
        kehu_segments_free(t);
    else
        memcpy(out, &t, sizeof t);
    return status;
}

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_segments *t = handle;
    (void)err;
    *out = kehu__buffer_new(&t->alloc);
    kehu__buffer_add(out, t->source, t->source_size);
    return KEHU_OK;
}

static const kehu__handle_file file = {"table", build, make};

kehu_status kehu_segments_read(kehu_segments **out, const void *bytes, size_t size,
                               const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}

kehu_status kehu_segments_load(kehu_segments **out, const char *path,
                               const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load_text(&file, out, path, KEHU__SEGMENT_TEXT, alloc, err);
}

kehu_status kehu_segments_write(const kehu_segments *table, const kehu_writer *writer,
                                kehu_error *err)
{
    return kehu__handle_write(&file, table, writer, err);
}

kehu_status kehu_segments_save(const kehu_segments *table, const char *path,
                               kehu_error *err)
{
    return kehu__handle_save(&file, table, path, err);
}

int32_t kehu_segments_count(const kehu_segments *table)
{
    return (int32_t)table->n_names;
}

const char *kehu_segments_get_name(const kehu_segments *table, int32_t segment)
{
    return segment < 0 || (size_t)segment >= table->n_names
               ? NULL
               : table->strings + table->names[segment];
}

int32_t kehu_segments_count_fields(const kehu_segments *table)
{
    return (int32_t)table->n_fields;
}

const char *kehu_segments_get_field(const kehu_segments *table, int32_t field)
{
    return field < 0 || (uint32_t)field >= table->n_fields
               ? NULL
               : table->strings + table->fields[field];
}

void kehu_segments_free(kehu_segments *table)
{
    if (table == NULL)
        return;
    const kehu_allocator a = table->alloc;
    kehu__free(&a, table->source, table->source_size + 1, 1);
    kehu__free(&a, table->strings, table->strings_capacity, 1);
    kehu__free(&a, table->rules, table->rules_capacity, sizeof *table->rules);
    kehu__free(&a, table->nodes, table->nodes_capacity, sizeof *table->nodes);
    kehu__free(&a, table->values, table->values_capacity, sizeof *table->values);
    kehu__free(&a, table->names, table->names_capacity, sizeof *table->names);
    kehu__free(&a, table, 1, sizeof *table);
}
