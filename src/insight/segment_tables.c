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

const char *kehu_segments_builtin(const char *name)
{
    if (name != NULL && strcmp(name, "rfm_grid") == 0)
        return rfm_grid;
    if (name != NULL && strcmp(name, "rfm_intervals") == 0)
        return rfm_intervals;
    if (name != NULL && strcmp(name, "behaviour") == 0)
        return behaviour;
    return NULL;
}
