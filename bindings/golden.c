/* The same work in every language: makes the inputs below by formula, gives them to each
 * handle and writes what comes out into a folder, one file a result. golden.json has the
 * SHA-256 of each; Python, Java and C must all agree.
 *
 *     golden FOLDER
 *
 * Texts, i = 0 .. 239, class c = i % 3, whole-number division:
 *     words[c][i / 3 % 3] "很" moods[i % 5] (i % 7)          labels[c]
 *     words   {网速 宽带 信号} {话费 账单 扣费} {套餐 流量 升级}
 *     moods   差 慢 贵 怪 乱
 *     labels  network bill plan
 *
 * Transactions, i = 0 .. 599: customer "c" (i * 37 % 50), day 19000 + i * 53 % 365,
 * amount i * 7919 % 100000 - 2000.
 *
 * Columns, i = 0 .. 399: tenure (float64) = i * 37 % 61; spend (float64) =
 * (i * 7919 % 10007) / 16, missing when i % 11 == 0; plan (text) = a, b or c, by i % 3.
 * Target: "yes" where tenure < 20 or i % 17 == 0, else "no". All options that are not
 * named below are the defaults; seeds are 0.
 *
 *     svm.model         trained with cost 1
 *     svm.margins       of the texts, float32[240][3], little-endian as all numbers here
 *     keyword.model     20 keywords a class
 *     keyword.txt       the list as text
 *     keyword.scores    of the texts, int32[240][3]
 *     hybrid.model      keyword as above, svm with cost 1
 *     tokenizer.spans   start, size and kind of the default dictionary's spans of all
 *                       texts, uint32[][3]
 *     rfm.base          the base as of day 19400, as kehu_rfm_base_write gives it
 *     rfm.model         fitted on it
 *     rfm.grades        of it, uint8[][3]
 *     segments.codes    built-in "rfm_grid" for these customers, int32[]
 *     clv.alive         BG/NBD of parameters .243 4.414 .793 2.426 for the rows of a base
 *                       that ends on day 19400, float64[]
 *     tree.model        max_leaves 8, n_folds 2
 *     tree.scores       float64[400][2] of no, yes
 *     levels.model      quantile, fitted on tree.scores
 *     preference.model  observed = the target, missing when i % 4 == 0; tree as above
 *     linear.model      of rows (tenure, i % 3), label 1 where the target is yes, else
 *                       -1; cost 1
 *     csv.json          what kehu_table_write_json makes of the transactions, the columns
 *                       customer, day (DATE32), amount */
#include <kehu/kehu.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_TEXTS = 240, N_SALES = 600, N_ROWS = 400 };

static const char *folder;
static kehu_error err;

static void must(kehu_status status)
{
    if (status != KEHU_OK) {
        fprintf(stderr, "%s: %s\n", kehu_status_name(status), err.message);
        exit(1);
    }
}

static FILE *open_file(const char *name)
{
    char path[4096];
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "wb");
    if (f == NULL) {
        perror(path);
        exit(1);
    }
    return f;
}

/* n numbers of so many bytes each, the least significant first. */
static void put(const char *name, const void *numbers, size_t n, size_t width)
{
    static const uint16_t one = 1;
    const int is_little_endian = *(const unsigned char *)&one == 1;
    const unsigned char *bytes = numbers;
    FILE *f = open_file(name);
    for (size_t i = 0; i < n * width; i++)
        putc(bytes[is_little_endian ? i : i / width * width + width - 1 - i % width], f);
    if (ferror(f) || fclose(f) != 0)
        exit(1);
}

static int to_file(void *f, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, f) != size;
}

/* Write what a kehu_*_write function gives. */
#define PUT(name, write, handle)                                                         \
    do {                                                                                 \
        FILE *f = open_file(name);                                                       \
        const kehu_writer writer = {to_file, f};                                         \
        must(write(handle, &writer, &err));                                              \
        fclose(f);                                                                       \
    } while (0)

/* A text column being filled. */
typedef struct texts {
    char bytes[1 << 16];
    int32_t ends[1 << 11];
    uint8_t validity[1 << 8];
    int32_t n;
} texts;

static void add(texts *t, const char *text)
{
    const size_t size = strlen(text);
    memcpy(t->bytes + t->ends[t->n], text, size);
    t->ends[t->n + 1] = t->ends[t->n] + (int32_t)size;
    t->n++;
}

static kehu_column text_column(const char *name, const texts *t)
{
    return (kehu_column){.name = name,
                         .type = KEHU_UTF8,
                         .length = t->n,
                         .data = t->bytes,
                         .offsets = t->ends};
}

static const char *const words[3][3] = {
    {"网速", "宽带", "信号"}, {"话费", "账单", "扣费"}, {"套餐", "流量", "升级"}};
static const char *const moods[5] = {"差", "慢", "贵", "怪", "乱"};
static const char *const labels[3] = {"network", "bill", "plan"};
static texts said, named;

