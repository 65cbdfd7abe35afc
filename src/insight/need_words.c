/* The library's words of need. A list to start from: every trade has its own. */
#include <kehu/need.h>

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/number.h"

/* Words of one class and weight, parted by "|". */
typedef struct words {
    const char *need;
    int32_t weight;
    const char *list;
} words;

static const words all[] = {
    {"basic", 90,
     "乱扣|多扣|擅自|私自|未经|泄露|冒充|诈骗|欺骗|被盗|盗刷|overcharged|charged twice"},
    {"basic", 75,
     "没信号|没有信号|无信号|没网|没有网|断网|掉线|打不开|打不通|连不上|连接不上|用不了|"
     "上不了网|收不到|登不|闪退|崩溃|瘫痪|死机|坏了|没到账|未到账|不到账|无故|没订|"
     "没开通|"
     "no service|no signal|not working|does not work|doesn't work|crash|crashes|crashed|"
     "broken|stolen"},
    {"basic", 60,
     "断了|断断续续|中断|故障|无法|打不了|打不出|看不了|上不了|不能用|不能上网|听不见|"
     "听不到|"
     "没经过|不经|莫名|没来|没人来|没人管|骂人|态度恶劣|辱骂|虚假|骗|不退|没退|清零|清空|"
     "开错|"
     "错误|扣费|扣款|扣我|扣了|还在扣|被扣|被停|被改|fail|fails|failed|dead|lost|nobody|"
     "cannot|can't"},
    {"basic", 40,
     "明明|说好|约好|少了|丢了|丢失|停机|停了|没有人|没人|不理|不来|重复|两次|退款|碎|吞|"
     "骂|"
     "错了|根本|完全没|修不好|还没|never|wrong|again"},
    {"expected", 70,
     "太慢|太贵|便宜|性价比|划算|提速|太少|不够用|更快|快一点|快一些|慢|slow|slower|"
     "faster|"
     "cheaper|expensive|too long"},
    {"expected", 55,
     "贵|优惠|实惠|太高|太低|太长|太久|太远|太小|太差|偏高|偏慢|偏贵|降低|降价|提高|提升|"
     "改善|"
     "改进|加快|加强|延迟|等了|排队|满意|耐心|热情|好评|点赞|点个赞|繁琐|折扣|more "
     "data|price|"
     "lower|quickly|friendly|waiting time|better"},
    {"expected", 35,
     "不够|不足|一点|一些|快|涨|很卡|太卡|好卡|卡顿|卡死|卡得|老是卡|差|复杂|太麻烦|"
     "很麻烦|敷衍|半天|高峰|速度|延长|多给|"
     "再多|值得|"
     "不稳定|不耐用|一般|more|less|longer"},
    {"latent", 90,
     "要是能|如果能|如果可以|有没有考虑|有没有可能|没想到|惊喜|何不|would be great|"
     "would be nice|i wish|any plans|surprise|surprised"},
    {"latent", 65,
     "建议|推出|能开发|开发一|开发个|新增|增设|增加一个|期待|就好了|就方便了|就完美了|"
     "为什么不做|贴心|感动|周到|suggest|suggestion|feature|idea|why don't you|why not"},
    {"latent", 45,
     "要是|就更好了|希望以后|功能|能不能|能否|可不可以|可否|支持|居然|竟然|意外|希望可以|"
     "希望能|希望增加|"
     "希望你们|最好|想要|想把|如果有|能自动|可以自动|一键|add|support for|offer|could"},
};

/* One class's words as lines of the list. */
static void add_lines(kehu__buffer *b, const words *w)
{
    char weight[KEHU__NUMBER_BYTES];
    const int n = kehu__format_int64(weight, w->weight);
    for (const char *at = w->list; *at != '\0';) {
        const size_t size = strcspn(at, "|");
        kehu__buffer_text(b, w->need);
        kehu__buffer_text(b, "\t+");
        kehu__buffer_add(b, at, size);
        kehu__buffer_text(b, "\t");
        kehu__buffer_add(b, weight, (size_t)n);
        kehu__buffer_text(b, "\n");
        at += size + (at[size] == '|');
    }
}

kehu_status kehu_needs_words(kehu_keyword **out, const kehu_allocator *alloc,
                             kehu_error *err)
{
    const kehu_allocator a = kehu__allocator(alloc);
    kehu__buffer b = kehu__buffer_new(&a);
    kehu_status status;
    if (out == NULL)
        return kehu__fail(err, KEHU_ARGUMENT, -1, "out is NULL");
    *out = NULL;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        add_lines(&b, &all[k]);
    status = b.failed ? kehu__no_memory(err, "words of need")
                      : kehu_keyword_read_text(out, b.bytes, b.size, alloc, err);
    kehu__buffer_free(&b);
    return status;
}
