#include "base/sha256.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"

static void expect(const uint8_t digest[32], const char *hex)
{
    char text[65];
    for (size_t i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, hex);
}

/* The examples of FIPS 180-4's reference values, and a million times "a". */
static void test_sha256_is_the_standards(void **state)
{
    static const struct {
        const char *text;
        int times;
        const char *hex;
    } known[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"aaaaaaaaaa", 100000,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        kehu__sha256 h;
        uint8_t digest[32];
        kehu__sha256_begin(&h);
        for (int n = 0; n < known[i].times; n++)
            kehu__sha256_add(&h, known[i].text, strlen(known[i].text));
        kehu__sha256_end(&h, digest);
        expect(digest, known[i].hex);
    }
}

static void test_sha256_is_the_same_in_pieces(void **state)
{
    char text[200];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7);
    for (size_t size = 0; size <= sizeof text; size++) {
        uint8_t whole[32], pieces[32];
        kehu__sha256 h;
        kehu__sha256_begin(&h);
        kehu__sha256_add(&h, text, size);
        kehu__sha256_end(&h, whole);
        kehu__sha256_begin(&h);
        for (size_t at = 0, n; at < size; at += n) {
            n = at % 71 + 1 < size - at ? at % 71 + 1 : size - at;
            kehu__sha256_add(&h, text + at, n);
        }
        kehu__sha256_end(&h, pieces);
        assert_memory_equal(whole, pieces, 32);
    }
}

/* RFC 4231, test cases 1, 2, 6 (a key above one block) and 7. */
static void test_hmac_is_the_standards(void **state)
{
    static const struct {
        const char *key;
        size_t key_size; /* of copies of its first byte where key_size > strlen */
        const char *text;
        const char *hex;
    } known[] = {
        {"\x0b", 20, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 4, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"\xaa", 131, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"\xaa", 131,
         "This is a test using a larger than block-size key and a larger than block-size "
         "data. The key needs to be hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char key[200];
        kehu__hmac m;
        uint8_t digest[32];
        memset(key, known[i].key[0], sizeof key);
        memcpy(key, known[i].key, strlen(known[i].key));
        kehu__hmac_begin(&m, key, known[i].key_size);
        for (int n = 0; n < 2; n++) { /* a key serves again */
            kehu__hmac_of(&m, known[i].text, strlen(known[i].text), digest);
            expect(digest, known[i].hex);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_is_the_standards),
        cmocka_unit_test(test_sha256_is_the_same_in_pieces),
        cmocka_unit_test(test_hmac_is_the_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
