#!/bin/sh
# Time kehu beside its peers: the same work, the same threads, warm, five times in turn; medians of CPU time.
#
#     sh tests/bench/run.sh NAME...      text, keyword, tree, rfm, store, tokenizer ...; all
#
# Peers come by their registries into a scratch folder (KEHU_BENCH, or build-bench). Real data is read from
# KEHU_DATA or ../shared/data. Each bench prints a table, then one line a goal:
#
#     bar <id> <value> <goal> ok|short
set -eu
cd "$(dirname "$0")/../.."
. tests/support/install.sh
ensure gcc=gcc meson=meson ninja=ninja-build pkg-config=pkg-config python3=python3 xz=xz-utils \
    /usr/lib/python3/dist-packages/jieba/dict.txt=python3-jieba '/usr/lib/python3*/ensurepip=python3-venv'

scratch=${KEHU_BENCH:-build-bench}
mkdir -p "$scratch"
[ -d "$scratch/release" ] || meson setup "$scratch/release" --buildtype=release >"$scratch/setup.log"
ninja -C "$scratch/release" >"$scratch/build.log" || { tail -n 20 "$scratch/build.log"; exit 1; }
[ -d "$scratch/venv" ] || python3 -m venv "$scratch/venv"

[ $# -gt 0 ] || set -- all
if [ "$1" = all ]; then
    # shellcheck disable=SC2046
    set -- $(cd tests/bench && ls bench_*.py | sed 's/^bench_//; s/\.py$//')
fi
for name in "$@"; do
    # The first lines of a bench name its peers: "# peers: scikit-learn fasttext-wheel"
    peers=$(sed -n 's/^# peers: *//p' "tests/bench/bench_$name.py")
    # shellcheck disable=SC2086
    [ -z "$peers" ] || "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check $peers
    "$scratch/venv/bin/python" "tests/bench/bench_$name.py" "$scratch/release/tests" "$scratch"
done
