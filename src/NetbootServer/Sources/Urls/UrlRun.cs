using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Sources.Layouts;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources.Urls;

/// <summary>One try to read a <c>url</c> source: one version of all systems.</summary>
internal sealed class UrlRun(UrlSpec spec, SourceRequest request, UrlTools tools, long maxMemberBytes,
    SourceMeter meter, Action<string> announce)
{
    private readonly VersionDraft _draft = new();
    private readonly UrlLists _lists = new(spec, tools, meter);
    private readonly SignatureAge _age = new(request.Previous, spec.Identity);
    private readonly UrlFiles _files = new(tools, new UrlHistory(request.Previous), spec.Signature,
        new SignatureAge(request.Previous, spec.Identity), meter, announce);
    private string? _version;

    /// <summary>Brings the version.</summary>
    /// <exception cref="SourceException">There is none to be had.</exception>
    public async Task<SourcedVersion> RunAsync(CancellationToken ct)
    {
        meter.Phase("checking");
        if ((_version = await NewestAsync(ct)) is not null)
        {
            meter.Log($"the newest version is {_version}");
            _age.CheckVersion(_version);
        }
        var parts = new List<(string System, UrlFileSpec Spec, UrlFile File)>();
        try
        {
            foreach (var system in request.Systems)
                foreach (var file in spec.Files)
                    parts.Add((system, file, await AddAsync(system, file, ct)));
            foreach (var (list, by) in _lists.Signed) _age.Check(list, by);
            await _files.FetchAsync(ct);
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing || e.Problem == SourceProblems.Damaged)
        {
            // What was replaced is gone, or has another digest: that is no fault of the source.
            await CheckUnchangedAsync(ct);
            throw;
        }
        await CheckUnchangedAsync(ct);
        foreach (var system in parts.GroupBy(part => part.System))
            await AddAsync(system.Key, [.. system.Select(part => (part.Spec, part.File))], ct);
        _draft.Provenance["source"] = spec.Identity;
        var signed = _lists.Signed.Concat(_files.Signed).ToList();
        if (signed.Count > 0) _draft.Provenance["signed"] = SignatureAge.Note(signed);
        if (_version is not null) _draft.Provenance["version"] = _version;
        return _draft.Finish();
    }

    private async Task<string?> NewestAsync(CancellationToken ct) => spec.VersionFrom is { } from
        ? await new NewestVersion(from, request.Systems, tools.Downloads, tools.Rules, meter).FindAsync(ct)
        : null;

    private async Task<UrlFile> AddAsync(string system, UrlFileSpec file, CancellationToken ct)
    {
        var link = tools.Rules.Root(UrlPlaceholders.Fill(file.Url, system, _version));
        var unfilled = UrlPlaceholders.Fill(file.Url, system, null);
        ExpectedDigest? expected = null;
        if (file.Digests.TryGetValue(system, out var digest)) expected = new ExpectedDigest(digest, null);
        else if (!file.AsFetched && !spec.SumsFiles.IsEmpty)
            expected = await _lists.FindAsync(system, _version, link, unfilled, ct);
        var signed = spec.SignsFiles && expected is null && !file.AsFetched
            ? tools.Rules.Root(UrlPlaceholders.Fill(spec.Signature!.Url!, system, _version, link.Uri.AbsoluteUri))
            : null;
        var fetched = _files.Add(link, expected, signed, file, system);
        fetched.Unfilled ??= unfilled;
        return fetched;
    }

    /// <summary>One build is never mixed with another: what was read says the same at the end.</summary>
    private async Task CheckUnchangedAsync(CancellationToken ct)
    {
        meter.Phase("checking");
        if (await NewestAsync(ct) is var now && now != _version)
            throw new SourceException(SourceProblems.Changing,
                $"Version {now} came while the files of {_version} were read.");
        await _lists.CheckUnchangedAsync(ct);
        await _files.CheckUnchangedAsync(ct);
    }

    private async Task AddAsync(string system, List<(UrlFileSpec Spec, UrlFile File)> parts, CancellationToken ct)
    {
        var recipe = new SystemRecipe { KernelArguments = ArgumentsOf(system) };
        var artifacts = new JsonObject();
        foreach (var (file, fetched) in parts)
        {
            var key = file.Role == Roles.Initrd ? Roles.InitrdAt(recipe.Initrds.Length)
                : file.Name is null ? file.Role : $"{file.Role}/{file.Name}";
            artifacts[key] = Noted(file, fetched);
            recipe = await WithAsync(recipe, system, file, fetched, ct);
        }
        _draft.Add(system, recipe);
        _draft.From(system, null)["artifacts"] = artifacts;
    }

    private ImmutableArray<string> ArgumentsOf(string system) =>
        [.. spec.KernelArguments.Select(argument => UrlPlaceholders.Fill(argument, system, _version))];

    private async Task<SystemRecipe> WithAsync(SystemRecipe recipe, string system, UrlFileSpec file, UrlFile fetched,
        CancellationToken ct)
    {
        var blob = await TakenAsync(file, fetched, system, ct);
        var artifact = BootParts.Of(blob);
        return file.Role switch
        {
            Roles.Kernel => recipe with { Kernel = await UnpackedAsync(blob, fetched, system, ct) },
            Roles.Efi => recipe with { Efi = artifact },
            Roles.Initrd => recipe with
            {
                Initrds = recipe.Initrds.Add(artifact.Named(Roles.InitrdAt(recipe.Initrds.Length))),
            },
            Roles.Shim => recipe with { Shim = artifact },
            Roles.Files => recipe with
            {
                Files = recipe.FilesOrNone.WithComparers(StringComparer.Ordinal).SetItem(file.Name!, artifact),
            },
            Roles.Kexec => recipe with { Kexec = artifact },
            Roles.KexecNoninteractive => recipe with { KexecNoninteractive = artifact },
            _ => recipe with { Iso = artifact },
        };
    }

    /// <summary>The file itself, or the one in it; the archive is kept, so that it is not fetched again.</summary>
    private async Task<StoredBlob> TakenAsync(UrlFileSpec file, UrlFile fetched, string system, CancellationToken ct)
    {
        if (file.Member is null) return fetched.Blob!;
        _draft.Hold(fetched.Blob!.Digest);
        return await new ArchiveMember(tools, maxMemberBytes).TakeAsync(fetched.Blob,
            UrlPlaceholders.Fill(file.Member, system, _version), BootJudges.Of(file.Role, system), $"{fetched.Link}",
            ct);
    }

    private async Task<Artifact> UnpackedAsync(StoredBlob packed, UrlFile fetched, string system, CancellationToken ct)
    {
        var unpacked = await tools.Blobs.UnpackKernelAsync(packed, system, $"{fetched.Link}", ct);
        if (unpacked != packed) _draft.Hold(packed.Digest);
        return BootParts.Of(unpacked);
    }

    private JsonNode? Noted(UrlFileSpec of, UrlFile file) => VersionDraft.Json(new
    {
        member = of.Member, signedBy = file.SignedBy?.Key, signedAt = file.SignedBy?.At,
        keys = file.Signature is null ? null : spec.Signature!.KeysId,
        url = file.Link.Uri.AbsoluteUri, sha256 = file.Blob!.Digest.ToString(), sha512 = file.Expected?.Sha512,
        sizeBytes = file.Blob.Length, pinned = file.Expected is not null, etag = file.Validator?.ETag,
        lastModified = file.Validator?.LastModified,
    });
}
