// Four charts of a report as one picture for the README: node picture.mjs PAGE_FOLDER REPORT.json OUT.svg
// PAGE_FOLDER is where build.sh has put ECharts. The same report gives the same bytes.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import * as charts from "./charts.js";
import { say, setLanguage } from "./words.js";

const [folder, data, out] = process.argv.slice(2).map((path) => resolve(path));
const echarts = createRequire(join(folder, "package.json"))("echarts");
const report = JSON.parse(readFileSync(data, "utf8"));
const theme = charts.themes.light, wide = 560, high = 330, title = 34;
const font = "Helvetica, Arial, sans-serif";

setLanguage("en");
const [channel] = report.preferences;
const parts = [
  [say("demandClasses"), charts.demandClasses(report, theme, wide)],
  [say(`of_${channel.of}`), charts.preferenceLevels(channel, theme, wide)],
  [say("rfmHeat"), charts.rfmHeat(report, theme, wide)],
  [say("rfmSegments"), charts.rfmSegments(report, theme, wide)],
];

function draw({ option }) {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: wide - 20, height: high });
  chart.setOption({ ...option, textStyle: { ...option.textStyle, fontFamily: font } }); // without quotes, which it does not escape
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const escapeText = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const placed = parts.map(([name, chart], i) => {
  const x = 10 + (i % 2) * wide, y = Math.floor(i / 2) * (high + title);
  return `<text x="${x}" y="${y + 24}" font-family="${font}" font-size="15" font-weight="600" fill="${theme.ink}">${escapeText(name)}</text>`
    + `<g transform="translate(${x} ${y + title})">${draw(chart)}</g>`;
});
const width = 2 * wide, height = 2 * (high + title) + 10;
writeFileSync(out, `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`
  + `<rect width="${width}" height="${height}" fill="${theme.card}"/>${placed.join("\n")}</svg>\n`);
