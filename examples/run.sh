#!/bin/sh
# The main job on the bundled sample, from nothing: sh examples/run.sh [BUILD_FOLDER]
#
# On a bare Debian 12 (as root, or with sudo) it installs what is missing, builds
# the library and the program, builds the report page with npm, makes the sample
# and runs the job. It ends by naming the path of report.html.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$top/build-run}
case $build in /*) ;; *) build=$PWD/$build ;; esac

cd "$top"
. tests/support/install.sh
ensure cc=gcc /usr/include/string.h=libc6-dev meson=meson ninja=ninja-build pkg-config=pkg-config python3=python3 node=nodejs npm=npm \
    /usr/lib/python3/dist-packages/jieba/dict.txt=python3-jieba

[ -f "$build/build.ninja" ] || meson setup "$build" "$top" --buildtype=release >&2
ninja -C "$build" examples/generate examples/customer_insight >&2
sh "$top/examples/report/build.sh" "$build/page"

sample=$build/sample out=$build/report
mkdir -p "$sample"
"$build/examples/generate" --grammar "$top/examples/sample/demands.grammar" --out "$sample"
"$build/examples/customer_insight" \
    --customers "$sample/customers.csv" --events "$sample/events.csv" --demands "$sample/demands.csv" \
    --statuses "$sample/statuses.csv" --answers "$sample/answers.csv" \
    --sentiment "$top/examples/sample/tone.words" --spam 垃圾信息 \
    --vocabulary "$top/examples/sample/vocabulary.csv" --target left --as-of 2026-01-01 \
    --page "$build/page/template.html" --out "$out"
echo "$out/report.html"
