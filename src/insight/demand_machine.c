/* The machine's text, read in two passes: names first, so that a line may name a status
 * of a later one. */
#include "insight/demand_machine.h"

#include <string.h>

#include "base/error.h"
#include "file/handle_file.h"
#include "insight/lines.h"

enum { MAX_TEXT = 1 << 20 };

static const char builtin[] =
    "# status: marks -> statuses that may follow\n"
    "new: open -> assigned, answered, solved, closed\n"
    "assigned: open -> assigned, answered, solved, closed\n"
    "answered: open, replied -> assigned, answered, solved, closed\n"
    "solved: replied, solved -> closed, reopened\n"
    "closed: final -> reopened\n"
    "reopened: open -> assigned, answered, solved, closed\n";

const char *kehu_demand_machine_builtin(void)
{
    return builtin;
}

/* ---- Cutting lines ---- */

typedef struct line {
    int32_t number; /* from 1; 0 behind the last */
    kehu__part name, marks, next;
} line;

static kehu_status cut_line(line *l, kehu__part text, kehu_error *err)
{
    kehu__part rest;
    const char *arrow;
    if (!kehu__part_cut(text, &l->name, &rest))
        return kehu__fail(
            err, KEHU_FORMAT, l->number - 1,
            "line %d: expected a status, a colon, marks and what may follow",
            (int)l->number);
    for (arrow = rest.at; arrow < rest.end; arrow++)
        if (rest.end - arrow >= 2 && arrow[0] == '-' && arrow[1] == '>')
            break;
    l->marks = kehu__part_trim((kehu__part){rest.at, arrow});
    l->next =
        kehu__part_trim((kehu__part){arrow < rest.end ? arrow + 2 : arrow, rest.end});
    if (arrow < rest.end && l->next.at == l->next.end)
        return kehu__fail(err, KEHU_FORMAT, l->number - 1,
                          "line %d: expected a status after '->'", (int)l->number);
    return KEHU_OK;
}

static kehu_status next_line(kehu__lines *lines, line *l, kehu_error *err)
{
    kehu__part text;
    KEHU_TRY(kehu__lines_next(lines, &text, err));
    l->number = text.at == NULL ? 0 : lines->line;
    return text.at == NULL ? KEHU_OK : cut_line(l, text, err);
}

/* ---- Statuses ---- */

int32_t kehu__demand_machine_find(const kehu_demand_machine *m, const char *name,
                                  size_t size)
{
    for (uint32_t i = 0; i < m->n; i++) {
        const char *have = m->names + m->name_at[i];
        if (strlen(have) == size && memcmp(have, name, size) == 0)
            return (int32_t)i;
    }
    return -1;
}

static kehu_status add_status(kehu_demand_machine *m, const line *l, kehu_error *err)
{
    const size_t size = kehu__part_size(l->name);
    if (kehu__demand_machine_find(m, l->name.at, size) >= 0)
        return kehu__fail(err, KEHU_DUPLICATE, l->number - 1,
                          "line %d: the status %.*s stands there twice", (int)l->number,
                          kehu__part_shown(l->name), l->name.at);
    if (m->n == KEHU_DEMAND_MAX_STATUSES)
        return kehu__fail(err, KEHU_LIMIT, l->number - 1,
                          "line %d: more than %d statuses", (int)l->number,
                          KEHU_DEMAND_MAX_STATUSES);
    if (!kehu__grow(&m->alloc, &m->names, &m->names_capacity, m->names_size + size + 1,
                    1))
        return kehu__no_memory(err, "a machine");
    memcpy(m->names + m->names_size, l->name.at, size);
    m->names[m->names_size + size] = '\0';
    m->line[m->n] = l->number;
    m->name_at[m->n++] = (uint32_t)m->names_size;
    m->names_size += size + 1;
    return KEHU_OK;
}

