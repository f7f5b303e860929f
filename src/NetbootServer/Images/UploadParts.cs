using System.Collections.Immutable;
using NetbootServer.Api;
using NetbootServer.Archives;
using NetbootServer.Blobs;

namespace NetbootServer.Images;

/// <summary>A part of an upload: <c>{system}/{role}</c>.</summary>
/// <param name="Name">Its name in the form.</param>
/// <param name="System">The Nix system.</param>
/// <param name="Role">One of <see cref="Roles"/>, or kernelArguments.</param>
internal sealed record UploadPart(string Name, string System, string Role)
{
    /// <summary>What is wrong with a file for this role, or null.</summary>
    public string? Complaint(BootFile file) => Role switch
    {
        Roles.Kernel when !file.IsKernelFor(System) && !file.IsCompressedKernelFor(System) =>
            $"must be a Linux kernel for {System} ({(System.StartsWith("x86", StringComparison.Ordinal) ? "a bzImage" : "an Image")}); this is {file.Description}",
        Roles.Initrd when !file.IsInitrd =>
            $"must be an initrd: a cpio archive, plain or compressed with gzip, xz, zstd, lz4 -l, lzo, bzip2 or lzma; this is {file.Description}",
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
        [Roles.Kernel, Roles.Initrd, Roles.Kexec, Roles.KexecNoninteractive, Roles.Iso, ArgumentsRole];

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SystemArtifacts> _systems = new(StringComparer.Ordinal);

    public ValidationErrors Errors { get; } = new();

    /// <summary>The names of the uploaded files by part, for the version's provenance.</summary>
    public SortedDictionary<string, string> FileNames { get; } = new(StringComparer.Ordinal);

    public int Count => _seen.Count;

    /// <summary>The part of that name; null after noting why it is none.</summary>
    public UploadPart? Begin(string name)
    {
        var shown = string.Concat(name.Take(80).Where(c => !char.IsControl(c)));
        if (name.Split('/') is not [var system, var role] || !NixSystem.All.Contains(system) || !AllRoles.Contains(role))
            Errors.Add(shown, "is no part of a version; parts are named {system}/{role}, with the systems " +
                $"{string.Join(", ", NixSystem.All.Order())} and the roles {string.Join(", ", AllRoles)}");
        else if (!_seen.Add(name))
            Errors.Add(shown, "stands twice");
        else
            return new(name, system, role);
        return null;
    }

    public void AddArtifact(UploadPart part, StoredBlob blob, string? fileName)
    {
        var artifact = new Artifact(blob.Digest.ToString(), blob.Length);
        var system = _systems.GetValueOrDefault(part.System, new());
        _systems[part.System] = part.Role switch
        {
            Roles.Kernel => system with { Kernel = artifact },
            Roles.Initrd => system with { Initrd = artifact },
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
        var arguments = KernelArgument.Split(line ?? "").RemoveAll(KernelArgument.IsOfScript); // as pasted from a release
        var fault = line is null ? "is too long" : arguments.Select(KernelArgument.Fault).FirstOrDefault(f => f is not null);
        if (fault is not null) Errors.Add(part.Name, fault);
        _systems[part.System] = _systems.GetValueOrDefault(part.System, new()) with { KernelArguments = arguments };
    }

    /// <summary>What the version has; null when something is wrong.</summary>
    public ImmutableSortedDictionary<string, SystemArtifacts>? Finish()
    {
        if (_systems.Count == 0 && !Errors.Any)
            Errors.Add("$", "has no parts; for example curl -F x86_64-linux/kernel=@bzImage -F x86_64-linux/initrd=@initrd");
        if (!Errors.Any)
            foreach (var (name, system) in _systems) RefuseHalf(name, system);
        return Errors.Any ? null : _systems.ToImmutableSortedDictionary();
    }

    private void RefuseHalf(string name, SystemArtifacts system)
    {
        if (system.Kernel is null && system.Initrd is not null)
            Errors.Add($"{name}/{Roles.Kernel}", "is missing: an initrd boots with the kernel it was made for");
        else if (system.Initrd is null && system.Kernel is not null)
            Errors.Add($"{name}/{Roles.Initrd}", "is missing: a kernel boots with the initrd that was made for it");
        else if (!system.All.Any())
            Errors.Add($"{name}/{ArgumentsRole}", "stands alone: send the kernel and initrd it belongs to");
    }
}
