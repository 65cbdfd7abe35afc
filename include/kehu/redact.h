/* kehu/redact.h - take phone numbers, identity cards, bank cards, e-mail addresses and
 * postal addresses out of texts, before anything is stored or shown.
 *
 *     const char text[] = "请打13812345678联系我";
 *     kehu_redact_span found[8];
 *     kehu_error err;
 *     int64_t n;
 *     if (kehu_redact_find(text, sizeof text - 1, NULL, found, 8, &n, &err) == KEHU_OK)
 *         for (int64_t i = 0; i < n && i < 8; i++)
 *             printf("%s at byte %lld\n", kehu_redact_kind_name(found[i].kind),
 *                    (long long)found[i].start);
 *
 * Rules, for texts from mainland China; digits may be full-width:
 *
 *   phone          a mobile number of 11 digits from 13 to 19, also as 3-4-4, 4-3-4,
 *                  3-8 or digit by digit with blanks, hyphens or dots, with 0, 86, +86
 *                  or 0086 before it, or written with Chinese numerals; a number with
 *                  area code (010-12345678, +86 10 12345678, extension too); 7 or 8
 *                  digits after a word such as 电话 or 拨打. Numbers of companies (400,
 *                  800, 95xxx, 10086) are nobody's and stay
 *   identity card  18 characters with a province, a day of birth and the check
 *                  character of GB 11643-1999; 15 digits with a province and a day
 *   bank card      13 to 19 digits, also in fours, of a card scheme's range and with the
 *                  check digit of ISO/IEC 7812-1 (Luhn)
 *   e-mail         local@domain.tld, ＠ too
 *   address        a road, village, estate or the like with a number and what follows
 *                  (building, unit, room), and the places named right before it; any
 *                  name with a building and a room; a village with its town and county;
 *                  in traditional characters too; in English, capitalised, a road or
 *                  street behind a number, with rooms before it and towns behind it
 *
 * Any bytes are safe. Everything here is a pure function: call it from many threads. */
#ifndef KEHU_REDACT_H
#define KEHU_REDACT_H

#include <kehu/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum kehu_redact_kind {
    KEHU_REDACT_PHONE,
    KEHU_REDACT_IDENTITY_CARD,
    KEHU_REDACT_BANK_CARD,
    KEHU_REDACT_EMAIL,
    KEHU_REDACT_ADDRESS,
    KEHU_REDACT_KINDS /* how many there are */
} kehu_redact_kind;

/* "phone", "identity card", ...; NULL for no kind. */
KEHU_API const char *kehu_redact_kind_name(kehu_redact_kind kind);

/* text[start .. end), counted in bytes. */
typedef struct kehu_redact_span {
    int64_t start, end;
    kehu_redact_kind kind;
} kehu_redact_span;

typedef struct kehu_redact_options {
    uint32_t size;               /* sizeof(kehu_redact_options) */
    uint32_t kinds;              /* bits 1 << kind of what is looked for; 0 means all */
    const char *const *instead;  /* [KEHU_REDACT_KINDS] what takes the place, UTF-8; NULL
                                    means "[phone]", "[identity card]" and so on */
    const kehu_allocator *alloc; /* of the table; NULL means the C library */
} kehu_redact_options;

/* Where one text of `size` bytes has something to redact, in order, without overlap. The
 * first `room` spans are written and *n is how many there are.
 * Fails with KEHU_ARGUMENT (a NULL, a negative number, an unknown kind). Time O(size). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_redact_find(const char *text, int64_t size,
                                                      const kehu_redact_options *options,
                                                      kehu_redact_span *spans,
                                                      int64_t room, int64_t *n,
                                                      kehu_error *err);

/* The texts with all of it replaced.
 *
 * out     receives a table of one LARGE_UTF8 column of the same name, the caller's to
 *         free; a missing text stays missing
 * texts   text column
 * counts  [KEHU_REDACT_KINDS] receives how many of each kind were replaced; may be NULL
 *
 * Fails with KEHU_ARGUMENT, KEHU_COLUMN (no text column), KEHU_NO_MEMORY.
 * Time O(bytes). */
KEHU_API KEHU_MUST_CHECK kehu_status kehu_redact_texts(kehu_table **out,
                                                       const kehu_column *texts,
                                                       const kehu_redact_options *options,
                                                       int64_t *counts, kehu_error *err);

#ifdef __cplusplus
}
#endif
#endif /* KEHU_REDACT_H */
