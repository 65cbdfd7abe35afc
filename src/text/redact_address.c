/* Addresses. What gives one away is the name of a road, a village, an estate, right
 * before a number with its unit: 中山路12号. From there it goes on to the right as far as
 * numbers with units and further names do, and to the left over the names of larger
 * places. */
#include <string.h>

#include "base/utf8.h"
#include "text/normalize.h"
#include "text/redact.h"

enum { NAME = 7, ESTATE = 12, LONGEST = 40 }; /* characters */
enum { MOST_ROOM = 6, MOST_DASHED = 9 };      /* bytes of 1203-2, and of 12-3-1201 */

/* Last characters of names that stand before a number; larger places; words that a
 * number may follow though they end like such a name; names that need no number once
 * there was one; what no name contains, and words that no name begins with. */
static const char places[] =
    "路街道段巷弄村庄屯里苑园厦城区府湾郡院镇乡社邨坊庭轩居场寓墅岛桥营";
static const char areas[] = "省市区县州盟旗镇乡村路街道港园";
static const char *const not_places[] = {
    "知道", "报道", "频道", "通道", "渠道", "这里", "那里", "哪里", "家里", "城里",
    "店里", "夜里", "心里", "手里", "医院", "法院", "学院", "影院", "剧院", "现场",
    "市场", "商场", "机场", "车场", "立场", "当场", "专区", "地区", "景区", "园区",
    "商城", "道路", "线路", "网路", "一路", "半路", "时段", "阶段", "手段", NULL};
static const char *const estates[] = {
    "大厦", "广场", "公寓", "花园",   "小区",   "家园", "新村", "大楼", "公馆", "国际",
    "园",   "园区", "中心", "写字楼", "商务楼", "基地", "饭店", "酒店", NULL};
static const char stops[] = "在到是于去址从往向给寄送至我你您他她们的了住过这那有就来跟让"
                            "把被请叫说离个要也很还没不"
                            "搬位发派修打约等号室栋幢层为喺称";
static const char inside_no_name[] = "的在到是于去从往向我你您他她们了这那";
static const char joiners[] = "和与及或、";
static const char *const beginnings[] = {
    "收货", "投诉", "地址", "装机", "安装", "公司", "单位", "我家", "他家", "她家",
    "老家", "新家", "房子", "收件", "家住", "变更", "地点", "家里", "奶家", "爷家",
    "婆家", "妈家", "爸家", "母家", "上门", "门牌", "位置", "改成", "改为", "换成",
    "换到", "生家", "士家", "姐家", "傅家", "们村", "们镇", "们乡", "们县", "们区",
    "们市", "反映", "反馈", "户籍", "籍贯", "申请", "预约", "报修", "报装", "移机",
    "用户", "客户", "业主", "址写", NULL};
static const char units[] = "号弄栋幢座组队室巷社街委村期";
static const char more_units[] = "号弄栋幢座组队室巷社街委期单楼层户元门塔区房";
static const char buildings[] = "栋幢座室楼层";

/* Whether a character of `size` bytes is one of a list, or a traditional form of one. */
static bool is_one_of(const char *list, const char *c, size_t size)
{
    char simple[4];
    if (size != 3)
        return false;
    (void)kehu__utf8_put(simple, kehu__simplify(kehu__utf8_next(&c, c + size)));
    for (const char *p = list; *p != '\0'; p += 3) /* all of three bytes */
        if (memcmp(p, simple, 3) == 0)
            return true;
    return false;
}

/* Whether one of the words ends at a place. */
static bool ends_with(const kehu__redacting *r, size_t at, const char *const *words)
{
    while (*words != NULL && !kehu__redact_had(r, at, *words))
        words++;
    return *words != NULL;
}

static bool is_hanzi(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF);
}

static bool is_number(uint32_t c)
{
    return kehu__redact_digit(c) >= 0 || kehu__redact_numeral(c) >= 0 || c == 0x5341 ||
           c == 0x767E; /* 十 百 */
}

static bool joins_numbers(uint32_t c)
{
    return c == '-' || c == '#' || c == 0xFF0D || c == 0x2014 || c == 0x4E4B ||
           c == 0x9644; /* 之 附 */
}

