/* One customer's profile, and the target lists, for report.json. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_FACTS = 12, N_FIRST = 5 };

/* What the columns of customers.csv are called where people read them. */
static const char *const labels[][3] = {
    {"age", "年龄", "Age"},
    {"gender", "性别", "Gender"},
    {"region", "地区", "Region"},
    {"plan", "套餐", "Plan"},
    {"contract_months", "合约（月）", "Contract, months"},
    {"broadband", "宽带", "Broadband"},
    {"join_date", "入网日期", "Joined"},
    {"tenure_years", "网龄（年）", "Tenure, years"},
    {"arpu", "月均消费", "Monthly spend"},
    {"data_mb", "流量（MB）", "Data, MB"},
    {"voice_minutes", "通话（分钟）", "Voice, minutes"},
    {"channel", "首选渠道", "Preferred channel"},
    {"content", "首选内容", "Preferred content"},
    {"occupation", "职业", "Occupation"},
    {"segment", "价值分群", "Segment"},
    {"main_demand", "主要诉求", "Main demand"},
    {"risk", "离网概率", "Risk of leaving"}};

static void write_bilingual(FILE *file, const char *zh, const char *en)
{
    fputs("{\"zh\":", file);
    json_name(file, zh);
    fputs(",\"en\":", file);
    json_name(file, en);
    fputc('}', file);
}

/* The start of one fact: the value follows. */
static void begin_fact(FILE *file, bool *first, const char *name)
{
    const char *zh = name, *en = name;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strcmp(labels[i][0], name) == 0) {
            zh = labels[i][1];
            en = labels[i][2];
        }
    fputs(*first ? "\n{\"name\":" : ",\n{\"name\":", file);
    *first = false;
    json_name(file, name);
    fputs(",\"label\":", file);
    write_bilingual(file, zh, en);
    fputs(",\"value\":", file);
}

static void write_field(FILE *file, bool *first, const kehu_column *c, int64_t i)
{
    const double x = c->type == KEHU_UTF8 ? NAN : number_at(c, i);
    size_t size;
    const char *text = text_at(c, i, &size);
    begin_fact(file, first, c->name);
    if (c->type == KEHU_UTF8) {
        json_text(file, text, size);
    } else if (isnan(x)) {
        fputs("\"\"", file);
    } else if (c->type == KEHU_DATE32 || c->type == KEHU_TIMESTAMP) {
        char day[16];
        day_text(day, c->type == KEHU_DATE32
                          ? (int32_t)x
                          : day_of(((const int64_t *)c->data)[c->start + i]));
        json_name(file, day);
    } else {
        fprintf(file, "%.2f", x);
    }
    fputc('}', file);
}

static void write_named(FILE *file, bool *first, const char *name, const char *text)
{
    begin_fact(file, first, name);
    json_name(file, text);
    fputc('}', file);
}

static void write_facts(FILE *file, const findings *x, const flags *f, int64_t i)
{
    int64_t n_columns;
    const kehu_column *fields = frame_columns(x->base.people, &n_columns);
    const int64_t at = x->value_of[i];
    bool first = true;
    int shown = 0;
    for (int64_t c = 0; c < n_columns && shown < N_FACTS; c++)
        if (strcmp(fields[c].name, "customer") != 0 &&
            strcmp(fields[c].name, "occupation") != 0 &&
            (f->target == NULL || strcmp(fields[c].name, f->target) != 0)) {
            write_field(file, &first, &fields[c], i);
            shown++;
        }
    for (int k = 0; k < N_PREFERENCES; k++) {
        const preference *p = &x->preferences.of[k];
        if (p->items != NULL)
            write_named(file, &first, p->of, names_get(p->items, preference_top(p, i)));
    }
    if (at >= 0)
        write_named(file, &first, "segment",
                    kehu_segments_get_name(x->value.segments, x->value.segment[at]));
    if (x->main_demand[i] >= 0)
        write_named(file, &first, "main_demand",
                    names_get(x->texts.classes, x->main_demand[i]));
    if (x->preferences.risk != NULL) {
        begin_fact(file, &first, "risk");
        fprintf(file, "%.2f}", x->preferences.risk[i]);
    }
}

enum { RECENCY, FREQUENCY, MONETARY, CONTACTS, USAGE, VOICE, N_AXES };

