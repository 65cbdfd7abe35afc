// Bundles page.js with ECharts and puts script, style and licence into page.html.
//   node build.mjs SOURCE_FOLDER BUILD_FOLDER   (node_modules is in BUILD_FOLDER)
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [source, folder] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(folder, "package.json"));
const esbuild = require("esbuild");
const read = (...path) => readFileSync(join(...path), "utf8");

const common = { write: false, minify: true, legalComments: "none", charset: "utf8", logLevel: "warning" };
const bundle = esbuild.buildSync({
  ...common,
  entryPoints: [join(source, "page.js")],
  bundle: true,
  format: "iife",
  target: "es2019",
  nodePaths: [join(folder, "node_modules")],
  define: { "process.env.NODE_ENV": '"production"' },
});
const styles = esbuild.buildSync({ ...common, entryPoints: [join(source, "page.css")] });

// The text of an element must not hold the element's end.
const script = bundle.outputFiles[0].text.trim().replaceAll("</", "<\\/");
const style = styles.outputFiles[0].text.trim();
const hash = createHash("sha256").update(script).digest("base64");
const version = JSON.parse(read(folder, "node_modules/echarts/package.json")).version;
const credit =
  `Charts: Apache ECharts ${version}, Copyright The Apache Software Foundation, Apache License 2.0; ` +
  "zrender, Copyright Baidu Inc., BSD 3-Clause License; tslib, Copyright Microsoft Corp., 0BSD.";

// The licences ask to go where the code goes.
const files = ["echarts/NOTICE", "echarts/LICENSE", "echarts/licenses/LICENSE-d3", "zrender/LICENSE", "tslib/LICENSE.txt"];
const licences = files.map((file) => `${file}\n\n${read(folder, "node_modules", file).trim()}`).join("\n\n\n");
if (licences.includes("-->")) throw new Error("a licence ends the comment that holds it");

const parts = { "@CREDIT@": credit, "@LICENCES@": licences, "@HASH@": `sha256-${hash}`, "@STYLE@": style, "@SCRIPT@": script };
let page = read(source, "page.html");
for (const [mark, text] of Object.entries(parts)) {
  if (page.split(mark).length !== 2) throw new Error(`page.html must hold ${mark} once`);
  page = page.replace(mark, () => text);
}
if (page.split("@REPORT@").length !== 2) throw new Error("the template must hold the mark of the data once");
writeFileSync(join(folder, "template.html.new"), page);
renameSync(join(folder, "template.html.new"), join(folder, "template.html"));
console.error(`template.html: ${Buffer.byteLength(page)} bytes`);
