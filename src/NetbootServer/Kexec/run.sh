#!/bin/sh
# Boots this machine into the system of this bundle by kexec, and carries over what keeps it reachable: ssh host keys,
# authorized keys, addresses, routes, VLANs, bonds, bridges and DNS. Made by NetbootServer; run it as root.
#
#   run [--dry-run] [--kexec-extra-flags "FLAGS"]
#
# It first checks what it needs and changes nothing until all of that is there. KEXEC_RUN_ROOT is for tests: a folder
# that stands in for the root of the file system.
set -eu

# What the server has filled in; texts are quoted for sh.
image=@image@
machine=@machine@
kernel_arch=@kernel_arch@
kernel_bytes=@kernel_bytes@
initrd_bytes=@initrd_bytes@
needed_kib=@needed_kib@
command_line=@command_line@
boot_url=@boot_url@
withheld=@withheld@
programs_from=@programs_from@
# How the initrd takes files: those that are copied to the new root lie below $files; carry=no: it takes none.
carry=@carry@
files=@files@
root_ssh=@root_ssh@
etc_ssh=@etc_ssh@
etc_network=@etc_network@
etc_machine_id=@etc_machine_id@
restores_state=@restores_state@
# What the bundle brings itself, so that it is not carried over; keys in it come on top.
brings_host_keys=@brings_host_keys@
brings_network=@brings_network@
brings_machine_id=@brings_machine_id@
brings_keys=@brings_keys@

sysroot=${KEXEC_RUN_ROOT-}
# Roots of minimal systems and of su have no sbin on their PATH; NixOS has its own place.
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin:/run/current-system/sw/bin
LC_ALL=C
export PATH LC_ALL
umask 077

say() { printf '%s\n' "$*"; }
warn() { printf 'run: warning: %s\n' "$*" >&2; }
fail() {
  printf 'run: %s\n' "$*" >&2
  exit 1
}

dry_run=no
extra_flags=
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    --kexec-extra-flags)
      [ $# -gt 1 ] || fail "--kexec-extra-flags needs a value, such as \"--reuse-cmdline\"."
      extra_flags=$2
      shift
      ;;
    --kexec-extra-flags=*) extra_flags=${1#*=} ;;
    -h | --help)
      sed -n '2,8s/^# \{0,1\}//p' "$0"
      exit 0
      ;;
    *) warn "'$1' is no option of run; it is ignored." ;;
  esac
  shift
done

# ---- checks -------------------------------------------------------------------------------------------------------

script=$(readlink -f "$0") || fail "readlink is missing: install coreutils or busybox."
here=$(dirname "$script")

# first_line FILE: its first line, empty when there is none.
first_line() {
  line=
  if [ -r "$1" ]; then IFS= read -r line <"$1" || :; fi
  printf '%s' "$line"
}

# meminfo NAME: KiB.
meminfo() {
  while read -r name value _; do
    if [ "$name" = "$1:" ]; then
      printf '%s' "$value"
      return
    fi
  done <"$sysroot/proc/meminfo"
}

mib() { printf '%s MiB' $((($1 + 1023) / 1024)); }

check_rights() {
  [ "$(id -u)" = 0 ] || fail "must be run as root: repeat it with sudo or doas."
  effective=
  if [ -r "$sysroot/proc/self/status" ]; then
    while read -r name value; do [ "$name" != CapEff: ] || effective=$value; done <"$sysroot/proc/self/status"
  fi
  # CAP_SYS_BOOT is bit 22: the sixth digit from the right, of which it is 4.
  case $effective in
    '' | *[4567cdefCDEF]?????) ;;
    *) fail "root has no right to start another kernel here (CAP_SYS_BOOT): this is a container; run it on its host." ;;
  esac
  for file in /.dockerenv /run/.containerenv /run/systemd/container; do
    [ ! -e "$sysroot$file" ] || fail "this is a container ($file is there): run it on its host."
  done
}

