/* An occupation is drawn first. It shapes age, plan, use, and what channels
 * and contents a person likes; a personal taste, drawn for each of them, bends
 * that. So visible fields tell something of the hidden ones, never all. */
#include "people.h"

#include <stdio.h>

const char *const channel_names[N_CHANNELS] = {
    "hall", "agent", "web_hall", "sms_hall", "terminal", "hotline", "app"};
const char *const content_names[N_CONTENTS] = {
    "news", "business", "finance", "sports", "entertainment", "life", "culture", "games"};
const char *const occupation_names[N_OCCUPATIONS] = {
    "学生", "公司职员", "个体经营", "公务员教师", "工人", "农民", "退休"};
const char *const plan_names[N_PLANS] = {"校园29",  "畅享38",  "畅享58", "流量王88",
                                         "全家128", "商务168", "尊享199"};
const char *const region_names[N_REGIONS] = {"城东", "城西",   "城南", "城北",
                                             "高新", "开发区", "县城", "乡镇"};

static const int plan_cents[N_PLANS] = {2900, 3800, 5800, 8800, 12800, 16800, 19900};

/* Rows: occupations in the order above. */
static const int occupation_share[N_OCCUPATIONS] = {14, 26, 13, 11, 15, 10, 11};
static const int age_range[N_OCCUPATIONS][2] = {{16, 25}, {22, 52}, {24, 58}, {24, 59},
                                                {19, 55}, {25, 72}, {54, 85}};
static const int plan_share[N_OCCUPATIONS][N_PLANS] = {
    {60, 14, 10, 14, 0, 0, 2}, {2, 12, 26, 24, 18, 8, 10}, {0, 10, 16, 14, 18, 34, 8},
    {0, 14, 30, 12, 30, 8, 6}, {2, 28, 34, 24, 10, 1, 1},  {0, 56, 26, 6, 11, 1, 0},
    {0, 62, 18, 2, 17, 0, 1}};
static const int region_share[N_OCCUPATIONS][N_REGIONS] = {
    {10, 14, 18, 10, 26, 8, 10, 4}, {18, 16, 14, 12, 20, 12, 6, 2},
    {16, 16, 12, 14, 8, 10, 16, 8}, {20, 18, 14, 14, 10, 6, 14, 4},
    {8, 8, 12, 14, 8, 28, 14, 8},   {2, 2, 2, 2, 1, 4, 27, 60},
    {18, 18, 14, 16, 4, 4, 16, 10}};
static const int channel_taste[N_OCCUPATIONS][N_CHANNELS] = {
    {2, 3, 6, 4, 4, 3, 24}, {3, 2, 14, 4, 4, 7, 14}, {6, 12, 4, 5, 5, 12, 8},
    {6, 2, 14, 5, 6, 8, 8}, {6, 9, 3, 7, 9, 7, 8},   {12, 16, 1, 6, 3, 8, 2},
    {20, 4, 1, 3, 5, 15, 1}};
static const int content_taste[N_OCCUPATIONS][N_CONTENTS] = {
    {4, 1, 1, 7, 14, 4, 5, 20}, {11, 6, 9, 7, 9, 6, 3, 6},   {7, 18, 11, 4, 6, 8, 2, 4},
    {14, 3, 6, 5, 4, 8, 14, 2}, {6, 2, 2, 11, 13, 9, 2, 10}, {6, 4, 1, 3, 10, 18, 3, 3},
    {17, 1, 4, 3, 6, 14, 13, 1}};
static const int data_mb_typical[N_OCCUPATIONS] = {24000, 15000, 11000, 9000,
                                                   16000, 4000,  1800};
static const int voice_typical[N_OCCUPATIONS] = {60, 240, 520, 260, 180, 160, 140};

/* 25..300 per cent, mostly near 80, with a long tail upwards. */
static int spread(dice *d)
{
    const int u = dice_below(d, 100), v = dice_below(d, 100);
    return 25 + u * v / 60 + dice_below(d, 110);
}

/* A few people care much for one thing and little for the rest. */
static int taste(dice *d, int typical)
{
    const int u = dice_below(d, 100);
    return 1 + typical * (12 + u * u / 35);
}

