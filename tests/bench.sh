#!/usr/bin/env bash
# Measures the server: bench.sh [SCENARIO…]; without a word, all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
# What files are compared with; the scenarios start it themselves, on a free port.
if ! command -v nginx > /dev/null; then
    [ "$(id -u)" = 0 ] || { echo "bench.sh: nginx is missing: apt-get install nginx-light" >&2; exit 1; }
    echo "installing nginx-light" >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=120 nginx-light > /dev/null
fi
dotnet build -c Release -v quiet --nologo tests/NetbootServer.Benchmarks
exec dotnet tests/NetbootServer.Benchmarks/bin/Release/net10.0/NetbootServer.Benchmarks.dll "$@"
