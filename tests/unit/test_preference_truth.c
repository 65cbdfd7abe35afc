/* Preferences of the sample's operator, whose truth is known: tree and rules together
 * must say more of the customers nobody has observed than either alone. */
#include <kehu/evaluate.h>
#include <kehu/preference.h>
#include <kehu/segment.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../examples/sample/people.h"
#include "support/test.h"

enum { N = 8000, K = N_CHANNELS, N_FIELDS = 9, N_COLUMNS = N_FIELDS + K, ASKED = 12 };

static const char *const field_names[N_COLUMNS] = {
    "age",  "female",  "contract", "broadband", "data_mb", "voice",   "arpu",   "region",
    "plan", "in_hall", "in_agent", "in_web",    "in_sms",  "in_term", "in_hot", "in_app"};
static const char experience[] = "hall +1.5: in_hall >= 1\n"
                                 "hall +1.5: in_hall >= 3\n"
                                 "agent +1.5: in_agent >= 1\n"
                                 "agent +1.5: in_agent >= 3\n"
                                 "web_hall +1.5: in_web >= 1\n"
                                 "web_hall +1.5: in_web >= 3\n"
                                 "sms_hall +1.5: in_sms >= 1\n"
                                 "sms_hall +1.5: in_sms >= 3\n"
                                 "terminal +1.5: in_term >= 1\n"
                                 "terminal +1.5: in_term >= 3\n"
                                 "hotline +1.5: in_hot >= 1\n"
                                 "hotline +1.5: in_hot >= 3\n"
                                 "app +1.5: in_app >= 1\n"
                                 "app +1.5: in_app >= 3\n";

/* The channels in the order of classes: sorted by name. */
static const int sorted[K] = {1, 6, 0, 5, 3, 4, 2};
static const char class_bytes[] = "agentapphallhotlinesms_hallterminalweb_hall";
static const int32_t class_offsets[] = {0, 5, 8, 12, 19, 27, 35, 43};
static const kehu_column classes = {
    .type = KEHU_UTF8, .length = K, .data = class_bytes, .offsets = class_offsets};

/* One in ASKED has said which channel is dearest; the others are seen in some. */
typedef struct operator_base {
    double values[N_COLUMNS][N];
    int32_t truth[N];
    uint8_t known[N / 8];
    kehu_column columns[N_COLUMNS], stated;
} operator_base;

static void make(operator_base *b, uint64_t seed)
{
    memset(b, 0, sizeof *b);
    for (int i = 0; i < N; i++) {
        const person p = person_make(seed, i);
        dice d = dice_for(seed, 99, (uint64_t)i);
        const double fields[N_FIELDS] = {p.age,        p.female,  p.contract_months,
                                         p.broadband,  p.data_mb, p.voice_minutes,
                                         p.arpu_cents, p.region,  p.plan};
        for (int f = 0; f < N_FIELDS; f++)
            b->values[f][i] = fields[f];
        for (int n = dice_below(&d, p.activity / 12 + 1); n > 0; n--)
            b->values[N_FIELDS + dice_pick(&d, p.channel_weight, N_CHANNELS)][i]++;
        while (sorted[b->truth[i]] != p.channel)
            b->truth[i]++;
        if (dice_below(&d, ASKED) == 0)
            b->known[i / 8] = (uint8_t)(b->known[i / 8] | 1 << i % 8);
    }
    for (int f = 0; f < N_COLUMNS; f++)
        b->columns[f] = (kehu_column){.name = field_names[f],
                                      .type = KEHU_FLOAT64,
                                      .length = N,
                                      .data = b->values[f]};
    b->stated = (kehu_column){.name = "stated",
                              .type = KEHU_CATEGORY,
                              .length = N,
                              .data = b->truth,
                              .dictionary = &classes,
                              .validity = b->known};
}

/* The rules' sums, and by how much the first leads the second. */
static double rule_scores(const operator_base *b, int i, double s[K])
{
    double best = 0, second = 0;
    for (int k = 0; k < K; k++) {
        const double n = b->values[N_FIELDS + sorted[k]][i];
        s[k] = 1.5 * (n >= 1) + 1.5 * (n >= 3);
        second = s[k] > best ? best : s[k] > second ? s[k] : second;
        best = s[k] > best ? s[k] : best;
    }
    return best - second;
}

typedef struct quality {
    double auc, recall, ece;
} quality;

