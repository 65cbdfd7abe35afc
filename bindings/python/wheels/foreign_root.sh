#!/bin/sh
# Unpack Debian's Python of another architecture, with what it needs, into FOLDER/root; nothing is installed.
#
#     sh foreign_python.sh FOLDER arm64
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd) architecture=$2
mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial" "$folder/root"
: >"$folder/status"
apt() {
    apt-get -o APT::Architecture="$architecture" -o APT::Architectures::="$architecture" -o Dir::State="$folder/state" \
        -o Dir::State::status="$folder/status" -o Dir::Cache="$folder/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
}
apt update
apt install -y --download-only --no-install-recommends python3.11-minimal libpython3.11-stdlib musl
for package in "$folder"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$folder/root"
done