check_kernel() {
  found=$(uname -m)
  # shellcheck disable=SC2254 # a pattern
  case $found in
    $kernel_arch) ;;
    *) fail "this bundle is for $kernel_arch and this machine is $found: fetch the bundle for it." ;;
  esac
  [ "$(uname -s)" = Linux ] || fail "kexec needs a running Linux; this is $(uname -s)."
  [ ! -e "$sysroot/proc/vmcore" ] || fail "this is the kernel that collects a crash dump: restart the machine first."
  [ -e "$sysroot/sys/kernel/kexec_loaded" ] ||
    fail "this kernel cannot kexec (no /sys/kernel/kexec_loaded; CONFIG_KEXEC is off or /sys is not mounted)."
  [ "$(first_line "$sysroot/proc/sys/kernel/kexec_load_disabled")" != 1 ] ||
    fail "kexec is switched off until the next restart (sysctl kernel.kexec_load_disabled=1)."
  case $(first_line "$sysroot/sys/kernel/security/lockdown") in
    *'[integrity]'* | *'[confidentiality]'*)
      fail "the kernel is locked down, as it is under Secure Boot, and starts no kernel that its own keys have not" \
        "signed: switch Secure Boot off in the firmware."
      ;;
  esac
}

check_files() {
  for name in bzImage initrd; do
    [ -f "$here/$name" ] || fail "$here/$name is missing: unpack the whole bundle again."
  done
  [ "$(wc -c <"$here/bzImage")" -eq "$kernel_bytes" ] ||
    fail "$here/bzImage has not the $kernel_bytes bytes that it should: the bundle was not unpacked whole; fetch it again."
  # It is longer once files were added to it.
  [ "$(wc -c <"$here/initrd")" -ge "$initrd_bytes" ] ||
    fail "$here/initrd has fewer than its $initrd_bytes bytes: the bundle was not unpacked whole; fetch it again."
}

# stands_in FILE: whether it is what the server puts in the place of a program that the bundle does not bring.
stands_in() { grep -q '^# This bundle brings no ' "$1"; }

# find_program NAME ARGUMENTS: in the bundle, else on this machine; that it runs here is tried with the arguments.
find_program() {
  found='' broken=
  name=$1
  shift
  # Files before the name alone: a shell of busybox would take its own, smaller one.
  places=$here:$PATH:
  while [ -n "$places" ]; do
    place=${places%%:*}
    places=${places#*:}
    if [ -x "$place/$name" ] && ! stands_in "$place/$name" && "$place/$name" "$@" >/dev/null 2>&1; then
      found=$place/$name
      return
    fi
  done
  [ ! -f "$here/$name" ] || stands_in "$here/$name" ||
    broken=" (the one in the bundle does not run here: is $here mounted noexec?)"
  if "$name" "$@" >/dev/null 2>&1; then found=$name; fi
}

check_tools() {
  for name in cat chmod cp dd df dirname grep id mktemp readlink rm sed sleep uname wc; do
    command -v "$name" >/dev/null || fail "the program '$name' is missing: install it (coreutils, grep, sed or busybox)."
  done
}

check_programs() {
  find_program kexec --version
  [ "$found" ] ||
    fail "there is no program 'kexec' in the bundle, and none on this machine$broken: install kexec-tools."
  kexec=$found
  find_program ip -o addr show
  [ "$found" ] || fail "there is no program 'ip' in the bundle, and none on this machine$broken: install iproute2."
  ip=$found
}

check_memory() {
  total=$(meminfo MemTotal)
  available=$(meminfo MemAvailable)
  reserved=$(first_line "$sysroot/sys/kernel/kexec_crash_size")
  note=
  [ "${reserved:-0}" = 0 ] || note=" ($(mib $((reserved / 1024))) more are reserved for a crash kernel: remove crashkernel=)"
  [ "$total" -ge "$needed_kib" ] ||
    fail "too little memory: the new system needs $(mib "$needed_kib"), this machine has $(mib "$total")$note. Swap" \
      "does not count."
  load=$(((kernel_bytes + initrd_bytes) / 1024 + 16384))
  [ "${available:-$load}" -ge "$load" ] ||
    fail "too little free memory: loading the new system takes $(mib "$load"), $(mib "$available") are free: stop" \
      "services, or remove files from memory file systems."
}

check_space() {
  free=$(df -Pk "$here" | { read -r _ && read -r _ _ _ free _ && printf '%s' "$free"; }) || free=
  [ "${free:-2048}" -ge 2048 ] || fail "too little space: $here needs 2 MiB, and has $free KiB free."
  [ -w "$here" ] || fail "$here cannot be written to: unpack the bundle in another folder, such as /root."
}

check_tools
check_rights
check_kernel
check_programs
check_files
check_memory
check_space

# ---- what is carried over -----------------------------------------------------------------------------------------

work=$(TMPDIR=$here mktemp -d) || fail "no temporary folder can be made in $here."
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/keys" "$work/net"

# keys_of FILE: the keys in it; what restricts a key stays, but for the notice by which cloud images close root's account.
keys_of() {
  [ -r "$1" ] || return 0
  while IFS= read -r line || [ "$line" ]; do
    case $line in
      '' | '#'*) ;;
      *'lease login as the user'*) printf '%s\n' "$line" | sed -n 's/^.*" \{1,\}\(\(ssh\|ecdsa\|sk\)-[^ ]* .*\)$/\1/p' ;;
      *) printf '%s\n' "$line" ;;
    esac
  done <"$1"
}

