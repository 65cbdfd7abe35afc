#!/bin/sh
# The Debian packages are built from a clean copy of the tree, installed, used by a program, and removed.
#
#     sh tests/outside/debian.sh SCRATCH      as root or with sudo
set -eu
scratch=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
rm -rf "$scratch"
mkdir -p "$scratch/kehu"
scratch=$(cd "$scratch" && pwd)

cd "$root"
cp -r include src tests examples bindings meson.build README.md LICENSE "$scratch/kehu/"
mv "$scratch/kehu/bindings/debian" "$scratch/kehu/debian"
cd "$scratch/kehu"
version=$(python3 src/version.py)
dpkg-parsechangelog --show-field Version | grep -qx "$version-.*" || {
    echo "debian/changelog is not about version $version"
    exit 1
}
dpkg-buildpackage --build=binary --no-sign --jobs=auto

cd "$scratch"
$as_root dpkg -i libkehu0_*.deb libkehu-dev_*.deb
trap '$as_root dpkg --purge libkehu-dev libkehu0' EXIT
cp "$root/tests/outside/consumer.c" .
# shellcheck disable=SC2046
cc -std=c11 consumer.c $(pkg-config --cflags --libs kehu) -o consumer
./consumer
dpkg -S "$(ldd consumer | sed -n 's/.*libkehu.so.0 => \([^ ]*\).*/\1/p' | xargs readlink -f)" | grep -q '^libkehu0:'
# The authors have no public address.
lintian --fail-on error --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog ./*.deb
