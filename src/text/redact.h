/* text/redact.h - the parts of kehu/redact.h: characters to and fro, and a rule for each
 * kind. A rule looks at one place of the text and says what span begins there. */
#ifndef KEHU_SRC_TEXT_REDACT_H
#define KEHU_SRC_TEXT_REDACT_H

#include <kehu/redact.h>

#include <stdbool.h>
#include <stddef.h>

typedef struct kehu__redacting {
    const char *text;
    size_t size;
    size_t from;  /* what was found before ends here */
    size_t local; /* no e-mail begins before this place */
    uint32_t kinds;
} kehu__redacting;

/* The character at a place and where the next one begins; 0 at the end. */
uint32_t kehu__redact_at(const kehu__redacting *r, size_t at, size_t *next);
/* The character before a place and where it begins; 0 at the start. */
uint32_t kehu__redact_before(const kehu__redacting *r, size_t at, size_t *start);

/* 0..9 of an ASCII or full-width digit; -1 for another character. */
int kehu__redact_digit(uint32_t c);
/* 0..9 of a Chinese numeral as it is read out; -1 for another character. */
int kehu__redact_numeral(uint32_t c);
bool kehu__redact_letter(uint32_t c); /* A-Z, a-z */

/* Whether the text has this word (UTF-8) at or right before a place. */
bool kehu__redact_has(const kehu__redacting *r, size_t at, const char *word);
bool kehu__redact_had(const kehu__redacting *r, size_t at, const char *word);

/* A number that begins at a digit no digit stands before; also the end of the digits,
 * where the search goes on if it is nothing. */
bool kehu__redact_number(const kehu__redacting *r, size_t at, kehu_redact_span *span,
                         size_t *end);
/* A mobile number in Chinese numerals that begins here. */
bool kehu__redact_numerals(const kehu__redacting *r, size_t at, kehu_redact_span *span,
                           size_t *end);
/* An address whose first place name with a number ends at `end`, and the last character
 * of that name is c at `at`. */
bool kehu__redact_address(const kehu__redacting *r, size_t at, size_t end, uint32_t c,
                          kehu_redact_span *span);
/* An address in English that begins here. */
bool kehu__redact_english(const kehu__redacting *r, size_t at, kehu_redact_span *span);

#endif
