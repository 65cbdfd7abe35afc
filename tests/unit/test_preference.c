#include <kehu/evaluate.h>
#include <kehu/preference.h>
#include <kehu/segment.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/test.h"

enum { N = 900, K = 3 };

/* Made-up customers: age says the channel; a third have not been seen in any. */
typedef struct customers {
    double age[N], calls[N];
    int32_t channel[N];
    uint8_t known[N / 8 + 1];
    int truth[N];
    kehu_column columns[2], observed;
} customers;

static const char channel_bytes[] = "app"
                                    "hall"
                                    "hotline";
static const int32_t channel_offsets[] = {0, 3, 7, 14};
static const kehu_column channels = {
    .type = KEHU_UTF8, .length = K, .data = channel_bytes, .offsets = channel_offsets};

static void make_customers(customers *c, uint64_t seed)
{
    kehu__random r = kehu__random_seed(seed);
    memset(c, 0, sizeof *c);
    for (int i = 0; i < N; i++) {
        c->age[i] = 18 + kehu__random_below(&r, 60);
        c->calls[i] = kehu__random_below(&r, 20);
        c->truth[i] = c->age[i] < 35 ? 0 : c->calls[i] > 12 ? 2 : 1;
        if (kehu__random_below(&r, 5) == 0)
            c->truth[i] = (int)kehu__random_below(&r, K);
        c->channel[i] = c->truth[i];
        if (kehu__random_below(&r, 3) != 0)
            c->known[i / 8] = (uint8_t)(c->known[i / 8] | 1 << i % 8);
    }
    c->columns[0] =
        (kehu_column){.name = "age", .type = KEHU_FLOAT64, .length = N, .data = c->age};
    c->columns[1] = (kehu_column){
        .name = "calls", .type = KEHU_FLOAT64, .length = N, .data = c->calls};
    c->observed = (kehu_column){.name = "channel",
                                .type = KEHU_CATEGORY,
                                .length = N,
                                .data = c->channel,
                                .dictionary = &channels,
                                .validity = c->known};
}

