using System.Collections.Immutable;
using System.Net;

namespace NetbootServer.Setup;

/// <summary>A piece of a DHCP server's configuration that sends machines here.</summary>
/// <param name="File">Its name in URLs and on disk.</param>
/// <param name="Title">The DHCP server.</param>
/// <param name="Render">Fills it in.</param>
internal sealed record DhcpSnippet(string File, string Title, Func<DhcpTarget, string> Render)
{
    /// <summary>All of them.</summary>
    public static readonly ImmutableArray<DhcpSnippet> All =
    [
        new("dnsmasq.conf", "dnsmasq", Dnsmasq),
        new("dnsmasq-proxy.conf", "dnsmasq beside another DHCP", DnsmasqProxy),
        new("kea.json", "Kea", Kea),
        new("dhcpd.conf", "ISC dhcpd", Dhcpd),
        new("mikrotik.rsc", "MikroTik", MikroTik),
        new("opnsense.txt", "OPNsense", OpnSense),
    ];

    // iPXE announces itself with option 175; older and newer ones alike.
    private static string Dnsmasq(DhcpTarget to) => $"""
        # /etc/dnsmasq.d/netboot.conf: sends machines of this network to NetbootServer at {to.Url}
        # undionly.kpxe and snponly.efi belong into /srv/tftp; Debian has them in its package ipxe, in /usr/lib/ipxe.
        # Only when dnsmasq does not give out addresses here yet:
        # dhcp-range={Host(to, 100)},{Host(to, 200)},1h
        enable-tftp
        tftp-root=/srv/tftp
        dhcp-match=set:ipxe,175
        dhcp-match=set:bios,option:client-arch,0
        dhcp-match=set:efi64,option:client-arch,7
        dhcp-match=set:efi64,option:client-arch,9
        dhcp-match=set:arm64,option:client-arch,11
        dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe
        dhcp-boot=tag:!ipxe,tag:efi64,snponly.efi
        dhcp-boot=tag:!ipxe,tag:arm64,snponly-arm64.efi
        dhcp-boot=tag:ipxe,{to.Script}

        """ + (to.ServesIpxe ? $"""
        # UEFI HTTP boot needs no TFTP
        dhcp-match=set:http,option:client-arch,16
        dhcp-option-force=tag:http,60,HTTPClient
        dhcp-boot=tag:!ipxe,tag:http,{to.Url}/ipxe-binaries/snponly.efi

        """ : "");

    // A proxy only adds boot information; every CPU architecture needs its own line (dnsmasq(8), --pxe-service).
    private static string DnsmasqProxy(DhcpTarget to) => $"""
        # /etc/dnsmasq.d/netboot.conf: adds NetbootServer at {to.Url} to what another DHCP server answers
        # undionly.kpxe and snponly.efi belong into /srv/tftp; Debian has them in its package ipxe, in /usr/lib/ipxe.
        port=0
        dhcp-range={to.Network.BaseAddress},proxy
        enable-tftp
        tftp-root=/srv/tftp
        dhcp-match=set:ipxe,175
        pxe-service=tag:!ipxe,x86PC,"NetbootServer",undionly.kpxe
        pxe-service=tag:!ipxe,BC_EFI,"NetbootServer",snponly.efi
        pxe-service=tag:!ipxe,X86-64_EFI,"NetbootServer",snponly.efi
        pxe-service=tag:!ipxe,ARM64_EFI,"NetbootServer",snponly-arm64.efi
        pxe-service=tag:ipxe,x86PC,"NetbootServer",{to.Script}
        pxe-service=tag:ipxe,BC_EFI,"NetbootServer",{to.Script}
        pxe-service=tag:ipxe,X86-64_EFI,"NetbootServer",{to.Script}
        pxe-service=tag:ipxe,ARM64_EFI,"NetbootServer",{to.Script}

        """;

    private static string Kea(DhcpTarget to) => $$"""
        // Into "Dhcp4" of /etc/kea/kea-dhcp4.conf, beside your subnets. next-server is the TFTP server with iPXE.
        {
          "client-classes": [
            { "name": "ipxe", "test": "option[175].exists", "boot-file-name": "{{to.Script}}" },
            { "name": "bios", "test": "not member('ipxe') and option[93].hex == 0x0000",
              "next-server": "{{to.Address}}", "boot-file-name": "undionly.kpxe" },
            { "name": "efi64", "test": "not member('ipxe') and (option[93].hex == 0x0007 or option[93].hex == 0x0009)",
              "next-server": "{{to.Address}}", "boot-file-name": "snponly.efi" },
            { "name": "arm64", "test": "not member('ipxe') and option[93].hex == 0x000b",
              "next-server": "{{to.Address}}", "boot-file-name": "snponly-arm64.efi" }
          ]
        }

        """;

    private static string Dhcpd(DhcpTarget to) => $$"""
        # Into /etc/dhcp/dhcpd.conf, above your subnets. next-server is the TFTP server with iPXE.
        option client-architecture code 93 = unsigned integer 16;
        if exists user-class and option user-class = "iPXE" {
          filename "{{to.Script}}";
        } elsif option client-architecture = 00:00 {
          next-server {{to.Address}};
          filename "undionly.kpxe";
        } elsif option client-architecture = 00:0b {
          next-server {{to.Address}};
          filename "snponly-arm64.efi";
        } else {
          next-server {{to.Address}};
          filename "snponly.efi";
        }

        """;

    private static string MikroTik(DhcpTarget to) => $"""
        # RouterOS 7: paste into a terminal; put your DHCP server's name for dhcp1. next-server is the TFTP server with iPXE.
        /ip dhcp-server option
        add name=netboot-script code=67 value="s'{to.Script}'"
        add name=netboot-bios code=67 value="s'undionly.kpxe'"
        add name=netboot-efi64 code=67 value="s'snponly.efi'"
        /ip dhcp-server option sets
        add name=netboot-script options=netboot-script
        add name=netboot-bios options=netboot-bios
        add name=netboot-efi64 options=netboot-efi64
        /ip dhcp-server matcher
        add name=netboot-ipxe server=dhcp1 code=77 matching-type=substring value=iPXE option-set=netboot-script
        add name=netboot-bios server=dhcp1 code=60 matching-type=substring value=PXEClient:Arch:00000 option-set=netboot-bios
        add name=netboot-efi64 server=dhcp1 code=60 matching-type=substring value=PXEClient:Arch:00007 option-set=netboot-efi64
        /ip dhcp-server network
        set [find where address={to.Network}] next-server={to.Address}

        """;

    private static string OpnSense(DhcpTarget to) => $"""
        Services > ISC DHCPv4 > [your LAN] > Network booting
          Enable network booting       yes
          Next-server IP               {to.Address}   (the TFTP server with iPXE)
          Default BIOS filename        undionly.kpxe
          x64 UEFI/EBC filename        snponly.efi
          ARM 64-bit UEFI filename     snponly-arm64.efi
          iPXE boot filename           {to.Script}

        """;

    /// <summary>An address in the machines' network, as an example; in a small one the nearest there is.</summary>
    private static IPAddress Host(DhcpTarget to, byte number)
    {
        var bytes = to.Network.BaseAddress.GetAddressBytes();
        bytes[^1] |= (byte)(number & (to.Network.PrefixLength >= 24 ? 0xff >> (to.Network.PrefixLength - 24) : 0xff));
        return new(bytes);
    }
}
