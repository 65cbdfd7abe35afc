#!/bin/sh
# Conan's packages, shared and static, are built and used by a program.
#
#     sh tests/outside/conan.sh SCRATCH
set -eu
scratch=$1
rm -rf "$scratch"
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)
cd "$(dirname "$0")/../.."
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install -q 'conan>=2.13'
export CONAN_HOME="$scratch/home" PATH="$scratch/venv/bin:$PATH"
conan profile detect
for shared in True False; do
    conan create bindings/conan --options "kehu/*:shared=$shared" --no-remote
done
