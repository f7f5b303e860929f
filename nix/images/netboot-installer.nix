# system.build.netboot: the installer as NetbootServer's source "nix" takes it, {bzImage,Image}, initrd, kernel-params,
# init and netboot.ipxe in one folder.
{ config, pkgs, ... }:
{
  imports = [ ./installer.nix ];

  system.build.netboot = pkgs.runCommand "netboot-installer-${config.system.nixos.label}"
    {
      kernel = "${config.system.build.kernel}/${config.system.boot.loader.kernelFile}";
      initrd = "${config.system.build.netbootRamdisk}/initrd";
      toplevel = config.system.build.toplevel;
      script = "${config.system.build.netbootIpxeScript}/netboot.ipxe";
    } ''
    mkdir -p $out/nix-support
    ln -s $kernel $initrd $toplevel/kernel-params $toplevel/init $script $out/
    echo "file ''${kernel##*/} $kernel" >$out/nix-support/hydra-build-products
    echo "file initrd $initrd" >>$out/nix-support/hydra-build-products
    echo "file ipxe $script" >>$out/nix-support/hydra-build-products
  '';
}
