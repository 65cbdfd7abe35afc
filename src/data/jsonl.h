/* data/jsonl.h - JSON Lines through a kehu_csv. */
#ifndef KEHU_SRC_DATA_JSONL_H
#define KEHU_SRC_DATA_JSONL_H

#include "data/csv.h"

/* In place of reading a header: the columns are the fields. */
kehu_status kehu__jsonl_start(kehu_csv *csv, kehu_error *err);

/* Read the next line into the builder or the rejects. */
kehu_status kehu__jsonl_read_row(kehu_csv *csv, bool *ended, kehu_error *err);

#endif