static double axis_value(const findings *x, int axis, int64_t i)
{
    const base *b = &x->base;
    const int64_t at = x->value_of[i];
    switch (axis) {
    case RECENCY: /* the more recent, the better */
        return at < 0 ? -INFINITY : -(double)x->value.columns.recency_days[at];
    case FREQUENCY:
        return at < 0 ? 0 : (double)x->value.columns.orders[at];
    case MONETARY:
        return at < 0 ? 0 : (double)x->value.columns.spend[at];
    case CONTACTS:
        return (double)b->n_contacts[i];
    case USAGE:
        return b->used[i];
    default:
        return (double)b->n_demands[i];
    }
}

/* Per cent of all customers below, equal ones counted half. */
static double percentile(const findings *x, int axis, int64_t i)
{
    const double mine = axis_value(x, axis, i);
    double below = 0;
    for (int64_t k = 0; k < x->base.n; k++) {
        const double other = axis_value(x, axis, k);
        below += other < mine ? 1 : other == mine ? 0.5 : 0;
    }
    return 100 * below / (double)x->base.n;
}

/* Who shows the most: someone who has written, of the best grades, then of the most
 * contacts, then the first. */
static int64_t choose_customer(const findings *x)
{
    int64_t best = 0;
    double best_score = -1;
    for (int64_t i = 0; i < x->base.n; i++) {
        const int64_t at = x->value_of[i];
        const uint8_t *g = at < 0 ? NULL : &x->value.grades[3 * at];
        const double grades = g == NULL ? 0 : g[0] + g[1] + g[2];
        const double contacts = (double)x->base.n_contacts[i];
        const double score = (x->base.n_demands[i] > 0 ? 1e6 : 0) + 1000 * grades +
                             (contacts < 999 ? contacts : 999);
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    return best;
}

kehu_status report_profile(FILE *file, const findings *x, const flags *f, kehu_error *err)
{
    static const char *const axes[N_AXES] = {"recency",  "frequency", "monetary",
                                             "contacts", "usage",     "voice"};
    if (x->base.n == 0)
        return fail(err, KEHU_EMPTY, "there is no customer");
    const int64_t i = choose_customer(x);
    fputs(",\n\"profile\":{\"customer\":", file);
    json_name(file, names_get(x->base.ids, i));
    fputs(",\"facts\":[", file);
    write_facts(file, x, f, i);
    fputs("],\n\"radar\":[", file);
    for (int a = 0; a < N_AXES; a++)
        fprintf(file, "%s{\"axis\":\"%s\",\"value\":%.1f}", a > 0 ? "," : "", axes[a],
                percentile(x, a, i));
    fputs("]}", file);
    return KEHU_OK;
}

static void describe(FILE *file, const char *name)
{
    static const char *const known[][5] = {
        {"retention", "离网挽留", "Retention", "离网概率最高的 5 % 在网客户，且 M ≥ 3",
         "the 5 % of present customers with the highest risk of leaving, M ≥ 3"},
        {"win_back", "沉默唤回", "Win back", "分群为 At risk 或 Can't lose，按消费额排列",
         "segments At risk and Can't lose, by spend"},
        {"care", "多次诉求关怀", "Care", "三次及以上诉求", "three demands or more"}};
    char zh[160], en[160];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i][0], name) == 0) {
            write_bilingual(file, known[i][1], known[i][2]);
            fputs(",\"rule\":", file);
            write_bilingual(file, known[i][3], known[i][4]);
            return;
        }
    const char *item = strchr(name, ':') + 1;
    const int size = (int)whole_characters(item, strlen(item), 100);
    snprintf(zh, sizeof zh, "内容推荐：%.*s", size, item);
    snprintf(en, sizeof en, "Content: %.*s", size, item);
    write_bilingual(file, zh, en);
    fputs(",\"rule\":", file);
    snprintf(zh, sizeof zh, "对 %.*s 的偏好不低于“较依赖”", size, item);
    snprintf(en, sizeof en, "rather reliant or reliant on %.*s", size, item);
    write_bilingual(file, zh, en);
}

void report_targets(FILE *file, const target_lists *t, const findings *x)
{
    fputs(",\n\"targets\":[", file);
    for (int k = 0; k < t->n; k++) {
        const target_list *list = &t->lists[k];
        fputs(k > 0 ? ",\n{\"name\":" : "\n{\"name\":", file);
        json_name(file, list->name);
        fputs(",\"label\":", file);
        describe(file, list->name);
        fprintf(file, ",\"count\":%lld,\"first\":[", (long long)list->n);
        for (int64_t i = 0; i < list->n && i < N_FIRST; i++) {
            if (i > 0)
                fputc(',', file);
            json_name(file, names_get(x->base.ids, list->targets[i].customer));
        }
        fputs("]}", file);
    }
    fputc(']', file);
}
