# shellcheck shell=bash
# Sourced by assets.sh, nix.sh and nix-fixture.sh: Debian's suites beside the one that this machine runs, each through
# an apt of its own that takes nothing for installed. The caller sets $work, a folder for what apt keeps, and $cache.
#   LAB_MIRROR   a Debian mirror, when the machine's own apt has none

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

mirror() {
    local codename uri
    [ -n "${LAB_MIRROR:-}" ] && echo "$LAB_MIRROR" && return
    command -v apt-get >/dev/null || fail "the pieces come from Debian packages, and this system has no apt-get"
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    # shellcheck disable=SC2016 # apt's own placeholders, not the shell's
    uri=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        sed -n "s/^$codename main //p" | head -n 1)
    [ -n "$uri" ] || fail "found no Debian mirror in this machine's apt sources; name one in LAB_MIRROR"
    echo "$uri"
}

# in_suite SUITE apt-get|apt-cache arguments…
in_suite() {
    local root=${work:?}/$1 command=$2
    shift 2
    "$command" -q -o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$root/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$root/cache" \
        -o APT::Architecture=amd64 -o APT::Sandbox::User=root -o APT::Get::List-Cleanup=0 \
        -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}

# open_suite SUITE: reads its lists.
open_suite() {
    local root=${work:?}/$1 options='arch=amd64 target=Packages' uri
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$keyring" ] && options+=" signed-by=$keyring"
    mkdir -p "$root"/{lists/partial,cache/archives/partial}
    uri=$(mirror)
    echo "deb [$options] $uri $1 main" >"$root/sources.list"
    in_suite "$1" apt-get update >&2 || fail "cannot read the suite $1 of the Debian mirror"
}

# fetch_packages SUITE PACKAGE…: the packages with all they need, into $work/SUITE/cache/archives.
fetch_packages() {
    local suite=$1
    shift
    in_suite "$suite" apt-get install -y --download-only --no-install-recommends "$@" >&2 ||
        fail "cannot fetch from the suite $suite: $*"
}
