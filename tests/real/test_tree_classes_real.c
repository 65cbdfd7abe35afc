/* One tree of many classes on public customer tables: by which channel customers buy, and
 * what they work as. The fixed split, one look at the test rows.
 *
 * Data: as test_tree_real.c. */
#include "base/maths.h"
#include "support/tree_task.h"

/* By which channel customers buy, three classes in one tree. */
static void test_tree_on_hillstroms_channels(void **state)
{
    /* 200 rounds of LightGBM reach .8665, .5875, .5884 and a log-loss of .8536. */
    static const double least[] = {.866, .588, .588};
    task t = open_task("canon/hillstrom", "channel", "");
    uint8_t *asked = calloc((size_t)t.n, 1);
    double log_loss = 0;
    int64_t n = 0;
    (void)state;
    free(t.p);
    t.p = calloc((size_t)t.n * 3, sizeof *t.p);
    kehu_tree *tree = learn(&t, KEHU_TREE_SINGLE);
    assert_int_equal(kehu_tree_class_count(tree), 3);
    for (int64_t i = 0; i < t.n; i++) {
        const kehu__text channel = kehu__column_text(&t.target, i);
        for (uint32_t k = 0; k < 3; k++)
            if (strncmp(kehu_tree_class_name(tree, k), channel.bytes,
                        (size_t)channel.size) == 0)
                t.y[i] = (int32_t)k;
        asked[i] = is_test_row(i);
        if (asked[i]) {
            log_loss -= kehu__log(t.p[3 * i + t.y[i]]);
            n++;
        }
    }
    log_loss /= (double)n;
    for (uint32_t k = 0; k < 3; k++) {
        const kehu_binary_evaluation q = quality_of_class(&t, 3, k, asked);
        report(kehu_tree_class_name(tree, k), &q, tree);
        assert_true(q.auc >= least[k]);
    }
    print_message("canon/hillstrom, channel: log-loss %.4f\n", log_loss);
    assert_true(log_loss <= .8535);
    kehu_tree_free(tree);
    free(asked);
    close_task(&t);
}

/* How well one tree knows the test rows' classes[n]; -1 = a row that is not asked. */
static kehu_evaluation evaluate_classes(task *t, const int64_t *classes,
                                        uint32_t n_classes, kehu_tree_kind kind,
                                        double *macro_auc)
{
    const size_t cells = (size_t)t->n * n_classes;
    uint8_t *asked = calloc((size_t)t->n, 1);
    int64_t *target = calloc((size_t)t->n, sizeof *target);
    int32_t *truth = calloc((size_t)t->n, sizeof *truth),
            *answers = calloc((size_t)t->n, sizeof *answers);
    float *p = calloc(cells, sizeof *p);
    kehu_evaluation e;
    kehu_error err;
    int64_t n = 0;
    free(t->p);
    t->p = calloc(cells, sizeof *t->p);
    for (int64_t i = 0; i < t->n; i++) {
        asked[i] = classes[i] >= 0 && is_test_row(i);
        t->train[i] = classes[i] >= 0 && !is_test_row(i);
        target[i] = classes[i] < 0 ? 0 : classes[i];
    }
    t->target = (kehu_column){
        .name = "class", .type = KEHU_INT64, .length = t->n, .data = target};
    kehu_tree *tree = learn(t, kind);
    assert_int_equal(kehu_tree_class_count(tree), n_classes);
    for (int64_t i = 0; i < t->n; i++) {
        uint32_t most = 0;
        for (uint32_t k = 0; k < n_classes; k++) {
            const double q = t->p[(size_t)i * n_classes + k];
            if (strtol(kehu_tree_class_name(tree, k), NULL, 10) == target[i])
                t->y[i] = (int32_t)k;
            if (q > t->p[(size_t)i * n_classes + most])
                most = k;
            p[(size_t)n * n_classes + k] = (float)q;
        }
        truth[n] = t->y[i];
        answers[n] = (int32_t)most;
        n += asked[i];
    }
    if (kehu_evaluate(&e, truth, answers, n, n_classes, p, NULL, NULL, &err) != KEHU_OK)
        fail_msg("%s", err.message);
    *macro_auc = 0;
    for (uint32_t k = 0; k < n_classes; k++)
        *macro_auc += quality_of_class(t, n_classes, k, asked).auc / n_classes;
    print_message("%u classes: macro AUC %.4f, log-loss %.4f, accuracy %.4f, ECE %.4f\n",
                  n_classes, *macro_auc, e.log_loss, e.accuracy, e.calibration_error);
    kehu_tree_free(tree);
    free(asked);
    free(target);
    free(truth);
    free(answers);
    free(p);
    return e;
}

