# shellcheck shell=sh disable=SC2154,SC2086
# $src: a .deb  $libc: the libc's store path  $libs: library folders of the dependencies
mkdir root
dpkg-deb -x "$src" root
mkdir -p $out/bin $out/lib
for d in bin sbin usr/bin usr/sbin; do
  [ ! -d root/$d ] || cp -a root/$d/. $out/bin/
done
for d in lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu usr/lib/nix; do
  [ ! -d root/$d ] || cp -a root/$d/. $out/lib/
done
for d in usr/libexec usr/share/ca-certificates; do
  [ ! -d root/$d ] || { mkdir -p $out/share; cp -a root/$d $out/share/; }
done
find $out -type l | while read -r l; do case $(readlink "$l") in /*) rm "$l";; esac; done
rm -rf $out/lib/gconv $out/lib/audit $out/lib/pkgconfig
# a program of Debian's runs from the store through its own loader and its own libraries
if [ -n "$libc" ]; then
  find $out/bin -type f | while read -r f; do
    [ "$(head -c 4 "$f" | tail -c 3)" = ELF ] && grep -q ld-linux-x86-64 "$f" || continue
    b=$(basename "$f")
    mv "$f" "$out/bin/.$b-wrapped"
    printf '#!%s/bin/sh\nexec %s/lib/ld-linux-x86-64.so.2 --library-path %s --argv0 "$0" %s "$@"\n' \
      "${PATH%/bin}" "$libc" "$out/lib:$libs" "$out/bin/.$b-wrapped" >"$f"
    chmod 555 "$f"
  done
else
  [ -z "$libs" ] || echo "$libs" >$out/lib/.depends
fi
[ -z "$libs" ] || { mkdir -p $out/nix-support; echo "$libs" >$out/nix-support/library-path; }
rmdir $out/bin 2>/dev/null || true
