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

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Packages whose command or file is not there yet.
missing=
need() { # need PACKAGE COMMAND
    command -v "$2" >/dev/null 2>&1 || missing="$missing $1"
}
command -v cc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
need meson meson
need ninja-build ninja
need pkg-config pkg-config
need python3 python3
need nodejs node
need npm npm
python3 -c 'import jieba' >/dev/null 2>&1 || missing="$missing python3-jieba"
if [ -n "$missing" ]; then
    echo "installing:$missing" >&2
    as_root apt-get update -qq
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
fi

[ -f "$build/build.ninja" ] || meson setup "$build" "$top" --buildtype=release >&2
ninja -C "$build" examples/generate examples/customer_insight >&2
sh "$top/examples/report/build.sh" "$build/page"

sample=$build/sample out=$build/report
mkdir -p "$sample"
"$build/examples/generate" --grammar "$top/examples/sample/demands.grammar" --out "$sample"
"$build/examples/customer_insight" \
    --customers "$sample/customers.csv" --events "$sample/events.csv" --demands "$sample/demands.csv" \
    --vocabulary "$top/examples/sample/vocabulary.csv" --target left --as-of 2026-01-01 \
    --page "$build/page/template.html" --out "$out"
echo "$out/report.html"
