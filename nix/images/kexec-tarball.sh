#!/usr/bin/env bash
# Makes the tarball of a kexec installer: kexec-tarball.sh OUT. The same files give the same bytes. The environment has
#
#   kernel initrd kexec ip    files that go into it
#   run                       the server's script, whose values @name@ are filled in here
#   commandLine image arch    the kernel's whole command line; what is booted, for people; what uname -m says
set -euo pipefail
: "${kernel:?}" "${initrd:?}" "${kexec:?}" "${ip:?}" "${run:?}" "${commandLine:?}" "${image:?}" "${arch:?}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/kexec"
cp "$kernel" "$folder/kexec/bzImage"
cp "$initrd" "$folder/kexec/initrd"
cp "$kexec" "$folder/kexec/kexec"
cp "$ip" "$folder/kexec/ip"

bytes() { stat -c %s "$folder/kexec/$1"; }

# The system is unpacked in memory, and at most half of that holds it: as the server counts, for an initrd of unknown
# content.
needed_kib=$(((2 * $(bytes initrd) + $(bytes bzImage)) / 1024 + 1024 * 512))

# What is empty is the server's to give. What is carried over lies where restore-state.sh looks for it.
declare -A values=(
    [image]=$image [machine]='' [kernel_arch]=$arch [kernel_bytes]=$(bytes bzImage) [initrd_bytes]=$(bytes initrd)
    [needed_kib]=$needed_kib [command_line]=$commandLine [boot_url]='' [withheld]=''
    [programs_from]='kexec and ip came with the image' [carry]=yes [files]='' [root_ssh]=ssh [etc_ssh]=ssh
    [etc_network]=networkd [etc_machine_id]=machine-id [restores_state]=no [brings_host_keys]=no [brings_network]=no
    [brings_machine_id]=no [brings_keys]=''
)

quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

while IFS= read -r line; do
    if [[ $line =~ ^([a-z_]+)=@([a-z_]+)@$ ]]; then
        name=${BASH_REMATCH[2]}
        if [ -z "${values[$name]+known}" ]; then
            echo "kexec-tarball.sh: $run wants @$name@, which is unknown" >&2
            exit 1
        fi
        printf '%s=%s\n' "${BASH_REMATCH[1]}" "$(quote "${values[$name]}")"
    else
        printf '%s\n' "$line"
    fi
done <"$run" >"$folder/kexec/run"

chmod 755 "$folder"/kexec/{run,kexec,ip}
chmod 644 "$folder"/kexec/{bzImage,initrd}
tar -c -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1 kexec | gzip -n >"$1"