home_of() {
  while IFS=: read -r user _ _ _ _ home _; do
    if [ "$user" = "$1" ]; then
      printf '%s' "$home"
      return
    fi
  done <"$sysroot/etc/passwd"
}

collect_keys() {
  : >"$work/keys/all"
  login=${DOAS_USER:-${SUDO_USER:-}}
  {
    [ -z "$brings_keys" ] || printf '%s\n' "$brings_keys"
    for file in authorized_keys authorized_keys2; do keys_of "$sysroot/root/.ssh/$file"; done
    keys_of "$sysroot/etc/ssh/authorized_keys.d/root"
    case $login in
      '' | root | *[!A-Za-z0-9._-]*) ;;
      *)
        home=$(home_of "$login")
        if [ -n "$home" ]; then
          for file in authorized_keys authorized_keys2; do keys_of "$sysroot$home/.ssh/$file"; done
        fi
        keys_of "$sysroot/etc/ssh/authorized_keys.d/$login"
        ;;
    esac
  } >"$work/keys/all"
  : >"$work/keys/authorized_keys"
  while IFS= read -r line; do
    grep -qxF -e "$line" "$work/keys/authorized_keys" || printf '%s\n' "$line" >>"$work/keys/authorized_keys"
  done <"$work/keys/all"
  host_keys=
  [ "$brings_host_keys" = no ] || return 0
  for file in "$sysroot"/etc/ssh/ssh_host_*_key "$sysroot"/etc/ssh/ssh_host_*_key.pub \
    "$sysroot"/etc/ssh/ssh_host_*_key-cert.pub; do
    [ ! -s "$file" ] || host_keys="$host_keys ${file##*/}"
  done
}

# kind_of NAME: nic, bond, bridge or vlan; nothing for what is not carried over.
kind_of() {
  if [ -d "$net/$1/bonding" ]; then
    printf bond
  elif [ -d "$net/$1/bridge" ]; then
    printf bridge
  elif [ -r "$sysroot/proc/net/vlan/$1" ]; then
    printf vlan
  elif [ -e "$net/$1/device" ]; then
    printf nic
  fi
}

# master_of NAME: the bond or bridge that it belongs to.
master_of() {
  if [ -L "$net/$1/master" ]; then
    master=$(readlink "$net/$1/master")
    printf '%s' "${master##*/}"
  fi
}

vlan_parent() {
  while read -r word value _; do [ "$word" != Device: ] || printf '%s' "$value"; done <"$sysroot/proc/net/vlan/$1"
}

vlan_id() {
  while read -r _ word value _; do [ "$word" != VID: ] || printf '%s' "$value"; done <"$sysroot/proc/net/vlan/$1"
}

