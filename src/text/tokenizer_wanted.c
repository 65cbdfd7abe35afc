#include "base/error.h"
#include "text/tokenizer.h"

kehu_status kehu__tokenizer_wanted(const kehu_tokenizer **out, kehu_tokenizer **own,
                                   uint64_t fingerprint, const kehu_tokenizer *given,
                                   const char *functions, const char *name,
                                   const kehu_allocator *alloc, kehu_error *err)
{
    const unsigned long long wanted = fingerprint;
    const kehu_tokenizer_options options = {.size = sizeof options, .alloc = alloc};
    kehu_status status;
    *out = given;
    if (given != NULL) {
        const unsigned long long got = kehu_tokenizer_fingerprint(given);
        return got == wanted
                   ? KEHU_OK
                   : kehu__fail(err, KEHU_ARGUMENT, -1,
                                "%s needs the tokenizer of fingerprint %016llx, the one "
                                "given has %016llx",
                                name, wanted, got);
    }
    status = kehu_tokenizer_default(own, &options, err);
    if (status == KEHU_NO_MEMORY)
        return status;
    if (status != KEHU_OK || kehu_tokenizer_fingerprint(*own) != wanted)
        return kehu__fail(err, KEHU_NOT_FOUND, -1,
                          "%s needs the tokenizer of fingerprint %016llx; give it to %s",
                          name, wanted, functions);
    *out = *own;
    return KEHU_OK;
}
