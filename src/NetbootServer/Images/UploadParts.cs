using System.Collections.Immutable;
using NetbootServer.Api;
using NetbootServer.Archives;
using NetbootServer.Blobs;

namespace NetbootServer.Images;

/// <summary>A part of an upload: <c>{system}/{role}</c>, or <c>{system}/files/{name}</c>.</summary>
/// <param name="Name">Its name in the form; with its number for an initrd that is not the first.</param>
/// <param name="System">The Nix system.</param>
/// <param name="Role">One of <see cref="Roles"/>, or kernelArguments.</param>
/// <param name="File">The name of a further file, or of an initrd; null for other roles.</param>
internal sealed record UploadPart(string Name, string System, string Role, string? File)
{
    /// <summary>What is wrong with a file for this role, or null.</summary>
    public string? Complaint(BootFile file) => Role switch
    {
        Roles.Kernel when !file.IsKernelFor(System) && !file.IsCompressedKernelFor(System) =>
            $"must be a Linux kernel for {System} " +
            $"({(System.StartsWith("x86", StringComparison.Ordinal) ? "a bzImage" : "an Image")}), or a program with " +
            $"the same header, such as memtest86+; this is {file.Description}",
        Roles.Initrd when !file.IsInitrd =>
            "must be an initrd: a cpio archive, plain or compressed with gzip, xz, zstd, lz4 -l, lzo, bzip2 or " +
            $"lzma; this is {file.Description}",
        Roles.Efi or Roles.Shim when !file.IsEfiProgramFor(System) =>
            $"must be an EFI program for {System}; this is {file.Description}",
        Roles.Kexec or Roles.KexecNoninteractive when !file.IsTarball =>
            $"must be a kexec tarball (.tar.gz); this is {file.Description}",
        Roles.Iso when file.Kind != BootFileKind.Iso => $"must be an ISO image; this is {file.Description}",
        _ => null,
    };
}

/// <summary>Gathers the parts of an upload, and everything that is wrong with them.</summary>
internal sealed class UploadParts
{
    public const string ArgumentsRole = "kernelArguments";
    private static readonly string[] AllRoles =
    [
        Roles.Kernel, Roles.Efi, Roles.Initrd, Roles.Shim, $"{Roles.Files}/{{name}}", Roles.Kexec,
        Roles.KexecNoninteractive, Roles.Iso, ArgumentsRole,
    ];

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _initrds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _files = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SystemRecipe> _systems = new(StringComparer.Ordinal);

    public ValidationErrors Errors { get; } = new();

    /// <summary>The names of the uploaded files by part, for the version's provenance.</summary>
    public SortedDictionary<string, string> FileNames { get; } = new(StringComparer.Ordinal);

    /// <summary>How many parts have begun, also of those that are none of a version.</summary>
    public int Count { get; private set; }

    /// <summary>The part of that name; null after noting why it is none.</summary>
    public UploadPart? Begin(string name)
    {
        Count++;
        var shown = string.Concat(name.Take(160).Where(c => !char.IsControl(c)));
        var (system, role, file) = name.Split('/') switch
        {
            [var of, var only] => (of, only, null),
            [var of, Roles.Files, var named] => (of, Roles.Files, named),
            _ => ("", "", (string?)null),
        };
        if (!NixSystem.All.Contains(system) || !AllRoles.Contains(file is null ? role : $"{Roles.Files}/{{name}}"))
            Errors.Add(shown, "is no part of a version; parts are named {system}/{role}, with the systems " +
                $"{string.Join(", ", NixSystem.All.Order())} and the roles {string.Join(", ", AllRoles)}");
        else if (file is not null && !ArtifactName.IsValid(file))
            Errors.Add(shown, $"does not end in the name of a file: use {ArtifactName.Expected}");
        else if (role == Roles.Initrd)
            return BeginInitrd(system, name);
        else if (!_seen.Add(name))
            Errors.Add(shown, "stands twice");
        else if (file is not null && Next(_files, system) >= Recipe.MaxFiles)
            Errors.Add(shown, $"is one too many: a system has at most {Recipe.MaxFiles} further files; " +
                "put them into an archive");
        else
            return new(name, system, role, file);
        return null;
    }