/* The B of 5-B301, the A of 3A08. */
static bool is_wing_of_room(const kehu__redacting *r, size_t at, uint32_t c)
{
    size_t second, other;
    if (!kehu__redact_letter(c) ||
        kehu__redact_digit(kehu__redact_at(r, at + 1, &second)) < 0)
        return false;
    return kehu__redact_before(r, at, &other) == '-' ||
           (c <= 'F' && kehu__redact_digit(kehu__redact_at(r, second, &other)) >= 0);
}

/* Behind the digits at a place, as 12, 十二, 12-3, 5-B301, 3A08 or 12之1; `at` when there
 * are none. */
static size_t behind_digits(const kehu__redacting *r, size_t at)
{
    size_t end = at, next;
    for (int n = 0; n < 12; n++, at = next) {
        const uint32_t c = kehu__redact_at(r, at, &next);
        if (is_number(c))
            end = next;
        else if (n == 0 || (!joins_numbers(c) && !is_wing_of_room(r, at, c)))
            break;
    }
    return end;
}

/* What no address goes on with behind 号: a line, a window, a counter; where the number
 * may be a day's, a time of the day. */
static bool is_thing(const kehu__redacting *r, size_t at, bool may_be_day)
{
    static const char *const things[] = {"线", "窗", "机", "台", "柜", "口", "店", "馆",
                                         "站", "厅", "车", "码", "客", "员", NULL};
    static const char *const times[] = {"下午", "上午", "晚",   "早", "前",
                                        "之前", "之后", "左右", NULL};
    static const char *const places_at[] = {"门口", "门前", "门市", "门店", "门面",
                                            "门卫", "门诊", "前台", "前面", NULL};
    const char *const *lists[] = {things, may_be_day ? times : NULL};
    for (const char *const *w = places_at; *w != NULL; w++)
        if (kehu__redact_has(r, at, *w))
            return false;
    for (int k = 0; k < 2; k++)
        for (const char *const *w = lists[k]; w != NULL && *w != NULL; w++)
            if (kehu__redact_has(r, at, *w))
                return true;
    return kehu__redact_has(r, at, "门");
}

/* 138号甲; `at` when there is no such thing. */
static size_t behind_stem(const kehu__redacting *r, size_t at)
{
    size_t next;
    kehu__redact_at(r, at, &next);
    return kehu__redact_had(r, at, "号") &&
                   is_one_of("甲乙丙丁", r->text + at, next - at) &&
                   !kehu__redact_has(r, next, "方")
               ? next
               : at;
}

/* Behind the name of an office building, as 机械大厦; `at` when there is none. */
static size_t behind_building(const kehu__redacting *r, size_t at)
{
    enum { MOST = 6 };
    static const char *const buildings_of[] = {"大厦", "大楼", "广场", NULL};
    size_t p = at, next;
    for (int n = 0; n < MOST && is_hanzi(kehu__redact_at(r, p, &next)); n++, p = next)
        if (n > 1 && ends_with(r, next, buildings_of))
            return next;
    return at;
}

/* Behind a number and its unit at a place, as 12号, 3栋, A座, 2单元; `at` when there is
 * none. */
