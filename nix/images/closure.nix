# For systems that a machine boots straight out of its initramfs (an image of NetbootServer with "kind": "closure"):
# what such a root cannot give is switched off.
{ lib, ... }:
{
  # The root is there already and stays: stage 2 has to be a script, which nixos-init has none of.
  system.nixos-init.enable = lib.mkForce false;
  boot.loader.grub.enable = lib.mkDefault false;
  fileSystems."/" = lib.mkDefault {
    device = "none";
    fsType = "tmpfs";
    options = [ "mode=0755" ];
  };
}
