# shellcheck shell=sh disable=SC2154,SC2086
# the stage-1 initrd, then a second cpio with the squashfs store, as NixOS's makeInitrdNG with prepend
mkdir -p root/nix/store $out
cp $squashfsStore root$squashfsStore
ln -s $squashfsStore root/nix-store.squashfs
find root -exec touch -h -d @1 {} +
cat $initialRamdisk/initrd >$out/initrd
while [ $(( $(stat -c %s $out/initrd) % 4 )) -ne 0 ]; do printf '\0' >>$out/initrd; done
( cd root; find . | sort | cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno 2>/dev/null ) >>$out/initrd
