// One function a chart: from its part of report.json to an ECharts option and the table that holds the same values.
//   { option, height, table: { head: [text], numbers: [bool], rows: [[cell]] }, label }
// A cell is text, or { value, text } where the table shows a number: tests read data-value.
import { nameOf, number, percent, say } from "./words.js";

// Eleven hues that keep 3:1 against both papers are not to be had; charts with many classes use one hue instead.
export const themes = {
  light: {
    ink: "#1c2733", soft: "#566270", line: "#d9dee5", card: "#ffffff", main: "#1f6fb2", second: "#b3541e",
    ramp: ["#eef4fa", "#bcd6ec", "#7fb0da", "#3d86c0", "#14568f"], onRamp: "#ffffff",
    levels: ["#c9ced6", "#9dbcd9", "#5f99cb", "#2b73ad", "#0f4677"],
    onLevel: ["#1c2733", "#1c2733", "#10202f", "#ffffff", "#ffffff"],
    areas: ["#1f6fb2", "#b3541e", "#2f7d4f", "#8a5aa8", "#a06a00", "#b03a5b", "#2a7f86", "#6a6f2a", "#5b6b7d", "#7a4b3a", "#4a4f9c"],
  },
  dark: {
    ink: "#e6ebf1", soft: "#a3afbd", line: "#323c48", card: "#1a212a", main: "#6db3ee", second: "#f0a06a",
    ramp: ["#1e2c3a", "#27496a", "#2f6aa0", "#4e93cf", "#a5d0f5"], onRamp: "#0c1a26",
    levels: ["#5c6672", "#3f6484", "#3f82b8", "#72b2e4", "#c4e2fa"],
    onLevel: ["#ffffff", "#ffffff", "#ffffff", "#0c1a26", "#0c1a26"],
    areas: ["#2f78b8", "#b0622f", "#3c7f57", "#84609c", "#8c6a1e", "#a3506a", "#33797f", "#6c7038", "#647386", "#7d5a4c", "#5d64ad"],
  },
};

// Named in full, as the style sheet does: charts measure their texts with it before they are in the page.
const font = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", sans-serif';

const cell = (value, text) => ({ value, text });
const countCell = (x) => cell(x, number(x));
const shareCell = (x) => cell(x, percent(x));
const sum = (list) => list.reduce((a, b) => a + b, 0);
const escapeText = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function base(theme) {
  return {
    animation: false,
    textStyle: { color: theme.ink, fontFamily: font },
    color: theme.areas,
    tooltip: {
      confine: true, backgroundColor: theme.card, borderColor: theme.line, textStyle: { color: theme.ink, fontSize: 13 },
    },
  };
}

const category = (theme, data, { axisLabel, ...more } = {}) => ({
  type: "category", data, axisTick: { show: false }, axisLine: { lineStyle: { color: theme.line } },
  axisLabel: { color: theme.ink, fontSize: 12, ...axisLabel }, ...more,
});
const value = (theme, { axisLabel, ...more } = {}) => ({
  type: "value", splitLine: { lineStyle: { color: theme.line } },
  axisLabel: { color: theme.soft, fontSize: 12, hideOverlap: true, ...axisLabel }, ...more,
});

export function demandClasses(report, theme) {
  const { classes } = report.demands;
  const sorted = classes.map((c, i) => ({ ...c, i })).sort((a, b) => b.count - a.count || a.i - b.i);
  const labels = sorted.map((c) => nameOf(c.name));
  return {
    height: 60 + 30 * sorted.length,
    label: sorted.map((c) => `${nameOf(c.name)} ${number(c.count)}`).join(say("comma")),
    option: {
      ...base(theme),
      grid: { left: 8, right: 84, top: 8, bottom: 8, containLabel: true },
      xAxis: value(theme, { axisLabel: { formatter: (x) => number(x) } }),
      yAxis: category(theme, labels, { inverse: true }),
      series: [{
        type: "bar", name: say("count"), data: sorted.map((c) => c.count), itemStyle: { color: theme.main, borderRadius: 3 },
        barMaxWidth: 20,
        label: {
          show: true, position: "right", color: theme.ink,
          formatter: (p) => `${number(p.value)} · ${percent(sorted[p.dataIndex].share, 0)}`,
        },
      }],
    },
    table: {
      head: [say("class"), say("count"), say("share"), say("keywords")], numbers: [false, true, true, false],
      rows: sorted.map((c) => [nameOf(c.name), countCell(c.count), shareCell(c.share), c.keywords.join(say("comma"))]),
    },
  };
}

