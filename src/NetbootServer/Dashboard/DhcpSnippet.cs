using System.Collections.Immutable;
using System.Net;

namespace NetbootServer.Dashboard;

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

    // iPXE announces itself with option 175, also where it sends no user class (FlexBoot). All snippets know the same
    // architectures (option 93, RFC 5970 and IANA's list): 0 BIOS, 7 and 9 UEFI x86-64, 11 UEFI arm64, and 16 and 19
    // for UEFI HTTP boot of the last two, whose answer must say HTTPClient and name a URL (UEFI 2.10 §24.7).
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
        # UEFI HTTP boot needs no TFTP.{OwnWebServer(to)}
        dhcp-match=set:http64,option:client-arch,16
        dhcp-match=set:httparm,option:client-arch,19
        dhcp-option-force=tag:http64,60,HTTPClient
        dhcp-option-force=tag:httparm,60,HTTPClient
        dhcp-boot=tag:!ipxe,tag:http64,{to.HttpBoot}/snponly.efi
        dhcp-boot=tag:!ipxe,tag:httparm,{to.HttpBoot}/snponly-arm64.efi

        """;

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
        # UEFI HTTP boot needs no TFTP.{OwnWebServer(to)}
        # A dnsmasq that does not know dhcp-pxe-vendor is too old for it: leave these lines out there.
        dhcp-pxe-vendor=PXEClient,HTTPClient
        pxe-service=tag:!ipxe,16,"NetbootServer",{to.HttpBoot}/snponly.efi
        pxe-service=tag:!ipxe,19,"NetbootServer",{to.HttpBoot}/snponly-arm64.efi

        """;

    private static string Kea(DhcpTarget to) => $$"""
        // Into "Dhcp4" of /etc/kea/kea-dhcp4.conf, beside your subnets. next-server is the TFTP server with iPXE.
        // http64 and httparm are UEFI HTTP boot, which needs no TFTP.{{OwnWebServer(to)}}
        {
          "client-classes": [
            { "name": "ipxe", "test": "option[175].exists", "boot-file-name": "{{to.Script}}" },
            { "name": "bios", "test": "not member('ipxe') and option[93].hex == 0x0000",
              "next-server": "{{to.Address}}", "boot-file-name": "undionly.kpxe" },
            { "name": "efi64", "test": "not member('ipxe') and (option[93].hex == 0x0007 or option[93].hex == 0x0009)",
              "next-server": "{{to.Address}}", "boot-file-name": "snponly.efi" },
            { "name": "arm64", "test": "not member('ipxe') and option[93].hex == 0x000b",
              "next-server": "{{to.Address}}", "boot-file-name": "snponly-arm64.efi" },
            { "name": "http64", "test": "not member('ipxe') and option[93].hex == 0x0010",
              "option-data": [ { "name": "vendor-class-identifier", "data": "HTTPClient", "always-send": true } ],
              "boot-file-name": "{{to.HttpBoot}}/snponly.efi" },
            { "name": "httparm", "test": "not member('ipxe') and option[93].hex == 0x0013",
              "option-data": [ { "name": "vendor-class-identifier", "data": "HTTPClient", "always-send": true } ],
              "boot-file-name": "{{to.HttpBoot}}/snponly-arm64.efi" }
          ]
        }

        """;

    private static string Dhcpd(DhcpTarget to) => $$"""
        # Into /etc/dhcp/dhcpd.conf, above your subnets. next-server is the TFTP server with iPXE.
        option client-architecture code 93 = unsigned integer 16;
        option ipxe-features code 175 = string;
        if exists ipxe-features {
          filename "{{to.Script}}";
        } elsif option client-architecture = 00:00 {
          next-server {{to.Address}};
          filename "undionly.kpxe";
        } elsif option client-architecture = 00:07 or option client-architecture = 00:09 {
          next-server {{to.Address}};
          filename "snponly.efi";
        } elsif option client-architecture = 00:0b {
          next-server {{to.Address}};
          filename "snponly-arm64.efi";
        # UEFI HTTP boot needs no TFTP.{{OwnWebServer(to)}}
        } elsif option client-architecture = 00:10 {
          option vendor-class-identifier "HTTPClient";
          filename "{{to.HttpBoot}}/snponly.efi";
        } elsif option client-architecture = 00:13 {
          option vendor-class-identifier "HTTPClient";
          filename "{{to.HttpBoot}}/snponly-arm64.efi";
        }

        """;

    // A matcher finds text in an option: the architecture stands in the vendor class, too (option 60).
    private static string MikroTik(DhcpTarget to) => $"""
        # RouterOS 7: paste into a terminal; put your DHCP server's name for dhcp1. next-server is the TFTP server with iPXE.
        # netboot-http64 and netboot-httparm are UEFI HTTP boot, which needs no TFTP.{OwnWebServer(to)}
        /ip dhcp-server option
        add name=netboot-script code=67 value="s'{to.Script}'"
        add name=netboot-bios code=67 value="s'undionly.kpxe'"
        add name=netboot-efi64 code=67 value="s'snponly.efi'"
        add name=netboot-arm64 code=67 value="s'snponly-arm64.efi'"
        add name=netboot-http code=60 value="s'HTTPClient'"
        add name=netboot-http64 code=67 value="s'{to.HttpBoot}/snponly.efi'"
        add name=netboot-httparm code=67 value="s'{to.HttpBoot}/snponly-arm64.efi'"
        /ip dhcp-server option sets
        add name=netboot-script options=netboot-script
        add name=netboot-bios options=netboot-bios
        add name=netboot-efi64 options=netboot-efi64
        add name=netboot-arm64 options=netboot-arm64
        add name=netboot-http64 options=netboot-http,netboot-http64
        add name=netboot-httparm options=netboot-http,netboot-httparm
        /ip dhcp-server matcher
        add name=netboot-ipxe server=dhcp1 code=77 matching-type=substring value=iPXE option-set=netboot-script
        {string.Join('\n', RouterArchitectures.Select(arch =>
            $"add name=netboot-{arch.Set}-{arch.Number} server=dhcp1 code=60 matching-type=substring " +
            $"value={arch.Vendor}:Arch:{arch.Number:d5} option-set=netboot-{arch.Set}"))}
        /ip dhcp-server network
        set [find where address={to.Network}] next-server={to.Address}

        """;

    private static readonly (string Vendor, int Number, string Set)[] RouterArchitectures =
    [
        ("PXEClient", 0, "bios"), ("PXEClient", 7, "efi64"), ("PXEClient", 9, "efi64"), ("PXEClient", 11, "arm64"),
        ("HTTPClient", 16, "http64"), ("HTTPClient", 19, "httparm"),
    ];

    /// <summary>Where iPXE comes from in UEFI HTTP boot, when it is not this server.</summary>
    private static string OwnWebServer(DhcpTarget to) => to.ServesIpxe ? ""
        : " It needs a web server: put iPXE's files on one, and its URL here.";

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
