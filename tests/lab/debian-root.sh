#!/usr/bin/env bash
# Makes a plain Debian 13 that knows nothing of the server, and prints where its pieces are, one NAME=path a line:
#
#   DISK       ext4 with systemd, systemd-networkd (DHCP) and sshd; no ssh keys, hostname "stock", root has no password
#   KERNEL     its kernel
#   SYSTEMD    its own initrd: dracut with systemd in it
#   TMPFILES   the same without cp
#   CREDS      the same without systemd-tmpfiles, too
#   DRACUT     an initrd of dracut without systemd
#   TOOLS      an initrd of initramfs-tools with busybox
#
# Takes about a minute and a half, needs root and 1 GB; a second run prints the same in milliseconds.
#   LAB_CACHE    the cache (default: .cache/lab in the repository)
#   LAB_MIRROR   a Debian mirror, when the machine's own apt has none
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LAB_CACHE:-$here/../../.cache/lab}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
suite=trixie
packages=(systemd systemd-sysv udev dbus iproute2 curl jq kexec-tools dracut linux-image-cloud-amd64 openssh-server)
pieces=(DISK KERNEL SYSTEMD TMPFILES CREDS DRACUT TOOLS)
made=$cache/debian-root-$(cat "$here/debian-root.sh" "$here/suites.sh" | sha256sum | cut -c1-16)

# shellcheck source-path=SCRIPTDIR
. "$here/suites.sh"

print() {
    local piece
    [ -d "$made" ] || return 1
    for piece in "${pieces[@]}"; do echo "$piece=$made/${piece,,}"; done
}

pack() {
    (cd "$1" && find . | sort | cpio -o -H newc --quiet -R 0:0 | gzip -1 -n)
}

# Runs in the new root, which mmdebstrap gives as first argument: what makes the initrds and the system's few settings.
customize() {
    local root=$1 version
    version=$(basename "$root"/lib/modules/*)
    cp "$root/boot/vmlinuz-$version" "$made.new/kernel"
    cp "$root/boot/initrd.img-$version" "$made.new/systemd"
    chroot "$root" sh -ec "mkdir /tmp/initrd; cd /tmp/initrd; lsinitrd --unpack /boot/initrd.img-$version"
    rm "$root/tmp/initrd/usr/bin/cp"
    pack "$root/tmp/initrd" >"$made.new/tmpfiles"
    rm "$root/tmp/initrd/usr/bin/systemd-tmpfiles"
    pack "$root/tmp/initrd" >"$made.new/creds"
    rm -r "$root/tmp/initrd"
    chroot "$root" dracut --no-hostonly --omit 'systemd systemd-initrd dracut-systemd' --kver "$version" /boot/dracut
    mv "$root/boot/dracut" "$made.new/dracut"
    chroot "$root" apt-get -q -y --no-install-recommends install initramfs-tools busybox
    rm -f "$root/boot/initrd.img-$version"
    chroot "$root" update-initramfs -c -k "$version"
    mv "$root/boot/initrd.img-$version" "$made.new/tools"
    chmod 644 "$made.new"/*

    printf '[Match]\nName=e*\n\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/80-dhcp.network"
    chroot "$root" systemctl enable systemd-networkd.service ssh.service
    chroot "$root" systemctl mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer
    rm -f "$root"/etc/ssh/ssh_host_* "$root"/boot/*
    rm -rf "$root/root/.ssh"
    : >"$root/etc/machine-id"
}

# mmdebstrap calls this script again as its hook.
if [ "${1:-}" = customize ]; then
    made=$3 customize "$2" >&2
    exit
fi

print && exit 0
exec 9>"$cache/.debian-root.lock"
flock 9
print && exit 0
[ "$(id -u)" -eq 0 ] || fail "not root: a root file system with its owners and modes takes root to make"
command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing: apt-get install mmdebstrap"

find "$cache" -maxdepth 1 \( -name '.debian-root.*.work' -o -name 'debian-root-*' \) -exec rm -rf {} +
work=$(mktemp -d "$cache/.debian-root.XXXXXX.work")
trap 'rm -rf "$work" "$made.new"' EXIT
mkdir "$made.new"
chmod 755 "$work"
mmdebstrap --quiet --variant=minbase --mode=root --include="$(IFS=,; echo "${packages[*]}")" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --customize-hook="'$here/debian-root.sh' customize \"\$1\" '$made'" \
    "$suite" "$work/root" "$(mirror)" >&2 || fail "mmdebstrap failed"
echo stock >"$work/root/etc/hostname"
: >"$work/root/etc/fstab"
mke2fs -q -t ext4 -d "$work/root" "$made.new/disk" 600M >&2
mv "$made.new" "$made"
print
