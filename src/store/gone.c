#include "store/gone.h"

kehu__gone kehu__gone_new(const kehu_allocator *alloc)
{
    return (kehu__gone){{.alloc = *alloc}, {.alloc = *alloc}};
}

bool kehu__gone_copy(kehu__gone *to, const kehu__gone *from)
{
    *to = kehu__gone_new(&from->customers.alloc);
    if (kehu__marks_copy(&to->customers, &from->customers) &&
        kehu__marks_copy(&to->sources, &from->sources))
        return true;
    kehu__gone_free(to);
    return false;
}

void kehu__gone_free(kehu__gone *gone)
{
    kehu__marks_free(&gone->customers);
    kehu__marks_free(&gone->sources);
}

bool kehu__gone_source(const kehu__gone *gone, const kehu__vector *source, uint32_t row,
                       uint64_t sequence)
{
    uint32_t size;
    const char *text;
    if (gone->sources.n == 0 || source == NULL || source->missing[row])
        return false;
    text = kehu__vector_text(source, row, &size);
    return sequence <= kehu__marks_get(&gone->sources, text, size);
}
