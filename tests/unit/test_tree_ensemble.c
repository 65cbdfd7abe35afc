/* Many small trees behind the handle of one. */
#define KEHU_ALLOW_LIBC_ALLOC
#include <stdio.h>

#include "learn/tree_boost_grow.h"
#include "learn/tree_ensemble.h"
#include "support/tree_rows.h"

static const kehu_tree_options boosted = {.size = sizeof boosted,
                                          .kind = KEHU_TREE_ENSEMBLE};

static void score(const kehu_tree *tree, const customers *c, double *p)
{
    kehu_error err;
    if (kehu_tree_score(tree, c->columns, 4, p, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
}

static void test_ensemble_adds_up_where_one_tree_cannot(void **state)
{
    (void)state;
    for (int n_classes = 2; n_classes <= 3; n_classes++) {
        customers c, later;
        double p[N * 3], q[N * 3], loss[2] = {0};
        kehu_tree_info s;
        const size_t K = (size_t)n_classes;
        make_additive(&c, 50, n_classes);
        make_additive(&later, 51, n_classes);
        kehu_tree *one = train(&c, NULL), *many = train(&c, &boosted);
        score(one, &later, p);
        score(many, &later, q);
        for (size_t i = 0; i < N; i++) {
            double sum = 0;
            loss[0] -= log(p[i * K + (size_t)later.left[i]]) / N;
            loss[1] -= log(q[i * K + (size_t)later.left[i]]) / N;
            for (size_t k = 0; k < K; k++)
                sum += q[i * K + k];
            assert_true(sum == 1);
        }
        assert_true(loss[1] < loss[0] - 0.02);
        kehu_tree_get_info(many, &s);
        assert_int_equal(s.kind, KEHU_TREE_ENSEMBLE);
        assert_true(s.n_trees >= 20 && s.n_trees % (n_classes == 2 ? 1 : 3) == 0);
        assert_true(s.depth >= 1 && s.depth <= 12);
        assert_true(fabs(s.cv_log_loss - loss[1]) < 0.1);
        assert_int_equal(s.n_rows, N);
        kehu_tree_get_info(one, &s);
        assert_int_equal(s.kind, KEHU_TREE_SINGLE);
        assert_int_equal(s.n_trees, 1);
        kehu_tree_free(one);
        kehu_tree_free(many);
    }
}

/* Every tree walked alone, its values added in the trees' order. */
static void test_ensemble_scores_as_its_trees_say(void **state)
{
    static const char *const words[] = {"month", "year", "two"};
    customers c;
    double p[N][2], one[2];
    (void)state;
    make_additive(&c, 52, 2);
    kehu_tree *tree = train(&c, &boosted);
    const kehu__boosted *b = &tree->ensemble->trees;
    score(tree, &c, p[0]);
    for (int i = 0; i < N; i++) {
        const double numbers[4] = {c.spend[i], 0, c.days[i], c.few[i / 8] >> i % 8 & 1};
        const char *const texts[4] = {NULL, words[c.contract[i]], NULL, NULL};
        double margin = b->start[0], q[2];
        for (uint32_t t = 0; t < b->n_trees; t++) {
            uint32_t at = b->roots[t];
            while (b->nodes[at].feature >= 0) {
                const kehu__tree_node *n = &b->nodes[at];
                const kehu__tree_feature *f = &tree->features[n->feature];
                bool left;
                if (kehu__tree_is_text(f))
                    left = kehu__tree_goes_left(
                        n, kehu__tree_code_of_text(
                               f, (kehu__text){texts[1], (int64_t)strlen(texts[1])}));
                else if (isnan(numbers[n->feature]))
                    left = n->flags & KEHU__TREE_MISSING_LEFT;
                else
                    left = n->cut >= f->n_edges || numbers[n->feature] < f->edges[n->cut];
                at = n->left + !left;
            }
            margin += b->values[at];
        }
        kehu__ensemble_answer(tree, &margin, q);
        assert_memory_equal(q, p[i], sizeof q);
        assert_int_equal(kehu_tree_score_row(tree, numbers, texts, one, NULL), KEHU_OK);
        assert_memory_equal(one, p[i], sizeof one);
    }
    kehu_tree_free(tree);
}

static void test_ensemble_is_the_same_for_any_number_of_threads(void **state)
{
    kehu_tree_options options = boosted;
    const kehu_tree_score_options how = {.size = sizeof how, .n_threads = 3};
    customers c;
    double p[N][3], q[N][3];
    (void)state;
    make_additive(&c, 53, 3);
    kehu_tree *a = train(&c, &options);
    options.n_threads = 4;
    kehu_tree *b = train(&c, &options);
    memory m = written(a), n = written(b);
    assert_int_equal(m.size, n.size);
    assert_memory_equal(m.bytes, n.bytes, m.size);
    score(a, &c, p[0]);
    assert_int_equal(kehu_tree_score(b, c.columns, 4, q[0], &how, NULL), KEHU_OK);
    assert_memory_equal(p, q, sizeof p);
    free(m.bytes);
    free(n.bytes);
    kehu_tree_free(a);
    kehu_tree_free(b);
}

static void test_ensemble_steps_sum_to_the_score_exactly(void **state)
{
    (void)state;
    for (int n_classes = 2; n_classes <= 3; n_classes++) {
        customers c;
        double p[N * 3], importance[4], sum = 0;
        kehu_tree_step steps[4];
        char text[99];
        uint32_t n;
        double base;
        kehu_error err;
        const uint32_t K = (uint32_t)n_classes;
        make_additive(&c, 54, n_classes);
        kehu_tree *tree = train(&c, &boosted);
        score(tree, &c, p);
        for (int i = 0; i < N; i += 7)
            for (uint32_t k = 0; k < K; k++) {
                double forward = 0;
                assert_int_equal(kehu_tree_explain(tree, c.columns, 4, i, k, steps, 4, &n,
                                                   &base, NULL),
                                 KEHU_OK);
                assert_int_equal(n, 4);
                for (uint32_t s = 0; s < n; s++) {
                    forward += steps[s].change;
                    for (uint32_t t = 0; t < s; t++)
                        assert_int_not_equal(steps[s].feature, steps[t].feature);
                    assert_int_equal(kehu_tree_step_text(tree, &steps[s], text,
                                                         sizeof text, NULL, NULL),
                                     KEHU_OK);
                    assert_memory_equal(
                        text, kehu_tree_feature_name(tree, steps[s].feature), 3);
                    assert_int_equal(steps[s].was_missing,
                                     steps[s].feature == 0 && isnan(c.spend[i]));
                }
                assert_true(base + forward == p[(size_t)i * K + k]);
            }
        assert_int_equal(
            kehu_tree_explain(tree, c.columns, 4, 0, 1, steps, 2, &n, &base, &err),
            KEHU_ARGUMENT);
        assert_string_equal(err.message, "capacity is 2, there are 4 steps");
        kehu_tree_importance(tree, importance);
        for (int f = 0; f < 4; f++) {
            assert_true(importance[f] > 0.02);
            sum += importance[f];
        }
        assert_true(fabs(sum - 1) < 1e-12);
        kehu_tree_free(tree);
    }
}

static void test_ensemble_is_taken_where_it_pays(void **state)
{
    kehu_tree_options best = {.size = sizeof best, .kind = KEHU_TREE_BEST};
    int n_taken[2] = {0};
    (void)state;
    for (int additive = 0; additive < 2; additive++) {
        customers c;
        kehu_tree_info one, many, chosen;
        if (additive)
            make_additive(&c, 55, 2);
        else {
            make_customers(&c, 55);
            for (int i = 0; i < N; i++)
                c.left[i] = c.contract[i] == 0 && i % 20 != 0;
        }
        kehu_tree *a = train(&c, NULL), *b = train(&c, &boosted),
                  *taken = train(&c, &best);
        kehu_tree_get_info(a, &one);
        kehu_tree_get_info(b, &many);
        kehu_tree_get_info(taken, &chosen);
        memory m = written(taken),
               n = written(many.cv_log_loss < one.cv_log_loss ? b : a);
        assert_int_equal(m.size, n.size);
        assert_memory_equal(m.bytes, n.bytes, m.size);
        n_taken[chosen.kind == KEHU_TREE_ENSEMBLE]++;
        free(m.bytes);
        free(n.bytes);
        kehu_tree_free(a);
        kehu_tree_free(b);
        kehu_tree_free(taken);
    }
    assert_int_equal(n_taken[0], 1);
    assert_int_equal(n_taken[1], 1);
}

static void test_ensemble_refuses_what_it_has_not(void **state)
{
    static const int8_t spend[4] = {1, 0, 0, 0};
    customers c;
    uint32_t leaves[N];
    memory m = {0};
    const kehu_writer writer = {to_memory, &m};
    const kehu_tree_score_options how = {.size = sizeof how, .leaves = leaves};
    kehu_tree_options options = boosted;
    kehu_tree_info s;
    kehu_error err;
    kehu_tree *none;
    char expected[100];
    double p[N][2];
    (void)state;
    make_additive(&c, 56, 2);
    kehu_tree *tree = train(&c, &boosted);
    kehu_tree_get_info(tree, &s);
    assert_int_equal(kehu_tree_score(tree, c.columns, 4, p[0], &how, &err),
                     KEHU_ARGUMENT);
    snprintf(expected, sizeof expected, "an ensemble of %u trees has no leaves",
             s.n_trees);
    assert_string_equal(err.message, expected);
    assert_int_equal(kehu_tree_write_rules(tree, &writer, &err), KEHU_ARGUMENT);
    snprintf(expected, sizeof expected, "an ensemble of %u trees has no rules",
             s.n_trees);
    assert_string_equal(err.message, expected);
    kehu_tree_free(tree);
#define REFUSED(text)                                                                    \
    do {                                                                                 \
        assert_int_equal(                                                                \
            kehu_tree_train(&none, c.columns, 4, &c.target, NULL, NULL, &options, &err), \
            KEHU_ARGUMENT);                                                              \
        assert_string_equal(err.message, text);                                          \
    } while (0)
    options.n_folds = 1;
    REFUSED("n_folds is 1, an ensemble needs cross-validation");
    options.n_folds = 0;
    options.kind = (kehu_tree_kind)4;
    REFUSED("kind is 4, expected 0 to 3");
    options.kind = KEHU_TREE_BEST;
    options.monotone = spend;
    options.n_monotone = 4;
    REFUSED("monotone is for single trees, kind is 2");
#undef REFUSED
}

/* Whatever calibration: none, a slope and functions. */
static bool has(const memory *m, const char *text)
{
    const size_t size = strlen(text);
    for (size_t i = 0; i + size <= m->size; i++)
        if (memcmp(m->bytes + i, text, size) == 0)
            return true;
    return false;
}

static void test_ensemble_comes_back_and_is_calibrated_anew(void **state)
{
    (void)state;
    for (int n_classes = 2; n_classes <= 3; n_classes++) {
        customers c, calm;
        double p[N * 3], q[N * 3];
        const size_t cells = (size_t)(N * n_classes);
        make_additive(&c, 57, n_classes);
        make_additive(&calm, 58, n_classes);
        for (int i = 0; i < N; i++)
            if (i % 2)
                calm.left[i] = 0;
        kehu_tree *tree = train(&c, &boosted);
        for (int m = KEHU_TREE_CALIBRATE_NONE; m <= KEHU_TREE_CALIBRATE_ISOTONIC; m++) {
            const kehu_tree_recalibrate_options options = {
                .size = sizeof options, .method = (kehu_tree_calibration)m};
            kehu_tree_recalibration found;
            kehu_tree *fresh, *back;
            kehu_tree_info s, t;
            assert_int_equal(kehu_tree_recalibrate(&fresh, tree, calm.columns, 4,
                                                   &calm.target, &options, &found, NULL),
                             KEHU_OK);
            assert_int_equal(found.method, m);
            if (m != KEHU_TREE_CALIBRATE_NONE)
                assert_true(found.log_loss_after < found.log_loss_before - 0.05);
            memory bytes = written(fresh), again, graph = {0};
            const kehu_writer to_graph = {to_memory, &graph};
            assert_int_equal(kehu_tree_write_onnx(fresh, &to_graph, NULL), KEHU_OK);
            assert_int_equal(has(&graph, "kehu:offsets"), m == KEHU_TREE_CALIBRATE_SLOPE);
            assert_int_equal(has(&graph, "kehu:from 1"),
                             m == KEHU_TREE_CALIBRATE_ISOTONIC);
            free(graph.bytes);
            assert_int_equal(kehu_tree_read(&back, bytes.bytes, bytes.size, NULL, NULL),
                             KEHU_OK);
            score(fresh, &c, p);
            score(back, &c, q);
            assert_memory_equal(p, q, cells * sizeof *p);
            kehu_tree_get_info(fresh, &s);
            kehu_tree_get_info(back, &t);
            assert_memory_equal(&s, &t, sizeof s);
            assert_int_equal(s.calibration, m);
            again = written(back);
            assert_int_equal(again.size, bytes.size);
            assert_memory_equal(again.bytes, bytes.bytes, bytes.size);
            free(bytes.bytes);
            free(again.bytes);
            kehu_tree_free(fresh);
            kehu_tree_free(back);
        }
        kehu_tree_free(tree);
    }
}

static void test_ensemble_answers_questions_of_drift_and_worth(void **state)
{
    customers c, later;
    double features[4], levels[2], importance[4];
    (void)state;
    make_additive(&c, 59, 2);
    make_additive(&later, 60, 2);
    kehu_tree *tree = train(&c, &boosted);
    assert_int_equal(kehu_tree_drift(tree, c.columns, 4, features, levels, NULL),
                     KEHU_OK);
    assert_true(levels[0] < 1e-12 && levels[1] < 1e-12);
    assert_int_equal(kehu_tree_permute(tree, later.columns, 4, &later.target, NULL,
                                       importance, NULL, NULL),
                     KEHU_OK);
    for (int f = 0; f < 4; f++)
        assert_true(importance[f] > 0.01);
    for (int i = 0; i < N; i++)
        later.days[i] = 15950;
    assert_int_equal(kehu_tree_drift(tree, later.columns, 4, features, levels, NULL),
                     KEHU_OK);
    assert_true(features[2] > 0.25 && levels[1] > 0.25);
    kehu_tree_free(tree);
}

/* The first split of the first tree is the best of all cuts, tried one by one. */
static void test_ensemble_splits_where_it_gains_most(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        enum { ROWS = 60, CODES = 8 };
        kehu__random r = kehu__random_seed(seed);
        uint8_t codes[ROWS], by_row[ROWS * 8] = {0}, labels[ROWS];
        const double units[2] = {1, 1};
        const uint32_t offsets[8] = {0, CODES, CODES, CODES, CODES, CODES, CODES, CODES};
        const bool ordered = seed % 2;
        const kehu__tree_input input = {
            .codes = codes, .n_codes = CODES, .ordered = ordered};
        const kehu__tree_rows rows = {.n_rows = ROWS,
                                      .n_inputs = 1,
                                      .n_classes = 2,
                                      .inputs = &input,
                                      .by_row = by_row,
                                      .stride = 8,
                                      .offsets = offsets,
                                      .n_cells = CODES,
                                      .labels = labels,
                                      .weight_unit = 1,
                                      .units = units};
        const kehu__boosting how = {.n_rounds = 1,
                                    .max_leaves = 2,
                                    .max_depth = 6,
                                    .rate = 0.5,
                                    .min_hessian = 1,
                                    .l2 = 1,
                                    .row_share = 1,
                                    .column_share = 1};
        const double l2 = ordered ? 1 : 11;
        kehu_allocator alloc = kehu__allocator(NULL);
        kehu__boosted b;
        double margins[ROWS], best = 0, mean, g_all = 0, h_all = 0;
        uint32_t done, n_yes = 0;
        for (int i = 0; i < ROWS; i++) {
            codes[i] = by_row[8 * i] = (uint8_t)kehu__random_below(&r, CODES);
            labels[i] = kehu__random_below(&r, 8) < (uint32_t)(codes[i] * 5 % 8);
            n_yes += labels[i];
        }
        mean = (n_yes + 0.5) / (ROWS + 1);
        for (int i = 0; i < ROWS; i++) {
            g_all += mean - labels[i];
            h_all += mean * (1 - mean);
        }
        for (int way = 1; way < 1 << CODES; way++) { /* every subset of the codes */
            double g = 0, h = 0, gain;
            bool is_cut = true;
            for (int code = 1; code < CODES - 1; code++)
                is_cut &= !(way >> code & 1) || way >> (code - 1) & 1;
            if (ordered && !is_cut)
                continue;
            for (int i = 0; i < ROWS; i++)
                if (way >> codes[i] & 1) {
                    g += mean - labels[i];
                    h += mean * (1 - mean);
                }
            if (h < 1 || h_all - h < 1)
                continue;
            gain = g * g / (h + l2) + (g_all - g) * (g_all - g) / (h_all - h + l2) -
                   g_all * g_all / (h_all + l2);
            best = gain > best ? gain : best;
        }
        assert_int_equal(kehu__boost(&b, &rows, &how, NULL, -1, margins, NULL, &done,
                                     NULL, &alloc, NULL),
                         KEHU_OK);
        assert_int_equal(done, 1);
        if (best > 1e-6) {
            const kehu__tree_node *root = &b.nodes[0];
            double g = 0, h = 0;
            assert_int_equal(root->feature, 0);
            /* Categories are cut in the order of their smoothed slopes, which is not
             * always the best subset under a penalty. */
            assert_true(ordered ? fabs(root->gain - best) < 1e-4
                                : root->gain > 0.8 * best && root->gain < best + 1e-4);
            for (int i = 0; i < ROWS; i++)
                if (kehu__tree_goes_left(root, codes[i])) {
                    g += mean - labels[i];
                    h += mean * (1 - mean);
                }
            assert_true(fabs(b.values[root->left] + 0.5 * g / (h + 1)) < 1e-4);
            for (int i = 0; i < ROWS; i++)
                assert_true(
                    margins[i] ==
                    b.start[0] +
                        b.values[root->left + !kehu__tree_goes_left(root, codes[i])]);
        }
        kehu__boosted_free(&b);
    }
}

static kehu_tree *small_tree(customers *c, const kehu_allocator *alloc,
                             kehu_status *status)
{
    kehu_tree_options options = boosted;
    kehu_tree *tree = NULL;
    options.alloc = alloc;
    options.n_folds = 2;
    for (int f = 0; f < 4; f++)
        c->columns[f].length = 60;
    c->target.length = 60;
    *status =
        kehu_tree_train(&tree, c->columns, 2, &c->target, NULL, NULL, &options, NULL);
    return tree;
}

static void test_ensemble_scores_no_rows(void **state)
{
    customers c;
    kehu_status status;
    double p[2];
    (void)state;
    make_additive(&c, 76, 2);
    kehu_tree *tree = small_tree(&c, NULL, &status);
    assert_int_equal(status, KEHU_OK);
    for (int k = 0; k < 2; k++)
        c.columns[k].length = 0;
    assert_int_equal(kehu_tree_score(tree, c.columns, 2, p, NULL, NULL), KEHU_OK);
    kehu_tree_free(tree);
}

static void test_ensemble_refuses_every_cut_and_many_flipped_bits(void **state)
{
    customers c;
    kehu_tree *back;
    kehu_status status;
    (void)state;
    make_additive(&c, 61, 2);
    for (int i = 0; i < N; i++)
        c.spend[i] = floor(c.spend[i] / 25);
    kehu_tree *tree = small_tree(&c, NULL, &status);
    assert_int_equal(status, KEHU_OK);
    memory m = written(tree);
    kehu_tree_free(tree);
    for (size_t n = 0; n < m.size; n += 1 + m.size / 2000)
        assert_int_equal(kehu_tree_read(&back, m.bytes, n, NULL, NULL), KEHU_FORMAT);
    for (size_t bit = 0; bit < 8 * m.size; bit += 1 + bit / 500) {
        m.bytes[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(kehu_tree_read(&back, m.bytes, m.size, NULL, NULL), KEHU_OK);
        assert_null(back);
        m.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    free(m.bytes);
}

static int forget(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    (void)bytes;
    (void)size;
    return 0;
}

static kehu_status whole_life(customers *c, const kehu_allocator *alloc)
{
    const kehu_tree_recalibrate_options options = {
        .size = sizeof options, .method = KEHU_TREE_CALIBRATE_ISOTONIC, .alloc = alloc};
    const kehu_writer to_nowhere = {forget, NULL};
    kehu_status status;
    kehu_tree *tree = small_tree(c, alloc, &status), *fresh = NULL;
    kehu_tree_step steps[2];
    double p[60][2], base, importance[2], levels[2];
    uint32_t n;
    if (status == KEHU_OK)
        status = kehu_tree_recalibrate(&fresh, tree, c->columns, 2, &c->target, &options,
                                       NULL, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_score(fresh, c->columns, 2, p[0], NULL, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_explain(fresh, c->columns, 2, 0, 0, steps, 2, &n, &base, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_permute(fresh, c->columns, 2, &c->target, NULL, importance,
                                   NULL, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_drift(fresh, c->columns, 2, importance, levels, NULL);
    if (status == KEHU_OK)
        status = kehu_tree_write_onnx(fresh, &to_nowhere, NULL);
    kehu_tree_free(tree);
    kehu_tree_free(fresh);
    return status;
}

static void test_ensemble_survives_every_refused_allocation(void **state)
{
    customers c;
    long refuse_at = 0;
    (void)state;
    make_additive(&c, 62, 2);
    for (;; refuse_at++) {
        faulty f;
        const kehu_status status = whole_life(&c, faulty_init(&f, refuse_at));
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(f.live_bytes, 0);
        if (status == KEHU_OK)
            break;
        assert_int_equal(status, KEHU_NO_MEMORY);
    }
    assert_true(refuse_at > 100);
}

static int stop(void *ctx, double done, const char *stage)
{
    (void)done;
    (void)stage;
    return --*(int *)ctx == 0;
}

static void test_ensemble_stops_when_asked(void **state)
{
    customers c;
    (void)state;
    make_additive(&c, 63, 2);
    /* It is asked between the trees of one cross-validation, too. */
    for (int calls = 2; calls <= 40; calls += calls < 6 ? 1 : 17) {
        int left = calls;
        const kehu_progress progress = {.report = stop, .ctx = &left};
        kehu_tree_options options = boosted;
        kehu_tree *tree;
        options.progress = &progress;
        options.n_threads = calls % 2 == 0 ? 1 : 2;
        assert_int_equal(
            kehu_tree_train(&tree, c.columns, 4, &c.target, NULL, NULL, &options, NULL),
            KEHU_CANCELLED);
        assert_null(tree);
        assert_int_equal(left, 0); /* nor is it asked again */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ensemble_adds_up_where_one_tree_cannot),
        cmocka_unit_test(test_ensemble_scores_as_its_trees_say),
        cmocka_unit_test(test_ensemble_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_ensemble_steps_sum_to_the_score_exactly),
        cmocka_unit_test(test_ensemble_is_taken_where_it_pays),
        cmocka_unit_test(test_ensemble_refuses_what_it_has_not),
        cmocka_unit_test(test_ensemble_comes_back_and_is_calibrated_anew),
        cmocka_unit_test(test_ensemble_answers_questions_of_drift_and_worth),
        cmocka_unit_test(test_ensemble_splits_where_it_gains_most),
        cmocka_unit_test(test_ensemble_scores_no_rows),
        cmocka_unit_test(test_ensemble_refuses_every_cut_and_many_flipped_bits),
        cmocka_unit_test(test_ensemble_survives_every_refused_allocation),
        cmocka_unit_test(test_ensemble_stops_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
