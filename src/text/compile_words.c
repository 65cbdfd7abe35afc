/* Build-time program: word lists in jieba's format to the dictionary that is
 * embedded in the library.
 *
 *     compile_words OUT.bin OUT.c LIST...
 *
 * OUT.bin is the container. OUT.c takes it in by the assembler, so that three
 * million bytes need not pass through the compiler; when a list cannot be used,
 * OUT.c says why as a compile error. */
#include <kehu/base.h>

#include <stdio.h>

#include "base/hash.h"
#include "file/io.h"
#include "text/dictionary_text.h"

static const char source[] =
    "/* Made by compile_words; contents %016llx. */\n"
    "#include <stddef.h>\n"
    "extern const char *const kehu__default_words;\n"
    "extern const size_t kehu__default_words_size;\n"
    "#if defined(__APPLE__)\n"
    "#define SECTION \".const_data\"\n"
    "#define NAME \"_kehu__default_words_bytes\"\n"
    "#elif defined(_WIN32)\n"
    "#define SECTION \".section .rdata,\\\"dr\\\"\"\n"
    "#define NAME \"kehu__default_words_bytes\"\n"
    "#else\n"
    "#define SECTION \".section .rodata\"\n"
    "#define NAME \"kehu__default_words_bytes\"\n"
    "#endif\n"
    "__asm__(SECTION \"\\n.balign 64\\n.globl \" NAME \"\\n\" NAME \":\\n\"\n"
    "        \".incbin \\\"%s\\\"\\n.byte 0\\n.text\\n\");\n"
    "__attribute__((visibility(\"hidden\"))) extern const char "
    "kehu__default_words_bytes[];\n"
    "const char *const kehu__default_words = kehu__default_words_bytes;\n"
    "const size_t kehu__default_words_size = %zu;\n";

static kehu_status compile(const kehu_allocator *alloc, char **lists, int n,
                           kehu__buffer *out, kehu_error *err)
{
    kehu__dictionary_builder *b = kehu__dictionary_builder_new(alloc);
    kehu_status status = b == NULL ? KEHU_NO_MEMORY : KEHU_OK;
    if (b != NULL) /* a later list corrects an earlier one */
        kehu__dictionary_builder_repeated(b, KEHU__REPEATED_SPELLING);
    for (int i = 0; i < n && status == KEHU_OK; i++) {
        char *bytes;
        size_t size;
        status = kehu__model_bytes(lists[i], alloc, &bytes, &size, err);
        if (status == KEHU_OK)
            status = kehu__dictionary_read_text(b, bytes, size, lists[i], err);
        kehu__free(alloc, bytes, size, 1);
    }
    if (status == KEHU_OK)
        status = kehu__dictionary_build(b, out, err);
    kehu__dictionary_builder_free(b);
    return status;
}

int main(int argc, char **argv)
{
    const kehu_allocator alloc = kehu__allocator(NULL);
    kehu__buffer out = kehu__buffer_new(&alloc);
    kehu_error err = {.message = "out of memory"};
    char text[sizeof source + 4096 + 64];
    kehu_status status;
    int n;
    if (argc < 4)
        return 2;
    status = compile(&alloc, argv + 3, argc - 3, &out, &err);
    if (status == KEHU_OK)
        status = kehu__file_replace(&kehu__io_system, argv[1], out.bytes, out.size, &err);
    if (status == KEHU_OK)
        n = snprintf(text, sizeof text, source,
                     (unsigned long long)kehu__hash(out.bytes, out.size, 0), argv[1],
                     out.size);
    else
        n = snprintf(text, sizeof text, "#error \"%s\"\n", err.message);
    if (n < 0 || (size_t)n >= sizeof text)
        return 1;
    status = kehu__file_replace(&kehu__io_system, argv[2], text, (size_t)n, &err);
    kehu__buffer_free(&out);
    return status == KEHU_OK ? 0 : 1;
}