static int largest(const int *x, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

static int clamp(int x, int low, int high)
{
    return x < low ? low : x > high ? high : x;
}

static void draw_tastes(person *p, dice *d)
{
    const int town = p->region >= 6;
    for (int c = 0; c < N_CHANNELS; c++) {
        int typical = 10 * channel_taste[p->occupation][c];
        if (c == 6 || c == 2) /* app and web hall: the young and the heavy users */
            typical = typical * clamp(90 - p->age, 15, 70) / 50 *
                      (p->data_mb > 10000 ? 3 : 2) / 2;
        if (c <= 1 && town)
            typical = typical * 3 / 2;
        if (c == 5 && p->voice_minutes > 250)
            typical = typical * 3 / 2;
        p->channel_weight[c] = taste(d, typical);
    }
    for (int c = 0; c < N_CONTENTS; c++) {
        int typical = 10 * content_taste[p->occupation][c];
        if (c == 3 || c == 7) /* sports and games: more men */
            typical = typical * (p->female ? 2 : 4) / 3;
        if (c == 5 || c == 4) /* life and entertainment: more women */
            typical = typical * (p->female ? 4 : 3) / 3;
        if (c == 2 && p->arpu_cents > 12000)
            typical *= 2;
        if (c == 7)
            typical = typical * clamp(70 - p->age, 10, 50) / 35;
        p->content_weight[c] = taste(d, typical);
    }
    p->channel = largest(p->channel_weight, N_CHANNELS);
    p->content = largest(p->content_weight, N_CONTENTS);
}

/* New, unbound, annoyed and little active people leave. */
static void draw_leaving(person *p, dice *d)
{
    const int tenure_months = (FIRST_DAY - p->join_day) / 30;
    int x = 70;
    x += tenure_months < 12 ? 130 : tenure_months < 36 ? 50 : 0;
    x += p->contract_months == 0 ? 60 : p->contract_months == 24 ? -50 : 0;
    x += p->annoyance > 150 ? 220 : p->annoyance > 100 ? 60 : -20;
    x += p->activity < 45 ? 110 : 0;
    x += p->broadband ? -40 : 30;
    x += p->occupation == 0 ? 40 : 0;
    p->leave_per_mille = clamp(x, 10, 800);
    p->left = dice_below(d, 1000) < p->leave_per_mille;
    p->last_day = FIRST_DAY + (p->left ? dice_between(d, 100, N_DAYS - 20) : N_DAYS - 1);
}

person person_make(uint64_t seed, int i)
{
    dice d = dice_for(seed, 1, (uint64_t)i);
    person p = {0};
    p.occupation = dice_pick(&d, occupation_share, N_OCCUPATIONS);
    p.age = dice_between(&d, age_range[p.occupation][0], age_range[p.occupation][1]);
    p.female = dice_percent(&d, p.occupation == 4 ? 32 : p.occupation == 3 ? 58 : 49);
    p.region = dice_pick(&d, region_share[p.occupation], N_REGIONS);
    p.plan = dice_pick(&d, plan_share[p.occupation], N_PLANS);
    p.contract_months = dice_percent(&d, 45) ? 0 : dice_percent(&d, 55) ? 12 : 24;
    p.broadband = dice_percent(&d, p.plan >= 4 ? 85 : p.occupation == 0 ? 12 : 48);
    const int months = clamp((p.age - 15) * 9, 6, 240), u = dice_below(&d, 1000);
    p.join_day = FIRST_DAY - 3 - dice_below(&d, 30 + months * 30 * u / 1000);
    p.data_mb = data_mb_typical[p.occupation] / 100 * spread(&d);
    p.voice_minutes = voice_typical[p.occupation] * spread(&d) / 100;
    p.arpu_cents = plan_cents[p.plan] * dice_between(&d, 82, 150) / 100 +
                   p.voice_minutes * 3 + (p.broadband ? 900 : 0);
    p.activity = spread(&d) - 15;
    p.annoyance = spread(&d) - 10;
    p.occupation_known = dice_percent(&d, 45);
    draw_tastes(&p, &d);
    draw_leaving(&p, &d);
    return p;
}

/* Civil date of a day number (Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", for days after 1970). */
void day_text(char out[16], int day)
{
    const unsigned z = (unsigned)day + 719468u, era = z / 146097, of_era = z % 146097;
    const unsigned year_of_era =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const unsigned of_year =
        of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted = (5 * of_year + 2) / 153;
    const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    snprintf(out, 16, "%04u-%02u-%02u", (year_of_era + era * 400 + (month <= 2)) % 10000,
             month % 100, (of_year - (153 * shifted + 2) / 5 + 1) % 100);
}
