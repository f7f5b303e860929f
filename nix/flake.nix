{
  description = "NetbootServer: the server, a NixOS module for it, and installers for it to boot";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
  inputs.nixpkgs-unstable.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs, nixpkgs-unstable }:
    let
      inherit (nixpkgs) lib;
      systems = [ "x86_64-linux" "aarch64-linux" ];
      each = make: lib.genAttrs systems make;
      build = source: system: module:
        (source.lib.nixosSystem { modules = [ module { nixpkgs.hostPlatform = system; } ]; }).config.system.build;
      images = suffix: source: system: {
        "netboot-installer-${suffix}" = (build source system self.nixosModules.netboot-installer).netboot;
        "kexec-installer-${suffix}" = (build source system self.nixosModules.kexec-installer).kexecInstallerTarball;
      };
    in
    {
      packages = each (system:
        let netboot-server = nixpkgs.legacyPackages.${system}.callPackage ./server/package.nix { };
        in
        { inherit netboot-server; default = netboot-server; }
        // images "stable" nixpkgs system
        // images "unstable" nixpkgs-unstable system);

      overlays.default = final: _: { netboot-server = final.callPackage ./server/package.nix { }; };

      nixosModules = {
        netboot-server = import ./server/module.nix self;
        netboot-installer = ./images/netboot-installer.nix;
        kexec-installer = ./images/kexec-installer.nix;
        closure = ./images/closure.nix;
      };

      # What NetbootServer's "hydra" source takes.
      hydraJobs = lib.genAttrs [ "netboot-installer-stable" "netboot-installer-unstable" ]
        (name: each (system: self.packages.${system}.${name}));

      checks = each (system: {
        inherit (self.packages.${system}) netboot-server;
        module = nixpkgs.legacyPackages.${system}.testers.runNixOSTest (import ./server/test.nix self);
      });
    };
}
