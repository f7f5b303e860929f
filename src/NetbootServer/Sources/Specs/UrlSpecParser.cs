using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Images;
using NetbootServer.Sources.Signatures;

namespace NetbootServer.Sources.Specs;

/// <summary>Reads a <c>url</c> source.</summary>
/// <param name="faultOfUrl">What is wrong with an address by the settings, or null.</param>
internal sealed class UrlSpecParser(Func<string, string?> faultOfUrl)
{
    private const int MaxText = 1000;
    private const int MaxFiles = Recipe.MaxFiles + Recipe.MaxInitrds + 8;
    private const int MaxKeys = 16;
    private const int MaxSumsFiles = 4;

    /// <summary>How long a pattern may take for all of a document.</summary>
    public static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(2);

    private static readonly string[] AllRoles =
    [
        Roles.Kernel, Roles.Efi, Roles.Initrd, Roles.Shim, Roles.Files, Roles.Kexec, Roles.KexecNoninteractive,
        Roles.Iso,
    ];

    /// <summary>Reads the members of the source.</summary>
    public UrlSpec Parse(JsonFields fields, ImmutableArray<string> systems)
    {
        var version = Version(fields, systems);
        var sums = SumsFiles(fields, systems, version is not null);
        var signature = Signature(fields, systems, version is not null, sums);
        var files = Files(fields, systems, version is not null);
        foreach (var (i, file) in files.Index())
            if (file.AsFetched && sums.IsEmpty && signature is null)
                fields.Fault($"files[{i}].asFetched",
                    "changes nothing without 'sumsFile' or 'signature': leave it out");
        CheckWhole(fields, files);
        return new UrlSpec(files, KernelArgument.ReadList(fields, "kernelArguments"))
        {
            SumsFiles = sums, Signature = signature, VersionFrom = version,
        };
    }

    private ImmutableArray<UrlFileSpec> Files(JsonFields fields, ImmutableArray<string> systems, bool takesVersion)
    {
        if (fields.Element("files") is not { } list || (list.ValueKind == JsonValueKind.Array
            && list.GetArrayLength() == 0))
            fields.Fault("files", "needs at least one file; for example " +
                "[{\"role\": \"kernel\", \"url\": \"https://example.org/{arch}/vmlinuz\"}]");
        var files = ImmutableArray.CreateBuilder<UrlFileSpec>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        fields.List("files", MaxFiles, (element, path) =>
        {
            if (File(new JsonFields(element, path, fields.Errors), systems, takesVersion) is not { } file)
                return (int?)null;
            files.Add(file);
            if (file.Role != Roles.Initrd && !seen.Add($"{file.Role}/{file.Name}"))
                fields.Errors.Add(path, file.Name is null ? $"is a second {file.Role}; a version has one"
                    : $"has the name '{file.Name}' of another file");
            return 0;
        });
        Count(fields, files.Count(file => file.Role == Roles.Initrd), Recipe.MaxInitrds, "initrds");
        Count(fields, files.Count(file => file.Role == Roles.Files), Recipe.MaxFiles, "further files");
        return files.DrainToImmutable();
    }

    private static void Count(JsonFields fields, int count, int max, string what)
    {
        if (count > max) fields.Fault("files", $"has {count} {what}; a version has at most {max}");
    }

    private UrlFileSpec? File(JsonFields fields, ImmutableArray<string> systems, bool takesVersion)
    {
        if (fields.Element("role") is null) fields.Fault("role", $"is required: one of {string.Join(", ", AllRoles)}");
        var role = fields.Choice("role", AllRoles);
        var name = fields.Text("name", 64);
        if (role == Roles.Files && (name is null || !ArtifactName.IsValid(name)))
            fields.Fault("name", $"is required for {Roles.Files}, and must be {ArtifactName.Expected}");
        else if (role is not null && role != Roles.Files && name is not null)
            fields.Fault("name", $"is only for {Roles.Files}: the place of an initrd in the list is its name");
        var perSystem = role is Roles.Kernel or Roles.Efi or Roles.Initrd or Roles.Shim && systems.Length > 1;
        var url = Url(fields, "url", systems, takesVersion, takesFile: false);
        if (url.Length > 0 && perSystem && !UrlPlaceholders.HasSystem(url + fields.Text("member", MaxText)))
            fields.Fault("url", "needs {system}, {arch} or {goarch}, since the image has several systems");
        var file = new UrlFileSpec(role ?? "", name, url, Digests(fields, systems, url),
            fields.Flag("asFetched") ?? false)
        { Member = Member(fields, takesVersion) };
        if (file is { AsFetched: true, Digests.Count: > 0 })
            fields.Fault("asFetched", "contradicts 'sha256': leave one of them out");
        fields.RefuseOthers();
        return role is null || url.Length == 0 ? null : file;
    }

    private static string? Member(JsonFields fields, bool takesVersion)
    {
        var member = fields.Text("member", MaxText);
        if (member is { Length: 0 }) fields.Fault("member", "must not be empty; for example boot/vmlinuz-*");
        else if (member is not null && UrlPlaceholders.Fault(member, takesVersion, takesFile: false) is { } fault)
            fields.Fault("member", fault);
        return member;
    }

