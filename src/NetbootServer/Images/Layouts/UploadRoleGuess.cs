using System.Collections.Immutable;
using System.Text;
using NetbootServer.Archives;
using NetbootServer.Downloads;

namespace NetbootServer.Images.Layouts;

/// <summary>Guesses the parts of an upload by names, sizes and first bytes, with the layouts of folders.</summary>
internal sealed class UploadRoleGuess
{
    private const int MaxFault = 200, IsoMagicAt = 0x8001 + 5;

    private static readonly ImmutableArray<KnownLayout> Layouts =
        [KnownLayouts.NixOS, .. KnownLayouts.OfFolders, .. KnownLayouts.Kexec];

    private readonly List<(LayoutFile File, UploadCandidate Candidate)> _files;
    private readonly List<UploadRole> _roles = [];
    private readonly List<string> _missing = [];
    private readonly HashSet<LayoutFile> _taken = [];
    private ImmutableArray<string> _arguments = [];
    private KnownLayout? _layout;

    private UploadRoleGuess(IEnumerable<UploadCandidate> candidates) =>
        _files = [.. candidates.Select(candidate => (new LayoutFile(Plain(candidate.Name), candidate.SizeBytes,
            () => IsLongEnough(candidate) ? BootFile.Of(candidate.Head) : null), candidate))];

    /// <summary>An ISO says what it is in its 17th sector; a shorter head of one says nothing.</summary>
    private static bool IsLongEnough(UploadCandidate candidate) => candidate.Head is { Length: > 0 } head
        && (head.Length == candidate.SizeBytes || head.Length > IsoMagicAt
            || !candidate.Name.EndsWith(".iso", StringComparison.OrdinalIgnoreCase));

    /// <summary>Guesses.</summary>
    public static UploadRoles Of(IEnumerable<UploadCandidate> candidates)
    {
        var guess = new UploadRoleGuess(candidates);
        foreach (var system in guess.Systems()) guess.Take(system);
        guess.TakeRest();
        return new(guess._layout?.Name, guess._layout?.Title, [.. guess._roles], [.. guess._missing],
            guess._arguments);
    }

    /// <summary>A folder that is dropped gives paths; layouts of uploads are by names.</summary>
    private static string Plain(string name) => name[(name.LastIndexOfAny(['/', '\\']) + 1)..];

    /// <summary>The systems of the kernels and programs; of names when there are none.</summary>
    private IEnumerable<string> Systems()
    {
        var known = _files.Select(file => ArchOf(file.File.Content)).OfType<string>().ToList();
        if (known.Count == 0)
            known = [.. _files.Select(file => ArchOf(file.File.Name)).OfType<string>()];
        var systems = known.Select(arch => $"{arch}-linux").Where(NixSystem.All.Contains)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return systems.Count == 0 ? ["x86_64-linux"] : systems;
    }

    private static string? ArchOf(BootFile? file) => file?.Arch ?? file?.Inside?.Arch ?? file?.EfiArch;

    private static string? ArchOf(string name) =>
        Has(name, "aarch64") || Has(name, "arm64") ? "aarch64" : Has(name, "riscv64") ? "riscv64"
        : Has(name, "x86_64") || Has(name, "amd64") ? "x86_64" : null;

    private static bool Has(string name, string text) => name.Contains(text, StringComparison.OrdinalIgnoreCase);

    private void Take(string system)
    {
        var files = _files.Select(file => file.File).Where(file => !_taken.Contains(file)).ToList();
        if (new LayoutFinder(Layouts, files).Find(system) is not { } match) return;
        if (match.IsWhole || _layout is null) _layout = match.Layout;
        foreach (var part in match.Parts)
        {
            _taken.Add(part.File!);
            _roles.Add(new(Given(part.File!), part.Role == Roles.Files ? $"{system}/{Roles.Files}/{part.Name}"
                : $"{system}/{part.Role}", WhyOf(match, part)));
        }
        foreach (var (part, choices) in match.Ambiguous)
            foreach (var file in choices.Where(_taken.Add))
                _roles.Add(new(Given(file), null, $"One of several candidates for the {part.Role}: choose one."));
        foreach (var (file, fault) in match.Faults.Where(fault => _taken.Add(fault.File)))
            _roles.Add(new(Given(file), null, $"By its name it would be a part, but it {Shorten(fault)}."));
        _missing.AddRange(match.Complaints.Concat(match.Lost));
        if (match.Layout == KnownLayouts.NixOS) TakeNixArguments();
        else if (_arguments.IsEmpty) _arguments = match.Arguments;
    }

    private string Given(LayoutFile file) => _files.First(known => known.File == file).Candidate.Name;

    private static string WhyOf(LayoutMatch match, FoundPart part)
    {
        var what = part.File!.Content is { } content ? $"; it is {Shorten(content.Description)}" : "";
        return match.Layout.ByContent ? $"Recognised by what is in it{what}."
            : $"{match.Layout.Title}: known by its name{what}.";
    }

    private static string Shorten(string text) => text.Length <= MaxFault ? text : text[..MaxFault] + "…";

    /// <summary>What a NixOS initrd starts stands in a file beside it, never in the initrd.</summary>
    private void TakeNixArguments()
    {
        foreach (var (file, candidate) in _files)
        {
            var isScript = file.Name.StartsWith("netboot", StringComparison.Ordinal)
                && file.Name.EndsWith(".ipxe", StringComparison.Ordinal);
            if (!isScript && file.Name != "kernel-params") continue;
            if (candidate.Head is not { } head || !_taken.Add(file)) continue;
            _roles.Add(new(candidate.Name, null, TakeArguments(Encoding.UTF8.GetString(head), isScript, file.Name)));
        }
        if (!_arguments.Any(argument => argument.StartsWith("init=", StringComparison.Ordinal)))
            _missing.Add("The kernel argument init=… is missing, without which NixOS does not know what to start: " +
                "add the netboot.ipxe that was published with these files.");
    }

    private string TakeArguments(string text, bool isScript, string name)
    {
        try
        {
            _arguments = isScript ? IpxeReleaseScript.Parse(text, name).Arguments
                : KernelLine.Kept(KernelArgument.Split(text), name);
            return "Not uploaded: its kernel arguments are taken over.";
        }
        catch (SourceException e)
        {
            return e.Message;
        }
    }

    private void TakeRest()
    {
        foreach (var (file, candidate) in _files.Where(file => _taken.Add(file.File)))
            _roles.Add(new(candidate.Name, null, file.Content is { } content
                ? $"Not a known part: it is {Shorten(content.Description)}." : "Not a known part."));
    }
}