static void put_tokens(const kehu_column *column)
{
    kehu_tokenizer *tokenizer = NULL;
    static kehu_span spans[1 << 16];
    static uint32_t numbers[1 << 16][3];
    int64_t starts[N_TEXTS + 1];
    must(kehu_tokenizer_default(&tokenizer, NULL, &err));
    must(kehu_tokenizer_split_column(tokenizer, column, spans, 1 << 16, starts, NULL,
                                     &err));
    for (int64_t i = 0; i < starts[N_TEXTS]; i++) {
        numbers[i][0] = spans[i].start;
        numbers[i][1] = spans[i].size;
        numbers[i][2] = spans[i].kind;
    }
    put("tokenizer.spans", numbers, (size_t)starts[N_TEXTS] * 3, sizeof numbers[0][0]);
    kehu_tokenizer_free(tokenizer);
}

static void put_texts(void)
{
    const kehu_keyword_options few = {.size = sizeof few, .keywords_per_class = 20};
    const kehu_svm_options plain = {.size = sizeof plain, .cost = 1};
    const kehu_hybrid_options both = {
        .size = sizeof both, .keyword = &few, .svm = &plain};
    kehu_svm *svm = NULL;
    kehu_keyword *keyword = NULL;
    kehu_hybrid *hybrid = NULL;
    static float margins[N_TEXTS][3];
    static int32_t scores[N_TEXTS][3];
    const kehu_keyword_answers answers = {.scores = scores[0]};
    kehu_column text, label;
    for (int i = 0; i < N_TEXTS; i++) {
        char line[64];
        snprintf(line, sizeof line, "%s很%s%d", words[i % 3][i / 3 % 3], moods[i % 5],
                 i % 7);
        add(&said, line);
        add(&named, labels[i % 3]);
    }
    text = text_column("text", &said);
    label = text_column("label", &named);
    must(kehu_svm_train(&svm, &text, &label, &plain, &err));
    must(kehu_svm_predict(svm, &text, NULL, NULL, NULL, margins[0], &err));
    must(kehu_keyword_train(&keyword, &text, &label, &few, &err));
    must(kehu_keyword_predict(keyword, &text, NULL, &answers, &err));
    must(kehu_hybrid_train(&hybrid, &text, &label, &both, &err));
    PUT("svm.model", kehu_svm_write, svm);
    put("svm.margins", margins, N_TEXTS * 3, sizeof margins[0][0]);
    PUT("keyword.model", kehu_keyword_write, keyword);
    PUT("keyword.txt", kehu_keyword_write_text, keyword);
    put("keyword.scores", scores, N_TEXTS * 3, sizeof scores[0][0]);
    PUT("hybrid.model", kehu_hybrid_write, hybrid);
    put_tokens(&text);
    kehu_svm_free(svm);
    kehu_keyword_free(keyword);
    kehu_hybrid_free(hybrid);
}

static void put_sales_json(const kehu_column *columns)
{
    kehu_table *table = NULL;
    FILE *f = open_file("csv.json");
    const kehu_writer writer = {to_file, f};
    must(kehu_table_copy(&table, columns, 3, NULL, &err));
    must(kehu_table_write_json(table, &writer, NULL, &err));
    fclose(f);
    kehu_table_free(table);
}

static void put_clv(const kehu_rfm_batch *batch)
{
    static const double parameters[] = {.243, 4.414, .793, 2.426};
    kehu_clv_base *base = NULL;
    kehu_clv *clv = NULL;
    kehu_clv_columns rows;
    double alive[N_SALES];
    must(kehu_clv_base_new(&base, 19400, NULL, &err));
    must(kehu_clv_base_add(base, batch, &err));
    must(kehu_clv_base_finish(base, &rows, NULL, &err));
    must(kehu_clv_from_parameters(&clv, KEHU_BG_NBD, parameters, 4, NULL, &err));
    must(kehu_clv_alive(clv, &rows, alive, &err));
    put("clv.alive", alive, (size_t)rows.n, sizeof alive[0]);
    kehu_clv_free(clv);
    kehu_clv_base_free(base);
}

static void put_sales(void)
{
    static texts who;
    int32_t days[N_SALES];
    int64_t amounts[N_SALES];
    kehu_rfm_base *base = NULL;
    kehu_rfm *rfm = NULL;
    kehu_segments *grid = NULL;
    kehu_rfm_columns customers;
    const char *rules = kehu_segments_builtin("rfm_grid");
    uint8_t grades[3 * N_SALES];
    int32_t codes[N_SALES];
    for (int i = 0; i < N_SALES; i++) {
        char customer[16];
        snprintf(customer, sizeof customer, "c%d", i * 37 % 50);
        add(&who, customer);
        days[i] = 19000 + i * 53 % 365;
        amounts[i] = i * 7919 % 100000 - 2000;
    }
    const kehu_column columns[] = {
        text_column("customer", &who),
        {.name = "day", .type = KEHU_DATE32, .length = N_SALES, .data = days},
        {.name = "amount", .type = KEHU_INT64, .length = N_SALES, .data = amounts}};
    const kehu_rfm_batch batch = {
        .customer = &columns[0], .time = &columns[1], .amount = &columns[2]};
    put_sales_json(columns);
    must(kehu_rfm_base_new(&base, 19400, NULL, &err));
    must(kehu_rfm_base_add(base, &batch, &err));
    PUT("rfm.base", kehu_rfm_base_write, base);
    must(kehu_rfm_base_finish(base, &customers, NULL, &err));
    must(kehu_rfm_fit(&rfm, &customers, NULL, &err));
    PUT("rfm.model", kehu_rfm_write, rfm);
    must(kehu_rfm_grade(rfm, &customers, grades, &err));
    put("rfm.grades", grades, (size_t)(3 * customers.n), 1);
    must(kehu_segments_read(&grid, rules, strlen(rules), NULL, &err));
    must(kehu_segments_assign_rfm(grid, rfm, &customers, NULL, 0, codes, &err));
    put("segments.codes", codes, (size_t)customers.n, sizeof codes[0]);
    put_clv(&batch);
    kehu_segments_free(grid);
    kehu_rfm_free(rfm);
    kehu_rfm_base_free(base);
}

