#!/usr/bin/env bash
# Whether the server answers: /healthz at the first address of NETBOOT_Urls (plain http). The image has no curl.
set -euo pipefail

urls=${NETBOOT_Urls:-http://*:8080}
address=${urls%%;*}
address=${address#*://}
address=${address%%/*}
host=${address%:*}
case $host in
'*' | '+' | 0.0.0.0 | localhost) host=127.0.0.1 ;;
'[::]') host=::1 ;;
esac
host=${host#[}
exec 3<>"/dev/tcp/${host%]}/${address##*:}"
printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
