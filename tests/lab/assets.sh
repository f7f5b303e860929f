#!/usr/bin/env bash
# Brings the machine-side pieces of the lab into a cache and prints where they are, one NAME=path a line:
# assets.sh [--refresh]
#
#   KERNEL MODULES BUSYBOX           Debian's cloud kernel, its virtio modules, a static busybox (initrd.sh joins them)
#   MODULES_VLAN                     the modules of VLANs
#   LKRN_2019 UNDIONLY_2019 EFI_2019 SNPONLY_2019 ROM_2019      iPXE of Debian 12: 1.0.0+git-20190125
#   LKRN_2025 UNDIONLY_2025 EFI_2025 SNPONLY_2025 ROM_2025      iPXE of Debian 13: 1.21.1+git20250501
#   OVMF_CODE OVMF_VARS              UEFI firmware
#   PROMTOOL                         what checks Prometheus' alerts
#
# The suites are fixed, so that every machine tests the same bytes whatever it runs itself. Packages come from the
# mirror that this machine's apt already uses, through private apt folders: nothing is installed, no list is touched.
# A second run prints the same in milliseconds; two runs at once wait for each other; a killed run leaves no half asset.
#   LAB_CACHE    the cache (default: .cache/lab in the repository)
#   LAB_MIRROR   a Debian mirror, when the machine's own apt has none
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LAB_CACHE:-$here/../../.cache/lab}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
manifest=$cache/manifest
recipe="# made by $(cat "$here/assets.sh" "$here/suites.sh" | sha256sum | cut -c1-16)"

# shellcheck source-path=SCRIPTDIR
. "$here/suites.sh"

# Prints the manifest with absolute paths; fails when it is of another recipe or names a file that is gone.
print_assets() {
    local path
    [ -f "$manifest" ] && [ "$(head -n 1 "$manifest")" = "$recipe" ] || return 1
    while IFS='=' read -r _ path; do
        [ -e "$cache/$path" ] || return 1
    done < <(tail -n +2 "$manifest")
    tail -n +2 "$manifest" | sed "s|/\./|/|g; s|=|=$cache/|"
}

# Unpacks some files of a package into a folder named by package and version, and prints that folder's name:
# unpack SUITE PACKAGE[:PART] member… (tar patterns; a part has a folder of its own). The rename at the end makes it
# whole or absent.
unpack() {
    local suite=$1 package=${2%:*} part=${2#"${2%:*}"} deb folder
    shift 2
    deb=$(in_suite "$suite" apt-get download --print-uris "$package" | cut -d ' ' -f 2)
    [ -n "$deb" ] || fail "the suite $suite has no package $package"
    folder=${deb%_*.deb}
    folder=${folder//%3a/-}${part:+-${part#:}}
    if [ ! -d "$cache/$folder" ]; then
        (cd "$work" && in_suite "$suite" apt-get download "$package" >&2)
        mkdir -p "$work/unpacked/$folder"
        dpkg-deb --fsys-tarfile "$work/$deb" | tar -x -C "$work/unpacked/$folder" --wildcards "$@" ||
            fail "$deb lacks one of: $*"
        rm -f "$work/$deb"
        mv "$work/unpacked/$folder" "$cache/$folder"
    fi
    echo "$folder"
}

collect() {
    local kernel release folder
    open_suite bookworm
    open_suite trixie

    kernel=$(in_suite bookworm apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p')
    folder=$(unpack bookworm "$kernel" './boot/vmlinuz-*' './lib/modules/*/virtio*.ko' './lib/modules/*/*failover.ko')
    release=${kernel#linux-image-}
    echo "KERNEL=$folder/boot/vmlinuz-$release"
    echo "MODULES=$folder/lib/modules/$release"
    folder=$(unpack bookworm "$kernel:vlan" './lib/modules/*/8021q.ko' './lib/modules/*/garp.ko' \
        './lib/modules/*/mrp.ko' './lib/modules/*/stp.ko' './lib/modules/*/llc.ko')
    echo "MODULES_VLAN=$folder/lib/modules/$release"

    folder=$(unpack bookworm busybox-static ./bin/busybox)
    echo "BUSYBOX=$folder/bin/busybox"

    folder=$(unpack bookworm prometheus ./usr/bin/promtool)
    echo "PROMTOOL=$folder/usr/bin/promtool"

    folder=$(unpack bookworm ovmf './usr/share/OVMF/OVMF_*_4M.fd')
    echo "OVMF_CODE=$folder/usr/share/OVMF/OVMF_CODE_4M.fd"
    echo "OVMF_VARS=$folder/usr/share/OVMF/OVMF_VARS_4M.fd"

    # Debian 12 keeps the whole-disk builds in /boot, Debian 13 names the UEFI ones by architecture.
    ipxe 2019 bookworm ./boot/ipxe.lkrn ./boot/ipxe.efi ./usr/lib/ipxe/qemu/pxe-virtio.rom
    ipxe 2025 trixie ./usr/lib/ipxe/ipxe.lkrn ./usr/lib/ipxe/ipxe-amd64.efi ./usr/share/qemu/pxe-virtio.rom
}

# ipxe YEAR SUITE LKRN EFI ROM
ipxe() {
    local year=$1 suite=$2 lkrn=$3 efi=$4 rom=$5 chain=./usr/lib/ipxe folder
    folder=$(unpack "$suite" ipxe "$lkrn" "$efi" $chain/undionly.kpxe $chain/snponly.efi)
    echo "LKRN_$year=$folder/$lkrn"
    echo "EFI_$year=$folder/$efi"
    echo "UNDIONLY_$year=$folder/$chain/undionly.kpxe"
    echo "SNPONLY_$year=$folder/$chain/snponly.efi"
    folder=$(unpack "$suite" ipxe-qemu "$rom")
    echo "ROM_$year=$folder/$rom"
}

case ${1:-} in
--refresh) rm -f "$manifest" ;;
'') print_assets && exit 0 ;;
*) echo "assets.sh: unknown argument '$1'" >&2; exit 2 ;;
esac

exec 9>"$cache/.lock"
flock 9
# Another run may have finished while this one waited.
print_assets && exit 0

# What killed runs left; a younger one may belong to a living initrd.sh.
find "$cache" -maxdepth 1 -name '.work.*' -mmin +60 -exec rm -rf {} +
work=$(mktemp -d "$cache/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
collected=$(collect)
printf '%s\n%s\n' "$recipe" "$collected" >"$work/manifest"
mv "$work/manifest" "$manifest"
print_assets || fail "a package lacks an expected file; remove $cache and try again"
