// Builds the page from the JSON in it, once for each change of language or theme.
import { init, use } from "echarts/core";
import { BarChart, HeatmapChart, LineChart, RadarChart, SankeyChart, ScatterChart, TreemapChart } from "echarts/charts";
import { GridComponent, LegendComponent, RadarComponent, TitleComponent, TooltipComponent, VisualMapContinuousComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import * as charts from "./charts.js";
import { languageCode, nameOf, number, percent, say, setLanguage } from "./words.js";

use([
  BarChart, HeatmapChart, LineChart, RadarChart, SankeyChart, ScatterChart, TreemapChart, GridComponent, LegendComponent, RadarComponent,
  TitleComponent, TooltipComponent, VisualMapContinuousComponent, SVGRenderer,
]);

const report = JSON.parse(document.getElementById("report").textContent);
const page = document.getElementById("page");
const darkByDefault = window.matchMedia("(prefers-color-scheme: dark)");
const drawn = []; // { chart, box, make }
let dark = darkByDefault.matches, printing = false;

// element("td", {class: "number"}, child, "text", ...)
function element(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, x] of Object.entries(attributes ?? {})) e.setAttribute(key, x);
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

function table(caption, { head, numbers, rows }) {
  const place = (tag, i, c) => {
    const attributes = tag === "th" ? { scope: i === 0 ? "row" : "col" } : {};
    if (numbers[i]) attributes.class = "number";
    if (c !== null && typeof c === "object" && !(c instanceof Node)) {
      attributes["data-value"] = c.value ?? "";
      return element(tag, attributes, c.text);
    }
    return element(tag, attributes, c);
  };
  const top = head.map((text, i) => element("th", { scope: "col", ...(numbers[i] ? { class: "number" } : {}) }, text));
  const box = element("div", { class: "table", role: "region", tabindex: "0", "aria-label": say("tableOf", { name: caption }) },
    element("table", null, element("caption", null, caption), element("thead", null, element("tr", null, ...top)),
      element("tbody", null, ...rows.map((row) => element("tr", null, ...row.map((c, i) => place(i === 0 ? "th" : "td", i, c)))))));
  return box;
}

const theme = () => (dark && !printing ? charts.themes.dark : charts.themes.light);

// A chart with its table; `make(theme, width)` is one of charts.js.
function pair(id, title, make) {
  const box = element("div", { class: "chart", id: `chart-${id}`, role: "img" });
  const first = make(theme(), 800);
  box.setAttribute("aria-label", `${title}: ${first.label}`);
  box.style.height = `${first.height}px`;
  drawn.push({ box, make, chart: null, width: 0 });
  const caption = table(title, first.table);
  caption.id = `table-${id}`;
  const { head, numbers } = first.table; // a wide one goes below the chart, not beside it
  const wide = head.length > 6 || (head.length > 4 && !numbers[numbers.length - 1]);
  return element("div", { class: wide ? "pair below" : "pair" },
    element("figure", null, element("figcaption", null, title), box), caption);
}

function section(id, how, ...content) {
  return element("section", { id, "aria-labelledby": `head-${id}` },
    element("h2", { id: `head-${id}` }, say(id)), element("p", { class: "how" }, how), ...content);
}

const tile = (name, value, small) =>
  element("div", { class: "tile" }, element("dt", null, name), element("dd", null, value, small ? element("small", null, ` ${small}`) : null));

function tiles() {
  const list = element("dl", { class: "tiles" }), { inputs } = report;
  if (inputs.customers) list.append(tile(say("customers"), number(inputs.customers.rows)));
  if (inputs.events) list.append(tile(say("events"), number(inputs.events.rows)));
  if (inputs.demands) list.append(tile(say("texts"), number(inputs.demands.rows), report.demands ? `${number(report.demands.n_labelled)} ${say("labelled")}` : ""));
  const svm = (report.methods ?? []).find((m) => m.name === "svm");
  if (svm) list.append(tile(say("bestMethod"), percent(svm.accuracy)));
  if (report.rfm) list.append(tile(say("buyers"), number(report.rfm.n)));
  list.append(tile(say("rejected"), number(Object.values(inputs).reduce((n, file) => n + file.rejected, 0))));
  return list;
}

function profileCard() {
  const { profile } = report;
  const facts = [[say("customer"), profile.customer], ...profile.facts.map((f) => [f.label[languageCode()] ?? f.name, typeof f.value === "number" ? number(f.value, Number.isInteger(f.value) ? 0 : 2) : nameOf(f.value)])];
  return element("dl", { class: "facts" }, ...facts.map(([name, x]) => element("div", null, element("dt", null, name), element("dd", null, x === "" ? "–" : x))));
}