// Small multiples: one panel a class, all on one scale, so that a burst is seen as one.
export function demandTrend(report, theme, width) {
  const { classes, months, trend } = report.demands;
  const across = width > 760 ? 4 : width > 480 ? 3 : 2;
  const down = Math.ceil(classes.length / across);
  const rowHeight = 118, gap = 1.5, wide = 100 / across, top = Math.max(1, ...trend.flat());
  const option = { ...base(theme), title: [], grid: [], xAxis: [], yAxis: [], series: [] };
  option.tooltip = { ...option.tooltip, trigger: "axis" };
  classes.forEach((c, i) => {
    const column = i % across, row = Math.floor(i / across), first = column === 0;
    option.title.push({
      text: nameOf(c.name), left: `${column * wide + (first ? 4 : 1)}%`, top: row * rowHeight,
      textStyle: { fontSize: 12.5, fontWeight: 600, color: theme.ink },
    });
    option.grid.push({
      left: `${column * wide + 4}%`, width: `${wide - 4 - gap}%`, top: row * rowHeight + 24, height: rowHeight - 50,
    });
    option.xAxis.push(category(theme, months, {
      gridIndex: i,
      axisLabel: { color: theme.soft, fontSize: 11, interval: Math.max(0, Math.floor(months.length / 3) - 1), formatter: (m) => m.slice(2) },
    }));
    option.yAxis.push(value(theme, {
      gridIndex: i, max: top, splitNumber: 2, axisLabel: { show: first, fontSize: 11, formatter: (x) => number(x) },
    }));
    option.series.push({
      type: "line", name: nameOf(c.name), xAxisIndex: i, yAxisIndex: i, data: trend[i], showSymbol: false,
      lineStyle: { color: theme.main, width: 2 }, areaStyle: { color: theme.main, opacity: 0.15 }, itemStyle: { color: theme.main },
    });
  });
  return {
    option, height: down * rowHeight + 6,
    label: classes.map((c, i) => `${nameOf(c.name)}: ${trend[i].join(" ")}`).join("; "),
    table: {
      head: [say("month"), ...classes.map((c) => nameOf(c.name))], numbers: [false, ...classes.map(() => true)],
      rows: months.map((m, k) => [m, ...trend.map((line) => countCell(line[k]))]),
    },
  };
}

function heat(theme, width, columns, rows, cells, text) {
  const top = Math.max(1, ...cells.flat()), widest = 20 + 11 * Math.max(...columns.map((c) => c.length));
  return {
    ...base(theme),
    grid: { left: 8, right: 26, top: 10, bottom: 8, containLabel: true },
    xAxis: category(theme, columns, { position: "top", axisLabel: { interval: 0, rotate: width / columns.length < widest ? 50 : 0 } }),
    yAxis: category(theme, rows, { inverse: true }),
    visualMap: { show: false, min: 0, max: top, inRange: { color: theme.ramp } },
    series: [{
      type: "heatmap", itemStyle: { borderColor: theme.card, borderWidth: 2 },
      data: cells.flatMap((line, y) => line.map((v, x) => ({
        value: [x, y, v], label: { color: v > 0.72 * top ? theme.onRamp : theme.ink },
      }))),
      label: { show: true, fontSize: 12, formatter: (p) => number(p.value[2]) },
      tooltip: { formatter: text },
    }],
  };
}

