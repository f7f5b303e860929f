#!/usr/bin/env bash
# Builds and runs the tests: run.sh fast|all|soak. The last line is the real count: "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.." || exit
mode=${1:-all}
results=artifacts/test-results
rm -rf "$results" && mkdir -p "$results"

if [ "$mode" != fast ]; then tests/lab/install.sh all || exit 1; fi
build=(dotnet build -c Release -v quiet --nologo NetbootServer.sln)
"${build[@]}" || { echo "The build failed."; echo "0 passed, 1 failed"; exit 1; }

failed_runs=0
format() { # white space as .editorconfig says; a difference counts as a failed test
    echo "== dotnet format"
    dotnet format whitespace NetbootServer.sln --verify-no-changes --no-restore \
        --exclude src/NetbootServer/Storage/Migrations || misformatted=1
}
misformatted=0
run() { # run PROJECT [runner options…]
    local project=$1; shift
    local dll=tests/$project/bin/Release/net10.0/$project.dll
    echo "== $project"
    dotnet "$dll" -noLogo -noColor -result-xml "$results/$project.xml" "$@" || failed_runs=$((failed_runs + 1))
}

case $mode in
fast) format; run NetbootServer.Tests -trait- category=slow -trait- category=soak ;;
all)  format; run NetbootServer.Tests -trait- category=soak; run NetbootServer.EndToEnd -trait- category=soak ;;
soak) run NetbootServer.Tests -trait category=soak; run NetbootServer.EndToEnd -trait category=soak ;;
*) echo "usage: run.sh fast|all|soak" >&2; exit 2 ;;
esac

sum() { # sum ATTRIBUTE… over the runners' reports
    local attribute pattern=""
    for attribute in "$@"; do pattern+="${pattern:+|} $attribute"; done
    grep -oh '<assembly [^>]*>' "$results"/*.xml 2>/dev/null | grep -oE "($pattern)=\"[0-9]+\"" |
        tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'
}
passed=$(sum passed)
failed=$(sum failed errors)
if [ "$failed_runs" -gt 0 ] && [ "$failed" -eq 0 ]; then failed=$failed_runs; fi # a runner that died counts
failed=$((failed + misformatted))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
