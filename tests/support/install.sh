# install.sh - bring what a script needs, by Debian packages, only where it is missing. Sourced by the README's
# two commands; the current folder is the project's root.
#
#     ensure COMMAND=PACKAGE ... /FILE/PATTERN=PACKAGE ...

# The packages of the pairs whose command or file is not here, one a line.
missing_packages() {
    for pair in "$@"; do
        thing=${pair%=*}
        case $thing in
        /*) # a pattern on purpose
            # shellcheck disable=SC2086
            set -- $thing
            [ -e "$1" ] || echo "${pair##*=}" ;;
        *) command -v "$thing" >/dev/null 2>&1 || echo "${pair##*=}" ;;
        esac
    done | sort -u
}

ensure() {
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -z "$missing" ] && return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing, and there is no apt-get to install them: $missing" >&2
        return 1
    fi
    as_root=
    [ "$(id -u)" = 0 ] || as_root="sudo -E"
    echo "installing: $missing"
    log=$(mktemp)
    # shellcheck disable=SC2086
    if ! { $as_root apt-get update && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends $missing; } \
        >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "the installation failed, see $log" >&2
        return 1
    fi
    rm -f "$log"
}

# source_of PACKAGE FOLDER: the archives of a Debian package's source in this folder, checked by apt. The machine's own
# lists of packages stay as they are.
source_of() (
    mkdir -p "$2/apt/parts" "$2/apt/lists/partial" && cd "$2" || exit
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >apt/parts/machine.list
    for list in /etc/apt/sources.list.d/*.sources; do
        [ -e "$list" ] && sed 's/^Types:.*/Types: deb-src/' "$list" >"apt/parts/${list##*/}"
    done
    set -- "$1" -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$PWD/apt/parts" -o "Dir::State::Lists=$PWD/apt/lists" \
        -o "Dir::Cache=$PWD/apt" -o APT::Sandbox::User=root
    package=$1
    shift
    apt-get "$@" update && apt-get "$@" source --download-only "$package"
)
