# services.netboot-server: the server as a service of systemd, with its settings as Nix values.
self:
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkEnableOption mkIf mkOption types;
  cfg = config.services.netboot-server;
  json = pkgs.formats.json { };
  # The server reads appsettings.json from its working directory.
  directory = pkgs.runCommand "netboot-server-settings" { } ''
    mkdir $out
    ln -s ${json.generate "appsettings.json" cfg.settings} $out/appsettings.json
  '';
  # "Access:AdminTokenFile" as a credential's name, and as an environment variable.
  credential = lib.replaceStrings [ ":" ] [ "." ];
  variable = name: "NETBOOT_" + lib.replaceStrings [ ":" ] [ "__" ] name;
  privileged = cfg.port < 1024;
  # What the options declare, as the server's inventory files have it.
  declared = lib.filterAttrs (_: resources: resources != { }) { inherit (cfg) images profiles machines; };
  inventory = "/etc/netboot-server/inventory";
  resources = kind: example: mkOption {
    type = types.attrsOf json.type;
    default = { };
    inherit example;
    description = ''
      ${kind} by name, as the server's API takes them. They are read-only there, and what is not declared any more is
      removed; `adopt = true;` takes over what the API has made. They lie in the store, which everybody may read: secrets
      are named with rootPasswordHashFile, privateFile and contentFile, see inventorySecrets.
    '';
  };
  capabilities = lib.optional privileged "CAP_NET_BIND_SERVICE";
