/* data/table_write.h - writing tables through an io that may fail. */
#ifndef KEHU_SRC_DATA_TABLE_WRITE_H
#define KEHU_SRC_DATA_TABLE_WRITE_H

#include <kehu/table.h>

#include "file/io.h"

typedef enum kehu__format { KEHU__FORMAT_CSV, KEHU__FORMAT_JSON } kehu__format;

kehu_status kehu__table_save(const kehu_table *table, kehu__format format,
                             const kehu__io *io, const char *path,
                             const kehu_write_options *options, kehu_error *err);

#endif
