#include <string.h>

#include "insight/segment.h"

static const char rfm_grid[] =
    "# Eleven segments on the grid of R and FM = ceil((F + M) / 2), grades 1 to 5.\n"
    "# Every pair of grades has one rule; the order does not matter.\n"
    "Champions: R = 5 and FM >= 4\n"
    "Loyal: R in 3..4 and FM >= 4\n"
    "Potential loyalist: R >= 4 and FM in 2..3\n"
    "New: R = 5 and FM = 1\n"
    "Promising: R = 4 and FM = 1\n"
    "Needs attention: R = 3 and FM = 3\n"
    "About to sleep: R = 3 and FM <= 2\n"
    "At risk: R <= 2 and FM in 3..4\n"
    "Can't lose: R <= 2 and FM = 5\n"
    "Hibernating: R = 2 and FM <= 2\n"
    "Lost: R = 1 and FM <= 2\n";

static const char rfm_intervals[] =
    "# The intervals most articles print, grades 1 to 5. They overlap: the order\n"
    "# decides. Grades no interval holds fall to the last line.\n"
    "Champions: R in 4..5 and F in 4..5 and M in 4..5\n"
    "Loyal Customers: R in 2..5 and F in 3..5 and M in 3..5\n"
    "Potential Loyalist: R in 3..5 and F in 1..3 and M in 1..3\n"
    "New Customers: R in 4..5 and F in 0..1 and M in 0..1\n"
    "Promising: R in 3..4 and F in 0..1 and M in 0..1\n"
    "Needs Attention: R in 2..3 and F in 2..3 and M in 2..3\n"
    "About To Sleep: R in 2..3 and F in 0..2 and M in 0..2\n"
    "At Risk: R in 0..2 and F in 2..5 and M in 2..5\n"
    "Can't Lose Them: R in 0..1 and F in 4..5 and M in 4..5\n"
    "Hibernating: R in 1..2 and F in 1..2 and M in 1..2\n"
    "Lost: R in 0..2 and F in 0..2 and M in 0..2\n"
    "Others: otherwise\n";

static const char behaviour[] =
    "# What customers do, first match wins. Columns: orders, spend (minor units),\n"
    "# referrals (customers brought along) and discount_share (orders bought at a\n"
    "# discount, 0 to 1). The numbers are a start: set your own.\n"
    "Word of mouth: referrals >= 2\n"
    "High value: spend >= 500000\n"
    "Discount seeker: orders >= 2 and discount_share >= 0.5\n"
    "Loyal: orders >= 6\n"
    "First-time: orders = 1\n"
    "Others: otherwise\n";

static const char channel[] =
    "# What channel suits a customer: rules of kehu/preference.h over columns of\n"
    "# kehu/features.h with the channel as the item. The numbers are a start.\n"
    "hall +3: hall_events >= 3 and hall_share >= 0.6\n"
    "hall +1: hall_share >= 0.3\n"
    "hall -1: hall_events = 0 and events >= 5\n"
    "agent +3: agent_events >= 3 and agent_share >= 0.6\n"
    "agent +1: agent_share >= 0.3\n"
    "agent -1: agent_events = 0 and events >= 5\n"
    "web_hall +3: web_hall_events >= 3 and web_hall_share >= 0.6\n"
    "web_hall +1: web_hall_share >= 0.3\n"
    "web_hall -1: web_hall_events = 0 and events >= 5\n"
    "sms_hall +3: sms_hall_events >= 3 and sms_hall_share >= 0.6\n"
    "sms_hall +1: sms_hall_share >= 0.3\n"
    "sms_hall -1: sms_hall_events = 0 and events >= 5\n"
    "terminal +3: terminal_events >= 3 and terminal_share >= 0.6\n"
    "terminal +1: terminal_share >= 0.3\n"
    "terminal -1: terminal_events = 0 and events >= 5\n"
    "hotline +3: hotline_events >= 3 and hotline_share >= 0.6\n"
    "hotline +1: hotline_share >= 0.3\n"
    "hotline -1: hotline_events = 0 and events >= 5\n"
    "app +3: app_events >= 3 and app_share >= 0.6\n"
    "app +1: app_share >= 0.3\n"
    "app -1: app_events = 0 and events >= 5\n"
    "hall -1: night_share >= 0.5\n"
    "app +1: night_share >= 0.5 and app_events >= 1\n";

static const char content[] =
    "# What content suits a customer: the same with the content as the item, and the\n"
    "# minutes or views as amount.\n"
    "news +3: news_events >= 5 and news_share >= 0.5\n"
    "news +1: news_share >= 0.25\n"
    "news -1: news_events = 0 and events >= 10\n"
    "business +3: business_events >= 5 and business_share >= 0.5\n"
    "business +1: business_share >= 0.25\n"
    "business -1: business_events = 0 and events >= 10\n"
    "finance +3: finance_events >= 5 and finance_share >= 0.5\n"
    "finance +1: finance_share >= 0.25\n"
    "finance -1: finance_events = 0 and events >= 10\n"
    "sports +3: sports_events >= 5 and sports_share >= 0.5\n"
    "sports +1: sports_share >= 0.25\n"
    "sports -1: sports_events = 0 and events >= 10\n"
    "entertainment +3: entertainment_events >= 5 and entertainment_share >= 0.5\n"
    "entertainment +1: entertainment_share >= 0.25\n"
    "entertainment -1: entertainment_events = 0 and events >= 10\n"
    "life +3: life_events >= 5 and life_share >= 0.5\n"
    "life +1: life_share >= 0.25\n"
    "life -1: life_events = 0 and events >= 10\n"
    "culture +3: culture_events >= 5 and culture_share >= 0.5\n"
    "culture +1: culture_share >= 0.25\n"
    "culture -1: culture_events = 0 and events >= 10\n"
    "games +3: games_events >= 5 and games_share >= 0.5\n"
    "games +1: games_share >= 0.25\n"
    "games -1: games_events = 0 and events >= 10\n";

static const char occupation[] =
    "# What a customer probably does for a living: columns of kehu/features.h with the\n"
    "# cell as the place, over a month; age in years, spend in minor units a month.\n"
    "student +2: age in 15..24 and weekend_share >= 0.3\n"
    "student +1: age in 15..24 and night_share >= 0.2\n"
    "student -2: age >= 30\n"
    "business_person +2: spend >= 20000 and places >= 8\n"
    "business_person +1: spend >= 20000 and weekend_share < 0.25\n"
    "migrant_worker +2: age in 18..55 and spend in 3000..8000 and evening_share >= 0.5\n"
    "migrant_worker +1: places <= 3 and evening_share >= 0.5\n"
    "young_white_collar +2: age in 23..35 and spend in 8000..20000 and weekend_share < "
    "0.35\n"
    "young_white_collar +1: age in 23..35 and places in 2..6\n"
    "low_income +2: spend < 3000\n"
    "low_income -2: spend >= 8000\n"
    "driver +3: moves >= 40 and places >= 12\n"
    "driver +1: moves >= 20 and night_share >= 0.2\n";

const char *kehu_segments_builtin(const char *name)
{
    static const struct {
        const char *name, *text;
    } tables[] = {{"rfm_grid", rfm_grid},   {"rfm_intervals", rfm_intervals},
                  {"behaviour", behaviour}, {"channel", channel},
                  {"content", content},     {"occupation", occupation}};
    for (size_t i = 0; name != NULL && i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i].name, name) == 0)
            return tables[i].text;
    return NULL;
}