static kehu_status read_marks(kehu_demand_machine *m, uint32_t status, const line *l,
                              kehu_error *err)
{
    static const char *const names[] = {"open", "replied", "solved", "final"};
    kehu__part list = l->marks, item;
    while (l->marks.at < l->marks.end && kehu__part_item(&list, &item)) {
        const size_t size = kehu__part_size(item);
        uint32_t k = 0;
        while (k < 4 &&
               (strlen(names[k]) != size || memcmp(names[k], item.at, size) != 0))
            k++;
        if (k == 4)
            return kehu__fail(
                err, KEHU_FORMAT, l->number - 1,
                "line %d: expected open, replied, solved or final at '%.*s'",
                (int)l->number, kehu__part_shown(item), item.at);
        m->marks[status] |= 1u << k;
    }
    if ((m->marks[status] & KEHU_DEMAND_OPEN) != 0 &&
        (m->marks[status] & (KEHU_DEMAND_SOLVED | KEHU_DEMAND_FINAL)) != 0)
        return kehu__fail(err, KEHU_FORMAT, l->number - 1,
                          "line %d: a status that is open is neither solved nor final",
                          (int)l->number);
    return KEHU_OK;
}

static kehu_status read_next(kehu_demand_machine *m, uint32_t status, const line *l,
                             kehu_error *err)
{
    kehu__part list = l->next, item;
    while (l->next.at < l->next.end && kehu__part_item(&list, &item)) {
        const int32_t to = kehu__demand_machine_find(m, item.at, kehu__part_size(item));
        if (to < 0)
            return kehu__fail(err, KEHU_FORMAT, l->number - 1,
                              "line %d: there is no status '%.*s'", (int)l->number,
                              kehu__part_shown(item), item.at);
        m->next[status] |= (uint64_t)1 << to;
    }
    return KEHU_OK;
}

/* Statuses that `from` (a set) leads to, itself included. */
static uint64_t reachable(const kehu_demand_machine *m, uint64_t from)
{
    for (uint64_t before = 0; before != from;) {
        before = from;
        for (uint32_t i = 0; i < m->n; i++)
            if ((from >> i & 1) != 0)
                from |= m->next[i];
    }
    return from;
}

static kehu_status check_graph(const kehu_demand_machine *m, kehu_error *err)
{
    const uint64_t reached = reachable(m, 1);
    uint64_t final = 0;
    for (uint32_t i = 0; i < m->n; i++)
        if ((m->marks[i] & KEHU_DEMAND_FINAL) != 0)
            final |= (uint64_t)1 << i;
    for (uint32_t i = 0; i < m->n; i++) {
        const char *name = m->names + m->name_at[i];
        const kehu__part s = {name, name + strlen(name)};
        if ((reached >> i & 1) == 0)
            return kehu__fail(err, KEHU_FORMAT, m->line[i] - 1,
                              "line %d: the status %.*s is never reached from the first",
                              (int)m->line[i], kehu__part_shown(s), name);
        if ((reachable(m, (uint64_t)1 << i) & final) == 0)
            return kehu__fail(
                err, KEHU_FORMAT, m->line[i] - 1,
                "line %d: the status %.*s is dead: it leads to no final one",
                (int)m->line[i], kehu__part_shown(s), name);
    }
    return KEHU_OK;
}

static kehu_status parse(kehu_demand_machine *m, kehu_error *err)
{
    kehu__lines lines = kehu__lines_of(m->source, m->source_size);
    line l;
    for (;;) {
        KEHU_TRY(next_line(&lines, &l, err));
        if (l.number == 0)
            break;
        KEHU_TRY(add_status(m, &l, err));
    }
    if (m->n == 0)
        return kehu__fail(err, KEHU_EMPTY, -1, "the machine has no status");
    lines = kehu__lines_of(m->source, m->source_size);
    for (uint32_t i = 0; i < m->n; i++) {
        KEHU_TRY(next_line(&lines, &l, err));
        KEHU_TRY(read_marks(m, i, &l, err));
        KEHU_TRY(read_next(m, i, &l, err));
    }
    return check_graph(m, err);
}