    private UploadPart? BeginInitrd(string system, string name)
    {
        var index = Next(_initrds, system);
        if (index < Recipe.MaxInitrds)
            return new($"{system}/{Roles.InitrdAt(index)}", system, Roles.Initrd, Roles.InitrdAt(index));
        if (index == Recipe.MaxInitrds)
            Errors.Add(name, $"stands more than {Recipe.MaxInitrds} times: join initrds with cat, " +
                "the kernel unpacks them likewise");
        return null;
    }

    private static int Next(Dictionary<string, int> counts, string system)
    {
        var count = counts.GetValueOrDefault(system);
        counts[system] = count + 1;
        return count;
    }

    public void AddArtifact(UploadPart part, StoredBlob blob, string? fileName)
    {
        var artifact = new Artifact(blob.Digest.ToString(), blob.Length);
        var system = _systems.GetValueOrDefault(part.System, new());
        _systems[part.System] = part.Role switch
        {
            Roles.Kernel => system with { Kernel = artifact },
            Roles.Efi => system with { Efi = artifact },
            Roles.Initrd => system with { Initrds = system.Initrds.Add(artifact.Named(part.File!)) },
            Roles.Shim => system with { Shim = artifact },
            Roles.Files => system with
            {
                Files = system.FilesOrNone.WithComparers(StringComparer.Ordinal).SetItem(part.File!, artifact),
            },
            Roles.Kexec => system with { Kexec = artifact },
            Roles.KexecNoninteractive => system with { KexecNoninteractive = artifact },
            _ => system with { Iso = artifact },
        };
        if (!string.IsNullOrEmpty(fileName)) FileNames[part.Name] = fileName;
    }

    /// <param name="part">The part.</param>
    /// <param name="line">A kernel command line; null when it was too long to read.</param>
    public void AddArguments(UploadPart part, string? line)
    {
        // as pasted from a release
        var arguments = KernelArgument.Split(line ?? "").RemoveAll(KernelArgument.IsOfScript);
        var fault = line is null ? "is too long" : arguments.Select(KernelArgument.Fault)
            .FirstOrDefault(f => f is not null);
        if (fault is not null) Errors.Add(part.Name, fault);
        _systems[part.System] = _systems.GetValueOrDefault(part.System, new()) with { KernelArguments = arguments };
    }

    /// <summary>What the version has; null when something is wrong.</summary>
    public ImmutableSortedDictionary<string, SystemRecipe>? Finish()
    {
        if (_systems.Count == 0 && !Errors.Any)
            Errors.Add("$", "has no parts; for example curl -F x86_64-linux/kernel=@bzImage -F " +
            "x86_64-linux/initrd=@initrd");
        if (!Errors.Any)
            foreach (var (name, system) in _systems) RefuseHalf(name, system);
        return Errors.Any ? null : _systems.ToImmutableSortedDictionary();
    }

    private void RefuseHalf(string name, SystemRecipe system)
    {
        var kernel = $"{name}/{Roles.Kernel}";
        if (!system.Boots && !system.Initrds.IsEmpty)
            Errors.Add(kernel, "is missing: an initrd boots with the kernel it was made for");
        else if (!system.Boots && system.Iso is null && (system.Shim is not null || system.Files is not null))
            Errors.Add(kernel, $"is missing: {Roles.Shim} and {Roles.Files} belong to a kernel, " +
                $"or to an EFI program ({name}/{Roles.Efi})");
        else if (!system.All.Any())
            Errors.Add($"{name}/{ArgumentsRole}", "stands alone: send the kernel and initrd it belongs to");
    }
}
