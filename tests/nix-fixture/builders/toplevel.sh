# shellcheck shell=sh disable=SC2154,SC2086
# laid out as NixOS lays out system.build.toplevel
mkdir $out
ln -s $kernel/bzImage $out/kernel
ln -s $systemModules $out/kernel-modules
ln -s $initialRamdisk/initrd $out/initrd
ln -s $etc/etc $out/etc
ln -s $systemPath $out/sw
printf %s "$params" >$out/kernel-params
printf %s "$label" >$out/nixos-version
printf %s "$system" >$out/system
printf 'systemd 2' >$out/init-interface-version
: >$out/extra-dependencies
sed -e "s|@toplevel@|$out|g" $bootSpec >$out/boot.json
sed -e "s|@toplevel@|$out|g" -e "s|@bb@|$bb|g" -e "s|@services@|$services|g" -e "s|@hostName@|$hostName|g" $stage2 >$out/init
chmod 555 $out/init
mkdir $out/bin
printf '#!%s/bin/sh\necho "fixture: $1"\n' $bb >$out/bin/switch-to-configuration
chmod 555 $out/bin/switch-to-configuration