    private static FrozenDictionary<string, Sha256Digest> Digests(JsonFields fields, ImmutableArray<string> systems,
        string url)
    {
        var digests = new Dictionary<string, Sha256Digest>(StringComparer.Ordinal);
        if (fields.Element("sha256") is not { } element) return digests.ToFrozenDictionary(StringComparer.Ordinal);
        if (UrlPlaceholders.HasVersion(url))
            fields.Fault("sha256", "cannot stay the same from {version} to version: use 'sumsFile', or name the " +
                "version in the URL");
        if (element.ValueKind != JsonValueKind.Object)
        {
            if (systems.Length > 1 && UrlPlaceholders.HasSystem(url))
                fields.Fault("sha256", "must be an object with one digest per system, since the URL differs by system");
            else if (fields.ReadParsed<Sha256Digest>(element, fields.PathOf("sha256")) is { } digest)
                foreach (var system in systems) digests[system] = digest;
            return digests.ToFrozenDictionary(StringComparer.Ordinal);
        }
        foreach (var member in element.EnumerateObject())
        {
            var path = $"{fields.PathOf("sha256")}.{member.Name}";
            if (!systems.Contains(member.Name)) fields.Errors.Add(path, "is not one of the image's systems");
            else if (fields.ReadParsed<Sha256Digest>(member.Value, path) is { } digest) digests[member.Name] = digest;
        }
        foreach (var system in systems.Where(system => !element.TryGetProperty(system, out _)))
            fields.Fault("sha256", $"has no digest for {system}");
        return digests.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private ImmutableArray<string> SumsFiles(JsonFields fields, ImmutableArray<string> systems, bool takesVersion)
    {
        if (fields.Element("sumsFile") is not { } element) return [];
        if (element.ValueKind != JsonValueKind.Array)
            return Url(fields, "sumsFile", systems, takesVersion, takesFile: true) is { Length: > 0 } one ? [one] : [];
        var chain = fields.TextList("sumsFile", MaxSumsFiles, MaxText);
        foreach (var (i, url) in chain.Index())
            CheckUrl(fields, $"sumsFile[{i}]", url, systems, takesVersion, takesFile: false);
        return chain;
    }

    private SignatureSpec? Signature(JsonFields fields, ImmutableArray<string> systems, bool takesVersion,
        ImmutableArray<string> sums)
    {
        if (fields.Element("signature") is not { } element) return null;
        var inner = new JsonFields(element, fields.PathOf("signature"), fields.Errors);
        if (element.ValueKind != JsonValueKind.Object) return null;
        var url = inner.Element("url") is null ? null : Url(inner, "url", systems, takesVersion, takesFile: true);
        if (sums.IsEmpty && (url is null || !UrlPlaceholders.HasFile(url)))
            inner.Fault("url", "must have {file}, such as {file}.sig, when there is no 'sumsFile' that is signed");
        var keys = ImmutableArray.CreateBuilder<SigningKey>();
        var texts = inner.TextList("keys", MaxKeys, SigningKey.MaxLength, lines: true);
        foreach (var (i, text) in texts.Index())
        {
            if (SigningKey.TryParse(text, out var key)) keys.Add(key);
            else inner.Fault($"keys[{i}]", $"is no public key: it must be {SigningKey.Expected}");
        }
        if (texts.IsEmpty) inner.Fault("keys", $"needs at least one key: {SigningKey.Expected}");
        else if (keys.DistinctBy(key => key.Kind).Count() > 1)
            inner.Fault("keys", "must all be of one kind: OpenPGP, or signify and minisign");
        inner.RefuseOthers();
        return new SignatureSpec(url, keys.DrainToImmutable());
    }

    private VersionSpec? Version(JsonFields fields, ImmutableArray<string> systems)
    {
        if (fields.Element("versionFrom") is not { } element) return null;
        var inner = new JsonFields(element, fields.PathOf("versionFrom"), fields.Errors);
        if (element.ValueKind != JsonValueKind.Object) return null;
        var url = Url(inner, "url", systems, takesVersion: false, takesFile: false);
        if (inner.Element("pattern") is null)
            inner.Fault("pattern", "is required; for example href=\"v(?<version>[0-9.]+)/\"");
        var pattern = Pattern(inner, inner.Text("pattern", MaxText) ?? "");
        inner.RefuseOthers();
        return new VersionSpec(url, pattern);
    }

    private static Regex Pattern(JsonFields fields, string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            fields.Fault("pattern", e is NotSupportedException
                ? "must do without look-around, back-references, atomic groups and great repetition counts: only " +
                "patterns whose time is bounded are run on what others send"
                : $"is no regular expression: {e.Message.TrimEnd('.')}");
            return new Regex("");
        }
    }

    /// <summary>Files that only make sense beside others.</summary>
    private static void CheckWhole(JsonFields fields, ImmutableArray<UrlFileSpec> files)
    {
        if (files.Any(file => file.Role is Roles.Kernel or Roles.Efi or Roles.Iso)) return;
        foreach (var (i, file) in files.Index())
            if (file.Role is Roles.Initrd or Roles.Shim or Roles.Files)
            {
                fields.Fault($"files[{i}]", $"is of no use alone: {file.Role} belongs to a {Roles.Kernel}, " +
                    $"an {Roles.Efi} program or an {Roles.Iso}");
                return;
            }
    }

    private string Url(JsonFields fields, string name, ImmutableArray<string> systems, bool takesVersion,
        bool takesFile)
    {
        if (fields.Element(name) is null)
            fields.Fault(name, "is required; for example https://example.org/{arch}/linux");
        var url = fields.Text(name, MaxText) ?? "";
        if (url.Length > 0) CheckUrl(fields, name, url, systems, takesVersion, takesFile);
        return url;
    }

    private void CheckUrl(JsonFields fields, string name, string url, ImmutableArray<string> systems,
        bool takesVersion, bool takesFile)
    {
        if (UrlPlaceholders.Fault(url, takesVersion, takesFile) is { } fault)
        {
            fields.Fault(name, fault);
            return;
        }
        if (url.StartsWith("{file}", StringComparison.Ordinal)) return; // checked as a file's
        var filled = UrlPlaceholders.Fill(url, systems.FirstOrDefault("x86_64-linux"), "1.0", "file");
        if (faultOfUrl(filled) is { } refused) fields.Fault(name, refused);
    }
}
