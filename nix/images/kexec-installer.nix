# system.build.kexecInstallerTarball: kexec/{run,bzImage,initrd,kexec,ip}, which starts the installer from any running
# Linux. NetbootServer takes it as the version's kexec payload and customises it for each machine; it also works without
# a server.
{ config, lib, pkgs, ... }:
let
  inherit (pkgs.stdenv) hostPlatform;
in
{
  imports = [ ./installer.nix ];

  options.system.kexec-installer.name = lib.mkOption {
    type = lib.types.str;
    default = "nixos-kexec-installer-noninteractive";
    description = "File name of the tarball without the system and .tar.gz.";
  };

  config.system.build.kexecInstallerTarball = pkgs.runCommand "kexec-tarball"
    {
      kernel = "${config.system.build.kernel}/${config.system.boot.loader.kernelFile}";
      initrd = "${config.system.build.netbootRamdisk}/initrd";
      kexec = "${pkgs.pkgsStatic.kexec-tools}/bin/kexec";
      # Linked statically it works on the system that is left, whatever that is.
      ip = "${pkgs.pkgsStatic.iproute2.override { iptables = null; }}/bin/ip";
      run = ../../src/NetbootServer/Kexec/run.sh;
      commandLine = "init=${config.system.build.toplevel}/init ${toString config.boot.kernelParams}";
      image = "nixos-installer-${config.system.nixos.label}";
      arch = hostPlatform.uname.processor;
      tarball = "${config.system.kexec-installer.name}-${hostPlatform.system}.tar.gz";
    } ''
    mkdir -p $out/nix-support
    ${pkgs.runtimeShell} ${./kexec-tarball.sh} $out/$tarball
    echo "file tarball $out/$tarball" >$out/nix-support/hydra-build-products
  '';
}
