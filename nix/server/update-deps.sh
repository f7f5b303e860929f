#!/usr/bin/env bash
# Writes deps.json anew: the packages of src/NetbootServer/packages.lock.json with the SHA-256 of their files, as
# buildDotnetModule takes them. Needs the .NET SDK, python3 and the NuGet gallery; run it whenever packages change.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$here/../../src/NetbootServer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

NUGET_PACKAGES=$work/packages dotnet restore "$source" --locked-mode -p:BaseIntermediateOutputPath="$work/obj/" >&2

python3 - "$source/packages.lock.json" "$work/packages" <<'EOF' >"$work/deps.json"
import base64, hashlib, json, pathlib, sys

lock, folder = json.load(open(sys.argv[1])), pathlib.Path(sys.argv[2])
packages = {}
for resolved in lock["dependencies"].values():
    for name, package in resolved.items():
        if package["type"] == "Project":
            continue
        version = package["resolved"]
        place = folder / name.lower() / version.lower()
        file = place / f"{name}.{version}.nupkg".lower()
        digest = base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
        packages[name.lower(), version] = {"pname": name, "version": version, "hash": f"sha256-{digest}"}
print(json.dumps([packages[key] for key in sorted(packages)], indent=2))
EOF
mv "$work/deps.json" "$here/deps.json"
echo "update-deps.sh: $(grep -c pname "$here/deps.json") packages" >&2
