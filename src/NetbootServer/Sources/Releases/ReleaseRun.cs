using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Images.Layouts;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Layouts;

namespace NetbootServer.Sources.Releases;

/// <summary>One try to read a release for one system.</summary>
internal sealed class ReleaseRun(
    ReleaseFolder folder, SourceRequest request, string system, SourceBlobs blobs, SourceMeter meter,
    VersionDraft draft,
    Action<string> announce)
{
    private readonly JsonObject _artifacts = [];
    private readonly List<string> _names = [];
    private SourceException? _missing;

    /// <summary>Artifacts whose bytes are left for later, by digest.</summary>
    public Dictionary<Sha256Digest, string> Later { get; } = [];

    /// <summary>Adds the system to the version.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        meter.Phase("checking");
        await folder.OpenAsync(ct);
        try
        {
            await ReadAsync(ct);
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing || e.Problem == SourceProblems.Damaged)
        {
            // What was replaced is gone, or has another digest: that is no fault of the release.
            await folder.CheckUnchangedAsync(_names, ct);
            throw;
        }
        await folder.CheckUnchangedAsync(_names, ct);
        draft.From(system, null)["artifacts"] = _artifacts;
        draft.From(system, null)["url"] = folder.Link.ToString();
    }

    private async Task ReadAsync(CancellationToken ct)
    {
        var script = await ScriptAsync(ct);
        // Machines need kernel and initrd; alone, tarballs are what the release is for.
        var files = new List<ReleaseNeed>();
        foreach (var (role, asset) in Files(script))
            files.Add(await NeedOfAsync(role, asset, mayWait: script is not null, ct));
        meter.Phase("downloading");
        await AnnounceAsync(files, ct);
        var artifacts = new Dictionary<string, Artifact>(StringComparer.Ordinal);
        foreach (var need in files)
            if (await FetchAsync(need, ct) is { } artifact) artifacts[need.Role] = artifact;
        if (artifacts.TryGetValue(Roles.Kernel, out var kernel))
            artifacts[Roles.Kernel] = await UnpackedAsync(kernel, ct);
        var parts = new BootParts
        {
            Kernel = artifacts.GetValueOrDefault(Roles.Kernel),
            Initrd = artifacts.GetValueOrDefault(Roles.Initrd),
            Kexec = artifacts.GetValueOrDefault(Roles.Kexec),
            KexecNoninteractive = artifacts.GetValueOrDefault(Roles.KexecNoninteractive),
            Iso = artifacts.GetValueOrDefault(Roles.Iso),
            KernelArguments = script?.Arguments ?? [],
        };
        if (parts.IsEmpty)
            throw _missing ?? new SourceException(SourceProblems.NotBootable,
                $"{folder.Link} has neither netboot-{system}.ipxe nor a tarball for {system}.");
        draft.Add(system, null, parts);
    }

    /// <summary>
    /// The release's own script, which alone has the kernel arguments; null when nothing there boots by network.
    /// </summary>
    private async Task<IpxeReleaseScript?> ScriptAsync(CancellationToken ct)
    {
        if (!request.Roles.Contains(Roles.Kernel)) return null;
        if (Find($"netboot-{system}.ipxe") is not { } ipxe)
        {
            if (Find($"initrd-{system}") is null) return null;
            throw new SourceException(SourceProblems.NotBootable,
                $"{folder.Link} has no netboot-{system}.ipxe, which alone has the kernel arguments.");
        }
        if (await ReadAsync(ipxe, ct) is not { } text) return null;
        CheckDigest(ipxe, text.Bytes);
        return IpxeReleaseScript.Parse(Encoding.UTF8.GetString(text.Bytes), $"{folder.Link}{ipxe.Name}");
    }

    private IEnumerable<(string Role, ReleaseAsset Asset)> Files(IpxeReleaseScript? script)
    {
        if (script is not null)
        {
            string[] names = [$"bzImage-{system}", $"Image-{system}"];
            var named = script.Kernel.Split('?')[0].Split('/')[^1];
            var kernel = Find([.. names.OrderByDescending(name => name == named)]) ?? throw Lacks(names[0]);
            var initrd = Find($"initrd-{system}") ?? throw Lacks($"initrd-{system}");
            new ReleaseScriptFiles(folder.Link.Uri, $"netboot-{system}.ipxe", system)
                .Check(script, kernel.Name, initrd.Name);
            folder.CheckTogether(folder.Find($"netboot-{system}.ipxe"), kernel, initrd);
            yield return (Roles.Kernel, kernel);
            yield return (Roles.Initrd, initrd);
        }
        foreach (var (role, name) in new[]
        {
            (Roles.Kexec, $"nixos-kexec-installer-{system}.tar.gz"),
            (Roles.KexecNoninteractive, $"nixos-kexec-installer-noninteractive-{system}.tar.gz"),
            (Roles.Iso, $"nixos-installer-{system}.iso"),
        })
            if (request.Roles.Contains(role) && Find(name) is { } asset) yield return (role, asset);
    }

    private async Task<ReleaseNeed> NeedOfAsync(string role, ReleaseAsset asset, bool mayWait, CancellationToken ct)
    {
        if (asset.Digest is { } digest)
        {
            if (await blobs.FindAsync(digest, ct) is { } here && BootJudges.Of(role, system)(here.File) is null)
                return new(role, asset) { Here = here };
            // A list of digests alone says nothing of lengths.
            var sized = asset.Size is null ? asset with { Size = await folder.SizeOfAsync(asset, ct) } : asset;
            return new(role, sized) { Later = mayWait && sized.Size is not null && request.Later.Contains(role) };
        }
        // What is still what an earlier version has does not come; the answer to the download says so.
        if (asset.Size is not null || await BeforeAsync(role, asset.Links[0].ToString(), ct) is not null)
            return new(role, asset);
        return new(role, asset) { Likely = await folder.SizeOfAsync(asset, ct) };
    }

    /// <summary>Says how much there is to come, and makes sure that it fits, before the first byte does.</summary>
    private async Task AnnounceAsync(List<ReleaseNeed> files, CancellationToken ct)
    {
        var now = files.FindAll(need => need is { Here: null, Later: false, Bytes: not null });
        var later = files.FindAll(need => need.Later);
        var bytes = now.Sum(need => need.Bytes!.Value);
        if (bytes > 0) meter.ExpectBytes(bytes);
        if (bytes > 0)
            await blobs.CheckCapacityAsync(bytes, now.Sum(need => folder.HeldBytes(need.Asset, need.Bytes!.Value)), ct);
        if (bytes > 0) announce($"fetching {SourceText.Bytes(bytes)} from {folder.Link}: {Names(now)}");
        if (later.Count > 0)
            announce($"leaving {SourceText.Bytes(later.Sum(need => need.Bytes!.Value))} for their first request or " +
            $"the next refresh: {Names(later)}");
    }

    private static string Names(IEnumerable<ReleaseNeed> files) =>
        string.Join(", ", files.Select(need => $"{need.Asset.Name} ({SourceText.Bytes(need.Bytes!.Value)})"));

    private async Task<SourceDocument?> ReadAsync(ReleaseAsset ipxe, CancellationToken ct)
    {
        try
        {
            return await folder.ReadAsync(ipxe, IpxeReleaseScript.MaxBytes, ct);
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing && folder.List is null)
        {
            // Without a list only asking shows what is there; there may be tarballs alone.
            _missing = e;
            return null;
        }
    }

    private ReleaseAsset? Find(params string[] names)
    {
        var asset = folder.Find(names);
        if (asset is not null) _names.Add(asset.Name);
        return asset;
    }

    private async Task<Artifact?> FetchAsync(ReleaseNeed need, CancellationToken ct)
    {
        var (role, asset) = need;
        var link = asset.Links[0].ToString();
        if (need.Here is { } here) return Note(role, asset, link, here.Digest, here.Length, null);
        if (need.Later)
        {
            Later[asset.Digest!.Value] = link;
            return Note(role, asset, link, asset.Digest.Value, asset.Size!.Value, null);
        }
        var before = await BeforeAsync(role, link, ct);
        meter.Log($"fetching {link}");
        Download? download;
        try
        {
            download = await folder.FetchAsync(asset, need.Likely, before?.Validator, ct);
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing && folder.List is null && !IsNetboot(role))
        {
            // Without a list only asking shows what is there; tarballs need not be.
            _names.Remove(asset.Name);
            if (need.Likely is { } likely) meter.ExpectBytes(-likely);
            return null;
        }
        if (download is null)
        {
            if (asset.Size is { } expected) meter.ExpectBytes(-expected);
            return Note(role, asset, link, before!.Value.Digest, before.Value.Size, before.Value.Validator);
        }
        using var file = download;
        var limits = new BlobLimits { Digest = asset.Digest, Judge = BootJudges.Of(role, system) };
        var validator = file.Validator;
        var blob = await blobs.AddAsync(file, limits, ct);
        return Note(role, asset, link, blob.Digest, blob.Length, validator);
    }

    private async Task<Artifact> UnpackedAsync(Artifact kernel, CancellationToken ct)
    {
        if (await blobs.FindAsync(kernel.Digest, ct) is not { } fetched) return kernel;
        var unpacked = await blobs.UnpackKernelAsync(fetched, system, $"{folder.Link}", ct);
        if (unpacked == fetched) return kernel;
        draft.Hold(fetched.Digest);
        return BootParts.Of(unpacked);
    }

    private static bool IsNetboot(string role) => role is Roles.Kernel or Roles.Initrd;

    /// <summary>What an earlier version has of the same address, if its bytes are still here.</summary>
    private async Task<(SourceValidator Validator, Sha256Digest Digest, long Size)?> BeforeAsync(string role,
        string link, CancellationToken ct)
    {
        if (request.Previous is not { ValueKind: JsonValueKind.Object } previous
            || JsonNode.Parse(previous.GetRawText())?["systems"]?[system]?["artifacts"]?[role] is not JsonObject noted
            || (string?)noted["url"] != link
            || !Sha256Digest.TryParse((string?)noted["sha256"], out var digest)
            || !await blobs.HasAsync(digest, ct)) return null;
        var validator = new SourceValidator
        {
            ETag = (string?)noted["etag"],
            LastModified = (string?)noted["lastModified"]
        };
        return validator is { ETag: null, LastModified: null } ? null
            : (validator, digest, (long?)noted["sizeBytes"] ?? 0);
    }

    private Artifact Note(string role, ReleaseAsset asset, string link, Sha256Digest digest, long size,
        SourceValidator? validator)
    {
        _artifacts[role] = VersionDraft.Json(new
        {
            url = link, assetId = asset.Id, sha256 = digest.ToString(), sizeBytes = size, etag = validator?.ETag,
            lastModified = validator?.LastModified, updatedAt = asset.UpdatedAt,
        });
        return new Artifact(digest.ToString(), size);
    }

    private void CheckDigest(ReleaseAsset asset, byte[] bytes)
    {
        if (asset.Digest is { } expected
            && Sha256Digest.FromBytes(System.Security.Cryptography.SHA256.HashData(bytes)) != expected)
            throw new SourceException(SourceProblems.Damaged,
                $"{folder.Link}{asset.Name} has another SHA-256 than the {expected} announced.");
    }

    private SourceException Lacks(string name) => new(SourceProblems.NotBootable, $"{folder.Link} has no {name}.");
}