static size_t behind_numbered(const kehu__redacting *r, size_t at, const char *list)
{
    static const char *const stems[] = {"甲", "乙", "丙", "丁"}; /* 甲6号 */
    size_t p = at, next, end;
    for (size_t i = 0; i < sizeof stems / sizeof *stems && p == at; i++)
        p += kehu__redact_has(r, at, stems[i]) ? strlen(stems[i]) : 0;
    end = behind_digits(r, p);
    if (end == p && p > at)
        return kehu__redact_has(r, p, "单元") ? p + strlen("单元")
               : kehu__redact_has(r, p, "座") ? p + strlen("座")
                                              : at;
    if (end == at && kehu__redact_letter(kehu__redact_at(r, at, &next)))
        end = behind_digits(r, next) > next ? behind_digits(r, next) : next; /* A座 */
    if (end == at)
        return at;
    kehu__redact_at(r, p = end, &next);
    if (is_one_of("甲乙丙丁", r->text + p, next - p) && kehu__redact_has(r, next, "号"))
        kehu__redact_at(r, p = next, &next); /* 183甲号 */
    if (kehu__redact_has(r, p, "支弄"))
        return p + strlen("支弄");
    if (!is_one_of(list, r->text + p, next - p))
        return at;
    if (kehu__redact_has(r, p, "单元"))
        return p + strlen("单元");
    if (kehu__redact_has(r, p, "元") || kehu__redact_has(r, p, "单"))
        return at;
    if ((kehu__redact_has(r, p, "号楼") && !kehu__redact_has(r, p, "号楼道")) ||
        kehu__redact_has(r, p, "号院"))
        return p + strlen("号楼");
    const bool is_long =
        kehu__redact_digit((unsigned char)r->text[at]) >= 0 && p > at + 2;
    return kehu__redact_has(r, p, "号") && is_thing(r, next, !is_long) &&
                   behind_building(r, next) == next
               ? at
               : next;
}

/* Behind bare digits that name a room, as in 3栋501; `at` when there are none. */
static size_t behind_room(const kehu__redacting *r, size_t at)
{
    static const char *const others[] = {"元", "块", "个", "次", "天", "月", "年", "分",
                                         "秒", "米", "平", "人", "点", "号", "兆", "M"};
    size_t end = behind_digits(r, at), next, after;
    const bool dashed = memchr(r->text + at, '-', end - at) != NULL;
    const uint32_t letter = kehu__redact_at(r, end, &next);
    const uint32_t behind = kehu__redact_at(r, next, &after);
    const bool lettered = letter >= 'A' && letter <= 'F' && /* 18F, 20C */
                          !kehu__redact_letter(behind) && kehu__redact_digit(behind) < 0;
    if (end == at || end + lettered < at + 2 ||
        end > at + (dashed ? MOST_DASHED : MOST_ROOM) ||
        kehu__redact_digit((unsigned char)r->text[at]) < 0)
        return at;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (kehu__redact_has(r, end, others[i]))
            return at;
    return lettered ? next : end;
}

/* 三期, A区 behind the name of an estate. */
static bool ends_stage(const kehu__redacting *r, size_t at, size_t end)
{
    size_t before, further;
    const uint32_t which = kehu__redact_before(r, at, &before);
    if ((!kehu__redact_had(r, end, "期") && !kehu__redact_had(r, end, "区")) ||
        (kehu__redact_numeral(which) < 0 && kehu__redact_digit(which) < 0 &&
         !kehu__redact_letter(which)) ||
        before <= r->from)
        return false;
    kehu__redact_before(r, before, &further);
    return is_one_of(places, r->text + further, before - further);
}

/* 人民路中, 西大街南: a part of a road. */
static bool ends_part(const kehu__redacting *r, size_t at, size_t end)
{
    size_t before;
    kehu__redact_before(r, at, &before);
    return is_one_of("东西南北中", r->text + at, end - at) && before > r->from &&
           is_one_of("路道街", r->text + before, at - before) &&
           !ends_with(r, at, not_places);
}

/* 我们小区: nobody knows which one. */
static bool is_nameless(const kehu__redacting *r, size_t end)
{
    const size_t size = strlen("小区");
    size_t before;
    if (!kehu__redact_had(r, end, "小区"))
        return false;
    return !is_hanzi(kehu__redact_before(r, end - size, &before)) || before < r->from ||
           is_one_of(stops, r->text + before, end - size - before);
}

/* 文昌一路11号, unlike 一路上. */
static bool is_numbered_road(const kehu__redacting *r, size_t end)
{
    return kehu__redact_had(r, end, "一路") && behind_numbered(r, end, "号") > end;
}

