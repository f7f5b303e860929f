using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Blobs;
using NetbootServer.Images.Sources.Downloads;
using NetbootServer.Images.Sources.Layouts;

namespace NetbootServer.Images.Sources.Releases;

/// <summary>One try to read a release for one system.</summary>
internal sealed class ReleaseRun(
    ReleaseFolder folder, SourceRequest request, string system, SourceBlobs blobs, SourceMeter meter, VersionDraft draft)
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
        var parts = await NetbootAsync(ct);
        parts = parts with
        {
            Kexec = await OptionalAsync(Roles.Kexec, $"nixos-kexec-installer-{system}.tar.gz", ct),
            KexecNoninteractive = await OptionalAsync(Roles.KexecNoninteractive, $"nixos-kexec-installer-noninteractive-{system}.tar.gz", ct),
            Iso = await OptionalAsync(Roles.Iso, $"nixos-installer-{system}.iso", ct),
        };
        if (parts.IsEmpty)
            throw _missing ?? new SourceException(SourceProblems.NotBootable, $"{folder.Link} has neither netboot-{system}.ipxe nor a tarball for {system}.");
        draft.Add(system, null, parts);
    }

    private async Task<BootParts> NetbootAsync(CancellationToken ct)
    {
        if (!request.Roles.Contains(Roles.Kernel)) return new BootParts();
        if (Find($"netboot-{system}.ipxe") is not { } ipxe)
        {
            if (Find($"initrd-{system}") is null) return new BootParts();
            throw new SourceException(SourceProblems.NotBootable, $"{folder.Link} has no netboot-{system}.ipxe, which alone has the kernel arguments.");
        }
        if (await ReadAsync(ipxe, ct) is not { } text) return new BootParts();
        CheckDigest(ipxe, text.Bytes);
        var script = IpxeReleaseScript.Parse(Encoding.UTF8.GetString(text.Bytes), $"{folder.Link}{ipxe.Name}");
        string[] names = [$"bzImage-{system}", $"Image-{system}"];
        var named = script.Kernel.Split('?')[0].Split('/')[^1];
        var kernel = Find([.. names.OrderByDescending(name => name == named)]) ?? throw Lacks(names[0]);
        var initrd = Find($"initrd-{system}") ?? throw Lacks($"initrd-{system}");
        folder.CheckTogether(ipxe, kernel, initrd);
        meter.Phase("downloading");
        return new BootParts
        {
            Kernel = await FetchAsync(Roles.Kernel, kernel, ct),
            Initrd = await FetchAsync(Roles.Initrd, initrd, ct),
            KernelArguments = script.Arguments,
        };
    }

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

    private async Task<Artifact?> OptionalAsync(string role, string name, CancellationToken ct)
    {
        if (!request.Roles.Contains(role) || Find(name) is not { } asset) return null;
        try
        {
            return await FetchAsync(role, asset, ct);
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing && folder.List is null)
        {
            _names.Remove(name);
            return null;
        }
    }

    private ReleaseAsset? Find(params string[] names)
    {
        var asset = folder.Find(names);
        if (asset is not null) _names.Add(asset.Name);
        return asset;
    }

    private async Task<Artifact> FetchAsync(string role, ReleaseAsset asset, CancellationToken ct)
    {
        var link = asset.Links[0].ToString();
        if (asset.Digest is { } digest)
        {
            if (await blobs.FindAsync(digest, ct) is { } here && BootJudges.Of(role, system)(here.File) is null)
                return Note(role, asset, link, digest, here.Length, null);
            if (asset.Size is { } size && request.Later.Contains(role))
            {
                Later[digest] = link;
                return Note(role, asset, link, digest, size, null);
            }
        }
        var before = await BeforeAsync(role, link, ct);
        if (asset.Size is { } announced) meter.ExpectBytes(announced);
        meter.Log($"fetching {link}");
        using var download = await folder.FetchAsync(asset, before?.Validator, ct);
        if (download is null) return Note(role, asset, link, before!.Value.Digest, before.Value.Size, before.Value.Validator);
        var limits = new BlobLimits { Digest = asset.Digest, Judge = BootJudges.Of(role, system) };
        var validator = download.Validator;
        var blob = await blobs.AddAsync(download, limits, ct);
        return Note(role, asset, link, blob.Digest, blob.Length, validator);
    }

    /// <summary>What an earlier version has of the same address, if its bytes are still here.</summary>
    private async Task<(SourceValidator Validator, Sha256Digest Digest, long Size)?> BeforeAsync(string role, string link, CancellationToken ct)
    {
        if (request.Previous is not { ValueKind: JsonValueKind.Object } previous
            || JsonNode.Parse(previous.GetRawText())?["systems"]?[system]?["artifacts"]?[role] is not JsonObject noted
            || (string?)noted["url"] != link
            || !Sha256Digest.TryParse((string?)noted["sha256"], out var digest)
            || !await blobs.HasAsync(digest, ct)) return null;
        var validator = new SourceValidator { ETag = (string?)noted["etag"], LastModified = (string?)noted["lastModified"] };
        return validator is { ETag: null, LastModified: null } ? null : (validator, digest, (long?)noted["sizeBytes"] ?? 0);
    }

    private Artifact Note(string role, ReleaseAsset asset, string link, Sha256Digest digest, long size, SourceValidator? validator)
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
        if (asset.Digest is { } expected && Sha256Digest.FromBytes(System.Security.Cryptography.SHA256.HashData(bytes)) != expected)
            throw new SourceException(SourceProblems.Damaged, $"{folder.Link}{asset.Name} has another SHA-256 than the {expected} announced.");
    }

    private SourceException Lacks(string name) => new(SourceProblems.NotBootable, $"{folder.Link} has no {name}.");
}
