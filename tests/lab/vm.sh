#!/usr/bin/env bash
# Boots a virtual machine against a running NetbootServer, for someone without a spare machine: vm.sh [URL]
#   URL   the server (default: NETBOOT_URL, else http://127.0.0.1:8080)
# The machine is as real as it gets: BIOS, DHCP, iPXE in the network card, this terminal as its serial console.
# When no image of the server has a version yet, a tiny one is uploaded and the machine is registered to boot it;
# otherwise nothing on the server is touched, and the machine gets whatever the server decides.
#   NETBOOT_TOKEN   an API token, when something is to be uploaded; without it the first admin password is read where
#                   the server has put it, or asked for
#   VM_MAC          another network address (default 52:54:00:76:6d:01): a second machine
#   VM_MEMORY       MiB (default: half of this computer's, at most 4096)
#   VM_ACCEL        QEMU's accelerator (default tcg: slower than kvm, works everywhere)
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
url=${1:-${NETBOOT_URL:-http://127.0.0.1:8080}}
url=${url%/}
mac=${VM_MAC:-52:54:00:76:6d:01}

say() { echo "vm: $*" >&2; }
fail() {
    say "$@"
    exit 1
}

# Puts the terminal back however this ends: modes, colours, wrapping, cursor, scrolling region.
restore_terminal() {
    [ -z "${modes:-}" ] || stty "$modes" </dev/tty || true
    if [ -t 1 ]; then printf '\033[0m\033[?7h\033[?25h\0337\033[r\0338'; fi
    rm -rf "$private"
}

# Secrets go through files only this user can read, not through command lines that everyone can list.
private=$(mktemp -d)
modes=
if [ -t 0 ]; then modes=$(stty -g); fi
trap restore_terminal EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# api METHOD PATH [curl arguments…]: leaves the status in $status and the answer in $private/answer.
api() {
    local method=$1 path=$2
    shift 2
    touch "$private/headers"
    status=$(curl -sS -X "$method" -H "@$private/headers" -b "$private/cookies" -c "$private/cookies" \
        -o "$private/answer" -w '%{http_code}' "$@" "$url/api/v1$path") || fail "no answer from $url"
}

# The same, for what must succeed; says what the server said when it does not.
must() {
    local did=$1
    shift
    api "$@"
    case $status in
    2*) ;;
    *) fail "$did failed ($status): $(answer_text detail || answer_text title || head -c 500 "$private/answer")" ;;
    esac
}

# A text member of the last answer.
answer_text() {
    sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p" "$private/answer" | head -n 1 | grep .
}

# send_json DID METHOD PATH <<<JSON
send_json() {
    must "$@" -H 'Content-Type: application/json' --data-binary @-
}

# True when the API lets us in.
is_admitted() {
    api GET '/images?limit=1'
    [ "$status" = 200 ]
}

use_token() {
    printf 'Authorization: Bearer %s\n' "$1" >"$private/headers"
    is_admitted
}

use_password() {
    printf '%s' "$1" | sed 's/[\\"]/\\&/g; s/^/{"password":"/; s/$/"}/' >"$private/login"
    api POST /session -H 'Content-Type: application/json' --data-binary "@$private/login"
    [ "$status" = 200 ] || [ "$status" = 201 ] || return 1
    printf 'X-CSRF-Token: %s\n' "$(answer_text csrfToken)" >"$private/headers"
}

log_in() {
    local token=${NETBOOT_TOKEN:-${NETBOOT_Access__AdminToken:-}} folder file password
    if [ -n "$token" ]; then
        use_token "$token" && return
        fail "the server refuses this token ($status)"
    fi
    for folder in "${NETBOOT_DataDirectory:-$here/../../data}" "$here/../../data"; do
        file=$folder/initial-admin-password
        [ -r "$file" ] || continue
        password=$(cat "$file")
        use_password "$password" || continue
        # The server removes the file at the first log-in: without this line the password would be lost.
        say "logged in with the first admin password, $password: keep it, its file is gone now"
        return
    done
    [ -t 0 ] || fail "to look for an image, and perhaps bring one, I need an API token in NETBOOT_TOKEN"
    while true; do
        read -rsp 'vm: the admin password of the server (Enter: boot without bringing an image): ' password
        echo >&2
        [ -n "$password" ] || return 1
        use_password "$password" && return
        say "the server refuses it ($status)"
    done
}

# True when an earlier run has been here; anyone may ask.
has_tiny_image() {
    curl -fsS -o /dev/null --head "$url/images/vm/bzImage-x86_64-linux" 2>/dev/null
}

# True when some image has a version to boot.
has_image() {
    must 'listing the images' GET '/images?limit=1000'
    grep -Eq '"current" *: *"[^"]' "$private/answer"
}

bring_image() {
    local assets kernel initrd
    say "no image has a version yet: bringing a tiny one"
    assets=$("$here/assets.sh")
    kernel=$(sed -n 's/^KERNEL=//p' <<<"$assets")
    initrd=$("$here/initrd.sh")
    send_json 'creating the image vm' PUT /images/vm <<<'{"source": {"type": "upload"}}'
    must 'uploading its first version' POST /images/vm/versions \
        -F "x86_64-linux/kernel=@$kernel" -F "x86_64-linux/initrd=@$initrd" \
        --form-string 'x86_64-linux/kernelArguments=console=ttyS0 panic=-1 quiet'
    send_json 'creating the profile vm' PUT /profiles/vm <<<'{"image": "vm", "kernelArguments": ["nb.stay"]}'
    send_json 'registering the machine vm' PUT /machines/vm <<<"{\"macs\": [\"$mac\"], \"profile\": \"vm\"}"
    say "image vm, profile vm and machine vm ($mac) are on the server"
}

# The boot script's address as the machine sees it: QEMU's own network shows this computer as 10.0.2.2.
boot_script() {
    [[ $url = http://* ]] || fail "machines boot over plain http; $url is not"
    sed -E 's#^http://(localhost|127\.[0-9.]+|\[::1\])#http://10.0.2.2#; s#$#/boot.ipxe#' <<<"$url"
}

memory() {
    local half
    half=$(awk '/^MemTotal:/ { print int($2 / 2048) }' /proc/meminfo)
    echo "${VM_MEMORY:-$((half < 4096 ? half : 4096))}"
}

"$here/install.sh" vm
curl -fsS -o /dev/null "$url/healthz" || fail "no server answers at $url; start one with: make run"
if has_tiny_image; then
    say "the server has the image vm"
elif log_in && ! has_image; then
    bring_image
fi

# The BIOS clears the screen, so there is a moment to read this.
say "to quit the machine press Ctrl-A, then X; it starts in 3 seconds, or at any key"
if [ -t 0 ]; then read -rsn 1 -t 3 || true; fi
qemu-system-x86_64 -accel "${VM_ACCEL:-tcg}" -machine pc,graphics=off -m "$(memory)" -nodefaults -display none \
    -serial mon:stdio -no-reboot -boot n -uuid 4e422d76-6d00-4000-8000-"${mac//:/}" \
    -smbios 'type=1,manufacturer=QEMU,product=NetbootServer test machine,serial=vm' \
    -netdev "user,id=n0,bootfile=$(boot_script)" -device "virtio-net-pci,netdev=n0,mac=$mac"
say "the machine is off"