typedef struct occupation {
    const char *name;
    int64_t group; /* as the data's README groups them */
} occupation;

static const occupation occupations[] = {
    {"Adm-clerical", 1},      {"Armed-Forces", 4},     {"Craft-repair", 3},
    {"Exec-managerial", 0},   {"Farming-fishing", 5},  {"Handlers-cleaners", 5},
    {"Machine-op-inspct", 5}, {"Other-service", 4},    {"Priv-house-serv", 4},
    {"Prof-specialty", 0},    {"Protective-serv", 4},  {"Sales", 2},
    {"Tech-support", 1},      {"Transport-moving", 3},
};
enum { N_OCCUPATIONS = sizeof occupations / sizeof *occupations, N_GROUPS = 6 };

/* Number among the occupations; -1 = not told. */
static int64_t occupation_at(const kehu_column *c, int64_t i)
{
    const kehu__text t = kehu__column_text(c, i);
    for (int64_t o = 0; o < N_OCCUPATIONS; o++)
        if ((size_t)t.size == strlen(occupations[o].name) &&
            memcmp(t.bytes, occupations[o].name, (size_t)t.size) == 0)
            return o;
    assert_int_equal(t.size, 0);
    return -1;
}

/* Every input but the survey's weight, the income too. */
static task open_occupations(int64_t **classes, bool grouped)
{
    task t = open_task("tabular/adult", "occupation", "fnlwgt");
    int64_t *told = *classes = calloc((size_t)t.n, sizeof *told), n = 0;
    for (int64_t i = 0; i < t.n; i++) {
        told[i] = kehu__column_valid(&t.target, i) ? occupation_at(&t.target, i) : -1;
        n += told[i] < 0;
        if (grouped && told[i] >= 0)
            told[i] = occupations[told[i]].group;
    }
    assert_int_equal(n, 2809);
    return t;
}

static void test_tree_on_six_groups_of_occupations(void **state)
{
    int64_t *classes;
    task t = open_occupations(&classes, true);
    double auc;
    kehu_evaluation e = evaluate_classes(&t, classes, N_GROUPS, KEHU_TREE_SINGLE, &auc);
    (void)state;
    /* Above the best peer's .777, 1.409 and .012 of one tree or round, but the error. */
    assert_true(auc >= .786);
    assert_true(e.log_loss <= 1.36);
    assert_true(e.calibration_error <= .02);
    e = evaluate_classes(&t, classes, N_GROUPS, KEHU_TREE_DISTILLED, &auc);
    assert_true(auc >= .793);
    assert_true(e.log_loss <= 1.343);
    assert_true(e.calibration_error <= .013);
    free(classes);
    close_task(&t);
}

static void test_tree_on_occupations(void **state)
{
    int64_t *classes;
    task t = open_occupations(&classes, false);
    double auc;
    const kehu_evaluation e =
        evaluate_classes(&t, classes, N_OCCUPATIONS, KEHU_TREE_SINGLE, &auc);
    (void)state;
    assert_true(e.accuracy > .34);
    free(classes);
    close_task(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_on_hillstroms_channels),
        cmocka_unit_test(test_tree_on_six_groups_of_occupations),
        cmocka_unit_test(test_tree_on_occupations),
    };
    if (!real_data_find(folder, sizeof folder, "tabular/adult.csv.gz"))
        return REAL_DATA_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
