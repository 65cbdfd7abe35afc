#!/bin/sh
# Unpack Debian packages of another architecture, with what they need, into FOLDER/root; nothing is installed.
#
#     sh foreign_root.sh FOLDER ARCHITECTURE PACKAGE...
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd) architecture=$2
shift 2
mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial" "$folder/root"
: >"$folder/status"
apt() {
    apt-get -o APT::Architecture="$architecture" -o APT::Architectures::="$architecture" -o Dir::State="$folder/state" \
        -o Dir::State::status="$folder/status" -o Dir::Cache="$folder/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
}
apt update
apt install -y --download-only --no-install-recommends "$@"
for package in "$folder"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$folder/root"
done
# Links to the root of the machine would leave the folder.
find "$folder/root" -lname '/*' | while read -r link; do
    ln -sfn "$folder/root$(readlink "$link")" "$link"
done
