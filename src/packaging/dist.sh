#!/usr/bin/env bash
# Makes the tarballs of a release: dist.sh [FOLDER [RUNTIME…]]; into artifacts/dist, for linux-x64 and linux-arm64.
# Each has the program, compiled beforehand, with .NET itself: the target needs no runtime. The same commit gives the
# same bytes, wherever it is built.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=${1:-$root/artifacts/dist}
shift || true
runtimes=("${@:-linux-x64}")
[ $# -gt 0 ] || runtimes+=(linux-arm64)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/src/Directory.Build.props")
# The time of the commit; a source tree without Git says it itself.
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
commit=${SOURCE_COMMIT:-$(git -C "$root" rev-parse HEAD)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$out"
cd "$root"
for runtime in "${runtimes[@]}"; do
    name=netboot-server-$version-$runtime
    folder=$work/$name
    # Paths of this machine are not to be in what is built: sources become /src, and obj lies aside.
    dotnet publish src/NetbootServer -c Release -r "$runtime" --self-contained -v quiet --nologo \
        --artifacts-path "$work/build" -p:SelfContained=true -p:RestoreLockedMode=true \
        -p:ContinuousIntegrationBuild=true -p:SourceRevisionId="$commit" -p:DebugType=none \
        -p:PathMap="$root=/src%2c$work/build=/build" -o "$folder/lib" >&2
    rm -f "$folder"/lib/*.pdb "$folder/lib/createdump"
    # The host finds NetbootServer.dll beside it, whatever it is called itself.
    mv "$folder/lib/NetbootServer" "$folder/lib/netboot-server"
    ln -s lib/netboot-server "$folder/netboot-server"
    cp README.md LICENSE CHANGELOG.md "$folder"
    cp -r docs src/packaging/systemd "$folder"
    chmod -R u+w,go+rX,go-w "$folder"
    tar --create --directory "$work" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
        --format=ustar --mode=go-w "$name" | gzip -n -6 >"$work/$name.tar.gz"
    mv "$work/$name.tar.gz" "$out"
done
cd "$out"
sha256sum netboot-server-*.tar.gz >"$work/SHA256SUMS"
mv "$work/SHA256SUMS" .
cat SHA256SUMS
