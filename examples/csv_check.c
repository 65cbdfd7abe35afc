/* What is in a CSV file? Prints its columns with their types, the number of rows,
 * and the rows that cannot be read.
 *
 *     csv_check FILE */
#include <kehu/kehu.h>
#include <stdio.h>

static const char *type_name(kehu_type type)
{
    return type == KEHU_INT64       ? "whole number"
           : type == KEHU_FLOAT64   ? "number"
           : type == KEHU_DATE32    ? "date"
           : type == KEHU_TIMESTAMP ? "date and time"
                                    : "text";
}

static int print_bytes(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    return fwrite(bytes, 1, size, stdout) != size;
}

int main(int argc, char **argv)
{
    const kehu_csv_options options = {
        .size = sizeof options, .flags = KEHU_CSV_DETECT, .infer_rows = 1000};
    const kehu_writer to_stdout = {print_bytes, NULL};
    kehu_csv *csv = NULL;
    kehu_table *batch = NULL, *rejects = NULL;
    kehu_error err;
    kehu_status status =
        kehu_csv_open(&csv, argc > 1 ? argv[1] : "customers.csv", &options, &err);
    int first = 1;
    while (status == KEHU_OK && (status = kehu_csv_next(&batch, csv, &err)) == KEHU_OK &&
           batch != NULL) {
        for (int64_t i = 0; first && i < kehu_table_column_count(batch); i++)
            printf("%-20s %s\n", kehu_table_column(batch, i)->name,
                   type_name(kehu_table_column(batch, i)->type));
        first = 0;
        kehu_table_free(batch);
    }
    if (status == KEHU_OK)
        status = kehu_csv_rejects(&rejects, csv, &err);
    if (status == KEHU_OK) {
        printf("%lld rows read, %lld rejected\n", (long long)kehu_csv_row_count(csv),
               (long long)kehu_csv_reject_count(csv));
        if (kehu_table_row_count(rejects) > 0)
            status = kehu_table_write_csv(rejects, &to_stdout, NULL, &err);
    }
    if (status != KEHU_OK)
        fprintf(stderr, "%s\n", err.message);
    kehu_table_free(rejects);
    kehu_csv_free(csv);
    return status != KEHU_OK;
}