export function demandChannels(report, theme, width) {
  const { classes, channels, by_channel } = report.demands;
  const rows = classes.map((c) => nameOf(c.name)), columns = channels.map(nameOf);
  return {
    height: 56 + 30 * rows.length,
    label: rows.map((r, y) => `${r}: ${columns.map((c, x) => `${c} ${by_channel[y][x]}`).join(" ")}`).join("; "),
    option: heat(theme, width, columns, rows, by_channel, (p) => `${escapeText(rows[p.value[1]])} · ${escapeText(columns[p.value[0]])}: ${number(p.value[2])}`),
    table: {
      head: [say("class"), ...columns], numbers: [false, ...columns.map(() => true)],
      rows: rows.map((r, y) => [r, ...by_channel[y].map(countCell)]),
    },
  };
}

const legend = (theme) => ({ top: 0, left: 0, itemWidth: 14, itemHeight: 12, textStyle: { color: theme.ink, fontSize: 12.5 } });

function bars(theme, groups, series, { axis = (x) => percent(x, 0), text = percent, most = 1 } = {}) {
  const colors = [theme.main, theme.second];
  return {
    ...base(theme),
    legend: legend(theme),
    grid: { left: 8, right: 56, top: 34, bottom: 8, containLabel: true },
    xAxis: value(theme, { min: 0, max: most, axisLabel: { formatter: axis } }),
    yAxis: category(theme, groups, { inverse: true }),
    series: series.map((s, i) => ({
      type: "bar", name: s.name, data: s.data, barMaxWidth: 18, barGap: "15%",
      itemStyle: { color: colors[i % 2], borderRadius: 3 },
      label: { show: true, position: "right", color: theme.ink, fontSize: 11.5, formatter: (p) => text(p.value) },
    })),
  };
}

export function methodOverall(report, theme) {
  const { methods } = report;
  const measures = [["accuracy", "accuracy"], ["macro_f1", "macroF1"], ["coverage", "coverage"]];
  return {
    height: 240,
    label: methods.map((m) => `${say(m.name)}: ${measures.map(([k, w]) => `${say(w)} ${percent(m[k])}`).join(" ")}`).join("; "),
    option: bars(theme, measures.map(([, w]) => say(w)), methods.map((m) => ({ name: say(m.name), data: measures.map(([k]) => m[k]) }))),
    table: {
      head: [say("method"), ...measures.map(([, w]) => say(w)), say("modelBytes")], numbers: [false, true, true, true, true],
      rows: methods.map((m) => [say(m.name), ...measures.map(([k]) => shareCell(m[k])), countCell(m.model_bytes)]),
    },
  };
}

export function methodClasses(report, theme) {
  const { methods } = report;
  const groups = methods[0].classes.map((c) => nameOf(c.name));
  return {
    height: 60 + 44 * groups.length,
    label: methods.map((m) => `${say(m.name)}: ${m.classes.map((c) => `${nameOf(c.name)} ${percent(c.f1)}`).join(" ")}`).join("; "),
    option: bars(theme, groups, methods.map((m) => ({ name: say(m.name), data: m.classes.map((c) => c.f1) }))),
    table: {
      head: [say("class"), ...methods.map((m) => `F1 · ${say(m.name)}`), say("count")], numbers: [false, ...methods.map(() => true), true],
      rows: groups.map((g, i) => [g, ...methods.map((m) => shareCell(m.classes[i].f1)), countCell(methods[0].classes[i].count)]),
    },
  };
}

export const levelKeys = ["hardly", "occasional", "ordinary", "rather_reliant", "reliant"];