/* Whether a character that ends at `end` is the last of a place's name. */
static bool ends_place(const kehu__redacting *r, size_t at, size_t end)
{
    size_t before;
    if (ends_stage(r, at, end) || ends_part(r, at, end))
        return true;
    if (!is_one_of(places, r->text + at, end - at))
        return false;
    if ((ends_with(r, end, not_places) && !is_numbered_road(r, end)) ||
        is_nameless(r, end))
        return false;
    return is_hanzi(kehu__redact_before(r, at, &before)) && before >= r->from &&
           !is_one_of(stops, r->text + before, at - before);
}

/* Behind the number of a building, as 12幢, B座 or 7号楼; `at` when there is none. */
static size_t behind_block(const kehu__redacting *r, size_t at)
{
    const size_t end = behind_numbered(r, at, "号栋幢楼座");
    return kehu__redact_had(r, end, "号") ? at : end;
}

/* Behind the number of a part of an estate and one in it, as 二期14栋, D区14幢 or
 * 42号502室; `at` when there is no such thing. */
static size_t behind_two_numbered(const kehu__redacting *r, size_t at)
{
    const size_t part = behind_numbered(r, at, "号期区");
    const size_t end = part > at ? behind_numbered(r, part, "栋幢座室楼号") : part;
    return end > part ? end : at;
}

/* Whether a building and a room of it follow a name of any kind, as in 澜山12幢101. */
static bool has_building_and_room(const kehu__redacting *r, size_t at, size_t end)
{
    size_t before, behind;
    const size_t building = behind_block(r, end);
    if (building == end ||
        (is_one_of(stops, r->text + at, end - at) &&
         !kehu__redact_had(r, end, "一号")) || /* 滨江一号3幢 */
        is_one_of(joiners, r->text + at, end - at) ||
        !is_hanzi(kehu__redact_before(r, at, &before)) || before < r->from ||
        is_one_of(stops, r->text + before, at - before))
        return false;
    behind = behind_numbered(r, building, more_units);
    return behind_room(r, behind) > behind ||
           behind_numbered(r, building, "室房") > building;
}

/* Behind the words of a list that follow at a place, as 广场 in 国际广场. */
static size_t behind_words(const kehu__redacting *r, size_t at, const char *const *words)
{
    const char *const *w = words;
    while (*w != NULL)
        if (kehu__redact_has(r, at, *w)) {
            at += strlen(*w);
            w = words;
        } else
            w++;
    return at;
}

/* Behind a further name, as 阳光花园3栋 or 中心大厦; `at` when there is none. */
static size_t behind_estate(const kehu__redacting *r, size_t at)
{
    size_t p = at, next;
    for (int n = 0; n < ESTATE; n++, p = next) {
        const uint32_t c = kehu__redact_at(r, p, &next);
        size_t end;
        if (n > 0 && c >= 'A' && c <= 'Z') /* 万达SOHO公寓 */
            continue;
        if (!is_hanzi(c) ||
            is_one_of(n == 0 ? stops : inside_no_name, r->text + p, next - p) ||
            (n == 0 && is_one_of(joiners, r->text + p, next - p)))
            return at;
        if (n > 0 && (is_one_of(places, r->text + p, next - p) || c == 0x5EA7) && /* 座 */
            ((end = behind_numbered(r, next, units)) > next ||
             ((end = behind_room(r, next)) > next &&
              (c == 0x5EA7 || memchr(r->text + next, '-', end - next) != NULL))))
            return end;
        if (n > 1 && ((end = behind_numbered(r, next, buildings)) > next ||
                      (end = behind_block(r, next)) > next ||
                      (end = behind_two_numbered(r, next)) > next))
            return end;
        if (n > 1 && ends_with(r, next, estates) &&
            !(kehu__redact_had(r, next, "园") && kehu__redact_has(r, next, "区"))) {
            end = behind_words(r, next, estates);
            return kehu__redact_had(r, end, "国际") && kehu__redact_has(r, end, "城")
                       ? end + strlen("城")
                       : end;
        }
    }
    return at;
}

/* Behind a wing or a kind of building, and the number of a floor or a room in it, as in
 * 北塔1208, 东单元5层, 办公楼1座; `at` when there is none. */
