/* A table's life: reading, writing, looking into it. */
#include <kehu/segment.h>

#include <string.h>

#include "base/error.h"
#include "file/container.h"
#include "file/io.h"
#include "insight/segment.h"

kehu_status kehu_segments_read(kehu_segments **out, const void *bytes, size_t size,
                               const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    kehu_segments *t;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    if (bytes == NULL && size > 0)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "bytes is NULL");
    if (size > KEHU__SEGMENT_TEXT)
        return kehu__fail(err, KEHU_LIMIT, -1, "the rule table has %zu bytes, at most %d",
                          size, KEHU__SEGMENT_TEXT);
    t = kehu__alloc_zero(&a, 1, sizeof *t);
    if (t == NULL)
        return kehu__no_memory(err, "a rule table");
    t->alloc = a;
    t->source_size = size;
    t->source = kehu__alloc(&a, size + 1, 1);
    if (t->source == NULL) {
        status = kehu__no_memory(err, "a rule table");
    } else {
        if (size > 0)
            memcpy(t->source, bytes, size);
        t->source[size] = '\0';
        status = kehu__segments_parse(t, err);
    }
    if (status == KEHU_OK)
        *out = t;
    else
        kehu_segments_free(t);
    return status;
}

kehu_status kehu_segments_load(kehu_segments **out, const char *path,
                               const kehu_allocator *alloc, kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    kehu_status status;
    char *bytes = NULL;
    size_t size = 0;
    if (out == NULL || path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out or path is NULL");
    *out = NULL;
    KEHU_TRY(kehu__file_read(&kehu__io_system, path, KEHU__SEGMENT_TEXT, &a, &bytes,
                             &size, err));
    status = kehu_segments_read(out, bytes, size, alloc, err);
    kehu__free(&a, bytes, size, 1);
    return status;
}

kehu_status kehu_segments_write(const kehu_segments *table, const kehu_writer *writer,
                                kehu_error *err)
{
    if (table == NULL || writer == NULL || writer->write == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table or writer is NULL");
    if (writer->write(writer->ctx, table->source, table->source_size) != 0)
        return kehu__fail(err, KEHU_IO, -1, "the writer refused %zu bytes",
                          table->source_size);
    return KEHU_OK;
}

kehu_status kehu_segments_save(const kehu_segments *table, const char *path,
                               kehu_error *err)
{
    if (table == NULL || path == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "table or path is NULL");
    return kehu__file_replace(&kehu__io_system, path, table->source, table->source_size,
                              err);
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
