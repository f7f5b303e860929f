#!/usr/bin/env bash
# Installs what the tests need from Debian: install.sh [all|vm]
#   all   everything the end-to-end tests use (default)
#   vm    only what vm.sh uses
# Quick and silent when everything is there. As an ordinary user it changes nothing: it says what is missing and fails,
# because a test that is quietly skipped proves nothing.
set -euo pipefail

vm=(qemu-system-x86 ipxe-qemu cpio openssl curl)
all=("${vm[@]}" binutils busybox-static bzip2 chromium dnsmasq-base dropbear-bin genisoimage gnupg gpgv iproute2 jq
    kexec-tools libarchive-tools memtest86+ minisign mmdebstrap openssh-client python3 shellcheck signify-openbsd
    systemd systemd-boot-efi wget xorriso xz-utils zstd)
lock_timeout=120

case ${1:-all} in
all) wanted=("${all[@]}") ;;
vm) wanted=("${vm[@]}") ;;
*) echo "install.sh: '$1' is neither 'all' nor 'vm'" >&2; exit 2 ;;
esac

# Where there is no dpkg (another distribution), the commands are what counts.
missing_commands() {
    local command
    for command in qemu-system-x86_64 cpio openssl curl; do
        command -v "$command" >/dev/null || echo "$command"
    done
}

missing_packages() {
    local installed package
    installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${wanted[@]}" 2>/dev/null) || true
    for package in "${wanted[@]}"; do
        grep -qx "ii $package" <<<"$installed" || echo "$package"
    done
}

# True when apt has never fetched its lists, or not for a day: then it names versions that the mirror has dropped.
# The folder's time counts; the files in it carry the mirror's own times.
lists_are_stale() {
    local lists=/var/lib/apt/lists
    [ -z "$(find "$lists" -maxdepth 1 -name '*_Packages*' -print -quit)" ] ||
        [ -z "$(find "$lists" -maxdepth 0 -mtime -1)" ]
}

update() {
    apt-get -q -o DPkg::Lock::Timeout=$lock_timeout update
}

install() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=$lock_timeout install "$@"
}

if ! command -v dpkg-query >/dev/null; then
    mapfile -t missing < <(missing_commands)
    [ ${#missing[@]} -eq 0 ] && exit 0
    echo "install.sh: these commands are missing: ${missing[*]}" >&2
    echo "install.sh: no dpkg here; install them with this system's own package manager, then run it again" >&2
    exit 1
fi

mapfile -t missing < <(missing_packages)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "install.sh: these packages are missing: ${missing[*]}" >&2
    echo "install.sh: not root, so nothing was installed. Run:" >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

echo "install.sh: installing ${missing[*]}" >&2
{
    lists_are_stale && update
    install "${missing[@]}" || { update && install "${missing[@]}"; }
} >&2

mapfile -t missing < <(missing_packages)
[ ${#missing[@]} -eq 0 ] && exit 0
echo "install.sh: still missing after the installation: ${missing[*]}" >&2
exit 1
