#include "events.h"

#include <stdlib.h>

enum { PURCHASE, RECHARGE, CONTACT, USAGE, N_KINDS };

static const char *const kind_names[N_KINDS] = {"purchase", "recharge", "contact",
                                                "usage"};
static const char *const contact_topics[] = {"query", "handle", "complain", "pay"};

static const struct product {
    const char *name;
    int cents, share;
} products[] = {{"流量包10G", 2000, 26},    {"流量日包", 300, 22},
                {"语音包100分钟", 1000, 9}, {"视频会员", 1500, 14},
                {"彩铃", 600, 8},           {"国际漫游包", 9800, 3},
                {"宽带年费", 48000, 5},     {"手机配件", 7900, 7},
                {"合约机", 199900, 2},      {"云盘", 1200, 4}};
enum { N_PRODUCTS = sizeof products / sizeof *products };

typedef struct event {
    int64_t seconds;
    int32_t number; /* in the order of making: breaks ties of time */
    int32_t person;
    int32_t cents, quantity;
    int8_t kind, channel, item;
} event;

typedef struct journal {
    event *events;
    size_t n, capacity;
} journal;

static int add(journal *j, event e)
{
    if (j->n == j->capacity) {
        const size_t capacity = j->capacity == 0 ? 1 << 16 : 2 * j->capacity;
        event *grown = realloc(j->events, capacity * sizeof *grown);
        if (grown == NULL)
            return 0;
        j->events = grown;
        j->capacity = capacity;
    }
    e.number = (int32_t)j->n;
    j->events[j->n++] = e;
    return 1;
}

static int64_t draw_time(const person *p, dice *d)
{
    const int day = dice_between(d, FIRST_DAY, p->last_day);
    const int late = p->occupation == 0 || p->occupation == 4;
    const int hour =
        dice_percent(d, 85) ? dice_between(d, 8, late ? 23 : 21) : dice_below(d, 24);
    return (int64_t)day * 86400 + hour * 3600 + dice_below(d, 3600);
}

static int32_t recharge_cents(const person *p, dice *d)
{
    static const int notes[] = {1000, 2000, 3000, 5000, 10000, 20000, 30000};
    int i = 0;
    while (i < 6 && notes[i] * 2 < p->arpu_cents)
        i++;
    i += dice_below(d, 3) - 1;
    return notes[i < 0 ? 0 : i > 6 ? 6 : i];
}

static event draw_event(const person *p, int kind, dice *d)
{
    event e = {.kind = (int8_t)kind, .channel = -1, .item = -1, .quantity = 1};
    e.seconds = draw_time(p, d);
    if (kind != USAGE)
        e.channel = (int8_t)dice_pick(d, p->channel_weight, N_CHANNELS);
    if (kind == PURCHASE) {
        int shares[N_PRODUCTS];
        for (int i = 0; i < N_PRODUCTS; i++)
            shares[i] = products[i].share;
        e.item = (int8_t)dice_pick(d, shares, N_PRODUCTS);
        e.quantity = products[e.item].cents < 5000 && dice_percent(d, 20)
                         ? dice_between(d, 2, 4)
                         : 1;
        e.cents = products[e.item].cents * e.quantity;
        if (dice_percent(d, 3)) /* given back */
            e.cents = -e.cents;
    } else if (kind == RECHARGE) {
        e.cents = recharge_cents(p, d);
    } else if (kind == CONTACT) {
        e.item = (int8_t)dice_pick(d, (int[]){45, 30, p->annoyance / 5, 12}, 4);
    } else {
        e.item = (int8_t)dice_pick(d, p->content_weight, N_CONTENTS);
        e.quantity = 1 + dice_below(d, 20) * dice_below(d, 20) / 4;
    }
    return e;
}

static int by_time(const void *a, const void *b)
{
    const event *x = a, *y = b;
    return x->seconds != y->seconds
               ? (x->seconds > y->seconds) - (x->seconds < y->seconds)
               : (x->number > y->number) - (x->number < y->number);
}

void time_text(char out[32], int64_t seconds)
{
    char day[16];
    const unsigned s = (unsigned)(seconds % 86400);
    day_text(day, (int)(seconds / 86400));
    snprintf(out, 32, "%s %02u:%02u:%02u", day, s / 3600, s / 60 % 60, s % 60);
}

static void write_event(sheet *s, const event *e)
{
    char time[32], money[32] = "";
    const char *item = "";
    time_text(time, e->seconds);
    if (e->kind == PURCHASE)
        item = products[e->item].name;
    else if (e->kind == CONTACT)
        item = contact_topics[e->item];
    else if (e->kind == USAGE)
        item = content_names[e->item];
    if (e->kind == PURCHASE || e->kind == RECHARGE)
        snprintf(money, sizeof money, "%s%d.%02d", e->cents < 0 ? "-" : "",
                 abs(e->cents) / 100, abs(e->cents) % 100);
    sheet_row(s, 0, "E%07ld,C%06d,%s,%s,%s,%s,%s,%d", s->rows + 1, e->person + 1, time,
              kind_names[e->kind], e->channel < 0 ? "" : channel_names[e->channel], item,
              money, e->quantity);
}

int write_events(sheet *s, const person *people, int n, uint64_t seed)
{
    static const int usual[N_KINDS] = {4, 7, 7, 11};
    journal j = {0};
    int good = 1;
    for (int i = 0; i < n && good; i++) {
        dice d = dice_for(seed, 2, (uint64_t)i);
        const int shy = dice_percent(&d, 12), offline = dice_percent(&d, 12);
        for (int kind = 0; kind < N_KINDS && good; kind++) {
            int count = dice_below(&d, 2 * usual[kind] * people[i].activity / 100 + 2);
            count = count * (people[i].last_day - FIRST_DAY + 1) / N_DAYS;
            if ((kind == CONTACT && shy) || (kind == USAGE && offline))
                count = 0;
            for (int k = 0; k < count && good; k++) {
                event e = draw_event(&people[i], kind, &d);
                e.person = i;
                good = add(&j, e);
            }
        }
    }
    if (good && j.n > 0)
        qsort(j.events, j.n, sizeof *j.events, by_time);
    for (size_t i = 0; i < j.n && good; i++)
        write_event(s, &j.events[i]);
    free(j.events);
    return good;
}