// The names of contents are ours to translate; other lists come with their words.
function targetText(list, part) {
  const [kind, item] = list.name.split(":");
  return kind === "content" ? say(`content_${part}`, { item: nameOf(item) }) : list[part][languageCode()];
}

// Tables without a chart.
function tables(...list) {
  return list.filter(({ rows }) => rows.length).map(({ title, head, numbers, rows }) =>
    element("div", { class: "pair" }, element("div", { class: "only" }, table(title, { head, numbers, rows }))));
}

const figure = (x, digits = 0) => ({ value: x, text: number(x, digits) });

function trackingSections() {
  const { tracking } = report;
  if (!tracking) return [];
  const how = say("trackingHow", {
    reply: tracking.reply_within_hours, solve: tracking.solve_within_hours, open: number(tracking.open),
    repeats: number(tracking.repeats), refused: number(tracking.refused),
  });
  return [section("tracking", how,
    pair("tracking-statuses", say("trackingStatuses"), (t) => charts.trackingStatuses(report, t)),
    pair("tracking-times", say("trackingTimes"), (t) => charts.trackingTimes(report, t)),
    ...tables({
      title: say("trackingLatest"), head: [say("demand"), say("class"), say("channel"), say("status"), say("lateHours")],
      numbers: [false, false, false, false, true],
      rows: tracking.latest.map((d) => [d.demand, nameOf(d.class), nameOf(d.channel), nameOf(d.status), figure(d.late_seconds / 3600)]),
    }))];
}

function themeSections() {
  const { themes } = report;
  if (!themes) return [];
  const change = (x) => (x === null ? "–" : { value: x, text: percent(x) });
  const first = [
    ...(themes.ranks.length ? [pair("ranks", say("ranks"), (t) => charts.ranks(report, t))] : []),
    ...(themes.needs.length ? [pair("needs", say("needs"), (t) => charts.needs(report, t))] : []),
    ...(themes.tones ? [pair("tones", say("tones"), (t) => charts.tones(report, t))] : []),
    ...tables({
      title: say("trends"), head: [say("class"), say("level"), say("growth"), say("interval"), say("lastChange")],
      numbers: [false, true, true, false, false],
      rows: themes.trends.map((c) => [nameOf(c.class), figure(c.level, 1), change(c.growth),
        c.growth_low === null ? "–" : `${percent(c.growth_low)} … ${percent(c.growth_high)}`, c.last_change ?? "–"]),
    }, {
      title: say("kano"), head: [say("feature"), say("count"), say("need"), say("better"), say("worse")],
      numbers: [false, true, false, true, true],
      rows: (themes.kano ?? []).map((k) => [k.feature, figure(k.answers), nameOf(k.need), k.better === null ? "–" : figure(k.better, 2), k.worse === null ? "–" : figure(k.worse, 2)]),
    })];
  const about = [
    ...(themes.topics.length ? [pair("topics", say("topics"), (t) => charts.topics(report, t))] : []),
    ...tables({
      title: say("bursts"), head: [say("class"), say("from"), say("to"), say("count"), say("awaited")], numbers: [false, false, false, true, true],
      rows: themes.bursts.map((b) => [nameOf(b.class), b.first, b.last, figure(b.events), figure(b.expected, 1)]),
    }, {
      title: say("newWords"), head: [say("word"), say("count")], numbers: [false, true],
      rows: themes.new_words.map((w) => [w.word, figure(w.count)]),
    }, {
      title: say("copies"), head: [say("count"), say("text")], numbers: [true, false], rows: themes.copies.map((c) => [figure(c.volume), c.text]),
    }, {
      title: say("sentences"), head: [say("class"), say("sentence")], numbers: [false, false],
      rows: themes.sentences.map((s) => [nameOf(s.class), s.sentence]),
    })];
  return [section("priorities", say("prioritiesHow"), ...first), section("themes", say("themesHow"), ...about)];
}

