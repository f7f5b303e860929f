#!/usr/bin/env bash
# Makes Debian packages of the tarballs that dist.sh has made: deb.sh [FOLDER [RUNTIME…]]; beside them in artifacts/dist.
# Needs dpkg-deb.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/src/packaging
out=${1:-$root/artifacts/dist}
shift || true
runtimes=("${@:-linux-x64}")
[ $# -gt 0 ] || runtimes+=(linux-arm64)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/src/Directory.Build.props")
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for runtime in "${runtimes[@]}"; do
    case $runtime in
    linux-x64) architecture=amd64 ;;
    linux-arm64) architecture=arm64 ;;
    *) echo "deb.sh: no Debian architecture for $runtime" >&2; exit 2 ;;
    esac
    name=netboot-server-$version-$runtime
    tree=$work/$architecture
    mkdir -p "$tree"/{DEBIAN,etc/netboot-server,usr/bin,usr/lib/{systemd/system,sysusers.d},usr/share/doc}
    tar --extract --gzip --file "$out/$name.tar.gz" --directory "$work"
    mv "$work/$name/lib" "$tree/usr/lib/netboot-server"
    ln -s ../lib/netboot-server/netboot-server "$tree/usr/bin/netboot-server"
    cp "$work/$name"/systemd/netboot-server.{service,socket} "$tree/usr/lib/systemd/system"
    cp "$work/$name/systemd/netboot-server.sysusers" "$tree/usr/lib/sysusers.d/netboot-server.conf"
    mv "$work/$name/docs" "$tree/usr/share/doc/netboot-server"
    cp "$work/$name"/{README,CHANGELOG}.md "$tree/usr/share/doc/netboot-server"
    cp "$work/$name/LICENSE" "$tree/usr/share/doc/netboot-server/copyright"
    cp "$here/debian/appsettings.json" "$tree/etc/netboot-server"
    echo /etc/netboot-server/appsettings.json >"$tree/DEBIAN/conffiles"
    cp "$here"/debian/{postinst,prerm,postrm} "$tree/DEBIAN"
    size=$(du --summarize --apparent-size --block-size=1024 --exclude=DEBIAN "$tree" | cut -f1)
    sed "s/@version@/$version/; s/@architecture@/$architecture/; s/@size@/$size/" "$here/debian/control" \
        >"$tree/DEBIAN/control"
    chmod -R u+w,go+rX,go-w "$tree"
    chmod 755 "$tree"/DEBIAN/{postinst,prerm,postrm}
    find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$work/netboot-server_${version}_$architecture.deb" >&2
    mv "$work/netboot-server_${version}_$architecture.deb" "$out"
done
cd "$out"
sha256sum netboot-server*.tar.gz netboot-server*.deb >"$work/SHA256SUMS"
mv "$work/SHA256SUMS" .
cat SHA256SUMS
