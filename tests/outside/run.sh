#!/bin/sh
# Programs outside the project find and link kehu: by pkg-config and by CMake, shared and static, as a Meson
# subproject, and as one C file.
#
#     sh tests/outside/run.sh SCRATCH
set -eu
scratch=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
rm -rf "$scratch"
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)
cp "$root/tests/outside/consumer.c" "$scratch/"

cd "$root"
meson setup "$scratch/build" --prefix="$scratch/installed" --libdir=lib --buildtype=release
ninja -C "$scratch/build" install
export PKG_CONFIG_PATH="$scratch/installed/lib/pkgconfig"
cd "$scratch"

# shellcheck disable=SC2046
cc -std=c11 consumer.c $(pkg-config --cflags --libs kehu) -Wl,-rpath,"$scratch/installed/lib" -o shared
./shared
readelf -d shared | grep -q 'libkehu\.so\.0'

# shellcheck disable=SC2046
cc -std=c11 consumer.c $(pkg-config --cflags kehu) "$scratch/installed/lib/libkehu.a" \
    $(pkg-config --static --libs-only-l kehu | sed 's/-lkehu//') -pthread -o static
./static
if readelf -d static | grep -q libkehu; then
    echo "the static program needs the shared library"
    exit 1
fi

# The folder may move.
mkdir cmake
mv installed moved
cp consumer.c cmake/
cat >cmake/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.13)
project(outer C)
find_package(kehu 0.1 REQUIRED)
foreach(kind kehu static)
    add_executable(with_${kind} consumer.c)
    target_link_libraries(with_${kind} PRIVATE kehu::${kind})
endforeach()
CMAKE
cmake -G Ninja -S cmake -B cmake/build -DCMAKE_PREFIX_PATH="$scratch/moved" -DCMAKE_C_STANDARD=11
cmake --build cmake/build
./cmake/build/with_kehu
./cmake/build/with_static
readelf -d cmake/build/with_kehu | grep -q 'libkehu\.so\.0'
if readelf -d cmake/build/with_static | grep -q libkehu; then
    echo "CMake's static program needs the shared library"
    exit 1
fi
sed -i 's/kehu 0.1/kehu 99/' cmake/CMakeLists.txt
if cmake -G Ninja -S cmake -B cmake/newer -DCMAKE_PREFIX_PATH="$scratch/moved" >newer.log 2>&1; then
    echo "CMake takes this version for a newer one"
    exit 1
fi
grep -q 'requested version "99"' newer.log

mkdir -p outer/subprojects
ln -s "$root" outer/subprojects/kehu
cp consumer.c outer/
cat >outer/meson.build <<'MESON'
project('outer', 'c', default_options: ['c_std=c11'])
test('consumer', executable('consumer', 'consumer.c', dependencies: dependency('kehu', fallback: 'kehu')))
MESON
# Not the installed one: the fallback must do.
PKG_CONFIG_PATH= meson setup outer/build outer
PKG_CONFIG_PATH= meson test -C outer/build
# kehu's own tests stay out of the outer project.
meson introspect --tests outer/build | python3 -c 'import json, sys; sys.exit(len(json.load(sys.stdin)) != 1)'

# In one file, without any build system: the examples print what they print with the library.
cd "$scratch"
python3 "$root/src/amalgamate.py" one
cc -std=c11 -Wall -Wextra -Werror -O2 -ffp-contract=off -fvisibility=hidden -pthread -c one/kehu.c -o one/kehu.o
for name in clv rfm svm tree; do
    sed 's#<kehu/[a-z]*.h>#"kehu.h"#' "$root/examples/$name.c" >"one/$name.c"
    cc -std=c11 -O2 -pthread "one/$name.c" one/kehu.o -lm -o "one/$name"
    "build/examples/$name" >"one/$name.expected"
    "one/$name" | diff "one/$name.expected" -
done
