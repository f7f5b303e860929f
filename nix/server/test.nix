# A NixOS test (nix build ./nix#checks.x86_64-linux.module): a server from the module, dnsmasq beside it, and a machine
# that boots the netboot installer from it and phones home.
self:
{ pkgs, ... }:
let
  system = pkgs.stdenv.hostPlatform.system;
  image = self.packages.${system}.netboot-installer-stable;
  token = "a-token-of-this-test";
in
{
  name = "netboot-server";

  nodes.server = { pkgs, ... }: {
    imports = [ self.nixosModules.netboot-server ];
    virtualisation.vlans = [ 1 ];
    virtualisation.diskSize = 4096;
    networking.firewall.allowedUDPPorts = [ 67 ];
    services.netboot-server = {
      enable = true;
      openFirewall = true;
      settings.PublicUrl = "http://192.168.1.1:8080";
      settings.Machines.Unknown = "installer";
      secretFiles."Access:AdminTokenFile" = pkgs.writeText "token" token;
    };
    # The only DHCP server here, so it gives addresses, too.
    services.dnsmasq = {
      enable = true;
      resolveLocalQueries = false;
      settings = {
        port = 0;
        interface = "eth1";
        dhcp-range = "192.168.1.100,192.168.1.200";
        dhcp-match = "set:ipxe,175";
        dhcp-boot = "tag:ipxe,http://192.168.1.1:8080/boot.ipxe";
      };
    };
  };

  testScript = ''
    import json

    API = "http://127.0.0.1:8080/api/v1"
    CURL = "curl -fsS -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json'"

    server.start()
    server.wait_for_unit("netboot-server.service")
    server.wait_for_open_port(8080)
    print(server.succeed("systemd-analyze security netboot-server.service --threshold=25"))

    server.succeed(f"{CURL} -X PUT {API}/images/installer -d '{{\"source\": {{\"type\": \"upload\"}}}}'")
    server.succeed(
        "curl -fsS -H 'Authorization: Bearer ${token}'"
        " -F x86_64-linux/kernel=@${image}/bzImage -F x86_64-linux/initrd=@${image}/initrd"
        " -F \"x86_64-linux/kernelArguments=init=$(readlink -f ${image}/init) $(cat ${image}/kernel-params)\""
        f" {API}/images/installer/versions"
    )
    server.succeed(f"{CURL} -X PUT {API}/profiles/installer -d '{{\"image\": \"installer\"}}'")

    # QEMU's own network card has an iPXE in it.
    client = create_machine(
        "${pkgs.qemu}/bin/qemu-system-x86_64 -m 3072 -accel kvm -accel tcg -boot n"
        " -device virtio-net-pci,netdev=vlan1,mac=52:54:00:12:01:02"
        " -netdev vde,id=vlan1,sock=$QEMU_VDE_SOCKET_1"
    )
    client.start()

    def is_up(_):
        boots = json.loads(server.succeed(f"{CURL} {API}/boots"))["items"]
        return any(boot["outcome"] == "up" for boot in boots)

    retry(is_up, timeout_seconds=900)
  '';
}
