#!/bin/sh
# Runs dnsmasq as a proxy DHCP and TFTP server for the netboot server at $SERVER_ADDRESS (an IPv4 address of this host)
# and $SERVER_PORT (8080). Needs NET_ADMIN, NET_RAW, NET_BIND_SERVICE and the host's network.
set -eu

: "${SERVER_ADDRESS:?must be the IPv4 address of this host in the network of the machines, such as 192.168.1.10}"
url=http://$SERVER_ADDRESS:${SERVER_PORT:-8080}
exec dnsmasq --keep-in-foreground --log-facility=- --log-dhcp --port=0 --user=root --conf-file=/dev/null \
    --listen-address="$SERVER_ADDRESS" --bind-interfaces \
    --dhcp-range="$SERVER_ADDRESS,proxy" \
    --enable-tftp --tftp-root="${TFTP_ROOT:-/usr/lib/ipxe}" --tftp-no-fail \
    --dhcp-match=set:ipxe,175 \
    --pxe-service="tag:!ipxe,x86PC,NetbootServer,undionly.kpxe" \
    --pxe-service="tag:!ipxe,BC_EFI,NetbootServer,snponly.efi" \
    --pxe-service="tag:!ipxe,X86-64_EFI,NetbootServer,snponly.efi" \
    --pxe-service="tag:ipxe,x86PC,NetbootServer,$url/boot.ipxe" \
    --pxe-service="tag:ipxe,BC_EFI,NetbootServer,$url/boot.ipxe" \
    --pxe-service="tag:ipxe,X86-64_EFI,NetbootServer,$url/boot.ipxe" \
    "$@"
