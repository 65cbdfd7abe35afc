#include <kehu/duplicate.h>

#include "base/sort.h"
#include "data/builder.h"
#include "text/duplicate.h"

enum { DEFAULT_SHINGLE = 3, LONGEST_SHINGLE = 16 };
static const double default_similarity = 0.8, least_similarity = 0.1;

static kehu_status read_options(kehu_duplicate_options *opt,
                                const kehu_duplicate_options *from, kehu_error *err)
{
    KEHU_TRY(kehu__options_read(opt, sizeof *opt, from, err));
    if (opt->shingle == 0)
        opt->shingle = DEFAULT_SHINGLE;
    if (opt->shingle > LONGEST_SHINGLE)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "shingle is %u, expected 1 to %d",
                          (unsigned)opt->shingle, LONGEST_SHINGLE);
    if (opt->similarity == 0)
        opt->similarity = default_similarity;
    if (!(opt->similarity >= least_similarity && opt->similarity <= 1))
        return kehu__fail(err, KEHU_ARGUMENT, -1, "similarity is %g, expected %g to 1",
                          opt->similarity, least_similarity);
    return KEHU_OK;
}

/* What is known of a group, or of a form while they are counted. */
typedef struct fold {
    uint32_t root;   /* the group's first text */
    uint32_t row;    /* its text that stands for it */
    uint32_t volume; /* its texts */
    uint32_t forms;
} fold;

static int by_volume(const void *a, const void *b, void *ctx)
{
    const fold *x = a, *y = b;
    (void)ctx;
    if (x->volume != y->volume)
        return x->volume < y->volume ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The groups in `folds`, sorted; place[i] becomes the group's number for its first
 * text. Returns how many there are. count[n] is scratch. */
static size_t find_folds(const kehu__shingles *s, const uint32_t *form,
                         const uint32_t *group, uint32_t *count, uint32_t *place,
                         fold *folds)
{
    size_t n = 0;
    for (int64_t i = 0; i < s->n; i++)
        count[i] = 0;
    for (int64_t i = 0; i < s->n; i++)
        count[form[i]]++;
    for (uint32_t i = 0; i < s->n; i++) {
        fold *f;
        if (s->sizes[i] == 0 || form[i] != i)
            continue;
        if (group[i] == i) { /* roots come before all others of their group */
            place[i] = (uint32_t)n;
            folds[n++] = (fold){.root = i, .row = i};
        }
        f = &folds[place[group[i]]];
        f->volume += count[i];
        f->forms++;
        if (count[i] > count[f->row])
            f->row = i;
    }
    kehu__sort(folds, n, sizeof *folds, by_volume, NULL);
    for (size_t i = 0; i < n; i++)
        place[folds[i].root] = (uint32_t)i;
    return n;
}

static kehu_status make_table(kehu_table **out, const kehu_column *texts,
                              const fold *folds, size_t n, const kehu_allocator *alloc,
                              kehu_error *err)
{
    kehu__builder b = kehu__builder_new(alloc);
    kehu_status status;
    bool whole = true;
    kehu__builder_add(&b, "text", KEHU_LARGE_UTF8);
    kehu__builder_add(&b, "row", KEHU_INT64);
    kehu__builder_add(&b, "volume", KEHU_INT64);
    kehu__builder_add(&b, "forms", KEHU_INT64);
    for (size_t i = 0; i < n && whole; i++) {
        kehu__builder_copy(&b, 0, texts, folds[i].row);
        kehu__builder_integer(&b, 1, folds[i].row);
        kehu__builder_integer(&b, 2, folds[i].volume);
        kehu__builder_integer(&b, 3, folds[i].forms);
        whole = kehu__builder_end_row(&b);
    }
    status = whole ? kehu__builder_finish(&b, out, err) : kehu__builder_fail(&b, err);
    kehu__builder_free(&b);
    return status;
}

static kehu_status fold_texts(kehu_table **out, int64_t *groups, const kehu_column *texts,
                              const kehu__shingles *s, double similarity,
                              const kehu__run *run, kehu_error *err)
{
    const size_t n = (size_t)s->n;
    uint32_t *const form = kehu__alloc(&s->alloc, n, sizeof *form);
    uint32_t *const group = kehu__alloc(&s->alloc, n, sizeof *group);
    uint32_t *const count = kehu__alloc(&s->alloc, n, sizeof *count);
    uint32_t *const place = kehu__alloc(&s->alloc, n, sizeof *place);
    fold *const folds = kehu__alloc(&s->alloc, n, sizeof *folds);
    kehu_status status;
    size_t n_folds;
    if (n > 0 && (form == NULL || group == NULL || count == NULL || place == NULL ||
                  folds == NULL)) {
        status = kehu__no_memory(err, "texts");
        goto done;
    }
    status = kehu__duplicate_forms(s, form, err);
    if (status == KEHU_OK)
        status = kehu__duplicate_link(s, form, group, similarity, run, err);
    if (status != KEHU_OK)
        goto done;
    n_folds = find_folds(s, form, group, count, place, folds);
    status = make_table(out, texts, folds, n_folds, &s->alloc, err);
    for (size_t i = 0; i < n && groups != NULL && status == KEHU_OK; i++)
        groups[i] = s->sizes[i] == 0 ? -1 : (int64_t)place[group[i]];
done:
    kehu__free(&s->alloc, form, n, sizeof *form);
    kehu__free(&s->alloc, group, n, sizeof *group);
    kehu__free(&s->alloc, count, n, sizeof *count);
    kehu__free(&s->alloc, place, n, sizeof *place);
    kehu__free(&s->alloc, folds, n, sizeof *folds);
    return status;
}

kehu_status kehu_duplicate_fold(kehu_table **out, int64_t *groups,
                                const kehu_column *texts,
                                const kehu_duplicate_options *options, kehu_error *err)
{
    kehu_duplicate_options opt = {0};
    kehu__shingles s = {0};
    kehu_allocator alloc;
    kehu__run run;
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    KEHU_TRY(read_options(&opt, options, err));
    KEHU_TRY(kehu__column_check_text(texts, "texts", err));
    if (texts->length >= (int64_t)UINT32_MAX)
        return kehu__fail(err, KEHU_LIMIT, -1, "texts has 4294967295 rows or more");
    alloc = kehu__allocator(opt.alloc);
    run = (kehu__run){opt.n_threads, opt.executor, opt.progress};
    status = kehu__progress(&run, 0, "comparing texts", err);
    if (status == KEHU_OK)
        status = kehu__shingles_build(&s, texts, opt.shingle, &run, &alloc, err);
    if (status == KEHU_OK)
        status = fold_texts(out, groups, texts, &s, opt.similarity, &run, err);
    kehu__shingles_free(&s);
    return status;
}
