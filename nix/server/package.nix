# The server: netboot-server. deps.json has the NuGet packages of src/NetbootServer/packages.lock.json with the hashes
# of their files (update-deps.sh makes it; a test compares the two).
{ lib, buildDotnetModule, dotnetCorePackages, version ? "0.1.0" }:
buildDotnetModule {
  pname = "netboot-server";
  inherit version;

  src = lib.fileset.toSource {
    root = ../..;
    # Without .editorconfig the compiler warns of more, and takes warnings for errors.
    fileset = lib.fileset.unions [ ../../.editorconfig ../../src ../../wwwroot ../../images.d ];
  };

  projectFile = "src/NetbootServer/NetbootServer.csproj";
  nugetDeps = ./deps.json;
  dotnet-sdk = dotnetCorePackages.sdk_10_0;
  dotnet-runtime = dotnetCorePackages.aspnetcore_10_0;
  # What compiles beforehand would be one more package, of the very version that the SDK names.
  dotnetFlags = [ "-p:PublishReadyToRun=false" ];

  executables = [ "NetbootServer" ];
  postFixup = "mv $out/bin/NetbootServer $out/bin/netboot-server";

  meta = {
    description = "Netboot server: an iPXE script for each machine, its files, and what became of every boot";
    license = lib.licenses.mit;
    mainProgram = "netboot-server";
    platforms = [ "x86_64-linux" "aarch64-linux" ];
  };
}