export function preferenceLevels(subject, theme) {
  const rows = subject.items.map((item) => nameOf(item.name));
  return {
    height: 74 + 32 * rows.length,
    label: subject.items.map((item) => `${nameOf(item.name)}: ${levelKeys.map((k, i) => `${say(k)} ${percent(item.counts[i] / Math.max(1, sum(item.counts)))}`).join(" ")}`).join("; "),
    option: {
      ...base(theme),
      legend: legend(theme),
      grid: { left: 8, right: 20, top: 34, bottom: 8, containLabel: true },
      tooltip: { ...base(theme).tooltip, trigger: "axis", axisPointer: { type: "none" }, valueFormatter: (x) => percent(x) },
      xAxis: value(theme, { min: 0, max: 1, axisLabel: { formatter: (x) => percent(x, 0) } }),
      yAxis: category(theme, rows, { inverse: true }),
      series: levelKeys.map((k, i) => ({
        type: "bar", stack: "all", name: say(k), barMaxWidth: 24, itemStyle: { color: theme.levels[i], borderColor: theme.card, borderWidth: 1 },
        data: subject.items.map((item) => item.counts[i] / Math.max(1, sum(item.counts))),
        label: { show: true, color: theme.onLevel[i], fontSize: 11.5, formatter: (p) => (p.value >= 0.06 ? percent(p.value, 0) : "") },
      })),
    },
    table: {
      head: [say("item"), ...levelKeys.map((k) => say(k))], numbers: [false, true, true, true, true, true],
      rows: subject.items.map((item) => [nameOf(item.name), ...item.counts.map(countCell)]),
    },
  };
}

export function rfmHeat(report, theme, width) {
  const { heat: cells, levels } = report.rfm;
  const grades = Array.from({ length: levels }, (_, i) => i + 1), down = [...grades].reverse();
  const columns = grades.map((g) => `F ${g}`), rows = down.map((g) => `R ${g}`), flipped = [...cells].reverse();
  return {
    height: 90 + 46 * levels,
    label: rows.map((r, y) => `${r}: ${columns.map((c, x) => `${c} ${flipped[y][x]}`).join(" ")}`).join("; "),
    option: heat(theme, width, columns, rows, flipped, (p) => `${rows[p.value[1]]} · ${columns[p.value[0]]}: ${number(p.value[2])}`),
    table: {
      head: [say("rGrade"), ...columns], numbers: [false, ...columns.map(() => true)],
      rows: rows.map((r, y) => [r, ...flipped[y].map(countCell)]),
    },
  };
}

export function rfmSegments(report, theme, width) {
  const segments = report.rfm.segments.filter((s) => s.count > 0);
  return {
    height: 320,
    label: segments.map((s) => `${nameOf(s.name)} ${number(s.count)} (${percent(s.share)})`).join("; "),
    option: {
      ...base(theme),
      series: [{
        type: "treemap", left: 0, right: 0, top: 0, bottom: 0, roam: false, nodeClick: false, breadcrumb: { show: false },
        itemStyle: { borderColor: theme.card, borderWidth: 1, gapWidth: 2 },
        label: { color: "#ffffff", fontSize: 13, lineHeight: 18, overflow: "truncate", formatter: (p) => (p.data.share >= 0.025 ? `${p.name}\n${number(p.value)}${width > 480 ? ` · ${percent(p.data.share, 0)}` : ""}` : p.data.share >= 0.012 ? number(p.value) : "") },
        tooltip: { formatter: (p) => `${escapeText(p.name)}: ${number(p.value)} (${percent(p.data.share)})` },
        data: segments.map((s, i) => ({
          name: nameOf(s.name), value: s.count, share: s.share, itemStyle: { color: theme.areas[i % theme.areas.length] },
        })),
      }],
    },
    table: {
      head: [say("segment"), say("customers"), say("share"), say("spend"), say("meanRecency"), say("meanOrders")],
      numbers: [false, true, true, true, true, true],
      rows: segments.map((s) => [nameOf(s.name), countCell(s.count), shareCell(s.share), countCell(s.spend), cell(s.mean_recency_days, number(s.mean_recency_days, 1)), cell(s.mean_orders, number(s.mean_orders, 1))]),
    },
  };
}

