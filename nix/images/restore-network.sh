#!/bin/sh
# Makes units for systemd-networkd out of what "ip --json addr" and "ip --json route" said before the kexec:
#
#   restore-network.sh FOLDER UNITS
#
# FOLDER has addrs.json, routes-v4.json, routes-v6.json; a unit for each network card goes to the folder UNITS. Cards
# that a unit of NetbootServer names (…netboot-….network in /etc/systemd/network) have all they need and are left out, as
# is what only seems to be a card (VLANs, tunnels). Needs jq.
set -eu
[ $# -eq 2 ] || { echo "usage: ${0##*/} FOLDER UNITS" >&2; exit 2; }
folder=$1 units=$2 configured=${RESTORE_CONFIGURED-/etc/systemd/network}

# Addresses of machines that have units already, one a line.
known=$(cat "$configured"/*netboot-*.network 2>/dev/null | sed -n 's/^MACAddress *= *//p' | tr 'A-F ' 'a-f\n')

# shellcheck disable=SC2016 # jq's variables
program='
def lifetime: [.valid_life_time // 0, .preferred_life_time // 0] | max;
def gateway: .gateway // .via.host // empty;
def destination($v6): if .dst != "default" then .dst elif $v6 then "::/0" else "0.0.0.0/0" end;
def route($v6):
  ["", "[Route]", "Destination=" + destination($v6)]
  + [gateway | "Gateway=" + .]
  + (if has("gateway") or has("via") then [] elif $v6 then [] else ["Scope=link"] end)
  + [select((.flags // []) | index("onlink")) | "GatewayOnLink=yes"]
  + [.prefsrc // empty | "PreferredSource=" + .]
  + [.metric // empty | "Metric=\(.)"];
def routes($list; $v6; $names):
  [$list[] | select(.dst)
   | select((.protocol // "boot") as $by | ["kernel", "dhcp", "ra", "redirect"] | index($by) | not)
   | select(.dev as $dev | $names | index($dev))
   | select((.type // "unicast") == "unicast") | route($v6)[]];
def unit($names; $addresses):
  ($addresses | map(select(.dynamic | not))) as $static
  | ($addresses | map(select(.dynamic and .family == "inet")) | max_by(lifetime)) as $lease
  | ["[Match]", "MACAddress=\(.address)", "Type=ether", "", "[Network]", "DHCP=yes", "IPv6AcceptRA=yes", "LLDP=yes",
     "MulticastDNS=yes"]
  + [$static[] | "Address=\(.local)/\(.prefixlen)"]
  + routes($v4; false; $names) + routes($v6; true; $names)
  + (if $lease then ["", "[DHCPv4]", "ClientIdentifier=mac", "RequestAddress=\($lease.local)"] else [] end);
[$addrs[] | select(.link_type == "ether" and .address and (has("link") | not))]
# A bond or bridge has the address of a card in it: what it had goes to the card.
| group_by(.address)[]
| (map(.ifname)) as $names
| [.[].addr_info[]? | select(.scope != "link" and .local and .prefixlen and (.family == "inet" or .family == "inet6"))]
  as $addresses
| .[0]
| select(.address as $mac | $known | index($mac) | not)
| "\(.address | gsub(":"; "")) \(unit($names; $addresses) | join("\n") | @base64)"
'
mkdir -p "$units"
jq -nr --slurpfile addrs "$folder/addrs.json" --slurpfile v4 "$folder/routes-v4.json" \
  --slurpfile v6 "$folder/routes-v6.json" --arg known "$known" \
  "(\$addrs[0]) as \$addrs | (\$v4[0]) as \$v4 | (\$v6[0]) as \$v6 | (\$known / \"\\n\") as \$known | $program" |
  while read -r mac unit; do
    # The name sorts before those of the image, for the first unit that matches counts.
    { echo "$unit" | base64 -d; echo; } >"$units/05-restored-$mac.network"
  done
