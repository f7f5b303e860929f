# What this module of NixOS gives: the parts of a netboot image, and an installer's defaults.
{ lib, pkgs, ... }:
let
  part = name: pkgs.runCommand name { } "";
in
{
  system.nixos.variant_id = lib.mkDefault "installer";
  networking.networkmanager.enable = lib.mkDefault true;
  services.openssh.enable = lib.mkDefault true;
  documentation.enable = lib.mkOverride 60 true;
  boot.loader.grub.enable = false;
  boot.kernelParams = [ "root=fstab" ];
  system.build = {
    kernel = part "linux";
    toplevel = part "nixos-system";
    netbootRamdisk = part "initrd";
    netbootIpxeScript = part "netboot.ipxe";
  };
}