# has_nic NAME: whether a network card lies beneath it; a bridge of containers alone is not carried over.
has_nic() {
  case $(kind_of "$1") in
    nic) return 0 ;;
    vlan) has_nic "$(vlan_parent "$1")" || return 1 ;;
    bond | bridge)
      for lower in "$net/$1"/lower_*; do
        [ ! -e "$lower" ] || ! has_nic "${lower##*/lower_}" || return 0
      done
      return 1
      ;;
    *) return 1 ;;
  esac
}

# The addresses of an interface, one a line: static or dynamic, family, address/length, the other end.
addresses_of() {
  "$ip" -o addr show dev "$1" 2>/dev/null | while read -r _ _ family address rest; do
    case $family in inet | inet6) ;; *) continue ;; esac
    case " $rest " in *' scope link '* | *' temporary '* | *' deprecated '*) continue ;; esac
    how=static
    case " $rest " in *' dynamic '* | *' valid_lft '[0-9]*) how=dynamic ;; esac
    peer=
    case $rest in 'peer '*)
      peer=${rest#peer }
      peer=${peer%% *}
      ;;
    esac
    case $family:$address in
      *:*/*) ;;
      inet:*) address=$address/32 ;;
      *) address=$address/128 ;;
    esac
    say "$how $family $address $peer"
  done
}

# The routes over an interface that somebody set, as sections of a networkd unit.
routes_of() {
  for family in 4 6; do
    "$ip" -"$family" route show 2>/dev/null >"$work/routes" || continue
    while read -r destination words; do
      case $destination in unreachable | blackhole | prohibit | nexthop | multicast | broadcast | local) continue ;; esac
      dev='' via='' src='' metric='' onlink='' scope='' proto=boot
      # shellcheck disable=SC2086 # words
      set -- $words
      while [ $# -gt 0 ]; do
        case $1 in
          dev) dev=${2-} ;;
          via) if [ "${2-}" = inet6 ]; then via=${3-}; else via=${2-}; fi ;;
          src) src=${2-} ;;
          metric) metric=${2-} ;;
          scope) scope=${2-} ;;
          proto) proto=${2-} ;;
          onlink) onlink=yes ;;
        esac
        shift
      done
      [ "$dev" = "$wanted" ] || continue
      case $proto in kernel | dhcp | ra | redirect) continue ;; esac
      # The kernel's own: link-local addresses, and the prefix of an address.
      case $destination in fe80:* | ff00:*) continue ;; esac
      [ "$destination" != default ] || if [ "$family" = 4 ]; then destination=0.0.0.0/0; else destination=::/0; fi
      say
      say '[Route]'
      say "Destination=$destination"
      if [ -n "$via" ]; then say "Gateway=$via"; elif [ "$family" = 4 ]; then say "Scope=${scope:-link}"; fi
      [ -z "$onlink" ] || say 'GatewayOnLink=yes'
      [ -z "$src" ] || say "PreferredSource=$src"
      [ -z "$metric" ] || say "Metric=$metric"
    done <"$work/routes"
  done
}

# The name servers that are asked: not a stub on this machine itself.
collect_dns() {
  dns='' domains=''
  for file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
    [ -r "$sysroot$file" ] || continue
    while read -r word value rest || [ "$word" ]; do
      case $word:$value in
        nameserver:127.* | nameserver:::1) ;;
        nameserver:?*) dns="$dns $value" ;;
        search:?* | domain:?*) domains="$value${rest:+ $rest}" ;;
      esac
    done <"$sysroot$file"
    [ -z "$dns" ] || break
  done
  dns=${dns# }
}

# unit_of NAME KIND: how networkd sets it up.
unit_of() {
  wanted=$1
  mac=$(first_line "$net/$1/address")
  permanent=$(first_line "$net/$1/bonding_slave/perm_hwaddr")
  mtu=$(first_line "$net/$1/mtu")
  master=$(master_of "$1")
  # What is not carried over is no master; nor is a card, which speaks for its own virtual function.
  case $(kind_of "$master") in bond | bridge) ;; *) master= ;; esac
  addresses=$(addresses_of "$1")
  say '[Match]'
  if [ "$2" = nic ]; then
    # By its hardware: names change with the system. VLANs on it have the same address, and units of their own before.
    say "MACAddress=${permanent:-$mac}"
    say 'Type=ether'
  else
    say "Name=$1"
  fi
  [ "${mtu:-1500}" = 1500 ] || printf '\n[Link]\nMTUBytes=%s\n' "$mtu"
  say
  say '[Network]'
  for file in "$sysroot"/proc/net/vlan/*; do
    vlan=${file##*/}
    case $vlan in config | '*') continue ;; esac
    [ "$(vlan_parent "$vlan")" != "$1" ] || say "VLAN=$vlan"
  done
  if [ -n "$master" ]; then
    case $(kind_of "$master") in
      bond)
        say "Bond=$master"
        [ "$(first_line "$net/$master/bonding/primary")" != "$1" ] || say 'PrimarySlave=yes'
        ;;
      bridge) say "Bridge=$master" ;;
    esac
    say 'LinkLocalAddressing=no'
    return
  fi
  say 'LLDP=yes'
  dhcp=no accept_ra=no requested='' fixed=no peers=''
  case $("$ip" -6 route show dev "$1" 2>/dev/null) in *' proto ra '*) accept_ra=yes ;; esac
  while read -r how family address peer; do
    case $how:$family in
      static:*)
        say "Address=$address"
        fixed=yes
        peers="$peers $peer"
        ;;
      dynamic:inet)
        dhcp=yes accept_ra=yes
        requested=${requested:-${address%/*}}
        ;;
      dynamic:inet6) accept_ra=yes ;;
    esac
  done <<LIST
$addresses
LIST
  say "DHCP=$dhcp"
  say "IPv6AcceptRA=$accept_ra"
  if [ "$fixed" = yes ]; then
    for server in $dns; do say "DNS=$server"; done
    [ -z "$domains" ] || say "Domains=$domains"
  fi
  for peer in $peers; do printf '\n[Route]\nDestination=%s\n' "$peer"; done
  routes_of "$1"
  if [ "$dhcp" = yes ]; then
    printf '\n[DHCPv4]\nClientIdentifier=mac\nRequestAddress=%s\n' "$requested"
  fi
}

# device_of NAME KIND: the .netdev that makes it.
device_of() {
  say '[NetDev]'
  say "Name=$1"
  say "Kind=$2"
  [ "$2" = vlan ] || say "MACAddress=$(first_line "$net/$1/address")"
  say
  case $2 in
    vlan) printf '[VLAN]\nId=%s\n' "$(vlan_id "$1")" ;;
    bridge)
      stp=no
      [ "$(first_line "$net/$1/bridge/stp_state")" != 1 ] || stp=yes
      printf '[Bridge]\nSTP=%s\n' "$stp"
      ;;
    bond)
      # The files say a word and its number.
      set -- "$1" "$(first_line "$net/$1/bonding/mode")" "$(first_line "$net/$1/bonding/miimon")" \
        "$(first_line "$net/$1/bonding/xmit_hash_policy")" "$(first_line "$net/$1/bonding/lacp_rate")"
      printf '[Bond]\nMode=%s\n' "${2%% *}"
      [ "${3:-0}" = 0 ] || say "MIIMonitorSec=${3}ms"
      case $2 in balance-xor* | 802.3ad* | balance-tlb*) [ -z "$4" ] || say "TransmitHashPolicy=${4%% *}" ;; esac
      case $2 in 802.3ad*) [ -z "$5" ] || say "LACPTransmitRate=${5%% *}" ;; esac
      ;;
  esac
}

# The names sort before those that images make themselves: of several units that match, the first counts.
collect_network() {
  net=$sysroot/sys/class/net
  interfaces=
  [ "$brings_network" = no ] || return 0
  collect_dns
  for path in "$net"/*; do
    name=${path##*/}
    kind=$(kind_of "$name")
    has_nic "$name" || continue
    # A virtual function below another card of the same address (Azure's accelerated networking): that one speaks for it.
    [ "$kind" != nic ] || [ "$(kind_of "$(master_of "$name")")" != nic ] || continue
    case $name in *[!A-Za-z0-9._:@-]*) continue ;; esac
    # A card without an address, and nothing on it, is left alone.
    if [ "$kind" = nic ] && [ -z "$(addresses_of "$name")" ] && [ -z "$(master_of "$name")" ]; then
      used=no
      for upper in "$path"/upper_*; do [ ! -e "$upper" ] || used=yes; done
      [ "$used" = yes ] || continue
    fi
    order=1
    [ "$kind" != nic ] || order=2
    [ "$kind" = nic ] || device_of "$name" "$kind" >"$work/net/0-netboot-$order-$name.netdev"
    unit_of "$name" "$kind" >"$work/net/0-netboot-$order-$name.network"
    interfaces="$interfaces $name"
  done
}