static size_t behind_wing(const kehu__redacting *r, size_t at)
{
    static const char *const wings[] = {"塔",     "座",     "楼",     "单元", "栋",
                                        "办公楼", "写字楼", "住宅楼", "主楼", "裙楼",
                                        "副楼",   "综合楼", "商务楼", NULL};
    size_t named = at, next, end;
    const char *const *w = wings;
    kehu__redact_at(r, at, &next);
    if (is_one_of("东西南北中", r->text + at, next - at))
        named = next;
    else
        w += 5; /* without a direction a kind of building */
    while (*w != NULL && !kehu__redact_has(r, named, *w))
        w++;
    if (*w == NULL)
        return at;
    named += strlen(*w);
    end = behind_numbered(r, named, more_units);
    return end > named || (end = behind_room(r, named)) > named ? end : at;
}

/* Behind a number within a number, as in 12号附8号, 12号内1号, 268号自编3栋 or 555号之一
 * 1208房; `at` when there is none. */
static size_t behind_inner(const kehu__redacting *r, size_t at)
{
    static const char *const inner[] = {"附", "付", "内", "自编", "之", NULL};
    const char *const *w = inner;
    size_t from, end;
    while (*w != NULL && !kehu__redact_has(r, at, *w))
        w++;
    if (*w == NULL)
        return at;
    from = at + strlen(*w);
    end = behind_numbered(r, from, more_units);
    if (end == from && kehu__redact_has(r, at, "之"))
        end = behind_digits(r, from); /* 之二 */
    return end > from ? end : at;
}

static size_t extend_right(const kehu__redacting *r, size_t end)
{
    for (;;) {
        size_t next, at = end, p;
        const uint32_t c = kehu__redact_at(r, at, &next);
        if (c == ' ' || c == '-' || c == ',' || c == 0xFF0C || c == 0x9644) /* 附 */
            at = next;
        if ((p = behind_inner(r, end)) > end)
            at = end;
        else if ((p = behind_numbered(r, at, more_units)) == at &&
                 (p = behind_room(r, at)) == at && (p = behind_wing(r, at)) == at &&
                 (p = behind_stem(r, at)) == at &&
                 (at != end || (p = behind_estate(r, at)) == at))
            return end;
        end = p;
    }
}

/* Whether what is a stop elsewhere begins the name of a county or district, as in
 * 赣州市于都县. */
static bool begins_county(const kehu__redacting *r, size_t at, size_t end)
{
    size_t before, second, third;
    kehu__redact_before(r, at, &before);
    kehu__redact_at(r, end, &second);
    kehu__redact_at(r, second, &third);
    return before >= r->from && is_one_of("于从和", r->text + at, end - at) &&
           is_one_of("市州", r->text + before, at - before) &&
           is_one_of("县区市", r->text + second, third - second);
}

/* Over the names of larger places; a name has at most NAME characters before its last. */
static size_t extend_left(const kehu__redacting *r, size_t at)
{
    size_t start = at, before;
    int since = 0;
    for (int n = 0; n < LONGEST && since <= NAME; n++) {
        const uint32_t c = kehu__redact_before(r, start, &before);
        if (!is_hanzi(c) || before < r->from ||
            (is_one_of(stops, r->text + before, start - before) &&
             !begins_county(r, before, start)) ||
            (before > 0 && before == r->from &&
             is_one_of(joiners, r->text + before, start - before)) ||
            ends_with(r, start, beginnings))
            break;
        since = is_one_of(areas, r->text + before, start - before) ? 0 : since + 1;
        if (since <= NAME)
            start = before;
    }
    return start;
}

/* Whether neither a character nor a number follows. */
static bool ends_phrase(const kehu__redacting *r, size_t at)
{
    size_t next;
    const uint32_t c = kehu__redact_at(r, at, &next);
    return !is_hanzi(c) && !is_number(c) && c != ' ';
}

/* Behind what names a part of a village, as 刘庄组, 小王庄, 中区128号, or 村委会12号;
 * `at` when there is no such thing. */
