# Packages that have a name and a store path, and functions that make such. They can be evaluated and not be built.
{ lib, system }:
let
  package = name: attributes:
    derivation ({ inherit name system; builder = "/bin/sh"; } // removeAttrs attributes [ "meta" ])
    // { meta = attributes.meta or { }; };
  named = names: lib.genAttrs names (name: package name { });
  cpu = builtins.head (builtins.split "-" system);

  self = named [
    "curl"
    "disko"
    "gitMinimal"
    "gnupg"
    "iproute2"
    "ipxe"
    "jq"
    "gnupg"
    "libarchive"
    "nixos-facter"
    "nixos-install-tools"
    "qemu"
    "rsync"
    "util-linux"
  ] // {
    inherit lib;
    stdenv.hostPlatform = { inherit system; isAarch64 = cpu == "aarch64"; uname.processor = cpu; };
    runtimeShell = "/bin/sh";

    runCommand = name: attributes: script: package name (attributes // { args = [ "-ec" script ]; });
    writeText = name: text: package name { inherit text; };
    formats.json = { }: {
      type = lib.types.anything;
      generate = name: value: package name { text = builtins.toJSON value; };
    };
    testers.runNixOSTest = test:
      let
        called = test { pkgs = self; inherit lib; };
        configured = node: (lib.evalModules {
          modules = [ ./modules/options.nix node { nixpkgs.hostPlatform = system; } ];
          specialArgs = { pkgs = self; modulesPath = ./modules; };
        }).config;
      in
      package "vm-test-run-${called.name}" { inherit (called) testScript; } // {
        nodes = builtins.mapAttrs (_: configured) called.nodes;
      };

    buildDotnetModule = attributes:
      let
        known = [
          "pname"
          "version"
          "src"
          "projectFile"
          "nugetDeps"
          "dotnet-sdk"
          "dotnet-runtime"
          "dotnetFlags"
          "executables"
          "postFixup"
          "meta"
        ];
        odd = removeAttrs attributes known;
        project = "${attributes.src}/${attributes.projectFile}";
        dependencies = builtins.fromJSON (builtins.readFile attributes.nugetDeps);
      in
      if odd != { } then throw "buildDotnetModule: ${builtins.toJSON (builtins.attrNames odd)} are not known"
      else if !builtins.pathExists project then throw "buildDotnetModule: ${project} does not exist"
      else
        package "${attributes.pname}-${attributes.version}" {
          inherit (attributes) dotnet-sdk dotnet-runtime executables postFixup meta;
          nugetDeps = map (one: "${one.pname} ${one.version} ${one.hash}") dependencies;
        };
    dotnetCorePackages = named [ "sdk_10_0" "aspnetcore_10_0" ];
    callPackage = file: overrides:
      let function = import file;
      in function (builtins.intersectAttrs (builtins.functionArgs function) self // overrides);

    pkgsStatic = named [ "kexec-tools" ] // {
      iproute2.override = { iptables }: package "iproute2-static" { };
    };
  };
in
self
