/* A text is an opening, a story, the matter, why it matters, what is wanted, an
 * ending - most of them left out most of the time, some taken from another
 * class, and now and then a matter that two classes share. */
#include "demands.h"

#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "statuses.h"

const char *const class_names[N_CLASSES] = {
    "资费咨询", "话费争议", "网络信号", "宽带故障",     "套餐变更", "办理业务",
    "服务态度", "终端问题", "积分活动", "增值业务退订", "垃圾信息"};
enum { SPAM = N_CLASSES - 1, BILL = 1, BROADBAND = 3, STAFF = 6, POINTS = 8 };

static const int class_share[N_CLASSES] = {14, 14, 12, 11, 10, 10, 7, 6, 6, 6, 5};

/* Two days on which the whole network fails, and some days in which a complaint about the
 * bill is passed on from one to the next. */
enum { FAILURE = FIRST_DAY + 201, PASSED_ON = FIRST_DAY + 252, PASSED_ON_DAYS = 5 };

/* The year's story: storms in July and August break broadband, on 21 and 22 July
 * everywhere; a billing change in September brings disputes, points run out in December.
 */
static int draw_class(const person *p, int day, int month, dice *d)
{
    int share[N_CLASSES];
    memcpy(share, class_share, sizeof share);
    if (month == 7 || month == 8)
        share[BROADBAND] *= 3;
    if (day == FAILURE || day == FAILURE + 1)
        share[BROADBAND] *= 12;
    if (month == 9)
        share[BILL] *= 3;
    if (month == 12)
        share[POINTS] *= 4;
    if (p->region >= 6)
        share[2] *= 2;
    if (!p->broadband)
        share[BROADBAND] /= 2;
    return dice_pick(d, share, N_CLASSES);
}

static void add_rule(const grammar *g, const char *class_name, const char *part, dice *d,
                     text *t)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", class_name, part);
    grammar_expand(g, name, d, t);
}

static void add_mark(dice *d, text *t)
{
    static const char *const marks[] = {"，", "。", "，",  " ",  "！",
                                        "",   "，", "...", "？", ","};
    const char *mark = marks[dice_below(d, 10)];
    const char *const comma = "，";
    const size_t size = strlen(comma);
    if (t->size < size || memcmp(t->bytes + t->size - size, comma, size) != 0)
        text_add(t, mark, strlen(mark));
}

/* A matter that could be of either of two classes; 0 when the class has none. */
static int add_vague(const grammar *g, const char *class_name, dice *d, text *t)
{
    char prefix[128];
    const char *found[8], *name;
    int n = 0;
    const int size = snprintf(prefix, sizeof prefix, "vague.%s.", class_name);
    for (int i = 0; (name = grammar_rule(g, i)) != NULL && n < 8; i++)
        if (strncmp(name, prefix, (size_t)size) == 0)
            found[n++] = name;
    if (n == 0)
        return 0;
    grammar_expand(g, found[dice_below(d, n)], d, t);
    return 1;
}

/* The matter: mostly said plainly, else so that it could be another class's, else
 * left out - whoever reads must guess from the story and the request. */
static void add_matter(const grammar *g, int class, dice *d, text *t)
{
    const char *name = class_names[class];
    if (class != SPAM && dice_percent(d, 8)) {
        add_rule(g, name, ".why", d, t);
        add_rule(g, name, ".want", d, t);
    } else if (!dice_percent(d, 24) || !add_vague(g, name, d, t)) {
        grammar_expand(g, name, d, t);
    }
}

static void compose(const grammar *g, int class, dice *d, text *t)
{
    const char *name = class_names[class];
    const int other = dice_below(d, N_CLASSES - 1), ham = class != SPAM;
    if (dice_percent(d, ham ? 32 : 8))
        grammar_expand(g, "shared.open", d, t);
    if (ham && dice_percent(d, 24))
        grammar_expand(g, "shared.story", d, t);
    if (dice_percent(d, 28))
        add_rule(g, name, ".why", d, t);
    else if (ham && dice_percent(d, 18)) /* the story of something else */
        add_rule(g, class_names[other], ".why", d, t);
    add_matter(g, class, d, t);
    if (dice_percent(d, 10)) { /* a long text says it twice */
        add_mark(d, t);
        grammar_expand(g, name, d, t);
    }
    if (ham && dice_percent(d, 12)) { /* and while you are at it */
        add_mark(d, t);
        grammar_expand(g, "shared.besides", d, t);
        grammar_expand(g, class_names[other], d, t);
    }
    if (dice_percent(d, 36)) {
        add_mark(d, t);
        add_rule(g, name, ".want", d, t);
    }
    if (ham && dice_percent(d, 30)) {
        add_mark(d, t);
        grammar_expand(g, "shared.close", d, t);
    }
}

