using System.Collections.Immutable;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Images.Layouts;

/// <summary>Stores what a layout has and makes a recipe of it.</summary>
/// <param name="blobs">Unpacks kernels.</param>
/// <param name="store">Stores a file once it is judged; its complaint is for a message.</param>
internal sealed class LayoutRecipe(SourceBlobs blobs,
    Func<LayoutFile, Func<BootFile, string?>, CancellationToken, Task<StoredBlob>> store)
{
    /// <summary>
    /// Files as they came that are served unpacked: to be kept, so that they need not be fetched again.
    /// </summary>
    public ImmutableArray<Sha256Digest> Packed { get; private set; } = [];

    /// <summary>Stores the files and makes the recipe.</summary>
    /// <param name="match">What was found, whole.</param>
    /// <param name="iso">The ISO that it was found in; null when it is no ISO.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">A file is not what its name says.</exception>
    public async Task<SystemRecipe> ReadAsync(LayoutMatch match, Artifact? iso, CancellationToken ct)
    {
        var recipe = new SystemRecipe { KernelArguments = match.Arguments };
        foreach (var part in match.Parts)
            recipe = With(recipe, part, part.File is null ? iso! : await StoreAsync(part, match.System, ct));
        return recipe;
    }

    private async Task<Artifact> StoreAsync(FoundPart part, string system, CancellationToken ct)
    {
        var blob = await store(part.File!, new UploadPart("", system, part.Role, null).Complaint, ct);
        if (part.Role != Roles.Kernel) return new Artifact(blob.Digest.ToString(), blob.Length);
        var unpacked = await blobs.UnpackKernelAsync(blob, system, part.File!.Path, ct);
        if (unpacked != blob) Packed = Packed.Add(blob.Digest);
        return new Artifact(unpacked.Digest.ToString(), unpacked.Length);
    }

    private static SystemRecipe With(SystemRecipe recipe, FoundPart part, Artifact artifact) => part.Role switch
    {
        Roles.Kernel => recipe with { Kernel = artifact },
        Roles.Efi => recipe with { Efi = artifact },
        Roles.Shim => recipe with { Shim = artifact },
        Roles.Initrd => recipe with
        {
            Initrds = recipe.Initrds.Add(artifact.Named(Roles.InitrdAt(recipe.Initrds.Length))),
        },
        Roles.Files => recipe with
        {
            Files = recipe.FilesOrNone.WithComparers(StringComparer.Ordinal).SetItem(part.Name!, artifact),
        },
        Roles.Kexec => recipe with { Kexec = artifact },
        Roles.KexecNoninteractive => recipe with { KexecNoninteractive = artifact },
        _ => recipe with { Iso = artifact },
    };
}
