#!/usr/bin/env bash
# Whether the server answers: /healthz on the first port of NETBOOT_Urls. The image has no curl.
set -euo pipefail

urls=${NETBOOT_Urls:-http://*:8080}
port=${urls%%;*}
port=${port##*:}
port=${port%%/*}
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