static size_t behind_part_of_village(const kehu__redacting *r, size_t at)
{
    enum { MOST = 4 };
    size_t p = at, next, end;
    if (kehu__redact_has(r, at, "委会")) {
        p = at + strlen("委会");
        end = behind_numbered(r, p, units);
        if (end > p)
            return end;
    }
    for (int n = 0; n < MOST; n++, p = next) {
        const uint32_t c = kehu__redact_at(r, p, &next);
        if (n > 0 &&
            (c == 0x7EC4 || /* 组 */
             (is_one_of("庄屯寨湾", r->text + p, next - p) && ends_phrase(r, next))))
            return next;
        if (n > 0 && is_one_of(places, r->text + p, next - p) &&
            (end = behind_numbered(r, next, units)) > next)
            return end;
        if (!is_hanzi(c) || is_one_of(stops, r->text + p, next - p))
            return at;
    }
    return at;
}

/* A village whose town and county are said needs no number. */
static bool village(const kehu__redacting *r, size_t at, size_t end,
                    kehu_redact_span *span)
{
    size_t start, next;
    bool town = false, county = false;
    if (!kehu__redact_had(r, end, "村"))
        return false;
    start = extend_left(r, at);
    for (size_t p = start; p < at; p = next) {
        kehu__redact_at(r, p, &next);
        county = county || (!town && is_one_of("市县区州旗", r->text + p, next - p));
        town = town || (county && is_one_of("镇乡", r->text + p, next - p) && next < at);
    }
    *span = (kehu_redact_span){(int64_t)start, (int64_t)behind_part_of_village(r, end),
                               KEHU_REDACT_ADDRESS};
    return town;
}

/* Behind the room of a building that needs no number, as 财富中心1901室 or, where a road
 * is said too, 民康路蓝坤大厦906; or behind 3-2-1503 after an estate; `end` when there is
 * none. */
static size_t behind_room_of_building(const kehu__redacting *r, size_t at, size_t end)
{
    enum { FEWEST = 3 }; /* digits */
    size_t next, room = behind_numbered(r, end, "室房");
    int dashes = 0;
    const bool building = ends_with(r, end, estates);
    if (building && room > end)
        return room;
    room = behind_room(r, end);
    for (size_t p = end; p < room; p++)
        dashes += r->text[p] == '-';
    if (dashes == 2 && room > end + FEWEST &&
        memchr(r->text + room - FEWEST, '-', FEWEST) == NULL)
        return room;
    if (!building || room < end + FEWEST || dashes > 0)
        return end;
    for (size_t p = extend_left(r, at); p < at; p = next) {
        kehu__redact_at(r, p, &next);
        if (is_one_of("路街道", r->text + p, next - p))
            return room;
    }
    return end;
}

/* Whether what stands here may be a number's first character, as nearly none is. */
static bool may_begin_number(const kehu__redacting *r, size_t at)
{
    size_t next;
    const uint32_t c = kehu__redact_at(r, at, &next);
    return c == ' ' || is_number(c) || kehu__redact_letter(c) ||
           is_one_of("甲乙丙丁", r->text + at, next - at);
}

bool kehu__redact_address(const kehu__redacting *r, size_t at, size_t end, uint32_t c,
                          kehu_redact_span *span)
{
    size_t next, behind, letter, first = at;
    if (!is_hanzi(c) || (c != 0x6751 && !may_begin_number(r, end))) /* 村 */
        return false;
    if (!ends_place(r, at, end) && !has_building_and_room(r, at, end) &&
        !(ends_with(r, end, estates) && behind_room_of_building(r, at, end) > end))
        return false;
    next = end;
    if (kehu__redact_at(r, end, &behind) == ' ')
        next = behind;
    behind = behind_numbered(r, next, units);
    if (behind == next)
        behind = behind_numbered(r, next, "楼");
    if (behind == next)
        behind = next = behind_room_of_building(r, at, end);
    if (behind == end)
        return village(r, at, end, span);
    if (ends_stage(r, at, end) &&
        kehu__redact_letter(kehu__redact_before(r, at, &letter)))
        first = letter;
    *span = (kehu_redact_span){(int64_t)extend_left(r, first),
                               (int64_t)extend_right(r, behind), KEHU_REDACT_ADDRESS};
    return true;
}