in
{
  options.services.netboot-server = {
    enable = mkEnableOption "NetbootServer, a netboot server";

    package = mkOption {
      type = types.package;
      default = self.packages.${pkgs.stdenv.hostPlatform.system}.netboot-server;
      defaultText = lib.literalExpression "netboot-server of the flake";
      description = "The package that has bin/netboot-server.";
    };

    port = mkOption {
      type = types.port;
      default = 8080;
      description = "TCP port for machines and people, unless settings.Urls says otherwise.";
    };

    openFirewall = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the firewall lets machines reach the port (and DHCP and TFTP with dnsmasq).";
    };

    settings = mkOption {
      type = types.submodule {
        freeformType = json.type;
        options.Urls = mkOption {
          type = types.str;
          default = "http://*:${toString cfg.port}";
          defaultText = lib.literalExpression ''"http://*:''${toString config.services.netboot-server.port}"'';
          description = "Where it listens, separated by semicolons.";
        };
      };
      default = { };
      example = {
        PublicUrl = "http://netboot.example.org:8080";
        Machines.Unknown = "local";
        Blobs.MaxBytes = "200GiB";
      };
      description = ''
        The program's own settings, as in its appsettings.json; its README lists them. They lie in the store, which
        everybody may read: secrets belong into secretFiles.
      '';
    };

    secretFiles = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = { "Access:AdminTokenFile" = "/run/keys/netboot-admin-token"; };
      description = ''
        Files with secrets by the setting that names such a file, for example Access:AdminTokenFile or
        Access:MasterKeyFile. systemd hands them over as credentials (LoadCredential=): only root needs to be able to read
        them.
      '';
    };

    images = resources "Images" {
      stable = { source = { type = "nix"; installable = "github:example/installers#stable"; }; schedule = "0 4 * * 1"; };
    };
    profiles = resources "Profiles" { install = { image = "stable"; after = "local"; }; };
    machines = resources "Machines" {
      rack3-node07 = { macs = [ "52:54:00:12:34:07" ]; labels.rack = "3"; profile = "install"; };
    };

    inventory.enable = mkOption {
      type = types.bool;
      default = declared != { };
      defaultText = lib.literalExpression "whether machines, profiles or images declare anything";
      description = ''
        Whether the server follows what machines, profiles and images declare. Without it, what they declared stays and
        is the API's again. Set it while they are all empty to have removed what they declared before; that waits for a
        confirmation.
      '';
    };

    inventorySecrets = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = { "node07.token" = "/run/keys/node07-token"; };
      description = ''
        Files with secrets by the name under which machines and profiles have them (contentFile = "node07.token").
        systemd hands them over as credentials: only root needs to be able to read them, and a change of one takes a
        restart of the service.
      '';
    };

    nix.enable = mkOption {
      type = types.bool;
      default = config.nix.enable;
      defaultText = lib.literalExpression "config.nix.enable";
      description = "Whether images may be built by this machine's Nix daemon.";
    };

    dnsmasq = {
      enable = mkEnableOption ''
        dnsmasq, which points machines here: DHCP options for network boot beside the DHCP server that the network has
        (proxy DHCP), and iPXE by TFTP'';
      network = mkOption {
        type = types.str;
        example = "192.168.1.0";
        description = "An address of the network whose DHCP requests are answered.";
      };
      interface = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "The only interface to answer on; null: all.";
      };
      url = mkOption {
        type = types.str;
        default = cfg.settings.PublicUrl or "http://${config.networking.hostName}:${toString cfg.port}";
        defaultText = lib.literalExpression "settings.PublicUrl, else by the host's name";
        description = "Base URL of the server as machines see it.";
      };
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = lib.all (name: lib.hasSuffix "File" name) (lib.attrNames cfg.secretFiles);
        message = "services.netboot-server.secretFiles: only settings whose names end in File take the path of a file.";
      }
      {
        assertion = !cfg.inventory.enable || !(cfg.settings ? Inventory.Directory);
        message = "services.netboot-server: machines, profiles and images are written to a directory of their own; leave settings.Inventory.Directory out.";
      }
    ];

    # Not in the service's own files: a change is followed without a restart.
    environment.etc = lib.optionalAttrs cfg.inventory.enable {
      "netboot-server/inventory/nixos.json".source =
        json.generate "nixos.json" (if declared == { } then { machines = { }; } else declared);
    };

    users.users.netboot-server = {
      isSystemUser = true;
      group = "netboot-server";
    };
    users.groups.netboot-server = { };

    networking.firewall = mkIf cfg.openFirewall {
      allowedTCPPorts = [ cfg.port ];
      allowedUDPPorts = mkIf cfg.dnsmasq.enable [ 67 69 4011 ];
    };

    systemd.services.netboot-server = {
      description = "Netboot server";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ] ++ lib.optional cfg.nix.enable "nix-daemon.socket";
      # ISOs are opened by bsdtar and signatures checked by gpgv, within the limits of prlimit; flakes from git take git.
      path = [ pkgs.gnupg pkgs.libarchive pkgs.util-linux ]
        ++ lib.optionals cfg.nix.enable [ config.nix.package pkgs.gitMinimal ];
      environment = {
        DOTNET_CLI_TELEMETRY_OPTOUT = "1";
        HOME = "/var/cache/netboot-server";
        XDG_CACHE_HOME = "/var/cache/netboot-server";
      }
      // lib.optionalAttrs cfg.nix.enable {
        NIX_REMOTE = "daemon";
        NETBOOT_Nix__Path = lib.getExe config.nix.package;
      }
      // lib.optionalAttrs cfg.inventory.enable { NETBOOT_Inventory__Directory = inventory; }
      // lib.optionalAttrs (cfg.inventorySecrets != { }) { NETBOOT_Inventory__SecretRoots = "%d"; }
      // lib.mapAttrs' (name: _: lib.nameValuePair (variable name) "%d/${credential name}") cfg.secretFiles;

      serviceConfig = {
        # Ready once it has warmed up; a large database may take longer to be migrated, and says so meanwhile.
        Type = "notify";
        WatchdogSec = 60;
        ExecStart = lib.getExe cfg.package;
        WorkingDirectory = directory;
        User = "netboot-server";
        Group = "netboot-server";
        StateDirectory = "netboot-server";
        StateDirectoryMode = "0750";
        CacheDirectory = "netboot-server";
        CacheDirectoryMode = "0700";
        LoadCredential = lib.mapAttrsToList (name: file: "${credential name}:${file}") cfg.secretFiles
          ++ lib.mapAttrsToList (name: file: "${name}:${file}") cfg.inventorySecrets;
        Restart = "on-failure";
        RestartSec = 2;
        # Transfers under way may end first (ShutdownTimeout).
        TimeoutStopSec = 45;
        LimitNOFILE = 65536;
        UMask = "0077";

        # Not MemoryDenyWriteExecute and not ~@resources: .NET compiles at run time, and places its threads.
        AmbientCapabilities = capabilities;
        CapabilityBoundingSet = if privileged then capabilities else "";
        LockPersonality = true;
        NoNewPrivileges = true;
        PrivateDevices = true;
        PrivateTmp = true;
        PrivateUsers = !privileged;
        ProtectClock = true;
        ProtectControlGroups = true;
        ProtectHome = true;
        ProtectHostname = true;
        ProtectKernelLogs = true;
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        ProtectProc = "invisible";
        ProtectSystem = "strict";
        RemoveIPC = true;
        RestrictAddressFamilies = [ "AF_UNIX" "AF_INET" "AF_INET6" "AF_NETLINK" ];
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        SystemCallArchitectures = "native";
        SystemCallErrorNumber = "EPERM";
        SystemCallFilter = [ "@system-service" "~@privileged" ];
      };
    };

    services.dnsmasq = mkIf cfg.dnsmasq.enable {
      enable = true;
      # It resolves no names for this machine.
      resolveLocalQueries = false;
      settings = {
        port = 0;
        interface = mkIf (cfg.dnsmasq.interface != null) cfg.dnsmasq.interface;
        dhcp-range = "${cfg.dnsmasq.network},proxy";
        dhcp-match = [ "set:ipxe,175" ];
        # A proxy needs a line for each architecture (dnsmasq(8), pxe-service).
        pxe-service = [
          "tag:!ipxe,x86PC,\"NetbootServer\",undionly.kpxe"
          "tag:!ipxe,BC_EFI,\"NetbootServer\",ipxe.efi"
          "tag:!ipxe,X86-64_EFI,\"NetbootServer\",ipxe.efi"
        ]
        ++ map (architecture: "tag:ipxe,${architecture},\"NetbootServer\",${cfg.dnsmasq.url}/boot.ipxe")
          [ "x86PC" "BC_EFI" "X86-64_EFI" ];
        enable-tftp = true;
        tftp-root = "${pkgs.ipxe}";
      };
    };
  };
}
