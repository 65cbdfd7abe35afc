#include "support/memory_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, MAX_OPEN = 64, NAME = 64 };

typedef enum change_kind {
    WRITE,
    TRUNCATE,
    SYNC,
    LINK,
    RENAME,
    UNLINK,
    SYNC_FOLDER,
    MARK
} change_kind;

typedef struct change {
    change_kind kind;
    size_t inode;
    long long at; /* offset, size or mark */
    char name[NAME], to[NAME];
    unsigned char *bytes;
    size_t size;
} change;

typedef struct inode {
    unsigned char *bytes;
    size_t size, capacity;
} inode;

typedef struct entry {
    char name[NAME];
    size_t inode;
} entry;

struct memory_io {
    kehu__io table;
    inode *inodes;
    size_t n_inodes;
    entry *names;
    size_t n_names;
    change *changes;
    size_t n_changes;
    size_t open[MAX_OPEN]; /* inode + 1, 0 = free */
};

static void *grown(void *items, size_t n, size_t size)
{
    void *p = (n & (n - 1)) == 0 ? realloc(items, (n == 0 ? 1 : n * 2) * size) : items;
    if (p == NULL)
        abort();
    return p;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static change *remember(memory_io *m, change_kind kind)
{
    m->changes = grown(m->changes, m->n_changes, sizeof *m->changes);
    m->changes[m->n_changes] = (change){.kind = kind};
    return &m->changes[m->n_changes++];
}

static size_t find(const memory_io *m, const char *name)
{
    for (size_t i = 0; i < m->n_names; i++)
        if (strcmp(m->names[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static void put_bytes(inode *f, size_t at, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    if (at + size > f->capacity) {
        f->capacity = (at + size) * 2;
        f->bytes = realloc(f->bytes, f->capacity);
        if (f->bytes == NULL)
            abort();
    }
    if (at > f->size)
        memset(f->bytes + f->size, 0, at - f->size);
    memcpy(f->bytes + at, bytes, size);
    f->size = at + size > f->size ? at + size : f->size;
}

static void set_size(inode *f, size_t size)
{
    const unsigned char zero = 0;
    if (size > f->size)
        put_bytes(f, size - 1, &zero, 1);
    f->size = size;
}

static size_t new_inode(memory_io *m)
{
    m->inodes = grown(m->inodes, m->n_inodes, sizeof *m->inodes);
    m->inodes[m->n_inodes] = (inode){0};
    return m->n_inodes++;
}

static void link_name(memory_io *m, const char *name, size_t to)
{
    const size_t at = find(m, name);
    if (at != SIZE_MAX) {
        m->names[at].inode = to;
        return;
    }
    m->names = grown(m->names, m->n_names, sizeof *m->names);
    memset(&m->names[m->n_names], 0, sizeof *m->names);
    strncpy(m->names[m->n_names].name, name, NAME - 1);
    m->names[m->n_names++].inode = to;
}

static void unlink_name(memory_io *m, const char *name)
{
    const size_t at = find(m, name);
    if (at == SIZE_MAX)
        return;
    memmove(m->names + at, m->names + at + 1, (m->n_names - at - 1) * sizeof *m->names);
    m->n_names--;
}

static int memory_open(void *ctx, const char *path, int flags, int mode)
{
    memory_io *m = ctx;
    const char *name = base_name(path);
    size_t at = find(m, name);
    int fd = 0;
    (void)mode;
    while (fd < MAX_OPEN && m->open[fd] != 0)
        fd++;
    if (fd == MAX_OPEN)
        return -EMFILE;
    if (at == SIZE_MAX) {
        change *c;
        if ((flags & O_CREAT) == 0)
            return -ENOENT;
        link_name(m, name, new_inode(m));
        at = m->n_names - 1;
        c = remember(m, LINK);
        c->inode = m->names[at].inode;
        strncpy(c->name, name, NAME - 1);
    } else if (flags & O_TRUNC) {
        remember(m, TRUNCATE)->inode = m->names[at].inode;
        set_size(&m->inodes[m->names[at].inode], 0);
    }
    m->open[fd] = m->names[at].inode + 1;
    return fd;
}

static int memory_close(void *ctx, int fd)
{
    ((memory_io *)ctx)->open[fd] = 0;
    return 0;
}

static int64_t memory_pread(void *ctx, int fd, void *bytes, size_t size, int64_t at)
{
    memory_io *m = ctx;
    const inode *f = &m->inodes[m->open[fd] - 1];
    if ((size_t)at >= f->size)
        return 0;
    if (size > f->size - (size_t)at)
        size = f->size - (size_t)at;
    if (size > 0)
        memcpy(bytes, f->bytes + at, size);
    return (int64_t)size;
}

static int64_t memory_pwrite(void *ctx, int fd, const void *bytes, size_t size,
                             int64_t at)
{
    memory_io *m = ctx;
    change *c = remember(m, WRITE);
    c->inode = m->open[fd] - 1;
    c->at = at;
    c->size = size;
    c->bytes = malloc(size + 1);
    if (c->bytes == NULL)
        abort();
    memcpy(c->bytes, bytes, size);
    put_bytes(&m->inodes[c->inode], (size_t)at, bytes, size);
    return (int64_t)size;
}

static int64_t memory_size(void *ctx, int fd)
{
    const memory_io *m = ctx;
    return (int64_t)m->inodes[m->open[fd] - 1].size;
}

static int memory_truncate(void *ctx, int fd, int64_t size)
{
    memory_io *m = ctx;
    change *c = remember(m, TRUNCATE);
    c->inode = m->open[fd] - 1;
    c->at = size;
    set_size(&m->inodes[c->inode], (size_t)size);
    return 0;
}

static int memory_sync(void *ctx, int fd)
{
    memory_io *m = ctx;
    remember(m, SYNC)->inode = m->open[fd] - 1;
    return 0;
}

static int memory_sync_folder(void *ctx, const char *path)
{
    (void)path;
    remember(ctx, SYNC_FOLDER);
    return 0;
}

static int memory_rename(void *ctx, const char *from, const char *to)
{
    memory_io *m = ctx;
    const size_t at = find(m, base_name(from));
    change *c;
    size_t moved;
    if (at == SIZE_MAX)
        return -ENOENT;
    moved = m->names[at].inode;
    unlink_name(m, base_name(from));
    link_name(m, base_name(to), moved);
    c = remember(m, RENAME);
    c->inode = moved;
    strncpy(c->name, base_name(from), NAME - 1);
    strncpy(c->to, base_name(to), NAME - 1);
    return 0;
}

static int memory_unlink(void *ctx, const char *path)
{
    memory_io *m = ctx;
    if (find(m, base_name(path)) == SIZE_MAX)
        return -ENOENT;
    unlink_name(m, base_name(path));
    strncpy(remember(m, UNLINK)->name, base_name(path), NAME - 1);
    return 0;
}

static int memory_make_folder(void *ctx, const char *path, int mode)
{
    (void)ctx;
    (void)path;
    (void)mode;
    return -EEXIST;
}

static int memory_working_folder(void *ctx, char *path, size_t size)
{
    (void)ctx;
    snprintf(path, size, "/srv/crm");
    return 0;
}

static int memory_draw(void *ctx, void *bytes, size_t size)
{
    (void)ctx;
    memset(bytes, 7, size);
    return 0;
}

static int memory_list(void *ctx, const char *folder,
                       int (*name)(void *arg, const char *n), void *arg)
{
    const memory_io *m = ctx;
    (void)folder;
    for (size_t i = 0; i < m->n_names; i++) {
        const int result = name(arg, m->names[i].name);
        if (result < 0)
            return result;
    }
    return 0;
}

static int memory_lock(void *ctx, int fd)
{
    (void)ctx;
    (void)fd;
    return 0;
}

memory_io *memory_io_new(void)
{
    memory_io *m = calloc(1, sizeof *m);
    if (m == NULL)
        abort();
    m->table = (kehu__io){.ctx = m,
                          .open = memory_open,
                          .close = memory_close,
                          .pread = memory_pread,
                          .pwrite = memory_pwrite,
                          .size = memory_size,
                          .truncate = memory_truncate,
                          .sync = memory_sync,
                          .sync_folder = memory_sync_folder,
                          .rename = memory_rename,
                          .unlink = memory_unlink,
                          .make_folder = memory_make_folder,
                          .working_folder = memory_working_folder,
                          .draw = memory_draw,
                          .list = memory_list,
                          .lock = memory_lock};
    return m;
}

void memory_io_free(memory_io *m)
{
    for (size_t i = 0; i < m->n_inodes; i++)
        free(m->inodes[i].bytes);
    for (size_t i = 0; i < m->n_changes; i++)
        free(m->changes[i].bytes);
    free(m->inodes);
    free(m->names);
    free(m->changes);
    free(m);
}

const kehu__io *memory_io_table(memory_io *m)
{
    return &m->table;
}

const char *memory_io_name(const memory_io *m, size_t i)
{
    return i < m->n_names ? m->names[i].name : NULL;
}

const unsigned char *memory_io_bytes(const memory_io *m, const char *name, size_t *size)
{
    const size_t at = find(m, name);
    if (at == SIZE_MAX)
        return NULL;
    *size = m->inodes[m->names[at].inode].size;
    return m->inodes[m->names[at].inode].bytes;
}

void memory_io_set(memory_io *m, const char *name, const void *bytes, size_t size)
{
    size_t at = find(m, name);
    if (at == SIZE_MAX) {
        link_name(m, name, new_inode(m));
        at = m->n_names - 1;
    }
    m->inodes[m->names[at].inode].size = 0;
    put_bytes(&m->inodes[m->names[at].inode], 0, bytes, size);
}

memory_io *memory_io_copy(const memory_io *m)
{
    memory_io *copy = memory_io_new();
    for (size_t i = 0; i < m->n_names; i++) {
        const inode *f = &m->inodes[m->names[i].inode];
        memory_io_set(copy, m->names[i].name, f->bytes, f->size);
    }
    return copy;
}

bool memory_io_has(const memory_io *m, const char *text)
{
    const size_t n = strlen(text);
    for (size_t k = 0; k < m->n_names; k++) {
        const inode *f = &m->inodes[m->names[k].inode];
        for (size_t i = 0; i + n <= f->size; i++)
            if (memcmp(f->bytes + i, text, n) == 0)
                return true;
    }
    return false;
}

size_t memory_io_changes(const memory_io *m)
{
    return m->n_changes;
}

void memory_io_mark(memory_io *m, long mark)
{
    remember(m, MARK)->at = mark;
}

/* Was change i synced by one of the changes before n? */
static bool is_durable(const memory_io *m, size_t i, size_t n)
{
    const change *c = &m->changes[i];
    const bool of_name = c->kind == LINK || c->kind == RENAME || c->kind == UNLINK;
    for (size_t k = i + 1; k < n; k++)
        if (of_name ? m->changes[k].kind == SYNC_FOLDER
                    : m->changes[k].kind == SYNC && m->changes[k].inode == c->inode)
            return true;
    return false;
}

/* Some sectors of a write arrive, some do not; a new one may come as zeros. */
static void tear(inode *f, const change *c, kehu__random *r)
{
    static const unsigned char zeros[SECTOR];
    for (size_t at = 0; at < c->size;) {
        size_t n = SECTOR - ((size_t)c->at + at) % SECTOR;
        const uint32_t how = kehu__random_below(r, 3);
        n = n < c->size - at ? n : c->size - at;
        if (how == 0)
            put_bytes(f, (size_t)c->at + at, c->bytes + at, n);
        else if (how == 1 && (size_t)c->at + at >= f->size)
            put_bytes(f, (size_t)c->at + at, zeros, n);
        at += n;
    }
}

static void repeat(memory_io *m, const change *c, bool durable, kehu__random *r)
{
    const uint32_t luck = durable ? 0 : kehu__random_below(r, 4);
    switch (c->kind) {
    case WRITE:
        if (luck <= 1)
            put_bytes(&m->inodes[c->inode], (size_t)c->at, c->bytes, c->size);
        else if (luck == 2)
            tear(&m->inodes[c->inode], c, r);
        break;
    case TRUNCATE:
        if (luck <= 1)
            set_size(&m->inodes[c->inode], (size_t)c->at);
        break;
    case LINK:
        if (luck <= 1)
            link_name(m, c->name, c->inode);
        break;
    case RENAME:
        if (luck <= 1) {
            unlink_name(m, c->name);
            link_name(m, c->to, c->inode);
        }
        break;
    case UNLINK:
        if (luck <= 1)
            unlink_name(m, c->name);
        break;
    case SYNC:
    case SYNC_FOLDER:
    case MARK:
        break;
    }
}

memory_io *memory_io_crash(const memory_io *m, size_t n, kehu__random *r, long *mark)
{
    memory_io *after = memory_io_new();
    *mark = 0;
    while (after->n_inodes < m->n_inodes)
        new_inode(after);
    for (size_t i = 0; i < n; i++) {
        repeat(after, &m->changes[i], is_durable(m, i, n), r);
        if (m->changes[i].kind == MARK)
            *mark = (long)m->changes[i].at;
    }
    return after;
}
