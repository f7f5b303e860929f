using System.Collections.Immutable;
using Scriban.Runtime;

namespace NetbootServer.Profiles;

/// <summary>
/// What a script template may use. All texts are encoded for iPXE already: whatever a machine says, it stays text.
/// </summary>
public sealed record TemplateValues
{
    /// <summary><c>machine.name</c>: its name, or its MAC.</summary>
    public required string Name { get; init; }

    /// <summary><c>machine.labels.…</c>: what was registered.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary><c>identity.…</c>: what the machine reported, under the names of a script request.</summary>
    public required IReadOnlyDictionary<string, string> Reported { get; init; }

    /// <summary><c>profile</c>.</summary>
    public required string Profile { get; init; }

    /// <summary><c>image</c>.</summary>
    public required string Image { get; init; }

    /// <summary><c>version</c>: the version's id.</summary>
    public required string Version { get; init; }

    /// <summary><c>variant</c>; empty when the image has only one system.</summary>
    public required string Variant { get; init; }

    /// <summary><c>kernel</c>: the URL of the kernel, or of the EFI program that this machine starts instead.</summary>
    public required string Kernel { get; init; }

    /// <summary>
    /// <c>initrds</c>: their URLs in order, a list; <c>initrd</c> is the first of them, empty when there is none. In
    /// scripts they are called <c>initrd</c>, <c>initrd2</c>, <c>initrd3</c>, …
    /// </summary>
    public required ImmutableArray<string> Initrds { get; init; }

    /// <summary>
    /// <c>command_line</c>: all kernel arguments, <c>initrd=…</c> of each initrd and the phone home among them.
    /// </summary>
    public required string CommandLine { get; init; }

    /// <summary><c>kernel_arguments</c>: the image's, the profile's and the machine's, a list.</summary>
    public required ImmutableArray<string> KernelArguments { get; init; }

    /// <summary><c>server</c>: this server's base URL.</summary>
    public required string Server { get; init; }

    /// <summary><c>boot_url</c>: the boot's own URL; <c>/ready</c> and <c>/failed</c> behind it report.</summary>
    public required string BootUrl { get; init; }

    /// <summary><c>attempt</c>: how often the machine has asked since it was switched on.</summary>
    public required int Attempt { get; init; }

    /// <summary><c>begin</c>: lines that every script begins with.</summary>
    public required string Begin { get; init; }

    /// <summary><c>load</c>: lines that fetch kernel and initrd, report, and boot.</summary>
    public required string Load { get; init; }

    /// <summary><c>failed</c>: lines at the label <c>failed</c>: show why, report it, start again.</summary>
    public required string Failed { get; init; }

    /// <summary><c>local_disk</c>: lines that leave the machine to its own disk.</summary>
    public required string LocalDisk { get; init; }

    /// <summary>Values to try a new template with.</summary>
    public static TemplateValues Sample(ProfileSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return new()
        {
            Name = "a-machine", Labels = new Dictionary<string, string>(), Reported = new Dictionary<string, string>(),
            Profile = "a-profile", Image = spec.Image, Version = "a-version", Variant = spec.Variant ?? "",
            Kernel = "http://server/kernel", Initrds = ["http://server/initrd"],
            CommandLine = "initrd=initrd netboot.boot=http://server/boots/token",
            KernelArguments = spec.KernelArguments, Server = "http://server", BootUrl = "http://server/boots/token",
            Attempt = 0, Begin = "imgfree ||", Load = "boot || goto failed", Failed = ":failed", LocalDisk = "exit 1",
        };
    }

    internal ScriptObject ToScript()
    {
        var values = new ScriptObject
        {
            ["machine"] = new ScriptObject { ["name"] = Name, ["labels"] = Texts(Labels) },
            ["identity"] = Texts(Reported),
            ["told"] = Texts(Reported), // its name in earlier versions
            ["profile"] = Profile, ["image"] = Image, ["version"] = Version, ["variant"] = Variant,
            ["kernel"] = Kernel, ["initrds"] = new ScriptArray(Initrds),
            ["initrd"] = Initrds is [var first, ..] ? first : "",
            ["command_line"] = CommandLine, ["kernel_arguments"] = new ScriptArray(KernelArguments),
            ["server"] = Server, ["boot_url"] = BootUrl, ["attempt"] = Attempt,
            ["begin"] = Begin, ["load"] = Load, ["failed"] = Failed, ["local_disk"] = LocalDisk,
        };
        values.Import("url", new Func<string?, string>(text => Uri.EscapeDataString(text ?? "")));
        return values;
    }

    private static ScriptObject Texts(IReadOnlyDictionary<string, string> texts)
    {
        var all = new ScriptObject();
        foreach (var (name, text) in texts) all[name] = text;
        return all;
    }
}
