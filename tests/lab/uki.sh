#!/usr/bin/env bash
# Makes a unified kernel image of systemd's stub with objcopy: uki.sh KERNEL INITRD COMMAND-LINE OUT
#   STUB   the stub (default: that of Debian's systemd-boot-efi)
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

[ $# = 4 ] || { echo "usage: uki.sh KERNEL INITRD COMMAND-LINE OUT" >&2; exit 2; }
kernel=$1 initrd=$2 line=$3 out=$4
stub=${STUB:-/usr/lib/systemd/boot/efi/linuxx64.efi.stub}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s\0' "$line" >"$work/cmdline"
printf 'ID=lab\nPRETTY_NAME="Lab"\nVERSION_ID=1\n' >"$work/osrel"

alignment=$((16#$(objdump -p "$stub" | awk '/^SectionAlignment/ { print $2 }')))
end=0
while read -r _ _ size address _; do
    last=$((16#$size + 16#$address))
    [ $last -le $end ] || end=$last
done < <(objdump -h "$stub" | grep -E '^ +[0-9]+ ')

# Sections must not overlap: each begins at the next multiple of the alignment.
arguments=()
for section in ".osrel=$work/osrel" ".cmdline=$work/cmdline" ".initrd=$initrd" ".linux=$kernel"; do
    end=$(((end + alignment - 1) / alignment * alignment))
    arguments+=(--add-section "$section" --change-section-vma "${section%%=*}=$end")
    end=$((end + $(stat -Lc %s "${section#*=}")))
done
objcopy "${arguments[@]}" "$stub" "$out"
