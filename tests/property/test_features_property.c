/* Features of random events against the definitions in kehu/features.h, event by event;
 * and of the same events in another order. */
#include <kehu/features.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { ROUNDS = 400, MOST = 300, WHO = 9, WHAT = 5, WHERE = 4, FIRST = 19000 };
#define MINUTE INT64_C(60000000)
#define DAY    (1440 * MINUTE)

/* Texts are one letter, 'a' on; 0 is missing. Times are in microseconds. */
typedef struct event {
    char who, what, where;
    bool timed;
    int64_t time;
    double amount; /* NaN is missing */
} event;

typedef struct world {
    event events[MOST];
    int n, n_days, offset;
    bool with_amount, with_place, by_day;
    char given[WHAT + 1]; /* items that have columns; none given where it is empty */
} world;

static char letter(kehu__random *r, uint32_t n)
{
    const uint32_t which = kehu__random_below(r, n);
    return kehu__random_below(r, 20) == 0 ? '\0' : (char)('a' + which);
}

static void draw(world *w, kehu__random *r, bool distinct_times)
{
    static const int offsets[] = {0, 480, -300, 1440, -1440, 345};
    const uint32_t most = 1 + kehu__random_below(r, MOST);
    *w = (world){.n = (int)kehu__random_below(r, most)};
    w->n_days = 1 + (int)kehu__random_below(r, 12);
    w->offset = offsets[kehu__random_below(r, 6)];
    w->with_amount = kehu__random_below(r, 2) == 0;
    w->with_place = kehu__random_below(r, 3) != 0;
    w->by_day = kehu__random_below(r, 3) == 0;
    if (kehu__random_below(r, 2) == 0) /* z has no events */
        memcpy(w->given, kehu__random_below(r, 2) == 0 ? "caz" : "bz", 3);
    for (int i = 0; i < w->n; i++) {
        event *e = &w->events[i];
        e->who = letter(r, WHO);
        e->what = letter(r, WHAT);
        e->where = letter(r, WHERE);
        e->timed = kehu__random_below(r, 30) != 0;
        /* Two days around those that count, on few minutes, so that times are equal. */
        const int64_t day = FIRST - 2 + (int64_t)kehu__random_below(r, 16);
        const int64_t hour = (int64_t)kehu__random_below(r, 24);
        e->time = day * DAY + hour * 60 * MINUTE + (distinct_times ? i : 0);
        const uint32_t amount = kehu__random_below(r, 12);
        e->amount = amount == 11 ? (double)NAN : (double)amount / 4;
    }
}

/* ---- as the library is asked ---- */

typedef struct text_column {
    char bytes[MOST];
    int32_t ends[MOST + 1];
    uint8_t valid[MOST / 8 + 1];
} text_column;

static kehu_column column_of(text_column *t, const world *w, size_t at)
{
    memset(t, 0, sizeof *t);
    for (int i = 0; i < w->n; i++) {
        const char c = ((const char *)&w->events[i])[at];
        t->ends[i + 1] = t->ends[i] + (c != '\0');
        t->bytes[t->ends[i]] = c;
        if (c != '\0')
            t->valid[i / 8] |= (uint8_t)(1u << i % 8);
    }
    return (kehu_column){.type = KEHU_UTF8,
                         .length = w->n,
                         .data = t->bytes,
                         .offsets = t->ends,
                         .validity = t->valid};
}