export function profileRadar(report, theme, width) {
  const { radar } = report.profile;
  return {
    height: 340,
    label: radar.map((a) => `${say(a.axis)} ${number(a.value)}`).join(say("comma")),
    option: {
      ...base(theme),
      legend: legend(theme),
      radar: {
        center: ["50%", "55%"], radius: width < 480 ? "48%" : "66%", indicator: radar.map((a) => ({ name: say(a.axis), max: 100 })),
        axisName: { color: theme.ink, fontSize: 12.5 }, splitLine: { lineStyle: { color: theme.line } },
        axisLine: { lineStyle: { color: theme.line } }, splitArea: { show: false },
      },
      series: [{
        type: "radar", symbolSize: 5,
        data: [
          { name: say("thisCustomer"), value: radar.map((a) => a.value), itemStyle: { color: theme.main }, lineStyle: { color: theme.main, width: 2 }, areaStyle: { color: theme.main, opacity: 0.2 } },
          { name: say("base"), value: radar.map(() => 50), symbol: "none", itemStyle: { color: theme.second }, lineStyle: { color: theme.second, type: "dashed", width: 2 } },
        ],
      }],
    },
    table: {
      head: [say("axis"), say("thisCustomer"), say("base")], numbers: [false, true, true],
      rows: radar.map((a) => [say(a.axis), cell(a.value, number(a.value)), cell(50, number(50))]),
    },
  };
}

// Bars of parts, one bar a row: counts or points of each part, in the colours given.
function stacked(theme, rows, parts, colors, text) {
  return {
    ...base(theme),
    legend: legend(theme),
    grid: { left: 8, right: 24, top: 34, bottom: 8, containLabel: true },
    tooltip: { ...base(theme).tooltip, trigger: "axis", axisPointer: { type: "none" }, valueFormatter: text },
    xAxis: value(theme, { axisLabel: { formatter: text } }),
    yAxis: category(theme, rows, { inverse: true }),
    series: parts.map((part, k) => ({
      type: "bar", stack: "all", name: part.name, barMaxWidth: 22, data: part.data,
      itemStyle: { color: colors[k % colors.length], borderColor: theme.card, borderWidth: 1 },
    })),
  };
}

const high = (n) => 60 + 30 * n;
const hours = (x) => (x === null ? "–" : cell(x, number(x, 1)));
const known = (x, text) => (x === null ? "–" : cell(x, text(x)));

export function trackingStatuses(report, theme) {
  const { statuses, classes } = report.tracking;
  const parts = statuses.map((name, k) => ({ name: nameOf(name), data: classes.map((c) => c.statuses[k]) }));
  return {
    height: high(classes.length),
    label: classes.map((c) => `${nameOf(c.name)}: ${statuses.map((s, k) => `${nameOf(s)} ${c.statuses[k]}`).join(" ")}`).join("; "),
    option: stacked(theme, classes.map((c) => nameOf(c.name)), parts, theme.areas, (x) => number(x)),
    table: {
      head: [say("class"), ...statuses.map(nameOf), say("open"), say("overdue"), say("repeats")],
      numbers: [false, ...statuses.map(() => true), true, true, true],
      rows: classes.map((c) => [nameOf(c.name), ...c.statuses.map(countCell), countCell(c.open), countCell(c.overdue), countCell(c.repeats)]),
    },
  };
}

