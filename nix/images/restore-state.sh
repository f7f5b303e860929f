#!/bin/sh
# Runs in the initrd, once the new root is mounted: gives it what was put into the initramfs for this machine, so that
# it keeps its ssh identity, its keys and its addresses. A kexec bundle (NetbootServer's or nixos-images') and an overlay
# of NetbootServer write it as
#
#   /ssh/authorized_keys             for root
#   /ssh/ssh_host_*                  host keys and their public halves
#   /machine-id
#   /{addrs,routes-v4,routes-v6}.json, or the same below /iproute2: what ip --json said; restore-network.sh reads them
#   /networkd/*.{network,netdev,link}    units of systemd-networkd
#
# Whatever is missing is left out. The variables are for tests.
set -eu
from=${RESTORE_FROM-} root=${RESTORE_ROOT-/sysroot}

# give MODE TARGET FILE…: those of the files that are there.
give() {
  mode=$1 target=$2
  shift 2
  for file; do
    [ -f "$file" ] || continue
    # No folder that is there changes its mode, and no other user sees a key even for a moment.
    [ -d "$root$target" ] || mkdir -p "$root$target"
    (umask 077 && cp "$file" "$root$target/.restored")
    chmod "$mode" "$root$target/.restored"
    mv -f "$root$target/.restored" "$root$target/${file##*/}"
  done
}

if [ -f "$from/ssh/authorized_keys" ]; then
  [ -d "$root/root" ] || mkdir -m 700 "$root/root"
  [ -d "$root/root/.ssh" ] || mkdir -m 700 "$root/root/.ssh"
fi
give 600 /root/.ssh "$from/ssh/authorized_keys"
for key in "$from"/ssh/ssh_host_*; do
  case $key in *.pub) give 644 /etc/ssh "$key" ;; *) give 600 /etc/ssh "$key" ;; esac
done
give 444 /etc "$from/machine-id"
give 644 /root/network "$from"/iproute2/*.json "$from/addrs.json" "$from/routes-v4.json" "$from/routes-v6.json"
give 644 /etc/systemd/network "$from"/networkd/*.network "$from"/networkd/*.netdev "$from"/networkd/*.link
