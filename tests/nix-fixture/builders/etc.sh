# shellcheck shell=sh disable=SC2154,SC2086
mkdir -p $out/etc
echo "$hostName" >$out/etc/hostname
[ -z "$motd" ] || echo "$motd" >$out/etc/motd
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >$out/etc/passwd
printf 'root:x:0:\nnogroup:x:65534:\n' >$out/etc/group
printf 'root:*:19000:0:99999:7:::\n' >$out/etc/shadow
printf '/bin/sh\n' >$out/etc/shells
mkdir -p $out/etc/ssh/authorized_keys.d
cp "$keysPath" $out/etc/ssh/authorized_keys.d/root
for f in $files; do
  mkdir -p "$out/etc/$(dirname "${f%%:*}")"
  ln -s "${f#*:}" "$out/etc/${f%%:*}"
done