export function trackingTimes(report, theme) {
  const { classes } = report.tracking, rows = classes.map((c) => nameOf(c.name)), steps = ["reply", "solution"];
  return {
    height: 60 + 44 * rows.length,
    label: classes.map((c) => `${nameOf(c.name)}: ${steps.map((s) => `${say(s)} ${number(c[s].median_hours, 1)}`).join(" ")}`).join("; "),
    option: bars(theme, rows, steps.map((s) => ({ name: say(s), data: classes.map((c) => c[s].median_hours) })), { axis: (x) => number(x), text: (x) => number(x, 1), most: null }),
    table: {
      head: [say("class"), ...steps.flatMap((s) => [say(s), say("p90", { of: say(s) }), say("inTime", { of: say(s) })])],
      numbers: [false, true, true, true, true, true, true],
      rows: classes.map((c) => [nameOf(c.name), ...steps.flatMap((s) => [hours(c[s].median_hours), hours(c[s].p90_hours), known(c[s].in_time, percent)])]),
    },
  };
}

export const inputName = (name) => (say(`input_${name}`) === `input_${name}` ? name : say(`input_${name}`));

export function ranks(report, theme) {
  const all = report.themes.ranks, inputs = all[0].inputs.map((i) => i.name);
  const parts = inputs.map((name, k) => ({ name: inputName(name), data: all.map((r) => r.inputs[k].points) }));
  return {
    height: high(all.length),
    label: all.map((r) => `${number(r.rank)}. ${nameOf(r.class)} ${number(r.score, 2)}`).join("; "),
    option: stacked(theme, all.map((r) => nameOf(r.class)), parts, theme.areas, (x) => number(x, 2)),
    table: {
      head: [say("class"), say("rank"), say("score"), ...inputs.map(inputName)], numbers: [false, true, true, ...inputs.map(() => true)],
      rows: all.map((r) => [nameOf(r.class), countCell(r.rank), cell(r.score, number(r.score, 2)), ...r.inputs.map((i) => known(i.value, (x) => number(x, Number.isInteger(x) ? 0 : 2)))]),
    },
  };
}

export function needs(report, theme) {
  const all = report.themes.needs, levels = ["basic", "expected", "latent"];
  const of = (c) => levels.map((k) => c[k] / Math.max(1, sum(levels.map((l) => c[l]))));
  return {
    height: high(all.length),
    label: all.map((c) => `${nameOf(c.class)}: ${levels.map((k, i) => `${say(k)} ${percent(of(c)[i])}`).join(" ")}`).join("; "),
    option: stacked(theme, all.map((c) => nameOf(c.class)), levels.map((k, i) => ({ name: say(k), data: all.map((c) => of(c)[i]) })),
      [theme.second, theme.main, theme.areas[2]], (x) => percent(x, 0)),
    table: {
      head: [say("class"), ...levels.map((k) => say(k)), say("noNeed"), say("reasons")], numbers: [false, true, true, true, true, false],
      rows: all.map((c) => [nameOf(c.class), ...levels.map((k) => countCell(c[k])), countCell(c.none),
        levels.map((k) => c[`${k}_words`]).filter(Boolean).join("; ")]),
    },
  };
}

export function tones(report, theme) {
  const all = report.themes.tones, kinds = ["negative", "neither", "positive"];
  return {
    height: high(all.length),
    label: all.map((c) => `${nameOf(c.class)}: ${kinds.map((k) => `${say(k)} ${c[k]}`).join(" ")}`).join("; "),
    option: stacked(theme, all.map((c) => nameOf(c.class)), kinds.map((k) => ({ name: say(k), data: all.map((c) => c[k]) })),
      [theme.second, theme.levels[0], theme.main], (x) => number(x)),
    table: {
      head: [say("class"), ...kinds.map((k) => say(k))], numbers: [false, true, true, true],
      rows: all.map((c) => [nameOf(c.class), ...kinds.map((k) => countCell(c[k]))]),
    },
  };
}