# What restore-state-from-initrd.service of nixos-images reads; an ip that speaks no JSON leaves the units to do it.
json_of() {
  if text=$("$ip" "$@" 2>/dev/null) && [ "${text#\[}" != "$text" ]; then say "$text"; else say '[]'; fi
}

collect_keys
collect_network
if [ "$restores_state" = yes ] && [ "$brings_network" = no ]; then
  json_of --json addr >"$work/addrs.json"
  json_of -4 --json route >"$work/routes-v4.json"
  json_of -6 --json route >"$work/routes-v6.json"
fi
machine_id=
[ "$brings_machine_id" = yes ] || machine_id=$(first_line "$sysroot/etc/machine-id")

# ---- what it does -------------------------------------------------------------------------------------------------

say "NetbootServer: $image${machine:+ for $machine}"
say "  kexec      $kexec"
say "  ip         $ip"
say "  programs   $programs_from"
say "  memory     $(mib "$needed_kib") needed, $(mib "$total") here"
if [ "$carry" = yes ] || [ "$restores_state" = yes ]; then
  say "  keys       $(grep -c . "$work/keys/authorized_keys" || :) authorized keys of root"
  if [ "$brings_host_keys" = yes ]; then say '  host keys  those of the bundle'; else say "  host keys ${host_keys:- none}"; fi
  if [ "$brings_network" = yes ]; then say '  network    that of the bundle'; else say "  network   ${interfaces:- none}"; fi
  [ -s "$work/keys/authorized_keys" ] ||
    warn "no authorized key was found: the new system lets nobody in by ssh, unless its image has a key itself."
