#!@shell@
# shellcheck shell=sh
# Process 1 of a closure that was booted as an initrd: everything lies on the kernel's rootfs already. It registers the
# store paths with Nix, gives the system a root directory that pivot_root accepts (rootfs itself is none before Linux
# 7.0, so neither Nix's sandbox nor containers would start), and executes the system's own stage 2.
#
# Words between at signs are filled in when the initrd is made; the programs are those of the closure itself. No step
# may stop the boot: what fails is said on the console. /proc must not stay mounted, as stage 2 takes a mounted /proc
# for the work of an earlier stage and would mount nothing.

warn() { echo "netboot: $1" >&2; }

nix_store="@nix-store@"
cd /
@mkdir@ -p /proc /dev /netboot/root
@mount@ -n -t proc proc /proc || warn "cannot mount /proc"

# The kernel has one devtmpfs: the link is there when stage 2 mounts it, and bash's >(...) needs it.
if @mount@ -n -t devtmpfs devtmpfs /dev; then
  [ -e /dev/fd ] || @ln@ -s /proc/self/fd /dev/fd
  @umount@ -n /dev
fi

# Kernels that know initramfs_options have this limit already; on others it counts for what comes after the boot.
@mount@ -n -o remount,size=90% rootfs / || warn "the size limit of the root directory stays as it is"

if [ -n "$nix_store" ]; then
  # Without USER Nix looks for a name in /etc/passwd, which does not exist yet.
  NIX_REMOTE='' USER=root HOME=/root "$nix_store" --option build-users-group "" --load-db </netboot/registration ||
    warn "the store paths are not registered: Nix does not know them"
fi
@rm@ -f /netboot/registration /netboot/init

# Not switch_root: it would delete the new root together with the old one, as they are the same files. -n, because there
# is no /etc/mtab to keep up to date, and mount would fail after it has moved the root.
if @mount@ -n --bind / /netboot/root && cd /netboot/root && @mount@ -n --move . /; then
  @umount@ -n -l /proc
  exec @chroot@ . "@init@" "$@"
fi
warn "the root directory cannot be moved: no build sandbox and no containers"
cd /
@umount@ -n -l /proc
exec "@init@" "$@"
