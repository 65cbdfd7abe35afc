#include "statuses.h"

#include "events.h"

/* ---- Statuses ---- */

typedef struct history {
    sheet *s;
    int demand, who;
    int64_t at; /* seconds since 1970 */
    const char *status;
} history;

/* One status, some minutes after the one before. */
static void enter(history *h, dice *d, const char *status, int from, int to)
{
    char time[32];
    const int64_t end = (int64_t)(FIRST_DAY + N_DAYS) * 86400;
    h->at += (int64_t)dice_between(d, from, to) * 60 + dice_below(d, 60);
    if (h->at >= end)
        return;
    h->status = status;
    time_text(time, h->at);
    sheet_row(h->s, 0, "D%05d,C%06d,%s,%s", h->demand + 1, h->who + 1, time, status);
}

void write_statuses(sheet *s, int i, int who, int64_t seconds, int slow, int spam,
                    uint64_t seed)
{
    dice d = dice_for(seed, 5, (uint64_t)i);
    history h = {s, i, who, seconds, "new"};
    if (spam) {
        enter(&h, &d, "closed", 10, 600);
    } else {
        if (dice_percent(&d, 90))
            enter(&h, &d, "assigned", 5, 240);
        if (dice_percent(&d, 85))
            enter(&h, &d, "answered", 20 * slow, 1200 * slow);
        if (dice_percent(&d, 94)) {
            enter(&h, &d, "solved", 60 * slow, 3600 * slow);
            if (dice_percent(&d, 7)) {
                enter(&h, &d, "reopened", 600, 8000);
                enter(&h, &d, "solved", 600, 4000);
            }
            if (dice_percent(&d, 80))
                enter(&h, &d, "closed", 60, 4000);
        }
    }
    fprintf(s->truth, "demand,D%05d,status,%s\n", i + 1, h.status);
}

/* ---- Kano's questionnaire ---- */

/* Answers 1 I like it, 2 I expect it, 3 neutral, 4 I can live with it, 5 I dislike it. */
static const struct {
    const char *name, *need;
    int functional[5], dysfunctional[5]; /* weights of the answers */
} features[] = {
    {"通话清晰", "basic", {10, 60, 20, 5, 5}, {2, 3, 5, 20, 70}},
    {"账单准确", "basic", {5, 75, 10, 5, 5}, {1, 1, 3, 10, 85}},
    {"网速快", "expected", {75, 15, 5, 3, 2}, {2, 3, 5, 15, 75}},
    {"资费低", "expected", {80, 10, 5, 3, 2}, {2, 3, 10, 20, 65}},
    {"全家共享流量", "latent", {70, 5, 15, 5, 5}, {3, 5, 50, 37, 5}},
    {"生日礼遇", "latent", {60, 5, 25, 5, 5}, {3, 5, 60, 30, 2}},
};
enum { N_FEATURES = sizeof features / sizeof *features };

void write_answers(sheet *s, int n_people, int n, uint64_t seed)
{
    for (int i = 0; i < n; i++) {
        dice d = dice_for(seed, 7, (uint64_t)i);
        const int who = dice_below(&d, n_people);
        char time[32];
        time_text(time, (int64_t)(FIRST_DAY + 300 + dice_below(&d, 20)) * 86400 +
                            dice_between(&d, 8 * 3600, 22 * 3600));
        for (int k = 0; k < N_FEATURES; k++) {
            const int functional = dice_pick(&d, features[k].functional, 5) + 1;
            const int dysfunctional = dice_pick(&d, features[k].dysfunctional, 5) + 1;
            sheet_row(s, 0, "C%06d,%s,%s,%d,%d", who + 1, time, features[k].name,
                      functional, dysfunctional);
        }
    }
    for (int k = 0; k < N_FEATURES; k++)
        fprintf(s->truth, "feature,%s,need,%s\n", features[k].name, features[k].need);
}
