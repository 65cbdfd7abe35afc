/* Reading and replacing files while the n-th call to the system fails. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/column.h"
#include "data/csv.h"
#include "support/faulty_io.h"
#include "support/test.h"

enum { N_ROWS = 200000 };

#if !defined(EDQUOT) /* Windows */
#define EDQUOT ENOSPC
#endif
static const int faults[] = {EIO, ENOSPC, EINTR, EDQUOT, EACCES, FAULTY_IO_SHORT};
enum { N_FAULTS = sizeof faults / sizeof *faults };

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static bool holds(const char *path, const char *text)
{
    char got[64] = "";
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    fclose(f);
    return strcmp(got, text) == 0;
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* Returns whether the n-th call came to pass. */
static bool replace_with_fault(long n, int how, bool sticky)
{
    faulty_io f;
    kehu_error err;
    kehu_status status;
    faulty_io_init(&f, n, how, sticky);
    write_text("faults.txt", "the old text");
    status = kehu__file_replace(&f.as_io, "faults.txt", "new", 3, &err);
    assert_int_equal(f.open_files, 0);
    if (status == KEHU_OK)
        assert_true(holds("faults.txt", "new") && !exists("faults.txt.tmp"));
    else {
        assert_true(f.failed);
        assert_int_equal(status, KEHU_IO);
        assert_non_null(strstr(err.message, "faults.txt") == NULL
                            ? strstr(err.message, "sync .")
                            : err.message);
        assert_true(holds("faults.txt", "the old text") || holds("faults.txt", "new"));
        if (!sticky)
            assert_false(exists("faults.txt.tmp"));
    }
    if (how == FAULTY_IO_SHORT)
        assert_int_equal(status, KEHU_OK);
    unlink("faults.txt.tmp");
    return f.failed;
}

static void test_replace_is_whole_whatever_call_fails(void **state)
{
    (void)state;
    for (int k = 0; k < N_FAULTS; k++)
        for (int sticky = 0; sticky < 2; sticky++) {
            long n = 0;
            if (sticky && faults[k] == EINTR)
                continue;
            while (replace_with_fault(n, faults[k], sticky))
                n++;
            assert_true(n >= 5); /* open, write, sync, close, rename, ... */
        }
    unlink("faults.txt");
}

static void write_rows(const char *path)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs("id,name\n", f);
    for (int i = 0; i < N_ROWS; i++)
        fprintf(f, "%d,\"row\n%d\"\n", i, i);
    assert_int_equal(fclose(f), 0);
}

/* Read on after each failure; every row must come exactly once. */
static void read_through(const kehu__io *io, const kehu_csv_options *options, int how)
{
    kehu_csv *csv = NULL;
    kehu_table *t = NULL;
    kehu_error err;
    kehu_status status;
    int64_t n = 0;
    int failures = 0;
    while ((status = kehu__csv_open(&csv, io, "rows.csv", NULL, 0, options, &err)) !=
           KEHU_OK) {
        assert_null(csv);
        assert_int_equal(status, KEHU_IO);
        assert_non_null(strstr(err.message, "rows.csv"));
        assert_true(failures++ < 2);
    }
    for (;;) {
        status = kehu_csv_next(&t, csv, &err);
        if (status != KEHU_OK) {
            assert_int_equal(status, KEHU_IO);
            assert_null(t);
            assert_true(failures++ < 2);
            continue;
        }
        if (t == NULL)
            break;
        for (int64_t i = 0; i < kehu_table_row_count(t); i++) {
            assert_int_equal(kehu__column_integer(kehu_table_column(t, 0), i), n);
            assert_int_equal(kehu_csv_line(csv, i), 2 + 2 * n);
            n++;
        }
        kehu_table_free(t);
    }
    assert_int_equal(n, N_ROWS);
    assert_int_equal(kehu_csv_reject_count(csv), 0);
    if (how == EINTR || how == FAULTY_IO_SHORT)
        assert_int_equal(failures, 0);
    kehu_csv_free(csv);
}

static void test_csv_reads_on_after_whatever_call_fails(void **state)
{
    static const kehu_field fields[] = {{.name = "id", .type = KEHU_INT64}};
    const kehu_csv_options options = {
        .size = sizeof options, .fields = fields, .n_fields = 1};
    (void)state;
    write_rows("rows.csv");
    for (int k = 0; k < N_FAULTS; k++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            faulty_io f;
            faulty_io_init(&f, n, faults[k], false);
            if (faults[k] == EINTR && n == 1) /* fstat is never interrupted */
                continue;
            read_through(&f.as_io, &options, faults[k]);
            assert_int_equal(f.open_files, 0);
            failed = f.failed;
            assert_true(failed || n > 8);
        }
    }
    unlink("rows.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace_is_whole_whatever_call_fails),
        cmocka_unit_test(test_csv_reads_on_after_whatever_call_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