static double tenure[N_ROWS], spend[N_ROWS];
static uint8_t has_spend[N_ROWS / 8 + 1], is_seen[N_ROWS / 8 + 1];
static texts plans, targets;

static void put_linear(void)
{
    int64_t starts[N_ROWS + 1] = {0};
    uint32_t at[2 * N_ROWS];
    float values[2 * N_ROWS];
    int32_t signs[N_ROWS];
    const kehu_linear_options options = {.size = sizeof options, .cost = 1};
    kehu_linear *linear = NULL;
    int64_t n = 0;
    for (int i = 0; i < N_ROWS; i++) {
        const float row[2] = {(float)tenure[i], (float)(i % 3)};
        for (uint32_t j = 0; j < 2; j++)
            if (row[j] != 0) {
                at[n] = j;
                values[n++] = row[j];
            }
        starts[i + 1] = n;
        signs[i] = tenure[i] < 20 || i % 17 == 0 ? 1 : -1;
    }
    const kehu_sparse rows = {.n_rows = N_ROWS,
                              .n_columns = 2,
                              .starts = starts,
                              .columns = at,
                              .values = values};
    must(kehu_linear_train(&linear, &rows, signs, &options, &err));
    PUT("linear.model", kehu_linear_write, linear);
    kehu_linear_free(linear);
}

static void put_trees(void)
{
    const kehu_tree_options small = {.size = sizeof small, .max_leaves = 8, .n_folds = 2};
    const kehu_levels_options shares = {.size = sizeof shares,
                                        .mode = KEHU_LEVEL_QUANTILE};
    const kehu_preference_options prefer = {.size = sizeof prefer, .tree = &small};
    static double scores[N_ROWS][2];
    kehu_tree *tree = NULL;
    kehu_levels *levels = NULL;
    kehu_preference *preference = NULL;
    for (int i = 0; i < N_ROWS; i++) {
        static const char *const names[3] = {"a", "b", "c"};
        tenure[i] = i * 37 % 61;
        spend[i] = i % 11 == 0 ? 0 : i * 7919 % 10007 / 16.;
        has_spend[i / 8] |= (uint8_t)((i % 11 != 0) << i % 8);
        is_seen[i / 8] |= (uint8_t)((i % 4 != 0) << i % 8);
        add(&plans, names[i % 3]);
        add(&targets, tenure[i] < 20 || i % 17 == 0 ? "yes" : "no");
    }
    const kehu_column columns[] = {
        {.name = "tenure", .type = KEHU_FLOAT64, .length = N_ROWS, .data = tenure},
        {.name = "spend",
         .type = KEHU_FLOAT64,
         .length = N_ROWS,
         .data = spend,
         .validity = has_spend},
        text_column("plan", &plans)};
    const kehu_column target = text_column("target", &targets);
    kehu_column observed = target;
    observed.validity = is_seen;
    must(kehu_tree_train(&tree, columns, 3, &target, NULL, NULL, &small, &err));
    must(kehu_tree_score(tree, columns, 3, scores[0], NULL, &err));
    must(kehu_levels_fit(&levels, scores[0], N_ROWS, 2, &shares, &err));
    must(kehu_preference_train(&preference, columns, 3, &observed, NULL, &prefer, &err));
    PUT("tree.model", kehu_tree_write, tree);
    put("tree.scores", scores, N_ROWS * 2, sizeof scores[0][0]);
    PUT("levels.model", kehu_levels_write, levels);
    PUT("preference.model", kehu_preference_write, preference);
    put_linear();
    kehu_tree_free(tree);
    kehu_levels_free(levels);
    kehu_preference_free(preference);
}

int main(int argc, char **argv)
{
    kehu_tokenizer *tokenizer = NULL;
    if (argc != 2) {
        fprintf(stderr, "golden FOLDER\n");
        return 2;
    }
    folder = argv[1];
    if (kehu_tokenizer_default(&tokenizer, NULL, &err) == KEHU_NOT_FOUND) {
        fprintf(stderr, "skipped: %s\n", err.message);
        return 77;
    }
    kehu_tokenizer_free(tokenizer);
    put_texts();
    put_sales();
    put_trees();
    return 0;
}