/* The complaint that was copied, with a word of one's own at its end. */
static int add_copy(int class, int day, uint64_t seed, int i, text *t)
{
    static const char complaint[] =
        "请大家注意：九月账单里多了一项“畅享增值服务费”十元，谁也没有订过，打客服说是系统"
        "升级自动加的，要求全额退还并公开道歉，看到的都转发投诉";
    static const char *const ends[] = {"", "！", "。转", "，支持", "！！转发"};
    dice d = dice_for(seed, 6, (uint64_t)i);
    if (class != BILL || day < PASSED_ON || day >= PASSED_ON + PASSED_ON_DAYS ||
        !dice_percent(&d, 70))
        return 0;
    const char *end = ends[dice_below(&d, 5)];
    text_add(t, complaint, strlen(complaint));
    text_add(t, end, strlen(end));
    return 1;
}

/* How much longer than others a demand takes: broadband in the storms, and staff. */
static int slowness(int class, int month)
{
    return class == BROADBAND && (month == 7 || month == 8) ? 4 : class == STAFF ? 2 : 1;
}

/* What the file calls it: most are labelled, a few of those by a careless clerk. */
static const char *label_of(int class, dice *d)
{
    if (dice_percent(d, 25))
        return "";
    if (class != SPAM && dice_percent(d, 3))
        return class_names[dice_below(d, N_CLASSES - 1)];
    return class_names[class];
}

static void write_demand(sheet *s, const char *label, int person_number, int64_t seconds,
                         int channel, const text *t)
{
    char time[32], quoted[2 * sizeof t->bytes];
    size_t size = 0;
    int lines = 0;
    for (const char *p = t->bytes; *p != '\0'; p++) {
        lines += *p == '\n';
        if (*p == '"')
            quoted[size++] = '"';
        quoted[size++] = *p;
    }
    quoted[size] = '\0';
    const char *quote = strpbrk(quoted, ",\"\n") != NULL ? "\"" : "";
    time_text(time, seconds);
    sheet_row(s, lines, "D%05ld,C%06d,%s,%s,%s,%s%s%s", s->rows + 1, person_number + 1,
              time, channel_names[channel], label, quote, quoted, quote);
}

static int by_time(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void write_demands(sheet *s, sheet *statuses, const grammar *g, const person *people,
                   int n_people, int n, uint64_t seed)
{
    int64_t *times = malloc((size_t)n * sizeof *times);
    dice clock = dice_for(seed, 3, 0);
    for (int i = 0; i < n && times != NULL; i++) {
        times[i] = (int64_t)(FIRST_DAY + dice_below(&clock, N_DAYS)) * 86400;
        times[i] += dice_between(&clock, 8 * 3600, 22 * 3600);
    }
    if (times != NULL)
        qsort(times, (size_t)n, sizeof *times, by_time);
    for (int i = 0; i < n && times != NULL; i++) {
        dice d = dice_for(seed, 4, (uint64_t)i);
        const int day = (int)(times[i] / 86400), month = (day - FIRST_DAY) / 31 + 1;
        int who;
        do { /* the annoyed write more often; who has left writes no more */
            who = dice_below(&d, n_people);
        } while (people[who].annoyance < dice_below(&d, 300) ||
                 people[who].last_day < day);
        const int class = draw_class(&people[who], day, month, &d);
        text draft = {0}, final = {0}, copy = {0};
        compose(g, class, &d, &draft);
        if (dice_percent(&d, 1))
            text_add(&draft, "\n\"急\"", strlen("\n\"急\""));
        grammar_mistype(g, &d, dice_percent(&d, 12) ? 120 : 6, draft.bytes, &final);
        if (add_copy(class, day, seed, i, &copy))
            final = copy;
        const char *label = label_of(class, &d);
        const int channel = dice_pick(&d, people[who].channel_weight, N_CHANNELS);
        write_demand(s, label, who, times[i], channel, &final);
        fprintf(s->truth, "demand,D%05d,class,%s\n", i + 1, class_names[class]);
        write_statuses(statuses, i, who, times[i], slowness(class, month), class == SPAM,
                       seed);
    }
    free(times);
}
