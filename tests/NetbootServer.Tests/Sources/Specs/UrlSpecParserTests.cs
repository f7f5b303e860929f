using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Tests.Sources.Specs;

public sealed class UrlSpecParserTests
{
    private const string Kernel = """{"role":"kernel","url":"https://x/{arch}/linux"}""";
    private const string Digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static readonly string[] Both = ["aarch64-linux", "x86_64-linux"];

    [Fact]
    public void A_source_is_read_with_all_that_it_may_have()
    {
        var spec = Good($$$"""
            {"type":"url","files":[{"role":"kernel","url":"https://x/{version}/{system}/linux"},
              {"role":"initrd","url":"https://x/{version}/{goarch}/initrd"},
              {"role":"files","name":"root.img","url":"https://x/root.img","sha256":"{{{Digest}}}"},
              {"role":"files","name":"own","url":"http://y/own","asFetched":true}],
             "kernelArguments":["quiet"],"sumsFile":"https://x/{version}/SHA256SUMS",
             "versionFrom":{"url":"https://x/","pattern":"v([0-9.]+)/"}}
            """, Both);
        Assert.Equal(["kernel", "initrd", "files", "files"], spec.Files.Select(file => file.Role));
        Assert.Equal(["https://x/{version}/SHA256SUMS"], spec.SumsFiles);
        Assert.Equal(Both, spec.Files[2].Digests.Keys.Order(StringComparer.Ordinal));
        Assert.True(spec.Files[3].AsFetched);
        Assert.Equal("1.2", spec.VersionFrom!.Pattern.Match("v1.2/").Groups[1].Value);
    }

    [Theory]
    [InlineData("""{"type":"url"}""", "files", "needs at least one file; for example")]
    [InlineData("""{"type":"url","files":[]}""", "files", "needs at least one file")]
    [InlineData("""{"type":"url","files":[{"url":"https://x/{arch}"}]}""", "files[0].role", "is required: one of kernel, efi")]
    [InlineData("""{"type":"url","files":[{"role":"kernel"}]}""", "files[0].url", "is required; for example https://")]
    [InlineData("""{"type":"url","files":[{"role":"kernel","url":"ftp://x/{arch}"}]}""", "files[0].url", "the settings say no to ftp://x/aarch64")]
    [InlineData("""{"type":"url","files":[{"role":"kernel","url":"https://x/{archs}"}]}""", "files[0].url", "has '{archs}'; there are {system}, {arch}, {goarch}")]
    [InlineData("""{"type":"url","files":[{"role":"kernel","url":"https://x/{version}/{arch}"}]}""", "files[0].url", "has {version}, but there is no 'versionFrom'")]
    [InlineData("""{"type":"url","files":[{"role":"kernel","url":"https://x/linux"}]}""", "files[0].url", "needs {system}, {arch} or {goarch}")]
    [InlineData("""{"type":"url","files":[{"role":"initrd","url":"https://x/{arch}"}]}""", "files[0]", "is of no use alone: initrd belongs to a kernel")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}},{{{Kernel}}}]}""", "files[1]", "is a second kernel")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}},{"role":"files","url":"https://x"}]}""", "files[1].name", "is required for files")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}},{"role":"files","name":"../x","url":"https://x"}]}""", "files[1].name", "must be 1 to 64 letters")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}},{"role":"initrd","name":"x","url":"https://x/{arch}"}]}""", "files[1].name", "is only for files")]
    [InlineData($$$"""{"type":"url","files":[{"role":"kernel","url":"https://x/{arch}","sha256":"{{{Digest}}}"}]}""", "files[0].sha256", "must be an object with one digest per system")]
    [InlineData($$$"""{"type":"url","files":[{"role":"kernel","url":"https://x/{arch}","sha256":{"x86_64-linux":"{{{Digest}}}"}}]}""", "files[0].sha256", "has no digest for aarch64-linux")]
    [InlineData($$$"""{"type":"url","files":[{"role":"kernel","url":"https://x/{arch}","sha256":{"riscv64-linux":"{{{Digest}}}"}}]}""", "files[0].sha256.riscv64-linux", "is not one of the image's systems")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}}],"sumsFile":"https://{version}.x/","versionFrom":{"url":"https://x","pattern":"x"}}""", "sumsFile", "must not have {version} in the name of the server")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}}],"sumsFile":"https:\\\\{version}.x\\sums","versionFrom":{"url":"https://x","pattern":"x"}}""", "sumsFile", "must not have {version} in the name of the server")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}}],"versionFrom":{"url":"https://x/{version}","pattern":"("}}""", "versionFrom.pattern", "is no regular expression")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}}],"versionFrom":{"url":"https://x","pattern":"(?=a)b"}}""", "versionFrom.pattern", "must do without look-around")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}}],"versionFrom":{"url":"https://x","pattern":"((a{1,1000}){1,1000}x){1,10}"}}""", "versionFrom.pattern", "great repetition counts")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}}],"versionFrom":{"url":"https://x"}}""", "versionFrom.pattern", "is required; for example")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}}],"sumsfile":"https://x"}""", "sumsfile", "is not a member of this resource")]
    [InlineData($$$"""{"type":"url","files":[{{{Kernel}}}],"kernelArguments":["a b"]}""", "kernelArguments[0]", "has a blank")]
    [InlineData("""{"type":"url","files":[{"role":"kernel","url":"https://x/{arch}","asFetched":true}]}""", "files[0].asFetched", "changes nothing without 'sumsFile'")]
    public void A_fault_says_where_and_what_to_do(string source, string path, string message)
    {
        var errors = new ValidationErrors();
        Assert.Null(Parse(source, errors, Both));
        var faults = errors.ByPath();
        Assert.True(faults.TryGetValue($"$.source.{path}", out var texts), string.Join(", ", faults.Keys));
        Assert.Contains(message, texts[0], StringComparison.Ordinal);
    }

    private static UrlSpec Good(string source, params string[] systems)
    {
        var errors = new ValidationErrors();
        var spec = Parse(source, errors, systems);
        Assert.False(errors.Any, errors.Any ? $"{errors.First().Path} {errors.First().Error}" : "");
        return Assert.IsType<UrlSpec>(spec);
    }

    private static SourceSpec? Parse(string source, ValidationErrors errors, params string[] systems)
    {
        var parser = new SourceSpecParser(
            url => url.StartsWith("http", StringComparison.Ordinal) ? null : $"the settings say no to {url}",
            _ => null, _ => null);
        using var json = JsonDocument.Parse(source);
        return parser.Parse(json.RootElement.Clone(), "$.source", [.. systems], errors);
    }
}