function sections() {
  const found = [];
  if (report.demands)
    found.push(section("demands", say("demandsHow"),
      pair("demand-classes", say("demandClasses"), (t) => charts.demandClasses(report, t)),
      pair("demand-trend", say("demandTrend"), (t, w) => charts.demandTrend(report, t, w)),
      pair("demand-channels", say("demandChannels"), (t, w) => charts.demandChannels(report, t, w)),
      pair("demand-keywords", say("demandKeywords"), (t) => charts.keywordBars(report, t))));
  if (report.methods)
    found.push(section("methods", say("methodsHow", { folds: report.folds }),
      pair("method-overall", say("methodOverall"), (t) => charts.methodOverall(report, t)),
      pair("method-classes", say("methodClasses"), (t) => charts.methodClasses(report, t))));
  found.push(...trackingSections(), ...themeSections());
  if (report.preferences)
    found.push(section("preferences", say("preferencesHow"),
      ...report.preferences.map((subject) => pair(`preference-${subject.of}`, say(`of_${subject.of}`), (t) => charts.preferenceLevels(subject, t)))));
  if (report.contacts?.counts.flat().some((x) => x > 0))
    found.push(section("contactFlows", say("contactFlowsHow"), pair("contact-flow", say("contactFlow"), (t) => charts.contactFlow(report, t))));
  if (report.rfm)
    found.push(section("rfm", say("rfmHow", { days: report.rfm.migration_days ?? 90 }),
      pair("rfm-heat", say("rfmHeat"), (t, w) => charts.rfmHeat(report, t, w)),
      pair("rfm-segments", say("rfmSegments"), (t, w) => charts.rfmSegments(report, t, w)),
      pair("rfm-scatter", say("rfmScatter"), (t, w) => charts.rfmScatter(report, t, w)),
      ...(report.rfm.migration ? [pair("rfm-migration", say("rfmMigration", { days: report.rfm.migration_days }), (t) => charts.rfmMigration(report, t))] : [])));
  if (report.profile)
    found.push(section("profile", say("profileHow"), profileCard(), pair("profile-radar", say("profileRadar"), (t, w) => charts.profileRadar(report, t, w))));
  if (report.targets)
    found.push(section("targets", say("targetsHow"), element("div", { class: "pair" }, element("div", { class: "only" }, table(say("targets"), {
      head: [say("list"), say("rule"), say("customers"), say("first")], numbers: [false, false, true, false],
      rows: report.targets.map((l) => [targetText(l, "label"), targetText(l, "rule"), { value: l.count, text: number(l.count) }, l.first.join(say("comma"))]),
    })))));
  const bad = report.rejects.map((r) => [r.file, r.reason, { value: r.count, text: number(r.count) }]);
  found.push(section("rejects", say("rejectsHow"), element("div", { class: "pair" }, element("div", { class: "only" }, table(say("rejects"), {
    head: [say("file"), say("reason"), say("rows")], numbers: [false, false, true], rows: bad.length ? bad : [[say("none"), "", ""]],
  })))));
  return found;
}

function tools() {
  const button = (text, pressed, act, more) => {
    const b = element("button", { type: "button", "aria-pressed": String(pressed), ...more }, text);
    b.addEventListener("click", act);
    return b;
  };
  const speak = (code, text) => button(text, languageCode() === code, () => { setLanguage(code); build(`lang-${code}`); }, { id: `lang-${code}`, lang: code });
  return element("div", { class: "tools", role: "group", "aria-label": say("language") }, speak("zh", "中文"), speak("en", "English"),
    button(say("dark"), dark, () => { dark = !dark; build("dark"); }, { id: "dark" }));
}

function draw() {
  for (const d of drawn) {
    const width = d.box.clientWidth;
    if (width === 0 || (d.chart !== null && d.width === width && d.theme === theme())) continue;
    const { option, height } = d.make(theme(), width);
    d.box.style.height = `${height}px`;
    if (d.chart === null) d.chart = init(d.box, null, { renderer: "svg" });
    else d.chart.resize();
    d.chart.setOption(option, { notMerge: true });
    d.width = width;
    d.theme = theme();
  }
}

// Lays everything out anew; `focus` is the id of the button that asked for it.
function build(focus) {
  for (const d of drawn.splice(0)) d.chart?.dispose();
  document.documentElement.lang = languageCode();
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.title = say("title");
  const found = sections();
  page.replaceChildren(
    element("header", null,
      element("div", null, element("h1", null, say("title")), element("p", { class: "lead" }, `${say("asOf")} ${report.as_of}`)), tools()),
    element("nav", { "aria-label": say("skip") }, ...found.map((s) => element("a", { href: `#${s.id}` }, say(s.id)))),
    tiles(), ...found,
    element("footer", null, `${say("madeBy")} ${report.version}`));
  draw();
  if (focus) document.getElementById(focus).focus();
}

const wish = new URLSearchParams(location.hash.slice(1)).get("lang");
setLanguage(wish ?? (/^zh/i.test(navigator.language) ? "zh" : "en"));
build();
window.addEventListener("resize", draw);
const print = (now) => () => {
  printing = now;
  document.documentElement.classList.toggle("printing", now); // charts get the width of the paper
  draw();
};
window.addEventListener("beforeprint", print(true));
window.addEventListener("afterprint", print(false));
darkByDefault.addEventListener("change", (event) => { dark = event.matches; build(); });
