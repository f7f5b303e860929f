using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.Api;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Sources.Specs;

/// <summary>
/// Turns an image's <c>source</c> into a <see cref="SourceSpec"/>, or into all of its faults by JSON path.
/// </summary>
/// <param name="faultOfUrl">What is wrong with an address by the settings, or null.</param>
/// <param name="faultOfFolder">What is wrong with a folder by the settings, or null.</param>
/// <param name="faultOfInstallable">What is wrong with an installable by the settings, or null.</param>
public sealed partial class SourceSpecParser(
    Func<string, string?> faultOfUrl, Func<string, string?> faultOfFolder, Func<string, string?> faultOfInstallable)
{
    private const int MaxText = 1000;
    private const int MaxVariants = 1000;
    private const int MaxKeys = 16;

    /// <summary>Reads a source.</summary>
    /// <param name="source">The member <c>source</c>.</param>
    /// <param name="path">Its JSON path.</param>
    /// <param name="systems">The image's systems.</param>
    /// <param name="errors">Every fault is noted there.</param>
    /// <returns>The source; null when there is a fault.</returns>
    public SourceSpec? Parse(JsonElement source, string path, ImmutableArray<string> systems, ValidationErrors errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        var before = errors.Count;
        var fields = new JsonFields(source, path, errors);
        if (source.ValueKind != JsonValueKind.Object) return null;
        if (fields.Element("type") is null)
        {
            fields.Fault("type", "is required; for example \"release\"");
            return null;
        }
        var type = fields.Choice("type", "release", "nix", "hydra", "cache", "url", "directory", "upload");
        SourceSpec? spec = type switch
        {
            "release" => Release(fields, systems),
            "nix" => Nix(fields, systems),
            "hydra" => Hydra(fields, systems),
            "cache" => Cache(fields, systems),
            "url" => new UrlSpecParser(faultOfUrl).Parse(fields, systems),
            "directory" => Folder(fields, systems),
            "upload" => new UploadSpec(),
            _ => null,
        };
        if (spec is not null) fields.RefuseOthers();
        return errors.Count == before ? spec : null;
    }

    private ReleaseSpec Release(JsonFields fields, ImmutableArray<string> systems)
    {
        var url = Url(fields, "url", "https://github.com/nix-community/nixos-images/releases/download/nixos-unstable",
            systems);
        var api = fields.Has("api") ? Url(fields, "api", "", systems) : null;
        return new ReleaseSpec(url, api);
    }

    private NixSpec Nix(JsonFields fields, ImmutableArray<string> systems)
    {
        var variants = Variants(fields);
        var installable = Required(fields, "installable",
            "github:me/fleet#nixosConfigurations.{variant}.config.system.build.netboot");
        Placed(fields, "installable", installable, systems, variants, takesVariants: true, needsSystem: true);
        foreach (var (system, variant) in Each(systems, variants))
        {
            if (installable.Length == 0 || faultOfInstallable(
                Placeholders.Fill(installable, system, variant)) is not { } fault) continue;
            fields.Fault("installable", fault);
            break;
        }
        return new NixSpec(installable, Kind(fields)) { Variants = variants };
    }

    private HydraSpec Hydra(JsonFields fields, ImmutableArray<string> systems)
    {
        var variants = Variants(fields);
        var job = Required(fields, "job", "nixos.netboot.{system}");
        Placed(fields, "job", job, systems, variants, takesVariants: true, needsSystem: true);
        var cache = fields.Element("cache") is { } element
            ? Access(new JsonFields(element, fields.PathOf("cache"), fields.Errors), alone: true)
            : null;
        return new HydraSpec(Url(fields, "url", "https://hydra.nixos.org", []), Segment(fields, "project", "nixos"),
            Segment(fields, "jobset", "release-26.05"), job, cache, Kind(fields))
        { Variants = variants };
    }

    private CacheSpec Cache(JsonFields fields, ImmutableArray<string> systems)
    {
        var access = Access(fields, alone: false);
        var paths = StorePathChoices.Read(fields, "storePath", systems);
        return new CacheSpec(access, paths,
            Kind(fields))
        { Variants = [.. paths.Select(path => path.Variant).OfType<string>().Distinct()] };
    }

    private CacheAccess Access(JsonFields fields, bool alone)
    {
        var url = Url(fields, "url", "https://cache.nixos.org", []);
        var keys = ImmutableArray.CreateBuilder<CacheKey>();
        var texts = fields.TextList("publicKeys", MaxKeys, MaxText);
        for (var i = 0; i < texts.Length; i++)
        {
            if (CacheKey.TryParse(texts[i], out var key)) keys.Add(key);
            else fields.Fault($"publicKeys[{i}]",
                "is no public key; for example cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=");
        }
        if (texts.IsEmpty) fields.Fault("publicKeys", "needs at least one key: unsigned paths are not booted");
        if (alone) fields.RefuseOthers();
        return new CacheAccess(url, keys.DrainToImmutable());
    }

    private DirectorySpec Folder(JsonFields fields, ImmutableArray<string> systems)
    {
        var path = Required(fields, "path", "/srv/netboot/{system}");
        Placed(fields, "path", path, systems, [], takesVariants: false, needsSystem: false);
        if (path.Length > 0 && faultOfFolder(
            Placeholders.Fill(path, systems.FirstOrDefault("x86_64-linux"))) is { } fault)
            fields.Fault("path", fault);
        return new DirectorySpec(path);
    }

    private string Url(JsonFields fields, string name, string example, ImmutableArray<string> systems)
    {
        var url = Required(fields, name, example);
        Placed(fields, name, url, systems, [], takesVariants: false, needsSystem: false);
        if (url.Length > 0 && faultOfUrl(Placeholders.Fill(url, systems.FirstOrDefault("x86_64-linux"))) is { } fault)
            fields.Fault(name, fault);
        return url;
    }

    private static string Required(JsonFields fields, string name, string example)
    {
        if (fields.Element(name) is null) fields.Fault(name, $"is required; for example {example}");
        return fields.Text(name, MaxText) ?? "";
    }

    /// <summary>One part of Hydra's paths.</summary>
    private static string Segment(JsonFields fields, string name, string example)
    {
        var text = Required(fields, name, example);
        if (text.Length > 0 && !SegmentPattern().IsMatch(text))
            fields.Fault(name, $"must be one word; for example {example}");
        return text;
    }

    private static void Placed(JsonFields fields, string name, string text, ImmutableArray<string> systems,
        ImmutableArray<string> variants, bool takesVariants, bool needsSystem)
    {
        if (Placeholders.Fault(text, systems.Length, variants.Length, takesVariants, needsSystem) is { } fault)
            fields.Fault(name, fault);
    }

    private static ImmutableArray<string> Variants(JsonFields fields)
    {
        var variants = fields.TextList("variants", MaxVariants, 63);
        for (var i = 0; i < variants.Length; i++)
        {
            if (VariantFault(variants[i]) is { } fault) fields.Fault($"variants[{i}]", fault);
            else if (variants.IndexOf(variants[i]) < i) fields.Fault($"variants[{i}]", $"'{variants[i]}' stands twice");
        }
        return variants;
    }

    /// <summary>What is wrong with a variant's name, or null.</summary>
    internal static string? VariantFault(string name) =>
        VariantPattern().IsMatch(name) ? null
        : "must be letters, digits, '.', '_' and '-', beginning with a letter or digit";

    private static SourceKind Kind(JsonFields fields) =>
        fields.Choice("kind", "auto", "netboot", "kexec", "closure") switch
        {
            "netboot" => SourceKind.Netboot,
            "kexec" => SourceKind.Kexec,
            "closure" => SourceKind.Closure,
            _ => SourceKind.Auto,
        };

    /// <summary>Every combination to be built or fetched.</summary>
    internal static IEnumerable<(string System, string? Variant)> Each(ImmutableArray<string> systems,
        ImmutableArray<string> variants) =>
        systems.SelectMany(system => variants.IsEmpty ? [(system, null)]
            : variants.Select(variant => (system, (string?)variant)));

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    private static partial Regex VariantPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._-]*\z")]
    private static partial Regex SegmentPattern();
}
