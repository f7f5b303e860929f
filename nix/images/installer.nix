# What the installers have in common: a NixOS in memory that keeps the identity and the addresses that it was given in
# its initramfs, has sshd, and tells the server when it is up.
{ config, lib, modulesPath, pkgs, ... }:
let
  # The last console is /dev/console: where remote hands look first.
  consoles = [ "console=tty0" ]
    ++ lib.optional pkgs.stdenv.hostPlatform.isAarch64 "console=ttyAMA0,115200"
    ++ [ "console=ttyS0,115200" ];
in
{
  imports = [ (modulesPath + "/installer/netboot/netboot-minimal.nix") ];

  # nixos-anywhere goes by it: no kexec is needed here.
  system.nixos.variant_id = "installer";
  # It keeps no state, so that the newest is right.
  system.stateVersion = config.system.nixos.release;
  system.installer.channel.enable = false;
  documentation.enable = lib.mkForce false;

  # systemd.hostname= on the kernel's command line comes over it.
  networking.hostName = lib.mkDefault "nixos-installer";

  # Memory is what machines in an installer lack.
  boot.kernelParams = consoles ++ [ "zswap.enabled=1" "zswap.compressor=zstd" "zswap.max_pool_percent=50" ];
  boot.initrd.systemd.enable = true;
  boot.initrd.systemd.services.restore-state-from-initrd = {
    description = "Keys, identity and network of this machine";
    unitConfig = {
      DefaultDependencies = false;
      RequiresMountsFor = [ "/sysroot" ];
      AssertPathExists = "/etc/initrd-release";
    };
    # After all of the new root is mounted, an overlay on /etc included; before anything of it is started.
    after = [ "initrd-fs.target" ];
    before = [
      "initrd.target"
      "initrd-nixos-activation.service"
      "initrd-cleanup.service"
      "initrd-switch-root.target"
      "shutdown.target"
    ];
    conflicts = [ "shutdown.target" "initrd-switch-root.target" ];
    # Only wanted: a machine that lacks something still boots.
    wantedBy = [ "initrd.target" ];
    serviceConfig.Type = "oneshot";
    script = builtins.readFile ./restore-state.sh;
  };

  networking.useNetworkd = true;
  networking.useDHCP = false;
  networking.networkmanager.enable = lib.mkForce false;
  # sshd is all that runs here, and it is to be reached.
  networking.firewall.enable = false;
  systemd.network.enable = true;
  systemd.network.networks."10-uplink" = {
    matchConfig = {
      Type = "ether";
      Kind = "!*"; # cards, and nothing that is made of them
    };
    networkConfig = {
      DHCP = "yes";
      IPv6AcceptRA = true;
      LLDP = true;
      MulticastDNS = true;
    };
    dhcpV4Config = {
      # The address that iPXE had.
      ClientIdentifier = "mac";
      UseHostname = false;
    };
  };
  # One card of many has a cable.
  systemd.network.wait-online.anyInterface = true;

  systemd.services.restore-network = {
    description = "Network of this machine before the kexec";
    wantedBy = [ "multi-user.target" ];
    wants = [ "network-pre.target" ];
    before = [ "network-pre.target" "systemd-networkd.service" ];
    unitConfig.DefaultDependencies = false;
    unitConfig.RequiresMountsFor = [ "/root" "/run" ];
    unitConfig.ConditionPathExists = [
      "/root/network/addrs.json"
      "/root/network/routes-v4.json"
      "/root/network/routes-v6.json"
    ];
    path = [ pkgs.jq ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "${pkgs.runtimeShell} ${./restore-network.sh} /root/network /run/systemd/network";
    };
  };

  services.openssh.enable = true;

  systemd.services.netboot-phone-home = {
    description = "Tells the netboot server that this machine is up";
    wantedBy = [ "multi-user.target" ];
    wants = [ "network-online.target" ];
    after = [ "network-online.target" "sshd.service" "sshd-keygen.service" ];
    unitConfig.ConditionKernelCommandLine = "netboot.boot";
    path = [ pkgs.curl pkgs.iproute2 pkgs.jq ];
    serviceConfig = {
      Type = "exec";
      ExecStart = "${pkgs.runtimeShell} ${./phone-home.sh}";
    };
  };

  environment.systemPackages = [
    pkgs.nixos-install-tools
    pkgs.jq
    pkgs.rsync # nixos-anywhere copies further files by it
    pkgs.disko
    pkgs.nixos-facter
  ];
  nix.settings.experimental-features = [ "nix-command" "flakes" ];
  nix.settings.connect-timeout = 5;
}
