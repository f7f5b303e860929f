using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Tests.Sources.Specs;

public sealed class SourceSpecParserTests
{
    private const string Key = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=";
    private const string Path = "/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-netboot";

    [Fact]
    public void Each_type_of_source_is_read()
    {
        Assert.Equal(new ReleaseSpec("https://example.org/nixos", null), Good("""{"type":"release","url":"https://example.org/nixos"}"""));
        Assert.Equal(new ReleaseSpec("https://example.org/nixos", "https://example.org/api"),
            Good("""{"type":"release","url":"https://example.org/nixos","api":"https://example.org/api"}"""));
        var nix = (NixSpec)Good("""{"type":"nix","installable":"github:me/fleet#nixosConfigurations.{variant}.config.system.build.toplevel","variants":["web-1","db"],"kind":"closure"}""");
        Assert.Equal(["web-1", "db"], nix.Variants);
        Assert.Equal(SourceKind.Closure, nix.Kind);
        var hydra = (HydraSpec)Good($$$"""{"type":"hydra","url":"https://hydra.nixos.org","project":"nixos","jobset":"release-26.05","job":"nixos.netboot.{system}","cache":{"url":"https://cache.nixos.org","publicKeys":["{{{Key}}}"]}}""");
        Assert.Equal("nixos.netboot.{system}", hydra.Job);
        Assert.Equal("cache.nixos.org-1", Assert.Single(hydra.Cache!.Keys).Name);
        Assert.Equal(new DirectorySpec("/srv/{system}"), Good("""{"type":"directory","path":"/srv/{system}"}"""));
        Assert.IsType<UploadSpec>(Good("""{"type":"upload"}"""));
    }

    [Theory]
    [InlineData($"\"{Path}\"", "x86_64-linux//")]
    [InlineData($$$"""{"x86_64-linux":"{{{Path}}}"}""", "x86_64-linux//")]
    [InlineData($$$"""{"web":"{{{Path}}}","db":"{{{Path}}}"}""", "x86_64-linux/web/ x86_64-linux/db/")]
    [InlineData($$$"""{"x86_64-linux":{"web":"{{{Path}}}"}}""", "x86_64-linux/web/")]
    public void A_store_path_is_one_or_one_per_system_or_variant(string value, string expected)
    {
        var cache = (CacheSpec)Good($$$"""{"type":"cache","url":"https://cache.nixos.org","publicKeys":["{{{Key}}}"],"storePath":{{{value}}}}""");
        Assert.Equal(expected, string.Join(' ', cache.Paths.Select(path => $"{path.System}/{path.Variant}/")));
        Assert.All(cache.Paths, path => Assert.Equal(Path, path.Path.ToString()));
    }

