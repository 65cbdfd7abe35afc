// The report page in headless Chromium: opened from its file it makes one request, says nothing on the console, draws
// every chart, and its tables hold the figures of report.json - in both languages and themes.
//   node test.mjs BUILD_FOLDER OUTPUT_FOLDER   (report.html and report.json are in OUTPUT_FOLDER)
// Exit status 77 where there is no Chromium.
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [folder, output] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(folder, "package.json"));
const { chromium } = require("playwright-core");
const Ajv = require("ajv");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
if (!executablePath) {
  console.error("skipped: Chromium is not here");
  process.exit(77);
}

const file = join(output, "report.html");
const report = JSON.parse(readFileSync(join(output, "report.json"), "utf8"));
const schema = JSON.parse(readFileSync(join(here, "report.schema.json"), "utf8"));

// What each table must hold, number by number, straight from the JSON.
function expected() {
  const tables = {};
  const { demands, methods, preferences, rfm, profile } = report;
  if (demands) {
    const order = demands.classes.map((c, i) => i).sort((a, b) => demands.classes[b].count - demands.classes[a].count || a - b);
    tables["demand-classes"] = order.map((i) => [demands.classes[i].count, demands.classes[i].share]);
    tables["demand-trend"] = demands.months.map((_, m) => demands.trend.map((line) => line[m]));
    tables["demand-channels"] = demands.by_channel;
    tables["demand-keywords"] = demands.classes.flatMap((c) => c.points.slice(0, 4).map((p) => [p]));
  }
  const { tracking, themes } = report, number = (x) => x !== null;
  if (tracking) {
    tables["tracking-statuses"] = tracking.classes.map((c) => [...c.statuses, c.open, c.overdue, c.repeats]);
    tables["tracking-times"] = tracking.classes.map((c) => [c.reply, c.solution].flatMap((t) => [t.median_hours, t.p90_hours, t.in_time].filter(number)));
  }
  if (themes) {
    if (themes.ranks.length) tables.ranks = themes.ranks.map((r) => [r.rank, r.score, ...r.inputs.map((i) => i.value).filter(number)]);
    if (themes.needs.length) tables.needs = themes.needs.map((c) => [c.basic, c.expected, c.latent, c.none]);
    if (themes.tones) tables.tones = themes.tones.map((c) => [c.negative, c.neither, c.positive]);
    if (themes.topics.length) tables.topics = themes.topics.map((t) => [t.share, t.texts]);
  }
  if (methods) {
    tables["method-overall"] = methods.map((m) => [m.accuracy, m.macro_f1, m.coverage, m.model_bytes]);
    tables["method-classes"] = methods[0].classes.map((c, i) => [...methods.map((m) => m.classes[i].f1), c.count]);
  }
  for (const subject of preferences ?? []) tables[`preference-${subject.of}`] = subject.items.map((item) => item.counts);
  if (rfm) {
    tables["rfm-heat"] = [...rfm.heat].reverse();
    tables["rfm-segments"] = rfm.segments.filter((s) => s.count > 0).map((s) => [s.count, s.share, s.spend, s.mean_recency_days, s.mean_orders]);
  }
  // The rows and columns of a flow that hold anything.
  const filled = (counts) => {
    const columns = counts[0].map((_, j) => j).filter((j) => counts.some((row) => row[j] > 0));
    return counts.filter((row) => row.some((x) => x > 0)).map((row) => columns.map((j) => row[j]));
  };
  if (rfm) {
    tables["rfm-scatter"] = rfm.cells.map((c) => [c.mean_recency_days, c.spend / c.count, c.count]);
    assert.equal(rfm.cells.reduce((n, c) => n + c.count, 0), rfm.n);
    if (rfm.migration) tables["rfm-migration"] = filled(rfm.migration);
  }
  if (report.contacts?.counts.flat().some((x) => x > 0)) tables["contact-flow"] = filled(report.contacts.counts);
  if (profile) tables["profile-radar"] = profile.radar.map((a) => [a.value, 50]);
  return tables;
}

async function openPage(browser, language, colorScheme, width) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const heard = [], requests = [];
  page.on("console", (message) => heard.push(message.text()));
  page.on("pageerror", (error) => heard.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${pathToFileURL(file)}#lang=${language}`);
  await page.waitForLoadState("load");
  return { page, heard, requests };
}

