# as minimal, with QEMU's own network, in which it tells the server that it is up: at the addresses of its networkd
# units, where it has any, for nothing else here reads them
{ ... }: {
  motd = "fixture phone";
  services = ''
    for m in virtio_pci virtio_net af_packet; do modprobe $m; done
    addresses=$(sed -n 's/^Address=//p' /etc/systemd/network/*.network 2>/dev/null)
    for i in /sys/class/net/e*; do i=''${i##*/}; ip link set "$i" up; for a in ''${addresses:-10.0.2.15/24}; do ip addr add "$a" dev "$i"; done; done
    ip route add default via 10.0.2.2
    for f in /root/.ssh/authorized_keys /srv/hidden; do [ ! -e $f ] || echo "FILE $(stat -c '%a %u:%g' $f) $(tail -n 1 $f)"; done
    boot=$(sed -n 's/.*netboot\.boot=\([^ ]*\).*/\1/p' /proc/cmdline)
    up=$(ip -o -4 addr show scope global | sed 's/.* inet \([0-9.]*\).*/"\1"/')
    wget -q -O /dev/null --header 'Content-Type: application/json' --post-data "{\"addresses\":[$up]}" "$boot/up" && echo "FIXTURE-PHONED"
  '';
}
