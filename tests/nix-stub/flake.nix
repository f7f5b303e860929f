# Stands in for nixpkgs where there is none: as much of its lib, packages and NixOS options as the files of ../../nix
# use, so that these can be evaluated. What is not declared here does not exist, as there: a misspelt name is an error.
{
  description = "a stand-in for nixpkgs";

  outputs = { self }:
    let
      lib = import ./lib.nix;
      pkgsOf = system: import ./pkgs.nix { inherit lib system; };
    in
    {
      lib = lib // {
        nixosSystem = { modules }: lib.evalModules {
          modules = [ ./modules/options.nix ] ++ modules;
          specialArgs = { config, ... }: { pkgs = pkgsOf config.nixpkgs.hostPlatform; modulesPath = ./modules; };
        };
      };
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] pkgsOf;
    };
}