else
  warn "the initrd of $image takes no files: no keys and addresses are carried over, only what the image has itself."
fi
[ -z "$withheld" ] || warn "$withheld"

if [ "$dry_run" = yes ]; then
  for file in "$work"/net/*; do
    [ -e "$file" ] || continue
    say
    say "# ${file##*/}"
    cat "$file"
  done
  say
  say 'This was a dry run: nothing has changed.'
  exit 0
fi

# ---- adds it to the initrd: a cpio archive in the form newc, which needs no cpio program ----------------------------

inode=0
# entry NAME MODE SIZE: a header; MODE is a number with the type in it.
entry() {
  inode=$((inode + 1))
  printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\0' \
    "$inode" "$2" 0 0 1 1 "$3" 0 0 0 0 $((${#1} + 1)) 0 "$1"
  pad $((110 + ${#1} + 1))
}

pad() {
  case $((-$1 & 3)) in
    1) printf '\0' ;;
    2) printf '\0\0' ;;
    3) printf '\0\0\0' ;;
  esac
}

made=' '
# folders NAME: those above it, each once.
folders() {
  above=
  rest=$1
  while [ "${rest#*/}" != "$rest" ]; do
    above=${above:+$above/}${rest%%/*}
    rest=${rest#*/}
    case $made in *" $above "*) continue ;; esac
    made="$made$above "
    case $above in
      netboot | root | */root | *.ssh) entry "$above" $((0x41C0)) 0 ;; # 0700
      *) entry "$above" $((0x41ED)) 0 ;; # 0755
    esac
  done
}

# add FILE NAME MODE
add() {
  folders "$2"
  size=$(wc -c <"$1")
  entry "$2" "$3" $((size))
  cat "$1"
  pad $((size))
}

private=$((0x8180)) readable=$((0x81A4)) # 0600 and 0644

