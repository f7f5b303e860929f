#!/bin/sh
# Tells the server that this machine is up: posts its addresses, ssh host keys and a few facts to the URL that
# netboot.boot= on the kernel's command line names. Goes on while there is no network or no server, up to once a minute;
# a refusal is final. Without netboot.boot= there is nothing to do. Needs curl, ip and jq. The variable is for tests.
set -eu
root=${PHONE_HOME_ROOT-}

boot=
read -r line <"$root/proc/cmdline"
# shellcheck disable=SC2086 # words
for word in $line; do
  case $word in netboot.boot=*) boot=${word#*=} ;; esac
done
[ -n "$boot" ] || { echo "no netboot.boot= on the kernel's command line: there is no server to tell"; exit 0; }

addresses() {
  ip -o addr show up scope global | while read -r _ _ family address rest; do
    case $family in inet | inet6) ;; *) continue ;; esac
    # What is not confirmed yet, or about to go, is no way to reach this machine.
    case " $rest " in *' tentative '* | *' deprecated '* | *' temporary '*) continue ;; esac
    echo "${address%/*}"
  done
}

host_keys() {
  for file in "$root"/etc/ssh/ssh_host_*_key.pub; do
    [ ! -r "$file" ] || cut -d ' ' -f 1,2 "$file"
  done
}

# value_of NAME FILE: of a line NAME=value as in os-release.
value_of() {
  [ ! -r "$2" ] || sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$2"
}

report() {
  jq -n --arg addresses "$1" --arg keys "$(host_keys)" --arg kernel "$(uname -r)" \
    --arg memory "$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' "$root/proc/meminfo") / 1024))" \
    --arg uptime "$(cut -d . -f 1 "$root/proc/uptime")" \
    --arg system "$(value_of PRETTY_NAME "$root/etc/os-release")" \
    --arg variant "$(value_of VARIANT_ID "$root/etc/os-release")" '
    def lines: split("\n") | map(select(. != ""));
    {addresses: ($addresses | lines), sshHostKeys: ($keys | lines),
     facts: ({kernel: $kernel, memoryMiB: $memory, uptimeSeconds: $uptime, system: $system, variant: $variant}
             | with_entries(select(.value != "")))}'
}

pause=1
while :; do
  found=$(addresses)
  if [ -n "$found" ]; then
    # Not -f: what the server says of a refusal is worth reading.
    answer=$(report "$found" | curl -sS -m 30 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' \
      --data-binary @- "$boot/up") || answer=000
    case $answer in
      2??)
        printf "told the server: up at %s\n" "$(echo "$found" | tr "\n" " ")"
        exit 0
        ;;
      408 | 425 | 429 | 000 | 5??) echo "no answer from the server yet ($answer)" ;;
      *)
        echo "the server refuses the report ($answer)" >&2
        exit 1
        ;;
    esac
  fi
  sleep "$pause"
  pause=$((pause * 2 > 60 ? 60 : pause * 2))
done
