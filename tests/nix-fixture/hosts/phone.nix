# as minimal, with QEMU's own network, in which it tells the server that it is up
{ ... }: {
  motd = "fixture phone";
  services = ''
    for m in virtio_pci virtio_net af_packet; do modprobe $m; done
    for i in /sys/class/net/e*; do i=''${i##*/}; ip link set "$i" up; ip addr add 10.0.2.15/24 dev "$i"; done
    ip route add default via 10.0.2.2
    boot=$(sed -n 's/.*netboot\.boot=\([^ ]*\).*/\1/p' /proc/cmdline)
    wget -q -O /dev/null --header 'Content-Type: application/json' --post-data '{"addresses":["10.0.2.15"]}' "$boot/up" && echo "FIXTURE-PHONED"
  '';
}
