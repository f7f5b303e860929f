#!/usr/bin/env bash
# Brings two builds of Nix into the lab's cache and prints where they are, one NAME=path a line:
#
#   NIX_OLD     2.8, of Debian 12: the oldest in use
#   NIX_NEW     2.34, of Debian's testing suite
#
# Each folder has nix, nix-store and the others beside each other. They run on their own loader and libraries, whatever
# this machine has: nothing is installed, and no store is made before somebody uses one. A second run prints the same
# in milliseconds; two runs at once wait for each other.
#   LAB_CACHE    the cache (default: .cache/lab in the repository)
#   LAB_MIRROR   a Debian mirror, when the machine's own apt has none
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LAB_CACHE:-$here/../../.cache/lab}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
recipe=$(cat "$here/nix.sh" "$here/suites.sh" | sha256sum | cut -c1-16)

# shellcheck source-path=SCRIPTDIR
. "$here/suites.sh"

# own_libraries OPTION… FILE…: patchelf of the same suite, before its loader is where it will be.
own_libraries() {
    LD_LIBRARY_PATH=$root/nix/lib "$root/nix/lib/ld-linux-x86-64.so.2" "$root/unpacked/usr/bin/patchelf" --force-rpath "$@"
}

# make NAME SUITE: unpacks the suite's nix-bin with all it needs, and points the program at its own libraries.
make() {
    local name=$1 suite=$2 root=$work/$2 deb library tool
    mkdir -p "$root/unpacked"
    open_suite "$suite"
    fetch_packages "$suite" nix-bin patchelf
    for deb in "$root"/cache/archives/*.deb; do
        case ${deb##*/} in perl* | libperl* | debconf* | passwd* | libpam* | libdbi* | libwww*) continue ;; esac
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root/unpacked" --exclude './usr/share/doc' \
            --exclude './usr/share/man' --exclude './usr/share/locale'
    done
    # The suites disagree on whether /lib is /usr/lib; one folder with all libraries does for both.
    mkdir "$root/nix" "$root/nix/lib" "$root/nix/bin"
    find "$root/unpacked" \( -path '*/x86_64-linux-gnu/*.so*' -o -path '*/lib/nix/*.so*' \) -exec cp -Pf {} "$root/nix/lib/" \;
    cp "$root/unpacked/usr/bin/nix" "$root/nix/bin/"
    # Nix's own libraries name /usr/lib/nix, which would end the search for what they need beside them.
    for library in "$root"/nix/lib/libnix*.so*; do
        [ ! -f "$library" ] || own_libraries --set-rpath "$cache/$name/lib" "$library"
    done
    own_libraries --set-rpath "$cache/$name/lib" --set-interpreter "$cache/$name/lib/ld-linux-x86-64.so.2" "$root/nix/bin/nix"
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

find "$cache" -maxdepth 1 -name '.nix.*.work' -exec rm -rf {} +
rm -rf "$cache"/nix-old-* "$cache"/nix-new-*
work=$(mktemp -d "$cache/.nix.XXXXXX.work")
trap 'rm -rf "$work"' EXIT
for i in 0 1; do make "${names[$i]}" "${suites[$i]}"; done
print
