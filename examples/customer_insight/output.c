/* Files are written under a passing name beside their place and get their own
 * name together at the end, when nothing can fail any more but the renaming. */
#include "insight.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(_WIN32)
#include <direct.h>
#include <io.h>
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#undef X_OK
#define X_OK              0
#define mkdir(path, mode) _mkdir(path)
#define lstat(path, st)   stat(path, st)
#define fsync(fd)         _commit(fd)
#define rename(from, to)  (MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING) ? 0 : -1)
#endif

enum { MAX_FILES = 64, PATH_ROOM = 4096 };

struct outputs {
    char folder[PATH_ROOM];
    const char *names[MAX_FILES];
    FILE *files[MAX_FILES]; /* NULL for a folder */
    char store[PATH_ROOM];
    int n;
};

static bool path_of(char path[PATH_ROOM], const outputs *o, const char *name, bool final)
{
    const int size =
        snprintf(path, PATH_ROOM, "%s/%s%s", o->folder, name, final ? "" : ".unfinished");
    return size > 0 && size < PATH_ROOM;
}

/* Removes a folder that holds nothing but files; a missing one is fine. */
static bool remove_folder(const char *path)
{
    char inside[PATH_ROOM];
    DIR *d = opendir(path);
    if (d == NULL)
        return errno == ENOENT;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            snprintf(inside, sizeof inside, "%s/%s", path, e->d_name) <
                (int)sizeof inside)
            (void)unlink(inside);
    closedir(d);
    return rmdir(path) == 0;
}

/* Whether a file is named as a customer store names its own: letters, ten digits, an
 * ending. */
static bool of_store(const char *name)
{
    static const struct {
        const char *before, *after;
    } made[] = {
        {"MANIFEST-", ""}, {"MANIFEST-", ".tmp"}, {"log-", ".kl"}, {"seg-", ".ks"}};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        const size_t n = strlen(made[i].before);
        if (strncmp(name, made[i].before, n) == 0 &&
            strspn(name + n, "0123456789") == 10 &&
            strcmp(name + n + 10, made[i].after) == 0)
            return true;
    }
    return strcmp(name, "LOCK") == 0;
}

/* An older folder is replaced only if it is what an earlier run left. */
static kehu_status check_older(const char *path, kehu_error *err)
{
    kehu_status status = KEHU_OK;
    DIR *d = opendir(path);
    if (d == NULL)
        return errno == ENOENT
                   ? KEHU_OK
                   : fail(err, KEHU_IO, "cannot replace %s: %s", path, strerror(errno));
    for (struct dirent *e; status == KEHU_OK && (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            !of_store(e->d_name))
            status = fail(err, KEHU_DUPLICATE,
                          "--out: %s would be replaced, but holds %s, not of a store",
                          path, e->d_name);
    closedir(d);
    return status;
}

kehu_status outputs_new(outputs **out, const char *folder, kehu_error *err)
{
    outputs *o = calloc(1, sizeof *o);
    struct stat found;
    *out = o;
    if (o == NULL)
        return fail(err, KEHU_NO_MEMORY, "no memory for the output");
    if (strlen(folder) + 64 > PATH_ROOM)
        return fail(err, KEHU_ARGUMENT, "--out: the path is too long");
    strcpy(o->folder, folder);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return fail(err, KEHU_IO, "--out: cannot make the folder %s: %s", folder,
                    strerror(errno));
    if (stat(folder, &found) != 0 || !S_ISDIR(found.st_mode))
        return fail(err, KEHU_IO, "--out: %s is not a folder", folder);
    if (access(folder, W_OK | X_OK) != 0)
        return fail(err, KEHU_IO, "--out: cannot write into %s: %s", folder,
                    strerror(errno));
    return KEHU_OK;
}

kehu_status outputs_open(outputs *o, FILE **file, const char *name, kehu_error *err)
{
    char path[PATH_ROOM];
    *file = NULL;
    if (o->n == MAX_FILES || !path_of(path, o, name, false))
        return fail(err, KEHU_LIMIT, "too many output files");
    *file = fopen(path, "wb");
    if (*file == NULL)
        return fail(err, KEHU_IO, "cannot write %s: %s", path, strerror(errno));
    o->names[o->n] = name;
    o->files[o->n++] = *file;
    return KEHU_OK;
}

kehu_status outputs_folder(outputs *o, const char **path, const char *name,
                           kehu_error *err)
{
    char final[PATH_ROOM];
    if (o->n == MAX_FILES || !path_of(o->store, o, name, false) ||
        !path_of(final, o, name, true))
        return fail(err, KEHU_LIMIT, "too many output files");
    TRY(check_older(final, err));
    if (!remove_folder(o->store))
        return fail(err, KEHU_IO, "cannot remove %s: %s", o->store, strerror(errno));
    o->names[o->n++] = name;
    *path = o->store;
    return KEHU_OK;
}

/* A file cannot take a folder's name: said before the first gets its own. */
static kehu_status check_places(const outputs *o, kehu_error *err)
{
    char to[PATH_ROOM];
    struct stat found;
    for (int i = 0; i < o->n; i++)
        if (o->files[i] != NULL && path_of(to, o, o->names[i], true) &&
            lstat(to, &found) == 0 && S_ISDIR(found.st_mode))
            return fail(err, KEHU_IO, "cannot write %s: a folder has this name", to);
    return KEHU_OK;
}

kehu_status outputs_publish(outputs *o, kehu_error *err)
{
    char from[PATH_ROOM], to[PATH_ROOM];
    TRY(check_places(o, err));
    for (int i = 0; i < o->n; i++) {
        FILE *f = o->files[i];
        if (f == NULL)
            continue;
        const bool written = fflush(f) == 0 && !ferror(f) && fsync(fileno(f)) == 0;
        o->files[i] = NULL;
        if (fclose(f) != 0 || !written)
            return fail(err, KEHU_IO, "cannot write %s in %s: %s", o->names[i], o->folder,
                        strerror(errno));
    }
    for (int i = 0; i < o->n; i++) {
        if (!path_of(from, o, o->names[i], false) || !path_of(to, o, o->names[i], true))
            return fail(err, KEHU_LIMIT, "the path of %s is too long", o->names[i]);
        if (strcmp(from, o->store) == 0 && !remove_folder(to))
            return fail(err, KEHU_IO, "cannot replace %s: %s", to, strerror(errno));
        if (rename(from, to) != 0)
            return fail(err, KEHU_IO, "cannot write %s: %s", to, strerror(errno));
    }
    o->n = 0;
    return KEHU_OK;
}

void outputs_free(outputs *o)
{
    char path[PATH_ROOM];
    if (o == NULL)
        return;
    for (int i = 0; i < o->n; i++) {
        if (o->files[i] != NULL)
            fclose(o->files[i]);
        if (path_of(path, o, o->names[i], false) && unlink(path) != 0)
            (void)remove_folder(path);
    }
    free(o);
}

static int into_file(void *ctx, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, ctx) != size;
}

