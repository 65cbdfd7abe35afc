/* text/dictionary_text.h - dictionaries as people write them: a word a line,
 * then, each after a blank, its frequency and its tag, as jieba has them. */
#ifndef KEHU_SRC_TEXT_DICTIONARY_TEXT_H
#define KEHU_SRC_TEXT_DICTIONARY_TEXT_H

#include "text/dictionary.h"

/* Add all words of a text. Lines end in LF or CRLF; empty lines and a byte
 * order mark are skipped. The last blank-separated fields are the tag (when
 * it is letters) and the frequency (when it is digits); what stands before is
 * the word, which may hold blanks. A word without a frequency gets 1. `name` is
 * for messages. Fails as kehu__dictionary_builder_add does, err->where being
 * the line, from 0; KEHU_ENCODING says when the bytes look like GB18030; KEHU_RANGE for
 * a frequency that is negative or above KEHU__FREQUENCY_MAX. */
kehu_status kehu__dictionary_read_text(kehu__dictionary_builder *b, const char *text,
                                       size_t size, const char *name, kehu_error *err);

/* The other way: one such line, with the tag where there is one. */
void kehu__dictionary_write_line(kehu__buffer *out, const kehu__word *word);
#endif
