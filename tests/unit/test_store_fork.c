/* A child of a fork has a copy of the writer's handle. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <kehu/store.h>

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/stores.h"
#include "support/test.h"

static const char folder[] = "store_fork";

static void add(kehu_store *store, int64_t time)
{
    const store_event event = {"a", time, "buy", NULL, 1, NULL};
    kehu_error err;
    assert_int_equal(store_add(store, &event, 1, &err), KEHU_OK);
}

static void a_childs_copy_changes_nothing(void **state)
{
    kehu_store *store = store_new(folder, 0);
    int pipe_of[2], how;
    char go, *seen;
    kehu_error err;
    pid_t child;
    (void)state;
    add(store, 1);
    assert_int_equal(pipe(pipe_of), 0);
    child = fork();
    if (child == 0) {
        const bool told = read(pipe_of[0], &go, 1) == 1,
                   refused = kehu_store_flush(store, &err) == KEHU_BUSY;
        kehu_store_free(store);
        _exit(told && refused ? 0 : 1);
    }
    assert_true(child > 0);
    add(store, 2);
    assert_int_equal(write(pipe_of[1], "g", 1), 1);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    kehu_store_free(store);
    close(pipe_of[0]);
    close(pipe_of[1]);
    seen = store_text_path(folder, KEHU_STORE_EVENTS, &err);
    assert_string_equal(seen, "a|1|buy|~|~|1|~|~\na|2|buy|~|~|1|~|~\n");
    free(seen);
    store_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_childs_copy_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