    [Fact]
    public void All_faults_are_told_at_once_by_path()
    {
        var faults = Faults("""
            {"type":"hydra","url":"ftp://x","project":"a/b","job":"x","cache":{"url":5,"publicKeys":["bad"],"more":1},"variants":["-x","a","a"],"kind":"iso","extra":true}
            """, "aarch64-linux", "x86_64-linux");
        Assert.Equal(["$.source.cache.more", "$.source.cache.publicKeys[0]", "$.source.cache.url", "$.source.extra",
            "$.source.job", "$.source.jobset",
            "$.source.kind", "$.source.project", "$.source.url", "$.source.variants[0]", "$.source.variants[2]"],
            faults.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{}""", "$.source.type", "is required")]
    [InlineData("""[]""", "$.source", "must be a JSON object")]
    [InlineData("""{"type":"ftp"}""", "$.source.type", "must be one of release, nix, hydra, cache, url, directory, upload")]
    [InlineData("""{"type":"release"}""", "$.source.url", "is required; for example https://github.com/nix-community/")]
    [InlineData("""{"type":"release","url":"ftp://x"}""", "$.source.url", "the settings say no to ftp://x")]
    [InlineData("""{"type":"release","url":"https://x/{flavour}"}""", "$.source.url", "has '{flavour}'; only {system} and {variant} stand")]
    [InlineData("""{"type":"release","url":"https://x/{variant}"}""", "$.source.url", "must not have {variant}")]
    [InlineData("""{"type":"nix"}""", "$.source.installable", "is required; for example github:me/fleet#")]
    [InlineData("""{"type":"nix","installable":"-x"}""", "$.source.installable", "the settings say no to -x")]
    [InlineData("""{"type":"nix","installable":"a#{variant}"}""", "$.source.installable", "has {variant}, but 'variants' is empty")]
    [InlineData("""{"type":"nix","installable":"a#b","variants":["x"]}""", "$.source.installable", "needs {variant}")]
    [InlineData("""{"type":"directory","path":"../x"}""", "$.source.path", "the settings say no to ../x")]
    [InlineData("""{"type":"directory","path":"/srv","more":1}""", "$.source.more", "is not a member of this resource")]
    [InlineData("""{"type":"upload","url":"x"}""", "$.source.url", "is not a member of this resource")]
    [InlineData($$$"""{"type":"cache","url":"https://x","storePath":"{{{Path}}}"}""", "$.source.publicKeys", "needs at least one key")]
    [InlineData($$$"""{"type":"cache","url":"https://x","publicKeys":["{{{Key}}}"]}""", "$.source.storePath", "is required")]
    [InlineData($$$"""{"type":"cache","url":"https://x","publicKeys":["{{{Key}}}"],"storePath":"/etc"}""", "$.source.storePath", "must be a store path such as")]
    [InlineData($$$"""{"type":"cache","url":"https://x","publicKeys":["{{{Key}}}"],"storePath":{"aarch64-linux":"{{{Path}}}"}}""", "$.source.storePath.aarch64-linux", "is not one of the image's systems")]
    [InlineData($$$"""{"type":"cache","url":"https://x","publicKeys":["{{{Key}}}"],"storePath":{"a b":"{{{Path}}}"}}""", "$.source.storePath.a b", "must be letters, digits")]
    public void A_fault_says_what_is_wrong_and_how_it_is_right(string source, string path, string message)
    {
        var faults = Faults(source, "x86_64-linux");
        Assert.True(faults.TryGetValue(path, out var texts), string.Join(", ", faults.Keys));
        Assert.Contains(message, texts[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Several_systems_need_the_system_in_what_is_built_or_a_path_for_each()
    {
        Assert.Contains("needs {system}", Faults("""{"type":"nix","installable":"a#b"}""", "aarch64-linux", "x86_64-linux")["$.source.installable"][0], StringComparison.Ordinal);
        Assert.Contains("needs one store path per system", Faults($$$"""{"type":"cache","url":"https://x","publicKeys":["{{{Key}}}"],"storePath":"{{{Path}}}"}""",
            "aarch64-linux", "x86_64-linux")["$.source.storePath"][0], StringComparison.Ordinal);
        Assert.Contains("has no store path for x86_64-linux", Faults($$$"""{"type":"cache","url":"https://x","publicKeys":["{{{Key}}}"],"storePath":{"aarch64-linux":"{{{Path}}}"}}""",
            "aarch64-linux", "x86_64-linux")["$.source.storePath"][0], StringComparison.Ordinal);
    }

    private static SourceSpec Good(string source)
    {
        var errors = new ValidationErrors();
        var spec = Parse(source, errors, "x86_64-linux");
        Assert.False(errors.Any, errors.Any
            ? string.Join(", ", errors.ByPath().Select(fault => $"{fault.Key} {fault.Value[0]}")) : "");
        return Assert.IsType<SourceSpec>(spec, exactMatch: false);
    }

    private static IReadOnlyDictionary<string, string[]> Faults(string source, params string[] systems)
    {
        var errors = new ValidationErrors();
        Assert.Null(Parse(source, errors, systems));
        return errors.ByPath();
    }

    private static SourceSpec? Parse(string source, ValidationErrors errors, params string[] systems)
    {
        var parser = new SourceSpecParser(
            url => url.StartsWith("http", StringComparison.Ordinal) ? null : $"the settings say no to {url}",
            path => path.StartsWith('/') ? null : $"the settings say no to {path}",
            installable => installable.StartsWith('-') ? $"the settings say no to {installable}" : null);
        using var json = JsonDocument.Parse(source);
        return parser.Parse(json.RootElement.Clone(), "$.source", [.. systems], errors);
    }
}