static kehu_preference *train(const customers *c, const kehu_preference_options *options)
{
    kehu_preference *p = NULL;
    kehu_error err = {0};
    if (kehu_preference_train(&p, c->columns, 2, &c->observed, NULL, options, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    return p;
}

static void test_preference_finds_the_latent_customers(void **state)
{
    customers c;
    double p[N][K];
    uint8_t levels[N][K];
    int right = 0, latent = 0;
    (void)state;
    make_customers(&c, 1);
    kehu_preference *channel = train(&c, NULL);
    assert_int_equal(kehu_preference_class_count(channel), K);
    assert_string_equal(kehu_preference_class_name(channel, 0), "app");
    assert_string_equal(kehu_preference_class_name(channel, 2), "hotline");
    assert_int_equal(
        kehu_preference_score(channel, c.columns, 2, p[0], levels[0], NULL, NULL),
        KEHU_OK);
    for (int i = 0; i < N; i++) {
        int best = 0;
        for (int k = 0; k < K; k++) {
            assert_int_equal(levels[i][k], (uint8_t)(5 * p[i][k]));
            best = p[i][k] > p[i][best] ? k : best;
        }
        if (!(c.known[i / 8] >> i % 8 & 1)) {
            latent++;
            right += best == c.truth[i];
        }
    }
    assert_true(right > 0.8 * latent);
    assert_int_equal(
        kehu_preference_score(channel, c.columns, 2, NULL, levels[0], NULL, NULL),
        KEHU_OK);
    kehu_preference_free(channel);
}

static void test_preference_report_adds_up(void **state)
{
    customers c;
    kehu_level_row rows[K][KEHU_LEVEL_COUNT];
    (void)state;
    make_customers(&c, 2);
    kehu_preference *channel = train(&c, NULL);
    assert_int_equal(
        kehu_preference_report(channel, c.columns, 2, &c.observed, NULL, rows[0], NULL),
        KEHU_OK);
    for (int k = 0; k < K; k++) {
        int64_t n = 0, n_known = 0;
        double share = 0;
        for (int l = 0; l < KEHU_LEVEL_COUNT; l++) {
            n += rows[k][l].n_rows;
            n_known += rows[k][l].n_known;
            share += rows[k][l].share;
            assert_int_equal(rows[k][l].class_number, k);
        }
        assert_int_equal(n, N);
        assert_true(n_known > N / 2 && n_known < N);
        assert_true(share > 1 - 1e-12 && share < 1 + 1e-12);
        assert_true(rows[k][4].observed_rate > rows[k][0].observed_rate);
    }
    assert_int_equal(
        kehu_preference_report(channel, c.columns, 2, NULL, NULL, rows[0], NULL),
        KEHU_OK);
    assert_int_equal(rows[0][0].n_known, 0);
    kehu_preference_free(channel);
}

static void test_preference_refuses_bad_input(void **state)
{
    customers c;
    kehu_preference *channel;
    kehu_level_row rows[K][KEHU_LEVEL_COUNT];
    kehu_error err;
    (void)state;
    make_customers(&c, 3);
    channel = train(&c, NULL);
    assert_int_equal(
        kehu_preference_report(channel, c.columns, 2, &c.columns[0], NULL, rows[0], &err),
        KEHU_COLUMN);
    assert_string_equal(
        err.message, "observed is FLOAT64, expected text, BOOL or integers up to INT64");
    c.observed.length = 3;
    assert_int_equal(
        kehu_preference_report(channel, c.columns, 2, &c.observed, NULL, rows[0], &err),
        KEHU_ARGUMENT);
    assert_string_equal(err.message, "observed has 3 rows, the columns have 900");
    kehu_preference_free(channel);
    c.observed.length = N;
    memset(c.known, 0, sizeof c.known);
    assert_int_equal(
        kehu_preference_train(&channel, c.columns, 2, &c.observed, NULL, NULL, &err),
        KEHU_EMPTY);
    assert_string_equal(err.message, "no row has an observed class");
    assert_null(channel);
    c.observed.length = 0;
    assert_int_equal(
        kehu_preference_train(&channel, c.columns, 2, &c.observed, NULL, NULL, &err),
        KEHU_EMPTY);
}

static kehu_status whole_life(const customers *c, const kehu_allocator *alloc)
{
    const kehu_tree_options tree = {
        .size = sizeof tree, .min_leaf_weight = 20, .max_leaves = 8};
    const kehu_levels_options lift = {.size = sizeof lift, .mode = KEHU_LEVEL_LIFT};
    const kehu_preference_options options = {
        .size = sizeof options, .tree = &tree, .levels = &lift, .alloc = alloc};
    kehu_preference *p = NULL, *back = NULL;
    kehu_level_row rows[K][KEHU_LEVEL_COUNT];
    kehu_status status =
        kehu_preference_train(&p, c->columns, 2, &c->observed, NULL, &options, NULL);
    if (status == KEHU_OK)
        status = kehu_preference_save(p, "preference_test.kehu", NULL);
    if (status == KEHU_OK)
        status = kehu_preference_load(&back, "preference_test.kehu", alloc, NULL);
    if (status == KEHU_OK)
        status = kehu_preference_report(back, c->columns, 2, &c->observed, NULL, rows[0],
                                        NULL);
    kehu_preference_free(p);
    kehu_preference_free(back);
    return status;
}

static void test_preference_survives_every_refused_allocation(void **state)
{
    customers c;
    long refuse_at = 0;
    (void)state;
    make_customers(&c, 4);
    for (;; refuse_at++) {
        faulty f;
        const kehu_status status = whole_life(&c, faulty_init(&f, refuse_at));
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    assert_true(refuse_at > 40);
    remove("preference_test.kehu");
}

typedef struct memory {
    char *bytes;
    size_t size;
} memory;

static int to_memory(void *ctx, const void *bytes, size_t size)
{
    memory *m = ctx;
    m->bytes = realloc(m->bytes, m->size + size);
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
    return 0;
}

static void test_preference_comes_back_from_its_bytes(void **state)
{
    customers c;
    double p[N][K], q[N][K];
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    kehu_preference *back;
    (void)state;
    make_customers(&c, 5);
    kehu_preference *channel = train(&c, NULL);
    assert_int_equal(kehu_preference_write(channel, &writer, NULL), KEHU_OK);
    assert_int_equal(kehu_preference_read(&back, m.bytes, m.size, NULL, NULL), KEHU_OK);
    assert_int_equal(kehu_preference_score(channel, c.columns, 2, p[0], NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_preference_score(back, c.columns, 2, q[0], NULL, NULL, NULL),
                     KEHU_OK);
    assert_memory_equal(p, q, sizeof p);
    kehu_preference_free(back);
    for (size_t n = 0; n < m.size; n++)
        assert_int_equal(kehu_preference_read(&back, m.bytes, n, NULL, NULL),
                         KEHU_FORMAT);
    for (size_t byte = 0; byte < m.size; byte++) {
        m.bytes[byte] ^= 0x10;
        assert_int_not_equal(kehu_preference_read(&back, m.bytes, m.size, NULL, NULL),
                             KEHU_OK);
        m.bytes[byte] ^= 0x10;
    }
    kehu_preference_free(channel);
    free(m.bytes);
}

/* ---- With experience rules ---- */

enum { M = 6000, OBSERVED = 5 };

/* Made-up customers with habits: half show them by what they do (the rules see
 * that), the others little of them, but who they are says something too (the tree
 * sees that). Latent are those of whom the rules are not sure. */
typedef struct people {
    double age[M], home[M], hall[M], app[M], calls[M];
    int32_t stated[M], truth[M];
    uint8_t known[M / 8 + 1];
    bool quiet[M];
    kehu_column columns[5], observed;
} people;

static const char experience[] = "# what the shop floor knows\n"
                                 "app +1.5: app_days >= 6\n"
                                 "app +1: app_days >= 2\n"
                                 "hall +1.5: hall_visits >= 2\n"
                                 "hall +1: hall_visits >= 1\n"
                                 "hotline +2: calls >= 3\n"
                                 "hotline -1: calls = 0\n";

static kehu_segments *rules_of(const char *text)
{
    kehu_segments *rules = NULL;
    kehu_error err;
    if (kehu_segments_read(&rules, text, strlen(text), NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    return rules;
}

static double few(kehu__random *r, double mean)
{
    double n = 0;
    while (n < 30 && kehu__random_unit(r) < mean / (1 + mean))
        n++;
    return n;
}

static void make_people(people *c, uint64_t seed)
{
    static const char *const names[] = {"age", "home", "hall_visits", "app_days",
                                        "calls"};
    const double *const values[] = {c->age, c->home, c->hall, c->app, c->calls};
    kehu__random r = kehu__random_seed(seed);
    memset(c, 0, sizeof *c);
    for (int i = 0; i < M; i++) {
        double chance, active;
        c->age[i] = 18 + kehu__random_below(&r, 60);
        c->home[i] = kehu__random_below(&r, 10);
        chance = kehu__random_unit(&r);
        if (c->age[i] < 36)
            c->truth[i] = chance < .7 ? 0 : chance < .85 ? 1 : 2;
        else if (c->home[i] < 4)
            c->truth[i] = chance < .15 ? 0 : chance < .8 ? 1 : 2;
        else
            c->truth[i] = chance < .2 ? 0 : chance < .4 ? 1 : 2;
        c->quiet[i] = kehu__random_below(&r, 2);
        active = c->quiet[i] ? 0.4 : 4;
        c->app[i] = few(&r, c->truth[i] == 0 ? active : 0.3);
        c->hall[i] = few(&r, c->truth[i] == 1 ? active : 0.2);
        c->calls[i] = few(&r, c->truth[i] == 2 ? active : 0.3);
        c->stated[i] = c->truth[i];
        if (kehu__random_below(&r, OBSERVED) == 0)
            c->known[i / 8] = (uint8_t)(c->known[i / 8] | 1 << i % 8);
    }
    for (int f = 0; f < 5; f++)
        c->columns[f] = (kehu_column){
            .name = names[f], .type = KEHU_FLOAT64, .length = M, .data = values[f]};
    c->observed = (kehu_column){.name = "stated",
                                .type = KEHU_CATEGORY,
                                .length = M,
                                .data = c->stated,
                                .dictionary = &channels,
                                .validity = c->known};
}

/* What the rules say of a customer, and whether that is clear. */
static void rule_scores(const people *c, int i, double s[K])
{
    s[0] = 1.5 * (c->app[i] >= 6) + (c->app[i] >= 2);
    s[1] = 1.5 * (c->hall[i] >= 2) + (c->hall[i] >= 1);
    s[2] = 2 * (c->calls[i] >= 3) - (c->calls[i] == 0);
}

static bool is_latent(const people *c, int i)
{
    double s[K], best, second;
    rule_scores(c, i, s);
    best = fmax(s[0], fmax(s[1], s[2]));
    second = s[0] == best   ? fmax(s[1], s[2])
             : s[1] == best ? fmax(s[0], s[2])
                            : fmax(s[0], s[1]);
    return best - second < 2 && !(c->known[i / 8] >> i % 8 & 1);
}

/* Mean AUC over the classes, share right and calibration on the latent customers
 * who were not observed. */
typedef struct quality {
    double auc, recall, ece;
} quality;

static quality quality_of(const people *c, const double *p)
{
    static double scores[M];
    static uint8_t happened[M];
    quality q = {0};
    int64_t n = 0;
    for (int k = 0; k < K; k++) {
        kehu_binary_evaluation e;
        n = 0;
        for (int i = 0; i < M; i++)
            if (is_latent(c, i)) {
                scores[n] = p[i * K + k];
                happened[n++] = c->truth[i] == k;
            }
        assert_int_equal(kehu_evaluate_binary(&e, scores, happened, n, NULL), KEHU_OK);
        q.auc += e.auc / K;
        q.ece += e.calibration_error / K;
    }
    for (int i = 0; i < M; i++)
        if (is_latent(c, i)) {
            int best = 0;
            for (int k = 1; k < K; k++)
                best = p[i * K + k] > p[i * K + best] ? k : best;
            q.recall += best == c->truth[i];
        }
    q.recall /= (double)n;
    return q;
}

static kehu_preference *train_people(const people *c, const kehu_column *observed,
                                     const kehu_segments *rules, double sure)
{
    const kehu_preference_options options = {
        .size = sizeof options, .rules = rules, .sure = sure};
    kehu_preference *p = NULL;
    kehu_error err;
    if (kehu_preference_train(&p, c->columns, 5, observed, NULL, &options, &err) !=
        KEHU_OK)
        fail_msg("%s", err.message);
    return p;
}

static void test_preference_fusion_beats_rules_and_tree_alone(void **state)
{
    static people c;
    static double fused[M * K], tree[M * K], rules_only[M * K];
    kehu_segments *rules = rules_of(experience);
    kehu_preference_fusion f;
    quality both, alone, by_rules;
    (void)state;
    make_people(&c, 7);
    kehu_preference *p = train_people(&c, &c.observed, rules, 0);
    kehu_segments_free(rules); /* the handle has its own */
    kehu_preference_fusion_get(p, KEHU_PREFERENCE_SPOKEN, &f);
    assert_int_equal(f.fitted, 1);
    assert_int_equal(f.n_rules, 6);
    assert_true(f.tree_weight > 0.3 && f.rule_weight > 0.3);
    assert_int_equal(kehu_preference_score(p, c.columns, 5, fused, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(
        kehu_tree_score(kehu_preference_tree(p), c.columns, 5, tree, NULL, NULL),
        KEHU_OK);
    assert_int_equal(kehu_tree_feature_count(kehu_preference_tree(p)), 2);
    for (int i = 0; i < M; i++) { /* the rules' sums as probabilities */
        double s[K], sum = 0;
        rule_scores(&c, i, s);
        for (int k = 0; k < K; k++)
            sum += rules_only[i * K + k] = exp(s[k]);
        for (int k = 0; k < K; k++)
            rules_only[i * K + k] /= sum;
    }
    both = quality_of(&c, fused);
    alone = quality_of(&c, tree);
    by_rules = quality_of(&c, rules_only);
    print_message("latent customers: AUC %.3f (tree %.3f, rules %.3f), right %.3f (%.3f, "
                  "%.3f), ECE %.3f\n",
                  both.auc, alone.auc, by_rules.auc, both.recall, alone.recall,
                  by_rules.recall, both.ece);
    assert_true(both.auc > alone.auc && both.auc > by_rules.auc);
    assert_true(both.recall > alone.recall && both.recall > by_rules.recall);
    assert_true(both.ece <= 0.03);
    kehu_preference_free(p);
}

static void test_preference_learns_from_rules_alone(void **state)
{
    static people c;
    static double p[M * K];
    kehu_segments *rules = rules_of(experience);
    kehu_preference_fusion f;
    (void)state;
    make_people(&c, 8);
    kehu_preference *preference = train_people(&c, NULL, rules, 0);
    kehu_preference_fusion_get(preference, KEHU_PREFERENCE_SPOKEN, &f);
    assert_int_equal(f.fitted, 0);
    assert_int_equal(kehu_preference_score(preference, c.columns, 5, p, NULL, NULL, NULL),
                     KEHU_OK);
    assert_true(quality_of(&c, p).auc > 0.7);
    kehu_preference_free(preference);
    kehu_segments_free(rules);
}

static void test_preference_names_the_rules_that_fired(void **state)
{
    static people c;
    kehu_segments *rules = rules_of(experience);
    kehu_preference_rule fired[3];
    uint32_t n;
    kehu_error err;
    (void)state;
    make_people(&c, 9);
    c.app[0] = 9;
    c.hall[0] = 0;
    c.calls[0] = 0;
    kehu_preference *p = train_people(&c, &c.observed, rules, -1);
    assert_int_equal(kehu_tree_feature_count(kehu_preference_tree(p)), 5);
    assert_int_equal(kehu_preference_fired(p, c.columns, 5, 0, fired, 3, &n, NULL),
                     KEHU_OK);
    assert_int_equal(n, 3);
    assert_int_equal(fired[0].line, 2);
    assert_int_equal(fired[0].class_number, 0);
    assert_true(fired[0].weight == 1.5);
    assert_string_equal(fired[2].text, "hotline -1: calls = 0");
    assert_int_equal(kehu_preference_fired(p, c.columns, 5, M, fired, 3, &n, &err),
                     KEHU_ARGUMENT);
    assert_string_equal(err.message, "row is 6000 of 6000 rows");
    kehu_preference_free(p);
    kehu_segments_free(rules);
}

static void test_preference_rules_name_their_bad_line(void **state)
{
    static const struct {
        const char *text, *message;
        kehu_status status;
    } bad[] = {
        {"app +1: age < 30\nhall: age > 60\n",
         "line 2: expected a class and a weight before the colon", KEHU_FORMAT},
        {"app +1: age < 30\n\nhall much: age > 60\n",
         "line 3: expected a class and a weight before the colon", KEHU_FORMAT},
        {"app +99: age < 30\n", "line 1: the weight is not within -20 to 20", KEHU_RANGE},
        {"app +1: size < 30\n", "no column size, which the rules use", KEHU_COLUMN},
    };
    static people c;
    (void)state;
    make_people(&c, 10);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kehu_segments *rules = rules_of(bad[i].text);
        const kehu_preference_options options = {.size = sizeof options, .rules = rules};
        kehu_preference *p;
        kehu_error err;
        assert_int_equal(
            kehu_preference_train(&p, c.columns, 5, &c.observed, NULL, &options, &err),
            bad[i].status);
        assert_string_equal(err.message, bad[i].message);
        assert_null(p);
        kehu_segments_free(rules);
    }
}

static void test_preference_with_rules_comes_back_from_its_file(void **state)
{
    static people c;
    static double p[M * K], q[M * K];
    kehu_segments *rules = rules_of(experience);
    kehu_preference *back;
    (void)state;
    make_people(&c, 11);
    kehu_preference *preference = train_people(&c, &c.observed, rules, 0);
    assert_int_equal(kehu_preference_save(preference, "preference_rules.kehu", NULL),
                     KEHU_OK);
    assert_int_equal(kehu_preference_load(&back, "preference_rules.kehu", NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_preference_score(preference, c.columns, 5, p, NULL, NULL, NULL),
                     KEHU_OK);
    assert_int_equal(kehu_preference_score(back, c.columns, 5, q, NULL, NULL, NULL),
                     KEHU_OK);
    assert_memory_equal(p, q, sizeof p);
    remove("preference_rules.kehu");
    kehu_preference_free(preference);
    kehu_preference_free(back);
    kehu_segments_free(rules);
}

static kehu_status life_with_rules(const people *c, const kehu_segments *rules,
                                   const kehu_allocator *alloc)
{
    static double p[M * K];
    const kehu_tree_options tree = {.size = sizeof tree, .n_folds = 1, .max_leaves = 4};
    const kehu_preference_options options = {.size = sizeof options,
                                             .n_folds = 2,
                                             .tree = &tree,
                                             .rules = rules,
                                             .alloc = alloc};
    kehu_preference *preference = NULL, *back = NULL;
    kehu_status status = kehu_preference_train(&preference, c->columns, 5, &c->observed,
                                               NULL, &options, NULL);
    if (status == KEHU_OK)
        status = kehu_preference_save(preference, "preference_oom.kehu", NULL);
    if (status == KEHU_OK)
        status = kehu_preference_load(&back, "preference_oom.kehu", alloc, NULL);
    if (status == KEHU_OK)
        status = kehu_preference_score(back, c->columns, 5, p, NULL, NULL, NULL);
    kehu_preference_free(preference);
    kehu_preference_free(back);
    return status;
}

static void test_preference_with_rules_survives_every_refused_allocation(void **state)
{
    static people c;
    kehu_segments *rules = rules_of("app +2: app_days >= 3\nhall +2: hall_visits >= 2\n");
    long refuse_at = 0;
    (void)state;
    make_people(&c, 12);
    for (;; refuse_at++) {
        faulty f;
        const kehu_status status = life_with_rules(&c, rules, faulty_init(&f, refuse_at));
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    assert_true(refuse_at > 100);
    remove("preference_oom.kehu");
    kehu_segments_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preference_finds_the_latent_customers),
        cmocka_unit_test(test_preference_report_adds_up),
        cmocka_unit_test(test_preference_refuses_bad_input),
        cmocka_unit_test(test_preference_survives_every_refused_allocation),
        cmocka_unit_test(test_preference_comes_back_from_its_bytes),
        cmocka_unit_test(test_preference_fusion_beats_rules_and_tree_alone),
        cmocka_unit_test(test_preference_learns_from_rules_alone),
        cmocka_unit_test(test_preference_names_the_rules_that_fired),
        cmocka_unit_test(test_preference_rules_name_their_bad_line),
        cmocka_unit_test(test_preference_with_rules_comes_back_from_its_file),
        cmocka_unit_test(test_preference_with_rules_survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