export function topics(report, theme) {
  const all = report.themes.topics, names = all.map((t) => t.words.slice(0, 3).join(" "));
  return {
    height: high(all.length),
    label: all.map((t, i) => `${names[i]} ${percent(t.share)}`).join("; "),
    option: {
      ...base(theme),
      grid: { left: 8, right: 60, top: 8, bottom: 8, containLabel: true },
      xAxis: value(theme, { axisLabel: { formatter: (x) => percent(x, 0) } }),
      yAxis: category(theme, names, { inverse: true }),
      series: [{
        type: "bar", name: say("share"), data: all.map((t) => t.share), itemStyle: { color: theme.main, borderRadius: 3 }, barMaxWidth: 20,
        label: { show: true, position: "right", color: theme.ink, formatter: (p) => percent(p.value, 1) },
      }],
    },
    table: {
      head: [say("words"), say("share"), say("texts"), say("example")], numbers: [false, true, true, false],
      rows: all.map((t) => [t.words.join(" "), shareCell(t.share), countCell(t.texts), t.example]),
    },
  };
}

// The words that decide, the first few of each class.
const N_BARS = 4;
export function keywordBars(report, theme) {
  const all = report.demands.classes.flatMap((c) => c.keywords.slice(0, N_BARS).map((word, i) => ({ name: nameOf(c.name), word, points: c.points[i], first: i === 0 })));
  return {
    height: 30 + 19 * all.length,
    label: all.map((k) => `${k.name}: ${k.word} ${number(k.points)}`).join("; "),
    option: {
      ...base(theme),
      grid: { left: 8, right: 60, top: 8, bottom: 8, containLabel: true },
      xAxis: value(theme, { axisLabel: { formatter: (x) => number(x) } }),
      yAxis: category(theme, all.map((k) => (k.first ? `${k.name} · ${k.word}` : k.word)), { inverse: true, axisLabel: { interval: 0, fontSize: 11.5 } }),
      series: [{
        type: "bar", name: say("points"), data: all.map((k) => k.points), itemStyle: { color: theme.main, borderRadius: 3 }, barMaxWidth: 14,
        label: { show: true, position: "right", color: theme.ink, fontSize: 11, formatter: (p) => number(p.value) },
      }],
    },
    table: {
      head: [say("class"), say("word"), say("points")], numbers: [false, false, true],
      rows: all.map((k) => [k.name, k.word, countCell(k.points)]),
    },
  };
}

// About, at 12 pixels: Chinese characters are square, others some half of it.
const textWidth = (text) => sum([...text].map((c) => (c.codePointAt(0) > 0x2e7f ? 12.5 : 7)));

// Counts from rows on the left to columns on the right; what has no count is left out.
function flow(theme, rows, columns, counts, colors) {
  const left = rows.map((name, i) => ({ name: `0 ${name}`, itemStyle: { color: colors[i % colors.length] } })).filter((_, i) => sum(counts[i]) > 0);
  const right = columns.map((name, j) => ({ name: `1 ${name}`, itemStyle: { color: colors[j % colors.length] } })).filter((_, j) => sum(counts.map((r) => r[j])) > 0);
  const plain = (name) => name.slice(2);
  return {
    ...base(theme),
    tooltip: {
      ...base(theme).tooltip,
      formatter: (p) => (p.dataType === "edge" ? `${escapeText(plain(p.data.source))} → ${escapeText(plain(p.data.target))}: ${number(p.data.value)}` : `${escapeText(plain(p.name))}: ${number(p.value)}`),
    },
    series: [{
      type: "sankey", left: 4, right: 14 + Math.max(...right.map((n) => textWidth(plain(n.name)))), top: 10, bottom: 10, nodeGap: 12, nodeWidth: 14, draggable: false, layoutIterations: 0,
      emphasis: { focus: "adjacency" }, lineStyle: { color: "source", opacity: 0.35 },
      label: { color: theme.ink, fontSize: 12, formatter: (p) => plain(p.name) },
      data: [...left, ...right],
      links: rows.flatMap((r, i) => columns.map((c, j) => ({ source: `0 ${r}`, target: `1 ${c}`, value: counts[i][j] }))).filter((l) => l.value > 0),
    }],
  };
}