/* Means over the channels, on the latent customers: not asked, and of whom the rules are
 * not sure. */
static quality quality_of(const operator_base *b, const double *p)
{
    static double scores[N];
    static uint8_t happened[N];
    quality q = {0};
    double s[K], right[K] = {0}, seen[K] = {0};
    for (int k = 0; k < K; k++) {
        kehu_binary_evaluation e;
        int64_t n = 0;
        for (int i = 0; i < N; i++)
            if (!(b->known[i / 8] >> i % 8 & 1) && rule_scores(b, i, s) < 2) {
                int best = 0;
                for (int j = 1; j < K; j++)
                    best = p[i * K + j] > p[i * K + best] ? j : best;
                scores[n] = p[i * K + k];
                happened[n++] = b->truth[i] == k;
                seen[k] += b->truth[i] == k;
                right[k] += b->truth[i] == k && best == k;
            }
        assert_true(n > N / 3);
        assert_int_equal(kehu_evaluate_binary(&e, scores, happened, n, NULL), KEHU_OK);
        q.auc += e.auc / K;
        q.ece += e.calibration_error / K;
        q.recall += right[k] / seen[k] / K;
    }
    return q;
}

static kehu_preference *learn(const operator_base *b, const kehu_segments *rules,
                              kehu_tree_kind kind, double *p)
{
    const uint32_t n_folds = kind == KEHU_TREE_ENSEMBLE ? 2 : 0; /* saves a minute */
    const kehu_tree_options tree = {
        .size = sizeof tree, .kind = kind, .n_threads = 2, .n_folds = n_folds};
    const kehu_preference_options options = {
        .size = sizeof options, .rules = rules, .tree = &tree, .n_folds = n_folds};
    kehu_preference *preference = NULL;
    kehu_error err;
    if (kehu_preference_train(&preference, b->columns, N_COLUMNS, &b->stated, NULL,
                              &options, &err) != KEHU_OK ||
        kehu_preference_score(preference, b->columns, N_COLUMNS, p, NULL, NULL, &err) !=
            KEHU_OK)
        fail_msg("%s", err.message);
    return preference;
}

static void print_quality(const char *of, quality q)
{
    print_message("%-18s AUC %.4f, recall %.4f, ECE %.4f\n", of, q.auc, q.recall, q.ece);
}

static void test_preference_says_more_of_latent_customers_than_rules_or_tree(void **state)
{
    static operator_base b;
    static double p[N * K];
    kehu_segments *rules = NULL;
    quality both, many, inside, alone, by_rules;
    (void)state;
    make(&b, 1);
    assert_int_equal(
        kehu_segments_read(&rules, experience, strlen(experience), NULL, NULL), KEHU_OK);
    kehu_preference *fused = learn(&b, rules, KEHU_TREE_SINGLE, p);
    print_quality("tree and rules", both = quality_of(&b, p));
    assert_int_equal(
        kehu_tree_score(kehu_preference_tree(fused), b.columns, N_COLUMNS, p, NULL, NULL),
        KEHU_OK);
    print_quality("its tree", inside = quality_of(&b, p));
    kehu_preference_free(fused);
    kehu_preference_free(learn(&b, rules, KEHU_TREE_ENSEMBLE, p));
    print_quality("ensemble and rules", many = quality_of(&b, p));
    kehu_preference_free(learn(&b, NULL, KEHU_TREE_SINGLE, p));
    print_quality("tree of all", alone = quality_of(&b, p));
    for (int i = 0; i < N; i++) {
        double *s = p + (size_t)i * K, sum = 0;
        rule_scores(&b, i, s);
        for (int k = 0; k < K; k++)
            sum += s[k] = exp(s[k]);
        for (int k = 0; k < K; k++)
            s[k] /= sum;
    }
    print_quality("rules", by_rules = quality_of(&b, p));
    assert_true(both.auc > inside.auc && both.auc > alone.auc && both.auc > by_rules.auc);
    assert_true(both.recall > inside.recall && both.recall > alone.recall &&
                both.recall > by_rules.recall);
    assert_true(both.ece <= 0.03);
    assert_true(many.auc > alone.auc && many.auc > by_rules.auc);
    assert_true(many.recall > alone.recall && many.recall > by_rules.recall);
    assert_true(many.ece <= 0.03);
    kehu_segments_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_preference_says_more_of_latent_customers_than_rules_or_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
