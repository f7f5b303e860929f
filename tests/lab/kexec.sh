#!/usr/bin/env bash
# Builds the initrd of the kexec tests and prints its path: kexec.sh [KIB]
# It has what a usual Linux has to start another by kexec: bash, iproute2, kexec-tools, util-linux's setsid and an sshd
# (dropbear), which are this machine's own, with their libraries; the rest is a static busybox.
#   KIB      append that many KiB of incompressible bytes
set -euo pipefail
shopt -s inherit_errexit
umask 022
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kib=${1:-0}
assets=$("$here/assets.sh")
asset() { sed -n "s/^$1=//p" <<<"$assets"; }
busybox=$(asset BUSYBOX)
cache=${busybox%/busybox-static_*}
programs=(bash ip kexec setsid dropbear dropbearconvert)

paths=()
for program in "${programs[@]}"; do
    paths+=("$(command -v "$program")") || { echo "kexec.sh: there is no program $program" >&2; exit 1; }
done
key=$({ cat "$here/kexec.sh" "$here"/kexec/*; echo "$busybox $(asset KERNEL)"; cat "${paths[@]}"; } | sha256sum)
image=$cache/initrd-kexec-${key:0:16}-$kib.img
[ -e "$image" ] && echo "$image" && exit 0

work=$(mktemp -d "$cache/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,etc/ssh,lab,lib/modules,proc,root,sys,tmp}
ln -s bin "$root/sbin"
install -m 755 "$here/kexec/init" "$root/init"
install -m 755 "$here/kexec/udhcpc" "$root/etc/udhcpc"
echo 'root:x:0:0:root:/root:/bin/bash' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo /bin/bash >"$root/etc/shells"
install -m 755 "$busybox" "$root/bin/busybox"
for applet in awk cat chmod cp cut dd df dirname dmesg echo env find grep gzip gunzip head id insmod kill ln ls mkdir \
    mktemp mount mv poweroff printf ps readlink rm sed seq sh sha256sum sleep sort tail tar tee test touch true \
    udhcpc uname wc wget; do
    ln -s busybox "$root/bin/$applet"
done
# Libraries lie where the programs' loader looks for them.
for path in "${paths[@]}"; do
    install -m 755 "$path" "$root/bin/${path##*/}"
    while read -r library; do
        [ -e "$root$library" ] || install -D -m 755 "$library" "$root$library"
    done < <(ldd "$path" | grep -o '/[^ )]*')
done
find "$(asset MODULES)" "$(asset MODULES_VLAN)" -name '*.ko' -exec install -m 644 {} "$root/lib/modules/" \;
[ "$kib" -eq 0 ] || head -c "$((kib * 1024))" /dev/urandom >"$root/lab/pad"
(cd "$root" && find . -exec touch -h -d @0 {} + && find . | sort | cpio -o -H newc --quiet --owner 0:0 --reproducible) |
    gzip -1 -n >"$work/image"
mv "$work/image" "$image"
echo "$image"