/* ---- A machine's life ---- */

static kehu_status make(void *out, const kehu__handle_source *from, kehu_error *err)
{
    kehu_demand_machine *m;
    kehu_status status;
    if (from->size > MAX_TEXT)
        return kehu__fail(err, KEHU_LIMIT, -1, "the machine has %zu bytes, at most %d",
                          from->size, MAX_TEXT);
    m = kehu__alloc_zero(&from->alloc, 1, sizeof *m);
    if (m == NULL)
        return kehu__no_memory(err, "a machine");
    m->alloc = from->alloc;
    m->source_size = from->size;
    m->source = kehu__alloc(&m->alloc, from->size + 1, 1);
    if (m->source == NULL) {
        status = kehu__no_memory(err, "a machine");
    } else {
        memcpy(m->source, from->bytes, from->size);
        status = parse(m, err);
    }
    if (status != KEHU_OK)
        kehu_demand_machine_free(m);
    else
        memcpy(out, &m, sizeof m);
    return status;
}

static kehu_status build(kehu__buffer *out, const void *handle, kehu_error *err)
{
    const kehu_demand_machine *m = handle;
    (void)err;
    *out = kehu__buffer_new(&m->alloc);
    kehu__buffer_add(out, m->source, m->source_size);
    return KEHU_OK;
}

static const kehu__handle_file file = {"machine", build, make};

kehu_status kehu_demand_machine_read(kehu_demand_machine **out, const void *bytes,
                                     size_t size, const kehu_allocator *alloc,
                                     kehu_error *err)
{
    return kehu__handle_read(&file, out, bytes, size, NULL, alloc, err);
}

kehu_status kehu_demand_machine_load(kehu_demand_machine **out, const char *path,
                                     const kehu_allocator *alloc, kehu_error *err)
{
    return kehu__handle_load_text(&file, out, path, MAX_TEXT, alloc, err);
}

kehu_status kehu_demand_machine_write(const kehu_demand_machine *machine,
                                      const kehu_writer *writer, kehu_error *err)
{
    return kehu__handle_write(&file, machine, writer, err);
}

kehu_status kehu_demand_machine_save(const kehu_demand_machine *machine, const char *path,
                                     kehu_error *err)
{
    return kehu__handle_save(&file, machine, path, err);
}

int32_t kehu_demand_machine_count(const kehu_demand_machine *machine)
{
    return (int32_t)machine->n;
}

const char *kehu_demand_machine_get_name(const kehu_demand_machine *machine,
                                         int32_t status)
{
    return status < 0 || (uint32_t)status >= machine->n
               ? NULL
               : machine->names + machine->name_at[status];
}

uint32_t kehu_demand_machine_get_marks(const kehu_demand_machine *machine, int32_t status)
{
    return status < 0 || (uint32_t)status >= machine->n ? 0 : machine->marks[status];
}

int32_t kehu_demand_machine_allows(const kehu_demand_machine *machine, int32_t from,
                                   int32_t to)
{
    return from >= 0 && (uint32_t)from < machine->n && to >= 0 &&
           (uint32_t)to < machine->n && (machine->next[from] >> to & 1) != 0;
}

bool kehu__demand_machine_same(const kehu_demand_machine *a, const kehu_demand_machine *b)
{
    return a->n == b->n && a->names_size == b->names_size &&
           memcmp(a->names, b->names, a->names_size) == 0 &&
           memcmp(a->marks, b->marks, sizeof a->marks) == 0 &&
           memcmp(a->next, b->next, sizeof a->next) == 0;
}

void kehu_demand_machine_free(kehu_demand_machine *machine)
{
    if (machine == NULL)
        return;
    const kehu_allocator a = machine->alloc;
    kehu__free(&a, machine->source, machine->source_size + 1, 1);
    kehu__free(&a, machine->names, machine->names_capacity, 1);
    kehu__free(&a, machine, 1, sizeof *machine);
}
