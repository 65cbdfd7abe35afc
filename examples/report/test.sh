#!/bin/sh
# The report page of a whole run, in a browser: sh test.sh CUSTOMER_INSIGHT GENERATE FOLDER
# Exit status 77, not tested, without node 18, npm or Chromium.
set -eu
insight=$1 generate=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
sample=$here/../sample
for program in node npm chromium; do
    if ! command -v "$program" >/dev/null; then
        echo "skipped: $program is not here" >&2
        exit 77
    fi
done
mkdir -p "$folder/data"
sh "$here/build.sh" "$folder/page" --with-tests
"$generate" --grammar "$sample/demands.grammar" --out "$folder/data" --customers 1500 --demands 1000
"$insight" --customers "$folder/data/customers.csv" --events "$folder/data/events.csv" \
    --demands "$folder/data/demands.csv" --statuses "$folder/data/statuses.csv" --answers "$folder/data/answers.csv" \
    --sentiment "$sample/tone.words" --spam 垃圾信息 --vocabulary "$sample/vocabulary.csv" --target left \
    --as-of 2026-01-01 --page "$folder/page/template.html" --out "$folder/out"
node "$here/test.mjs" "$folder/page" "$folder/out"