archive() {
  if [ "$carry" = yes ]; then
    if [ -s "$work/keys/authorized_keys" ]; then
      add "$work/keys/authorized_keys" "$files$root_ssh/authorized_keys" "$private"
    fi
    for name in $host_keys; do
      case $name in *.pub) mode=$readable ;; *) mode=$private ;; esac
      add "$sysroot/etc/ssh/$name" "$files$etc_ssh/$name" "$mode"
    done
    for file in "$work"/net/*; do
      [ ! -e "$file" ] || add "$file" "$files$etc_network/${file##*/}" "$readable"
    done
    if [ -n "$machine_id" ]; then
      say "$machine_id" >"$work/machine-id"
      add "$work/machine-id" "$files$etc_machine_id" "$readable"
    fi
  fi
  if [ "$restores_state" = yes ]; then
    if [ -s "$work/keys/authorized_keys" ]; then add "$work/keys/authorized_keys" ssh/authorized_keys "$private"; fi
    for name in $host_keys; do
      case $name in *.pub) mode=$readable ;; *) mode=$private ;; esac
      add "$sysroot/etc/ssh/$name" "ssh/$name" "$mode"
    done
    for name in addrs.json routes-v4.json routes-v6.json; do
      [ -e "$work/$name" ] || continue
      add "$work/$name" "$name" "$readable"
      add "$work/$name" "iproute2/$name" "$readable" # newer images
    done
    folders networkd/
    if [ -n "$machine_id" ]; then
      say "$machine_id" >"$work/machine-id"
      add "$work/machine-id" machine-id "$readable"
    fi
  fi
  entry 'TRAILER!!!' 0 0
}

# Private keys are added to it.
chmod 600 "$here/initrd" || fail "the rights of $here/initrd cannot be changed: unpack the bundle as root."
# What an earlier run has added goes first, so that it may be run again.
dd if=/dev/null of="$here/initrd" bs=1 seek="$initrd_bytes" 2>/dev/null ||
  fail "$here/initrd cannot be written to: unpack the bundle in another folder, such as /root."
{
  pad "$initrd_bytes"
  archive
} >>"$here/initrd" || fail "$here/initrd could not be written: is there space in $here?"

# ---- loads the kernel, and starts it once this has ended ------------------------------------------------------------

syscall=
version=$(uname -r)
major=${version%%.*}
minor=${version#*.}
minor=${minor%%[!0-9]*}
# Older kernels fail now and then to load by file (nixos-anywhere issue 264).
if [ "$major" -gt 6 ] || { [ "$major" -eq 6 ] && [ "${minor:-0}" -ge 1 ]; }; then
  ! "$kexec" --help 2>/dev/null | grep -q -e --kexec-syscall-auto || syscall=--kexec-syscall-auto
fi
# shellcheck disable=SC2086 # flags are words
if ! "$kexec" --load "$here/bzImage" $syscall $extra_flags --initrd="$here/initrd" --no-checks \
  --command-line="$command_line"; then
  dmesg 2>/dev/null | sed -n '$p' >&2 || :
  fail "the kernel refused the new one; dmesg says why. Under Secure Boot and lockdown no other kernel is started."
fi

# The server hears that the kernel is loaded; without curl and wget, or a route, it does not.
if [ -n "$boot_url" ]; then
  if command -v curl >/dev/null; then
    curl -fsS -m 5 -o /dev/null "$boot_url/ready" </dev/null >/dev/null 2>&1 &
  elif command -v wget >/dev/null; then
    wget -q -O /dev/null "$boot_url/ready" </dev/null >/dev/null 2>&1 &
  fi
fi

say 'machine will boot into nixos in 6s...'
# In the background, and away from the terminal: an ssh session ends cleanly before the network goes.
if [ -w "$sysroot/dev/kmsg" ]; then log=$sysroot/dev/kmsg; else log=/dev/null; fi
{
  trap '' HUP INT # also for what it starts
  sleep 6
  sync
  # shellcheck disable=SC2086 # flags are words
  exec "$kexec" -e $extra_flags
} </dev/null >"$log" 2>&1 &
