using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using NetbootServer.Overlays.Building;

namespace NetbootServer.Kexec;

/// <summary>The script <c>run</c> of a bundle: <c>run.sh</c> with what it is to know filled in.</summary>
internal sealed partial record KexecRun
{
    private static readonly string Template = ReadTemplate();

    /// <summary>What is booted, for people: <c>image@version</c>.</summary>
    public required string Image { get; init; }

    /// <summary>The machine that the bundle is for; empty for an image's.</summary>
    public string Machine { get; init; } = "";

    /// <summary>The Nix system.</summary>
    public required string System { get; init; }

    /// <summary>What it consists of.</summary>
    public required KexecParts Parts { get; init; }

    /// <summary>Bytes of the bundle's initrd.</summary>
    public required long InitrdBytes { get; init; }

    /// <summary>The kernel's whole command line.</summary>
    public required string CommandLine { get; init; }

    /// <summary>The boot's URL, to which it reports; empty for none.</summary>
    public string BootUrl { get; init; } = "";

    /// <summary>What of the machine's is not in the bundle, and how to get it; empty when all is.</summary>
    public string Withheld { get; init; } = "";

    /// <summary>Keys that the bundle brings: those of the running system are added.</summary>
    public ImmutableArray<string> AuthorizedKeys { get; init; } = [];

    /// <summary>Whether the bundle brings host keys.</summary>
    public bool BringsHostKeys { get; init; }

    /// <summary>Whether the bundle brings the network's configuration.</summary>
    public bool BringsNetwork { get; init; }

    /// <summary>Whether the bundle brings a machine id.</summary>
    public bool BringsMachineId { get; init; }

    /// <summary>The script.</summary>
    public string ToScript()
    {
        var layout = Parts.Layout;
        var places = new OverlayPlaces(layout);
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["image"] = Image,
            ["machine"] = Machine,
            ["kernel_arch"] = System.Split('-')[0],
            ["kernel_bytes"] = Number(Parts.Kernel.SizeBytes),
            ["initrd_bytes"] = Number(InitrdBytes),
            ["needed_kib"] = Number((Parts.MemoryBytes + 1023) / 1024),
            ["command_line"] = CommandLine,
            ["boot_url"] = BootUrl,
            ["withheld"] = Withheld,
            ["programs_from"] = Parts.ProgramsFrom(),
            ["carry"] = YesNo(places.TakesFiles),
            ["files"] = places.Prefix,
            ["root_ssh"] = places.Of("root/.ssh"),
            ["etc_ssh"] = places.Of("etc/ssh"),
            ["etc_network"] = places.Of("etc/systemd/network"),
            ["etc_machine_id"] = places.Of("etc/machine-id"),
            ["restores_state"] = YesNo(layout.RestoresState),
            ["brings_host_keys"] = YesNo(BringsHostKeys),
            ["brings_network"] = YesNo(BringsNetwork),
            ["brings_machine_id"] = YesNo(BringsMachineId),
            ["brings_keys"] = string.Join('\n', AuthorizedKeys),
        };
        return Place().Replace(Template, match => values.TryGetValue(match.Groups[1].Value, out var value)
            ? Quote(value) : throw new InvalidOperationException($"run.sh has no value for {match.Value}."));
    }

    /// <summary>The bytes of the script.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToScript());

    /// <summary>One word of a shell, whatever it says.</summary>
    internal static string Quote(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new InvalidDataException("A text for the shell has a NUL.");
        return $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string ReadTemplate()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("NetbootServer.Kexec.run.sh")
            ?? throw new InvalidOperationException("run.sh is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex("(?<==)@([a-z_]+)@$", RegexOptions.Multiline)]
    private static partial Regex Place();
}
