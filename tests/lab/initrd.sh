#!/usr/bin/env bash
# Builds the lab's initrd and prints its path: initrd.sh [MIB [switch]]
#   MIB      append that many MiB of incompressible bytes as /extra/pad, so that a transfer takes visible time
#   switch   with a first stage that makes a new root on a tmpfs and leaves the initramfs for it by switch_root
# The same pieces give the same bytes. Beside NAME.img lies NAME.sums with the digests of the files under /extra
# (sha256sum's format); the guest prints the first 16 digits of each.
set -euo pipefail
shopt -s inherit_errexit
umask 022
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mib=${1:-0} stages=${2:-one}
[[ $mib =~ ^[0-9]+$ ]] || { echo "initrd.sh: '$mib' is not a number of MiB" >&2; exit 2; }
[[ $stages =~ ^(one|switch)$ ]] || { echo "initrd.sh: '$stages' is not switch" >&2; exit 2; }

assets=$("$here/assets.sh")
asset() { sed -n "s/^$1=//p" <<<"$assets"; }
busybox=$(asset BUSYBOX)
modules=$(asset MODULES)
kernel=$(asset KERNEL)
cache=${busybox%/busybox-static_*}

# The kernel's release and busybox's version stand in their paths.
key=$({ cat "$here/initrd.sh" "$here/initrd/init" "$here/initrd/switch" "$here/initrd/udhcpc"; echo "$busybox $kernel"; } | sha256sum)
image=$cache/initrd-${key:0:16}-$mib-$stages.img
[ -e "$image" ] && echo "$image" && exit 0

# Images of earlier recipes would pile up.
find "$cache" -maxdepth 1 -name 'initrd-*' ! -name "initrd-${key:0:16}-*" -mtime +1 -delete

work=$(mktemp -d "$cache/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Archives the folder $1 as newc, independent of times, owners and the order of creation.
archive() {
    (cd "$1" && find . -exec touch -h -d @0 {} + && find . | sort | cpio -o -H newc --quiet --owner 0:0 --reproducible)
}

base() {
    local root=$work/base applet module
    mkdir -p "$root"/{bin,dev,etc,lib/modules,proc,sys,tmp}
    install -m 755 "$here/initrd/init" "$root/init"
    install -m 755 "$here/initrd/udhcpc" "$root/etc/udhcpc"
    install -m 755 "$busybox" "$root/bin/busybox"
    while read -r applet; do
        [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
    done < <(applets)
    while read -r module; do
        install -m 644 "$module" "$root/lib/modules/"
    done < <(find "$modules" -name '*.ko' -path '*virtio*' -o -name '*failover.ko')
    archive "$root" | gzip -1 -n
}

# Only what init and a person at its shell use; the list also works where this busybox cannot run (another processor).
applets() {
    printf '%s\n' awk cat cp cttyhack cut date df dmesg echo env find free grep head hexdump hostname insmod ip ls lsmod \
        mkdir mount mv ping poweroff printf ps reboot rm rmdir route sed setsid sh sha256sum sleep sort stty tail tar \
        test touch udhcpc umount uname uptime vi wget [
}

# A second archive, not compressed: the kernel unpacks it at the speed of a copy. It begins at a multiple of 4 bytes.
pad() {
    local root=$work/pad zeros=00000000000000000000000000000000
    mkdir -p "$root/extra"
    head -c "$((mib * 1024 * 1024))" /dev/zero | openssl enc -aes-128-ctr -K $zeros -iv $zeros >"$root/extra/pad"
    (cd "$root" && sha256sum extra/pad) >"$work/sums"
    archive "$root"
}

# The first stage takes the place of init, which becomes the second.
switch() {
    local root=$work/switch
    mkdir -p "$root"/{bin,new,system}
    install -m 755 "$here/initrd/switch" "$root/init"
    install -m 755 "$here/initrd/init" "$root/system/init"
    ln -s busybox "$root/bin/switch_root"
    archive "$root"
}

: >"$work/sums"
base >"$work/image"
if [ "$mib" -gt 0 ]; then
    truncate -s %4 "$work/image"
    pad >>"$work/image"
fi
if [ "$stages" = switch ]; then
    truncate -s %4 "$work/image"
    switch >>"$work/image"
fi
mv "$work/sums" "${image%.img}.sums"
mv "$work/image" "$image"
echo "$image"
