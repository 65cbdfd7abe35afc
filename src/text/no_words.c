/* The default dictionary of a library that was built without a word list. */
#include "text/tokenizer.h"

const char *const kehu__default_words = NULL;
const size_t kehu__default_words_size = 0;