async function checkTables(page) {
  const found = await page.$$eval("[id^=table-]", (boxes) => boxes.map((box) => [
    box.id.slice(6),
    [...box.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("[data-value]")].map((cell) => [Number(cell.dataset.value), cell.textContent])),
  ]));
  const tables = expected();
  assert.deepEqual(found.map(([id]) => id).sort(), Object.keys(tables).sort());
  for (const [id, rows] of found) {
    assert.deepEqual(rows.map((row) => row.map(([value]) => value)), tables[id], `table ${id}`);
    for (const [value, text] of rows.flat()) { // what is shown is that number, rounded
      const shown = Number(text.replaceAll(",", "").replace("%", "")) / (text.endsWith("%") ? 100 : 1);
      assert.ok(Math.abs(shown - value) <= 0.5001, `table ${id} shows ${text} for ${value}`);
      if (text.endsWith("%")) assert.ok(Math.abs(shown - value) <= 0.00051, `table ${id} shows ${text} for ${value}`);
    }
  }
  return found.length;
}

async function checkCharts(page, n) {
  const charts = await page.$$eval(".chart", (boxes) => boxes.map((box) => {
    const svg = box.querySelector("svg"), frame = svg?.getBoundingClientRect();
    return {
      id: box.id, label: box.getAttribute("aria-label"), shapes: svg?.querySelectorAll("path, rect").length ?? 0,
      text: [...(svg?.querySelectorAll("text") ?? [])].map((t) => t.textContent).join(" "),
      cut: [...(svg?.querySelectorAll("text") ?? [])].filter((t) => {
        const b = t.getBoundingClientRect();
        return b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1 || b.bottom > frame.bottom + 1;
      }).map((t) => t.textContent),
      wider: frame ? frame.width > box.clientWidth + 1 : true,
    };
  }));
  assert.equal(charts.length, n, "a chart for each table");
  for (const chart of charts) {
    assert.ok(chart.shapes > 5, `${chart.id} is drawn`);
    assert.doesNotMatch(chart.text + chart.label, /NaN|undefined|Infinity|null/, chart.id);
    assert.deepEqual(chart.cut, [], `${chart.id} has texts that are cut`);
    assert.ok(!chart.wider, `${chart.id} fits its box`);
  }
}

const valid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);
assert.ok(valid(report), JSON.stringify(valid.errors));
assert.ok(statSync(file).size <= 900 * 1000, `report.html has ${statSync(file).size} bytes`);

for (const notice of ["This product includes software developed at", "Copyright (c) 2017, Baidu Inc.", "Copyright 2010-2016 Mike Bostock"])
  assert.ok(readFileSync(file, "utf8").includes(notice), `the page says: ${notice}`);

const browser = await chromium.launch({
  executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  for (const [language, scheme, width] of [["zh", "light", 1340], ["en", "dark", 1340], ["en", "light", 390], ["zh", "dark", 800]]) {
    const { page, heard, requests } = await openPage(browser, language, scheme, width);
    const n = await checkTables(page);
    await checkCharts(page, n);
    assert.equal(await page.getAttribute("html", "lang"), language);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1), false, "no sideways scrolling");
    assert.doesNotMatch(await page.innerText("main"), /NaN|undefined|Infinity|\bnull\b/);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run());
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((x) => x.html.slice(0, 120)).join(" | ")}`), []);
    assert.deepEqual(heard, [], "nothing on the console");
    assert.equal(requests.length, 1, requests.join(" "));
    await page.close();
  }

  // The buttons do what they say, by keyboard, and keep the focus.
  const { page, heard } = await openPage(browser, "zh", "light", 1340);
  await page.focus("#lang-en");
  await page.keyboard.press("Enter");
  assert.equal(await page.getAttribute("html", "lang"), "en");
  assert.equal(await page.evaluate(() => document.activeElement.id), "lang-en");
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click("#dark");
  assert.notEqual(await paper(), light);
  await checkCharts(page, await checkTables(page));

  // On paper: light, and nothing wider than A4 within its margins.
  const pdf = await page.pdf({ format: "A4", preferCSSPageSize: true });
  assert.ok(pdf.length > 10000);
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 703, height: 1000 });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > 703), false);
  await checkCharts(page, Object.keys(expected()).length);
  assert.deepEqual(heard, []);
} finally {
  await browser.close();
}
console.log(`${Object.keys(expected()).length} charts and tables agree with report.json`);
