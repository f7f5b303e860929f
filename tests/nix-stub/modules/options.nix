# The options of NixOS that ../../../nix sets, by their names and kinds there.
{ lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  required = type: mkOption { inherit type; };
  flag = default: option types.bool default;
  names = option (types.listOf types.str) [ ];
  settings = option (types.attrsOf types.anything) { };

  service.options = {
    description = option types.str "";
    wantedBy = names;
    requiredBy = names;
    wants = names;
    requires = names;
    after = names;
    before = names;
    conflicts = names;
    path = option (types.listOf types.package) [ ];
    environment = option (types.attrsOf (types.nullOr types.str)) { };
    script = option types.lines "";
    serviceConfig = settings;
    unitConfig = settings;
  };
  services = option (types.attrsOf (types.submodule service)) { };

  network.options = {
    matchConfig = settings;
    networkConfig = settings;
    dhcpV4Config = settings;
  };
in
{
  options = {
    assertions = option (types.listOf types.anything) [ ];
    nixpkgs.hostPlatform = required types.str;

    boot.kernelParams = names;
    boot.initrd.systemd.enable = flag false;
    boot.initrd.systemd.services = services;
    boot.loader.grub.enable = flag true;
    fileSystems = option (types.attrsOf types.anything) { };

    systemd.services = services;
    systemd.network.enable = flag false;
    systemd.network.networks = option (types.attrsOf (types.submodule network)) { };
    systemd.network.wait-online.anyInterface = flag false;

    networking.hostName = option types.str "nixos";
    networking.useNetworkd = flag false;
    networking.useDHCP = flag true;
    networking.networkmanager.enable = flag false;
    networking.firewall.enable = flag true;
    networking.firewall.allowedTCPPorts = option (types.listOf types.port) [ ];
    networking.firewall.allowedUDPPorts = option (types.listOf types.port) [ ];

    services.openssh.enable = flag false;
    services.dnsmasq.enable = flag false;
    services.dnsmasq.resolveLocalQueries = flag true;
    services.dnsmasq.settings = settings;

    users.users = option (types.attrsOf types.anything) { };
    users.groups = option (types.attrsOf types.anything) { };
    environment.etc = option (types.attrsOf types.anything) { };
    environment.systemPackages = option (types.listOf types.package) [ ];
    documentation.enable = flag true;

    nix.enable = flag true;
    nix.package = option types.package (pkgs.runCommand "nix" { meta.mainProgram = "nix"; } "");
    nix.settings = settings;

    system.stateVersion = option types.str "26.05";
    system.nixos.release = option types.str "26.05";
    system.nixos.label = option types.str "26.05.stub";
    system.nixos.variant_id = option (types.nullOr types.str) null;
    system.nixos-init.enable = flag false;
    system.installer.channel.enable = flag true;
    system.boot.loader.kernelFile = option types.str "bzImage";
    system.build = option (types.attrsOf types.package) { };

    virtualisation.vlans = option (types.listOf types.int) [ ];
    virtualisation.diskSize = option types.int 1024;
  };
}
