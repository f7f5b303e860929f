#!/usr/bin/env bash
# Brings two builds of Nix into the lab's cache and prints where they are, one NAME=path a line:
#
#   NIX_OLD     2.8, of Debian 12: the oldest in use
#   NIX_NEW     2.34, of Debian's testing suite
#
# Each folder has nix, nix-store and the others beside each other. They run on their own loader and libraries, whatever
# this machine has: nothing is installed, and no store is made before somebody uses one. A second run prints the same
# in milliseconds; two runs at once wait for each other.
#   NETBOOT_LAB_CACHE    the cache (default: .cache/lab in the repository)
#   NETBOOT_LAB_MIRROR   a Debian mirror, when the machine's own apt has none
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NETBOOT_LAB_CACHE:-$here/../../.cache/lab}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
recipe=$(sha256sum <"$here/nix.sh" | cut -c1-16)

fail() {
    echo "nix.sh: $*" >&2
    exit 1
}

mirror() {
    local codename uri
    [ -n "${NETBOOT_LAB_MIRROR:-}" ] && echo "$NETBOOT_LAB_MIRROR" && return
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    # shellcheck disable=SC2016 # apt's own placeholders, not the shell's
    uri=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        sed -n "s/^$codename main //p" | head -n 1)
    [ -n "$uri" ] || fail "found no Debian mirror in this machine's apt sources; name one in NETBOOT_LAB_MIRROR"
    echo "$uri"
}

# An apt of its own for one suite: in_suite SUITE apt-get arguments…
in_suite() {
    local root=$work/$1 command=$2
    shift 2
    "$command" -q -o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$root/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$root/cache" \
        -o APT::Architecture=amd64 -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \
        -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}

# make NAME SUITE: unpacks the suite's nix-bin with all it needs, and points the program at its own libraries.
make() {
    local name=$1 suite=$2 root=$work/$2 deb tool
    local options='arch=amd64 target=Packages' keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$keyring" ] && options+=" signed-by=$keyring"
    mkdir -p "$root"/{lists/partial,cache/archives/partial,unpacked}
    echo "deb [$options] $mirror $suite main" >"$root/sources.list"
    in_suite "$suite" apt-get update >&2 || fail "cannot read the suite $suite of the Debian mirror"
    in_suite "$suite" apt-get install -y --download-only --no-install-recommends nix-bin patchelf >&2 ||
        fail "cannot fetch nix-bin of $suite"
    for deb in "$root"/cache/archives/*.deb; do
        case ${deb##*/} in perl* | libperl* | debconf* | passwd* | libpam* | libdbi* | libwww*) continue ;; esac
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root/unpacked" --exclude './usr/share/doc' \
            --exclude './usr/share/man' --exclude './usr/share/locale'
    done
    # The suites disagree on whether /lib is /usr/lib; one folder with all libraries does for both.
    mkdir "$root/nix" "$root/nix/lib" "$root/nix/bin"
    find "$root/unpacked" \( -path '*/x86_64-linux-gnu/*.so*' -o -path '*/lib/nix/*.so*' \) -exec cp -Pf {} "$root/nix/lib/" \;
    cp "$root/unpacked/usr/bin/nix" "$root/nix/bin/"
    LD_LIBRARY_PATH=$root/nix/lib "$root/nix/lib/ld-linux-x86-64.so.2" "$root/unpacked/usr/bin/patchelf" \
        --set-interpreter "$cache/$name/lib/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$cache/$name/lib" \
        "$root/nix/bin/nix"
    for tool in build store instantiate env hash collect-garbage daemon; do ln -s nix "$root/nix/bin/nix-$tool"; done
    mv "$root/nix" "$cache/$name"
}

names=("nix-old-$recipe" "nix-new-$recipe")
suites=(bookworm forky)

print() {
    [ -x "$cache/${names[0]}/bin/nix" ] && [ -x "$cache/${names[1]}/bin/nix" ] || return 1
    echo "NIX_OLD=$cache/${names[0]}/bin/nix"
    echo "NIX_NEW=$cache/${names[1]}/bin/nix"
}

print && exit 0
exec 9>"$cache/.nix.lock"
flock 9
print && exit 0

command -v apt-get >/dev/null || fail "the two builds come from Debian packages, and this system has no apt-get"
find "$cache" -maxdepth 1 -name '.nix.*.work' -exec rm -rf {} +
rm -rf "$cache"/nix-old-* "$cache"/nix-new-*
work=$(mktemp -d "$cache/.nix.XXXXXX.work")
trap 'rm -rf "$work"' EXIT
mirror=$(mirror)
for i in 0 1; do make "${names[$i]}" "${suites[$i]}"; done
print