static kehu_table *ask(const world *w)
{
    static text_column who, what, where;
    static int64_t times[MOST];
    static int32_t days[MOST];
    static double amounts[MOST];
    uint8_t timed[MOST / 8 + 1] = {0};
    const int32_t ends[] = {0, 1, 2, 3};
    const kehu_column customer = column_of(&who, w, offsetof(event, who)),
                      item = column_of(&what, w, offsetof(event, what)),
                      place = column_of(&where, w, offsetof(event, where));
    const kehu_column items = {.type = KEHU_UTF8,
                               .length = (int64_t)strlen(w->given),
                               .data = w->given,
                               .offsets = ends};
    const kehu_features_options options = {.size = sizeof options,
                                           .day_offset_minutes = w->offset,
                                           .items = w->given[0] ? &items : NULL};
    for (int i = 0; i < w->n; i++) {
        times[i] = w->events[i].time;
        days[i] = (int32_t)(w->events[i].time / DAY);
        amounts[i] = w->events[i].amount;
        if (w->events[i].timed)
            timed[i / 8] |= (uint8_t)(1u << i % 8);
    }
    const kehu_column time = {.type = w->by_day ? KEHU_DATE32 : KEHU_TIMESTAMP,
                              .length = w->n,
                              .data = w->by_day ? (const void *)days : times,
                              .validity = timed};
    const kehu_column amount = {.type = KEHU_FLOAT64, .length = w->n, .data = amounts};
    kehu_table *t;
    kehu_error err;
    if (kehu_features_find(&t, &customer, &item, &time, w->with_amount ? &amount : NULL,
                           w->with_place ? &place : NULL, FIRST, FIRST + w->n_days - 1,
                           &options, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return t;
}

/* NaN is missing. */
static double cell(const kehu_table *t, const char *name, int64_t row)
{
    const kehu_column *c = kehu_table_find(t, name);
    if (c == NULL)
        fail_msg("no column %s", name);
    if (c->validity != NULL && (c->validity[row / 8] >> row % 8 & 1) == 0)
        return (double)NAN;
    return c->type == KEHU_INT64 ? (double)((const int64_t *)c->data)[row]
                                 : ((const double *)c->data)[row];
}

static void expect(const kehu_table *t, int64_t row, const char *name, double wanted)
{
    const double found = cell(t, name, row);
    if (!(fabs(found - wanted) < 1e-12) && !(isnan(found) && isnan(wanted)))
        fail_msg("%s of row %d is %.17g, not %.17g", name, (int)row, found, wanted);
}

/* ---- as the definitions say ---- */

static int64_t local(const world *w, const event *e)
{
    return w->by_day ? e->time / DAY * DAY : e->time + w->offset * MINUTE;
}

static int day_of(const world *w, const event *e)
{
    return (int)(local(w, e) / DAY) - FIRST;
}

static bool counts(const world *w, const event *e)
{
    return e->who != '\0' && e->what != '\0' && e->timed &&
           !(w->with_amount && isnan(e->amount)) &&
           (w->given[0] == '\0' || strchr(w->given, e->what) != NULL) &&
           day_of(w, e) >= 0 && day_of(w, e) < w->n_days;
}

/* Events of a customer (0: of all) and an item (0: of all), and what they amount to. */
static int count(const world *w, char who, char what, double *sum)
{
    int n = 0;
    *sum = 0;
    for (int i = 0; i < w->n; i++) {
        const event *e = &w->events[i];
        if (!counts(w, e) || (who != '\0' && e->who != who) ||
            (what != '\0' && e->what != what))
            continue;
        n++;
        *sum += w->with_amount ? e->amount : 1;
    }
    return n;
}

static void expect_items(const world *w, const kehu_table *t, int64_t row, char who)
{
    double all, mine, entropy = 0, divergence = 0;
    char name[32];
    count(w, '\0', '\0', &all);
    const int n = count(w, who, '\0', &mine);
    expect(t, row, "events", n);
    if (w->with_amount)
        expect(t, row, "amount", mine);
    for (char what = 'a'; what <= 'z'; what++) {
        double of_all, of_mine;
        const bool has_column = w->given[0] != '\0' ? strchr(w->given, what) != NULL
                                                    : count(w, '\0', what, &of_all) > 0;
        const int events = count(w, who, what, &of_mine);
        count(w, '\0', what, &of_all);
        snprintf(name, sizeof name, "%c_events", what);
        if (!has_column) {
            assert_null(kehu_table_find(t, name));
            continue;
        }
        expect(t, row, name, events);
        snprintf(name, sizeof name, "%c_share", what);
        expect(t, row, name, mine > 0 ? of_mine / mine : (double)NAN);
        if (of_mine > 0) {
            entropy -= of_mine / mine * log2(of_mine / mine);
            divergence += of_mine / mine * log2(of_mine / mine / (of_all / all));
        }
    }
    expect(t, row, "entropy", mine > 0 ? entropy : (double)NAN);
    expect(t, row, "divergence", mine > 0 ? divergence : (double)NAN);
}

static void expect_times(const world *w, const kehu_table *t, int64_t row, char who)
{
    static const char *const parts[] = {"night_share", "morning_share", "afternoon_share",
                                        "evening_share"};
    int of_part[4] = {0}, weekend = 0, n = 0, early = 0, late = 0, last = -1, active = 0;
    for (int i = 0; i < w->n; i++) {
        const event *e = &w->events[i];
        const int day = day_of(w, e);
        if (!counts(w, e) || e->who != who)
            continue;
        n++;
        of_part[local(w, e) / MINUTE / 60 % 24 / 6]++;
        weekend += (day + FIRST) % 7 == 2 || (day + FIRST) % 7 == 3; /* 1970-01-03, 04 */
        early += day < w->n_days / 2;
        late += day >= (w->n_days + 1) / 2;
        last = day > last ? day : last;
    }
    for (int day = 0; day < w->n_days; day++) {
        bool any = false;
        for (int i = 0; i < w->n; i++)
            any |= counts(w, &w->events[i]) && w->events[i].who == who &&
                   day_of(w, &w->events[i]) == day;
        active += any;
    }
    for (int k = 0; k < 4; k++)
        if (w->by_day)
            assert_null(kehu_table_find(t, parts[k]));
        else
            expect(t, row, parts[k], (double)of_part[k] / n);
    expect(t, row, "weekend_share", (double)weekend / n);
    expect(t, row, "active_days", active);
    expect(t, row, "recency_days", w->n_days - 1 - last);
    expect(t, row, "trend",
           early + late > 0 ? (double)(late - early) / (early + late) : 0);
}

/* The next event in time of those at a place, later or equal and given later. */
static int next_place(const world *w, char who, int after)
{
    int best = -1;
    for (int i = 0; i < w->n; i++) {
        const event *e = &w->events[i];
        const int64_t at = w->by_day ? local(w, e) : e->time;
        if (!counts(w, e) || e->who != who || e->where == '\0')
            continue;
        if (after >= 0) {
            const event *p = &w->events[after];
            const int64_t before = w->by_day ? local(w, p) : p->time;
            if (at < before || (at == before && i <= after))
                continue;
        }
        if (best < 0 ||
            at < (w->by_day ? local(w, &w->events[best]) : w->events[best].time))
            best = i;
    }
    return best;
}

static void expect_places(const world *w, const kehu_table *t, int64_t row, char who)
{
    int places = 0, moves = 0;
    char seen[WHERE] = {0};
    if (!w->with_place) {
        assert_null(kehu_table_find(t, "places"));
        assert_null(kehu_table_find(t, "moves"));
        return;
    }
    for (int i = next_place(w, who, -1), last = i; i >= 0; i = next_place(w, who, i)) {
        const char where = w->events[i].where;
        places += !seen[where - 'a'];
        seen[where - 'a'] = 1;
        moves += where != w->events[last].where;
        last = i;
    }
    expect(t, row, "places", places);
    expect(t, row, "moves", moves);
}

static void check(const world *w, const kehu_table *t)
{
    int64_t row = 0;
    const kehu_column *customers = kehu_table_find(t, "customer");
    for (char who = 'a'; who < 'a' + WHO; who++) {
        double sum;
        if (count(w, who, '\0', &sum) == 0)
            continue;
        assert_true(row < kehu_table_row_count(t));
        assert_int_equal(((const char *)customers->data)[row], who);
        expect_items(w, t, row, who);
        expect_times(w, t, row, who);
        expect_places(w, t, row, who);
        row++;
    }
    assert_int_equal(row, kehu_table_row_count(t));
}

static void test_features_are_what_their_definitions_say(void **state)
{
    kehu__random r = kehu__random_seed(31);
    int64_t rows = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        static world w;
        draw(&w, &r, false);
        kehu_table *t = ask(&w);
        check(&w, t);
        rows += kehu_table_row_count(t);
        kehu_table_free(t);
    }
    assert_true(rows > ROUNDS);
}

/* Quarters add up exactly in any order. */
static void test_features_do_not_depend_on_the_order_of_events(void **state)
{
    kehu__random r = kehu__random_seed(32);
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        static world w;
        draw(&w, &r, true);
        w.by_day = false; /* whose times would be equal */
        kehu_table *a = ask(&w);
        for (int i = w.n; i > 1; i--) {
            const uint32_t j = kehu__random_below(&r, (uint32_t)i);
            const event e = w.events[j];
            w.events[j] = w.events[i - 1];
            w.events[i - 1] = e;
        }
        kehu_table *b = ask(&w);
        assert_int_equal(kehu_table_row_count(a), kehu_table_row_count(b));
        assert_int_equal(kehu_table_column_count(a), kehu_table_column_count(b));
        for (int64_t k = 1; k < kehu_table_column_count(a); k++) {
            const char *name = kehu_table_column(a, k)->name;
            assert_string_equal(kehu_table_column(b, k)->name, name);
            for (int64_t i = 0; i < kehu_table_row_count(a); i++) {
                const double x = cell(a, name, i), y = cell(b, name, i);
                assert_memory_equal(&x, &y, sizeof x);
            }
        }
        kehu_table_free(a);
        kehu_table_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_are_what_their_definitions_say),
        cmocka_unit_test(test_features_do_not_depend_on_the_order_of_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
