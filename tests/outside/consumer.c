/* What another project writes: the header, one call into each layer. */
#include <kehu/kehu.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    if (kehu_version_number() != KEHU_VERSION_NUMBER)
        return 1;
    puts(kehu_status_text(KEHU_FORMAT));
    return strcmp(kehu_status_name(KEHU_OK), "OK") != 0;
}
