using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace NetbootServer.Images;

/// <summary>Something that stands in a kernel argument for a value that is known at the boot only.</summary>
/// <param name="Name">What it is called, such as <c>net.mac</c>.</param>
/// <param name="Text">How it is written; of those with a name in them, with an example of it.</param>
/// <param name="Meaning">What it stands for.</param>
/// <param name="By">
/// Who fills it in: <c>server</c> when it makes the script, <c>ipxe</c> when it runs the script.
/// </param>
/// <param name="Example">A value.</param>
public sealed record Placeholder(string Name, string Text, string Meaning, string By, string Example)
{
    internal const string ServerName = "server", FileName = "file", BootName = "boot", MachineName = "machine.name",
        LabelsName = "machine.labels";

    private const string ByServer = "server", ByIpxe = "ipxe";

    /// <summary>Every one that there is.</summary>
    public static ImmutableArray<Placeholder> All { get; } =
    [
        new(ServerName, "{{ server }}", "This server's base URL.", ByServer, "http://192.168.1.1:8080"),
        new(FileName, "{{ file \"rootfs\" }}", "The URL of the image's further file of that name; what is fetched " +
            "there counts for the boot's timeline.", ByServer, "http://192.168.1.1:8080/boots/T/files/rootfs"),
        new(BootName, "{{ boot }}", "The boot's own URL, as in netboot.boot=: behind it are /files/{name}, and /up " +
            "to phone home.", ByServer, "http://192.168.1.1:8080/boots/T"),
        new(MachineName, "{{ machine.name }}", "The machine's name; of one that is not known yet, its MAC with " +
            "hyphens.", ByServer, "web-1"),
        new(LabelsName, "{{ machine.labels.rack }}", "The value of the machine's label of that name; of one that is " +
            "not registered, of the query parameter.", ByServer, "r12"),
        // InfiniBand has addresses of 20 bytes.
        Network("mac", "The MAC of the interface that the machine boots from, with hyphens, as " +
            "BOOTIF=01-{{ net.mac }} wants it.", "52-54-00-12-34-56", "${netX/mac:hexhyp}", maxBytes: 59),
        Network("ip", "Its IPv4 address.", "192.168.1.50", "${netX/ip}", MaxAddress),
        Network("netmask", "Its network mask.", "255.255.255.0", "${netX/netmask}", MaxAddress),
        Network("gateway", "Its gateway; empty without one.", "192.168.1.1", "${netX/gateway}", MaxAddress),
        Network("dns", "Its first name server; empty without one.", "192.168.1.1", "${netX/dns}", MaxAddress),
    ];

    private const int MaxAddress = 15;

    /// <summary>The setting that iPXE expands, in 1.0.0+git-2019 and later; null for the server's.</summary>
    [JsonIgnore]
    public string? Setting { get; private init; }

    /// <summary>Bytes that iPXE puts in its place at most; 0 for the server's.</summary>
    [JsonIgnore]
    public int MaxBytes { get; private init; }

    /// <summary>All, as messages list them.</summary>
    internal static string List { get; } = string.Join(", ", All.Select(placeholder => placeholder.Text));

    private static Placeholder Network(string name, string meaning, string example, string setting, int maxBytes) =>
        new($"net.{name}", $"{{{{ net.{name} }}}}", meaning, ByIpxe, example)
        {
            Setting = setting, MaxBytes = maxBytes,
        };
}