kehu_status outputs_table(outputs *o, const kehu_table *table, const char *name,
                          kehu_error *err)
{
    FILE *file;
    TRY(outputs_open(o, &file, name, err));
    return kehu_table_write_csv(table, &(kehu_writer){into_file, file}, NULL, err);
}

/* ---- CSV ------------------------------------------------------------------ */

void csv_text(FILE *f, bool first, const char *text, size_t size)
{
    if (!first)
        fputc(',', f);
    if (size == 0)
        return;
    bool plain = text[0] != ' ' && text[size - 1] != ' ';
    for (size_t i = 0; i < size && plain; i++)
        plain = text[i] != ',' && text[i] != '"' && text[i] != '\n' && text[i] != '\r';
    if (plain) {
        fwrite(text, 1, size, f);
        return;
    }
    fputc('"', f);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"')
            fputc('"', f);
        fputc(text[i], f);
    }
    fputc('"', f);
}

void csv_name(FILE *f, bool first, const char *text)
{
    csv_text(f, first, text, strlen(text));
}

void csv_count(FILE *f, bool first, int64_t n)
{
    fprintf(f, first ? "%lld" : ",%lld", (long long)n);
}

void csv_real(FILE *f, bool first, double x, int decimals)
{
    if (!first)
        fputc(',', f);
    if (isfinite(x))
        fprintf(f, "%.*f", decimals, x);
}

void csv_money(FILE *f, bool first, int64_t minor_units, int decimals)
{
    uint64_t unit = 1,
             x = minor_units < 0 ? 0 - (uint64_t)minor_units : (uint64_t)minor_units;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    fprintf(f, "%s%s%llu", first ? "" : ",", minor_units < 0 ? "-" : "",
            (unsigned long long)(x / unit));
    if (decimals > 0)
        fprintf(f, ".%0*llu", decimals, (unsigned long long)(x % unit));
}

void csv_end(FILE *f)
{
    fputc('\n', f);
}

/* ---- JSON ----------------------------------------------------------------- */

void json_text(FILE *f, const char *text, size_t size)
{
    fputc('"', f);
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20 || c == '<' || c == 0x7F)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

/* ---- Days (Hinnant, "chrono-Compatible Low-Level Date Algorithms") --------- */

int32_t day_of(int64_t time_us)
{
    return (int32_t)(time_us / DAY_US - (time_us % DAY_US < 0));
}

void day_text(char out[16], int32_t day)
{
    const int64_t z = (int64_t)day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t of_era = z - era * 146097;
    const int64_t year_of_era =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year =
        of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t m = (5 * of_year + 2) / 153, month = m < 10 ? m + 3 : m - 9;
    snprintf(out, 16, "%04d-%02d-%02d",
             (int)((year_of_era + era * 400 + (month <= 2)) % 10000), (int)(month % 100),
             (int)((of_year - (153 * m + 2) / 5 + 1) % 100));
}

bool day_read(int32_t *day, const char *text)
{
    int year, month, date, end = 0;
    char back[16];
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &date, &end) != 3 ||
        text[end] != '\0' || year < 1970 || month < 1 || month > 12)
        return false;
    const int y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
    const int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1;
    *day = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    day_text(back, *day);
    return strcmp(back, text) == 0;
}
