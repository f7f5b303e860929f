#!/usr/bin/env bash
# Measures the server: bench.sh [SCENARIO…]; without a word, all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build -c Release -v quiet --nologo tests/NetbootServer.Benchmarks
exec dotnet tests/NetbootServer.Benchmarks/bin/Release/net10.0/NetbootServer.Benchmarks.dll "$@"