// The rows and columns that hold anything, and their table.
function filled(theme, corner, rows, columns, counts, colors) {
  const r = rows.map((_, i) => i).filter((i) => sum(counts[i]) > 0), c = columns.map((_, j) => j).filter((j) => sum(counts.map((row) => row[j])) > 0);
  const part = r.map((i) => c.map((j) => counts[i][j])), names = r.map((i) => rows[i]), heads = c.map((j) => columns[j]);
  return {
    height: 60 + 34 * Math.max(names.length, heads.length),
    label: names.map((name, i) => `${name}: ${heads.map((head, j) => (part[i][j] > 0 ? `${head} ${part[i][j]}` : "")).filter(Boolean).join(" ")}`).join("; "),
    option: flow(theme, rows, columns, counts, colors),
    table: { head: [corner, ...heads], numbers: [false, ...heads.map(() => true)], rows: names.map((name, i) => [name, ...part[i].map(countCell)]) },
  };
}

export function contactFlow(report, theme) {
  const { channels, topics, counts } = report.contacts;
  return filled(theme, say("channel"), channels.map(nameOf), topics.map((t) => (t === "" ? say("others") : nameOf(t))), counts, theme.areas);
}

export function rfmMigration(report, theme) {
  const names = [...report.rfm.segments.map((s) => nameOf(s.name)), say("noSegment")];
  return filled(theme, say("segmentThen", { days: report.rfm.migration_days }), names, names, report.rfm.migration, theme.areas);
}

// A circle a cell of equal grades, in its segment's colour: mean recency, what its customers spent each, and by its area
// how many they are.
export function rfmScatter(report, theme, width) {
  const { segments, cells } = report.rfm;
  const marks = cells.map((c) => ({ ...c, each: c.spend / c.count, name: c.grades.join("-") }));
  const most = Math.max(...marks.map((c) => c.count)), few = width < 480;
  const present = segments.map((s, i) => ({ name: nameOf(s.name), marks: marks.filter((c) => c.segment === i) }))
    .filter((s) => s.marks.length);
  return {
    height: few ? 480 : 420,
    label: marks.map((c) => `${c.name} ${number(c.mean_recency_days, 1)} ${number(c.each)} ${number(c.count)}`).join("; "),
    option: {
      ...base(theme),
      legend: legend(theme),
      grid: { left: 12, right: 20, top: few ? 150 : 90, bottom: 34, containLabel: true },
      tooltip: { ...base(theme).tooltip, formatter: (p) => `${escapeText(p.seriesName)} · ${p.name}: ${number(p.value[0], 1)} · ${number(p.value[1])} · ${number(p.data.count)}` },
      xAxis: value(theme, { name: say("meanRecency"), nameLocation: "middle", nameGap: 26, nameTextStyle: { color: theme.soft }, min: 0, axisLabel: { formatter: (x) => number(x) } }),
      yAxis: value(theme, { name: say("meanSpend"), nameTextStyle: { color: theme.soft, align: "left" }, axisLabel: { formatter: (x) => number(x) } }),
      series: present.map((s, i) => ({
        type: "scatter", name: s.name, itemStyle: { color: theme.areas[i % theme.areas.length], opacity: 0.75 },
        data: s.marks.map((c) => ({
          name: c.name, value: [c.mean_recency_days, c.each], count: c.count, symbolSize: Math.max(5, (few ? 26 : 38) * Math.sqrt(c.count / most)),
        })),
      })),
    },
    table: {
      head: [say("grades"), say("segment"), say("meanRecency"), say("meanSpend"), say("customers")], numbers: [false, false, true, true, true],
      rows: marks.map((c) => [c.name, nameOf(segments[c.segment].name), cell(c.mean_recency_days, number(c.mean_recency_days, 1)), cell(c.each, number(c.each, 2)), countCell(c.count)]),
    },
  };
}
