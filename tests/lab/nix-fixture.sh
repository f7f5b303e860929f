#!/usr/bin/env bash
# Makes a flake that needs nothing but Debian packages, and prints where it is: FIXTURE=path. The flake is
# tests/nix-fixture: shaped like a NixOS flake, with the same attributes and outputs, but without nixpkgs; the packages
# are fetched here once, and Nix takes them from the cache. A second run prints the same in milliseconds.
#   LAB_CACHE    the cache (default: .cache/lab in the repository)
#   LAB_MIRROR   a Debian mirror, when the machine's own apt has none
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$here/../nix-fixture
cache=${LAB_CACHE:-$here/../../.cache/lab}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
suite=bookworm
programs=(busybox-static squashfs-tools jq zstd dropbear-bin nix-bin)
recipe=$(cat "$here/nix-fixture.sh" "$here/suites.sh" "$source/debs2json.py" | sha256sum | cut -c1-16)
debs=$cache/nix-fixture-$recipe
flake=$debs/flake

# shellcheck source-path=SCRIPTDIR
. "$here/suites.sh"

fetch() {
    local root=$work/$suite kernel
    command -v python3 >/dev/null || fail "python3 is missing; it reads what the packages need"
    open_suite "$suite"
    fetch_packages "$suite" "${programs[@]}"
    kernel=$(in_suite "$suite" apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    mkdir -p "$work/debs"
    (cd "$work/debs" && in_suite "$suite" apt-get download "$kernel" >&2) || fail "cannot fetch the kernel"
    mv "$root"/cache/archives/*.deb "$work/debs/"
    mkdir -p "$work/flake/bootstrap"
    dpkg-deb --fsys-tarfile "$work"/debs/busybox-static_*.deb | tar -x -O ./bin/busybox >"$work/flake/bootstrap/busybox"
    chmod 755 "$work/flake/bootstrap/busybox"
    mv "$work/debs" "$debs.new"
    mv "$work/flake" "$debs.new/"
    # The addresses in it are absolute: it is made where the packages will be.
    rm -rf "$debs"
    mv "$debs.new" "$debs"
    python3 "$source/debs2json.py" "$debs" >"$flake/debs.json.new"
    mv "$flake/debs.json.new" "$flake/debs.json"
}

exec 9>"$cache/.nix-fixture.lock"
flock 9
if [ ! -e "$flake/debs.json" ]; then
    find "$cache" -maxdepth 1 \( -name '.nix-fixture.*.work' -o -name 'nix-fixture-*' \) -exec rm -rf {} +
    work=$(mktemp -d "$cache/.nix-fixture.XXXXXX.work")
    trap 'rm -rf "$work"' EXIT
    fetch
fi
cp -r "$source"/{flake.nix,pkgs.nix,system.nix,builders,hosts} "$flake/"
echo "FIXTURE=$flake"
