// Every word of the page in both languages. Names that come from the data and are not listed here - a user's own
// classes or channels - are shown as they are.

const words = {
  title: ["客户洞察报告", "Customer insight report"],
  asOf: ["数据截至", "as of"],
  madeBy: ["由 kehu 生成", "made by kehu"],
  language: ["语言", "Language"],
  dark: ["深色", "Dark"],
  tableOf: ["{name}（数据表）", "{name} (data table)"],
  skip: ["内容", "Contents"],

  customer: ["客户", "Customer"],
  customers: ["客户", "Customers"],
  events: ["行为记录", "Events"],
  texts: ["诉求文本", "Demand texts"],
  labelled: ["已标注", "labelled"],
  bestMethod: ["分类准确率（SVM）", "Accuracy (SVM)"],
  buyers: ["有消费客户", "Customers who spend"],
  rejected: ["拒收行", "Rows rejected"],

  demands: ["客户诉求", "Demands"],
  demandsHow: [
    "有标注的文本按标注计，其余由线性支持向量机归类；关键词取自关键词法的模型，其分为在该类文本中的累计贡献（权重×次数）。月份按诉求时间（UTC）统计。",
    "A labelled text counts under its label, any other under the class the support vector machine gives it; the keywords are those of the keyword method, with the points they gave over the texts of the category (weight × occurrences). Months follow the demand's time (UTC).",
  ],
  demandClasses: ["诉求类别", "Demand categories"],
  demandTrend: ["各类诉求的月度走势", "Demands by month"],
  demandChannels: ["渠道 × 诉求类别", "Channels × categories"],
  demandKeywords: ["各类的关键词（贡献分）", "Keywords of each category, by points"],
  points: ["分", "Points"],
  class: ["类别", "Category"],
  count: ["条数", "Count"],
  share: ["占比", "Share"],
  keywords: ["关键词", "Keywords"],
  month: ["月份", "Month"],
  channel: ["渠道", "Channel"],

  methods: ["两种分类方法对比", "Two ways of classifying"],
  methodsHow: [
    "在已标注文本上做 {folds} 折交叉验证，折由文本编号的散列固定。准确率＝判对条数÷全部条数（未判定算错）；宏平均 F1＝各类 F1 的平均；覆盖率＝给出判定的比例。速度见 methods.csv。",
    "Cross-validated on the labelled texts in {folds} folds fixed by a hash of the text's id. Accuracy = right ÷ all (no answer counts as wrong); macro-F1 = mean of the classes' F1; coverage = share that gets an answer. Speed is in methods.csv.",
  ],
  methodOverall: ["总体", "Overall"],
  methodClasses: ["各类别的 F1", "F1 of each category"],
  method: ["方法", "Method"],
  accuracy: ["准确率", "Accuracy"],
  macroF1: ["宏平均 F1", "Macro-F1"],
  coverage: ["覆盖率", "Coverage"],
  modelBytes: ["模型字节数", "Model bytes"],
  keyword: ["关键词法", "Keywords"],
  svm: ["SVM", "SVM"],

  tracking: ["诉求跟踪", "Demands from intake to solution"],
  trackingHow: [
    "每条诉求按状态机走过的历史，截至报告日终；首次答复以 {reply} 小时、解决以 {solve} 小时为时限。共 {open} 条未了结，{repeats} 条为 30 日内同一客户同类重复；状态机不允许的 {refused} 行被拒并列明原因，见 demand_refused.csv。",
    "Each demand followed through the machine of statuses to the end of the report's day; the first reply is due in {reply} hours, the solution in {solve}. {open} are open, {repeats} repeat one of the same customer and category within 30 days; {refused} rows that the machine does not allow were refused with the reason, see demand_refused.csv.",
  ],
  trackingStatuses: ["各类诉求的状态", "Where demands stand"],
  trackingTimes: ["答复与解决用时（中位，小时）", "Median hours to reply and solution"],
  trackingLatest: ["超时最久的诉求", "The latest of the late"],
  demand: ["诉求", "Demand"],
  open: ["未了结", "Open"],
  overdue: ["超时", "Overdue"],
  repeats: ["重复", "Repeats"],
  reply: ["首次答复", "First reply"],
  solution: ["解决", "Solution"],
  p90: ["{of} 90 分位", "{of}, 90 %"],
  inTime: ["{of}及时率", "{of} in time"],
  lateHours: ["超时（小时）", "Hours late"],
  status: ["状态", "Status"],

  priorities: ["先做什么", "What to do first"],
  prioritiesHow: [
    "各类诉求按输入项在各类中的名次加权计分（权重见文本文件）；每段为一项的得分，即排名的理由。垃圾信息不计入。",
    "Categories ranked by the weighted places of their inputs (weights are a text file); each part of a bar is an input's points: the reason of the rank. Spam is left out.",
  ],
  ranks: ["紧迫度", "Urgency"],
  rank: ["名次", "Rank"],
  score: ["得分", "Score"],
  input_volume: ["数量", "volume"],
  input_growth: ["增长", "growth"],
  input_negative_share: ["负面占比", "negative share"],
  input_customer_value: ["客户价值", "customer value"],
  needs: ["需求层次", "Levels of need"],
  need: ["需求", "Need"],
  basic: ["基本", "basic"],
  expected: ["期望", "expected"],
  latent: ["潜在", "latent"],
  noNeed: ["未提及", "none"],
  reasons: ["理由词", "Words"],
  tones: ["情感倾向", "Tone"],
  negative: ["负面", "negative"],
  neither: ["中性", "neither"],
  positive: ["正面", "positive"],
  trends: ["水平与增长", "Levels and growth"],
  level: ["每日水平", "A day"],
  growth: ["30 日增长", "Growth in 30 days"],
  interval: ["95 % 区间", "95 % interval"],
  lastChange: ["最近变点", "Last change"],
  kano: ["Kano 问卷", "Kano's questionnaire"],
  better: ["better 系数", "better"],
  worse: ["worse 系数", "worse"],
  feature: ["功能", "Feature"],

  themes: ["在说什么", "What they are about"],
  themesHow: [
    "主题由非负矩阵分解得出，转抄的文本只算一次；突发按前 56 天的预期判定；新词为词典所无而这些文本当词用的字串。",
    "Topics by non-negative matrix factorization, copies counted once; bursts against what the 56 days before let expect; new words are strings that the dictionary lacks and these texts use as words.",
  ],
  topics: ["主题", "Topics"],
  example: ["例", "Example"],
  words: ["词", "Words"],
  bursts: ["突发", "Bursts"],
  from: ["自", "From"],
  to: ["至", "To"],
  awaited: ["预期", "Expected"],
  newWords: ["新词", "New words"],
  word: ["词", "Word"],
  copies: ["转抄最多的文本", "Texts copied most"],
  text: ["文本", "Text"],
  sentences: ["各类代表语句", "Sentences of each category"],
  sentence: ["语句", "Sentence"],

  preferences: ["偏好等级", "Preference levels"],
  preferencesHow: [
    "每位客户对每一项得 0–100 分，即下一次会选它的概率：自己的行为与决策树由资料推断的概率合并（后者相当于 4 次行为），没有行为的潜在客户只看推断；职业已知者取已知值。五级：0–20 几乎不用，20–40 偶尔，40–60 一般，60–80 较依赖，80–100 依赖。",
    "Each customer scores 0–100 for each item, the probability of choosing it next: own behaviour fused with what a decision tree infers from the fields (worth 4 events), which alone counts for latent customers without behaviour; a known occupation is taken as it is. Five levels: 0–20 hardly, 20–40 occasional, 40–60 ordinary, 60–80 rather reliant, 80–100 reliant.",
  ],
  of_channel: ["渠道偏好", "Channel preference"],
  of_content: ["内容偏好", "Content preference"],
  of_occupation: ["职业", "Occupation"],
  item: ["项目", "Item"],
  hardly: ["几乎不用", "hardly"],
  occasional: ["偶尔", "occasional"],
  ordinary: ["一般", "ordinary"],
  rather_reliant: ["较依赖", "rather reliant"],
  reliant: ["依赖", "reliant"],

  contactFlows: ["渠道接触", "Contacts"],
  contactFlowsHow: [
    "客户主动接触（contact 类行为）按渠道与事由计数，线宽为次数；事由取前 12 种，其余合计。",
    "Contacts (events of kind contact) counted by channel and by what they were about; a band is as wide as its count. The first 12 topics, all others together.",
  ],
  contactFlow: ["渠道 → 事由", "Channel → topic"],
  others: ["其他", "others"],

  rfm: ["RFM 价值分群", "RFM segments"],
  rfmHow: [
    "R＝距最近一次消费的天数，F＝消费次数，M＝消费金额；各按五分位打 1–5 分（5 最好），相等的值同分。分群由规则表给出。迁移：{days} 天前的消费按今天的分位点重算分群，再与今天相比。",
    "R = days since the last purchase, F = number of purchases, M = money; each graded 1–5 by quintiles (5 is best), equal values share a grade. Segments come from a rule table. Migration: the purchases up to {days} days before, graded by the cut points of today, beside the segments of today.",
  ],
  rfmHeat: ["R × F 客户数", "Customers by R × F"],
  rfmSegments: ["客户分群", "Segments"],
  rfmScatter: ["价值与最近消费（R-F-M 同分的客户一个圆，面积为人数）", "Value against recency (a circle for each R-F-M, area = customers)"],
  rfmMigration: ["分群迁移：{days} 天前 → 现在", "Migration of segments: {days} days before → now"],
  segmentThen: ["{days} 天前", "{days} days before"],
  noSegment: ["尚无消费", "none yet"],
  meanSpend: ["人均消费额", "Spend each"],
  rGrade: ["R 分", "R grade"],
  grades: ["R-F-M 分", "R-F-M grades"],
  fGrade: ["F 分", "F grade"],
  segment: ["分群", "Segment"],
  spend: ["消费额", "Spend"],
  meanRecency: ["平均 R（天）", "Mean R (days)"],
  meanOrders: ["平均 F", "Mean F"],

  profile: ["客户画像", "Profile of one customer"],
  profileHow: [
    "雷达图：该客户在全体客户中的百分位（0–100），虚线为全体中位数 50。",
    "Radar: the customer's percentile among all customers (0–100); the dashed line is the base's median, 50.",
  ],
  profileRadar: ["与全体客户相比", "Against the base"],
  axis: ["维度", "Axis"],
  thisCustomer: ["该客户", "This customer"],
  base: ["全体中位", "Base median"],
  recency: ["最近消费", "Recency"],
  frequency: ["消费次数", "Frequency"],
  monetary: ["消费金额", "Money"],
  contacts: ["渠道接触", "Contacts"],
  usage: ["内容使用", "Content use"],
  voice: ["诉求次数", "Demands"],

  targets: ["目标客户名单", "Target lists"],
  targetsHow: ["完整名单见 targets.csv；此处为每份名单的前几位。", "The full lists are in targets.csv; here are the first of each."],
  content_label: ["内容推荐：{item}", "Content: {item}"],
  content_rule: ["对{item}的偏好不低于“较依赖”", "rather reliant or reliant on {item}"],
  list: ["名单", "List"],
  rule: ["规则", "Rule"],
  first: ["前几位", "First"],

  rejects: ["拒收的数据行", "Rows rejected"],
  rejectsHow: [
    "坏行逐行拒收，其余照常处理；每行的位置与原因见 rejects.csv。",
    "Bad rows are rejected one by one and the rest goes on; rejects.csv has line and reason of each.",
  ],
  file: ["文件", "File"],
  reason: ["原因", "Reason"],
  rows: ["行数", "Rows"],
  comma: ["、", ", "],
  none: ["没有", "none"],
};

