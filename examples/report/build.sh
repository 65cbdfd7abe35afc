#!/bin/sh
# Builds the report page's template: sh build.sh FOLDER [--with-tests]
#
# npm brings ECharts and esbuild (and with --with-tests what the page's test
# needs) into FOLDER; the result is FOLDER/template.html, which the main job
# fills with a report.json. Needs node 18 or newer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: sh build.sh FOLDER [--with-tests]}
omit=--omit=dev
[ "${2:-}" = --with-tests ] && omit=
mkdir -p "$folder"
cd "$folder"
if ! cmp -s "$here/package.json" package.json || [ ! -d node_modules/echarts ] ||
    { [ -z "$omit" ] && [ ! -d node_modules/playwright-core ]; }; then
    cp "$here/package.json" package.json
    npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error $omit >&2
fi
node "$here/build.mjs" "$here" .
