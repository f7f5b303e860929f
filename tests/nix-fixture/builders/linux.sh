# shellcheck shell=sh disable=SC2154,SC2086
# $src: Debian's linux-image .deb -> $out/{bzImage,System.map,config}, $modules/lib/modules/VERSION
umask 022
mkdir root
dpkg-deb -x "$src" root
ver=$(basename root/lib/modules/*)
mkdir -p $out $modules/lib/modules
cp root/boot/vmlinuz-* $out/bzImage
cp root/boot/System.map-* $out/System.map
cp root/boot/config-* $out/config
cp -a root/lib/modules/$ver $modules/lib/modules/
rm -f $modules/lib/modules/$ver/build $modules/lib/modules/$ver/source
depmod -b $modules $ver
echo "$ver" >$out/version