const names = {
  hall: ["营业厅", "hall"], agent: ["代理点", "agent"], web_hall: ["网上营业厅", "web hall"],
  sms_hall: ["短信营业厅", "SMS hall"], terminal: ["自助终端", "terminal"], hotline: ["热线", "hotline"], app: ["APP", "app"],
  news: ["新闻", "news"], business: ["商业", "business"], finance: ["财经", "finance"], sports: ["体育", "sports"],
  entertainment: ["娱乐", "entertainment"], life: ["生活", "life"], culture: ["文化", "culture"], games: ["游戏", "games"],
  资费咨询: ["资费咨询", "tariff enquiry"], 话费争议: ["话费争议", "billing dispute"], 网络信号: ["网络信号", "mobile signal"],
  宽带故障: ["宽带故障", "broadband fault"], 套餐变更: ["套餐变更", "plan change"], 办理业务: ["办理业务", "service order"],
  服务态度: ["服务态度", "staff attitude"], 终端问题: ["终端问题", "device trouble"], 积分活动: ["积分活动", "points, promotions"],
  增值业务退订: ["增值业务退订", "unsubscribe add-ons"], 垃圾信息: ["垃圾信息", "spam"],
  Champions: ["重要价值", "Champions"], Loyal: ["忠诚", "Loyal"], "Potential loyalist": ["潜在忠诚", "Potential loyalist"],
  New: ["新客", "New"], Promising: ["有潜力", "Promising"], "Needs attention": ["需关注", "Needs attention"],
  "About to sleep": ["将沉睡", "About to sleep"], "At risk": ["流失风险", "At risk"], "Can't lose": ["不能失去", "Can't lose"],
  Hibernating: ["沉睡", "Hibernating"], Lost: ["已流失", "Lost"],
  new: ["新建", "new"], assigned: ["已派单", "assigned"], answered: ["已答复", "answered"], solved: ["已解决", "solved"],
  closed: ["已关闭", "closed"], reopened: ["重开", "reopened"],
  basic: ["基本", "basic"], expected: ["期望", "expected"], latent: ["潜在", "latent"],
  query: ["查询", "query"], handle: ["办理", "service"], complain: ["投诉", "complaint"], pay: ["缴费", "payment"],
  男: ["男", "male"], 女: ["女", "female"], yes: ["是", "yes"], no: ["否", "no"],
  学生: ["学生", "student"], 公司职员: ["公司职员", "office worker"], 个体经营: ["个体经营", "self-employed"],
  公务员教师: ["公务员教师", "civil servant, teacher"], 工人: ["工人", "worker"], 农民: ["农民", "farmer"], 退休: ["退休", "retired"],
};

let language = 0; // 0 Chinese, 1 English

export function setLanguage(code) {
  language = code === "en" ? 1 : 0;
}

export function languageCode() {
  return language === 1 ? "en" : "zh";
}

export function say(key, values = {}) {
  const text = (words[key] ?? [key, key])[language];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function nameOf(code) {
  const text = Object.prototype.hasOwnProperty.call(names, code) ? names[code] : null;
  return text ? text[language] : String(code);
}

const formats = new Map();
function format(digits, style) {
  const key = `${language} ${digits} ${style}`;
  if (!formats.has(key))
    formats.set(
      key,
      new Intl.NumberFormat(language ? "en" : "zh-CN", {
        style, minimumFractionDigits: digits, maximumFractionDigits: digits,
      }),
    );
  return formats.get(key);
}

const shown = (x, digits, style, unit) => (x === null || x === undefined ? "–" : format(digits, style).format(Math.abs(x) < 0.5 * unit ? 0 : x)); // no "-0"
export const number = (x, digits = 0) => shown(x, digits, "decimal", 10 ** -digits);
export const percent = (x, digits = 1) => shown(x, digits, "percent", 10 ** -(digits + 2));
