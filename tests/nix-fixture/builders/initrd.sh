# shellcheck shell=sh disable=SC2154,SC2086
# stage 1: busybox, a few modules, and the script that mounts the squashfs store and switches to it
mkdir -p root/bin root/lib root/proc root/sys root/dev root/mnt-root
cp $bb/bin/busybox root/bin/busybox
for a in sh mount umount modprobe mkdir switch_root sleep cat ls; do ln -s busybox root/bin/$a; done
cp -a $modulesShrunk/lib/modules root/lib/modules
sed "s|@modules@|$names|" $stage1 >root/init
chmod 555 root/init
chmod -R u+w root
find root -exec touch -h -d @1 {} +
mkdir $out
cd root
find . | sort | cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno 2>/dev/null | gzip -9 -n >$out/initrd
