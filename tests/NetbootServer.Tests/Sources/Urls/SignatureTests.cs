using System.Text;
using System.Text.Json.Nodes;
using NetbootServer.Downloads;
using static NetbootServer.Tests.Sources.SourceLab;
using static NetbootServer.Tests.Sources.Urls.UrlLab;

namespace NetbootServer.Tests.Sources.Urls;

/// <summary>Signed sources, with what the real tools of Debian have signed.</summary>
[Trait("category", "slow")]
public sealed class SignatureTests : IDisposable
{
    private readonly Signer _signer = new();

    private static string Source(string signature, string? sums, params string[] keys)
    {
        var source = JsonNode.Parse("""
            {"type":"url","files":[{"role":"kernel","url":"@/d/linux"},{"role":"initrd","url":"@/d/initrd.gz"}]}
            """)!.AsObject();
        if (sums is not null) source["sumsFile"] = sums;
        source["signature"] = new JsonObject { ["keys"] = new JsonArray([.. keys.Select(key => (JsonNode)key)]) };
        if (signature.Length > 0) source["signature"]!["url"] = signature;
        return source.ToJsonString();
    }

    private static async Task<(UrlLab Url, byte[] Sums)> StartAsync()
    {
        var url = await UrlLab.StartAsync();
        url.Publish("/d");
        return (url, url.PutSums("/d/SHA256SUMS", "linux", "initrd.gz").Bytes);
    }

    [Theory]
    [InlineData("gpg"), InlineData("gpg, armoured"), InlineData("gpg, cleartext"), InlineData("gpg, two keys")]
    [InlineData("minisign"), InlineData("signify"), InlineData("signify, embedded")]
    public async Task A_list_is_taken_when_one_of_the_keys_has_signed_it(string how)
    {
        var (url, sums) = await StartAsync();
        await using var _ = url;
        var (signature, list) = ("@/d/SHA256SUMS.sig", "@/d/SHA256SUMS");
        var keys = new List<string>();
        switch (how)
        {
            case "gpg, two keys":
                keys.Add(_signer.GpgKey("one@example.org"));
                keys.Add(_signer.GpgKey("two@example.org"));
                url.Host.Put("/d/SHA256SUMS.sig", _signer.GpgSign("two@example.org", sums));
                break;
            case "gpg, cleartext":
                keys.Add(_signer.GpgKey("one@example.org"));
                url.Host.Put("/d/InRelease", _signer.GpgSign("one@example.org", sums, "--clear-sign"));
                (signature, list) = ("", "@/d/InRelease");
                break;
            case "minisign":
                keys.Add(_signer.MinisignKey());
                url.Host.Put("/d/SHA256SUMS.sig", _signer.Minisign(sums));
                break;
            case "signify":
                keys.Add(_signer.SignifyKey());
                url.Host.Put("/d/SHA256SUMS.sig", _signer.Signify(sums));
                break;
            case "signify, embedded":
                keys.Add(_signer.SignifyKey());
                url.Host.Put("/d/SHA256.sig", _signer.Signify(sums, embedded: true));
                (signature, list) = ("", "@/d/SHA256.sig");
                break;
            default:
                keys.Add(_signer.GpgKey("one@example.org"));
                url.Host.Put("/d/SHA256SUMS.sig", _signer.GpgSign("one@example.org", sums, "--detach-sign", null,
                    how == "gpg" ? [] : ["--armor"]));
                break;
        }
        var version = await url.FetchAsync(Source(signature, list, [.. keys]));
        Assert.Equal(FakeBoot.Kernel(), url.Lab.Read(version.Systems[X86].Kernel!));
        var signed = version.Provenance["signed"]!.AsObject().Single();
        Assert.EndsWith(list[1..], signed.Key, StringComparison.Ordinal);
        Assert.Matches(how.StartsWith("gpg", StringComparison.Ordinal) ? "^[0-9A-F]{40}$" : "^[0-9A-F]{16}$",
            (string?)signed.Value!["by"]);
        Assert.Equal(!how.StartsWith("signify", StringComparison.Ordinal), signed.Value["at"] is not null);
        Assert.Contains(url.Lab.Progress.Lines, line => line.Contains("is signed by", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("by another key", "which is none of the source's keys")]
    [InlineData("of something else", "is not what the key")]
    [InlineData("cut off", "has no OpenPGP signature that can be read")]
    [InlineData("not at all", "has no OpenPGP signature that can be read")]
    [InlineData("by an expired key", "which has expired: give the source its newer one")]
    [InlineData("by a revoked key", "which was revoked")]
    [InlineData("for a day, long ago", "that has expired")]
    [InlineData("with SHA-1", "a digest that is too weak")]
    [InlineData("cleartext, changed", "is not what the key")]
    [InlineData("cleartext, with more behind it", "/d/InRelease has no digest of linux")]
    public async Task A_list_that_is_signed(string how, string fault)
    {
        var (url, sums) = await StartAsync();
        await using var _ = url;
        const string One = "one@example.org", Past = "20200101T000000!";
        var key = how switch
        {
            "by an expired key" => _signer.GpgKey(One, "1d", Past),
            "for a day, long ago" => _signer.GpgKey(One, "0", Past),
            _ => _signer.GpgKey(One),
        };
        var (signature, list) = ("@/d/SHA256SUMS.sig", "@/d/SHA256SUMS");
        url.Host.Put("/d/SHA256SUMS.sig", how switch
        {
            "by another key" => Another(sums),
            "of something else" => _signer.GpgSign(One, "something else"u8.ToArray()),
            "cut off" => _signer.GpgSign(One, sums)[..10],
            "not at all" => "<html>404</html>"u8.ToArray(),
            "by an expired key" => _signer.GpgSign(One, sums, at: Past),
            "for a day, long ago" => _signer.GpgSign(One, sums, "--detach-sign", Past, "--default-sig-expire", "1d"),
            "with SHA-1" => _signer.GpgSign(One, sums, "--detach-sign", null, "--digest-algo", "SHA1",
                "--allow-weak-digest-algos"),
            _ => _signer.GpgSign(One, sums),
        });
        if (how == "by a revoked key") key = _signer.GpgRevoke(One);
        if (how.StartsWith("cleartext", StringComparison.Ordinal))
        {
            var other = Encoding.UTF8.GetBytes($"{new string('0', 64)}  other\n");
            var clear = Encoding.UTF8.GetString(_signer.GpgSign(One, how.EndsWith("changed", StringComparison.Ordinal)
                ? sums : other, "--clear-sign"));
            url.Host.Put("/d/InRelease", Encoding.UTF8.GetBytes(how.EndsWith("changed", StringComparison.Ordinal)
                ? clear.Replace("linux", "linus", StringComparison.Ordinal)
                : clear + Encoding.UTF8.GetString(sums)));
            (signature, list) = ("", "@/d/InRelease");
        }
        var e = await Assert.ThrowsAsync<SourceException>(() => url.FetchAsync(Source(signature, list, key)));
        Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        Assert.False(e.Transient);
        Assert.DoesNotContain(url.Host.Requests, seen => seen.Path == "/d/linux");
    }

    private byte[] Another(byte[] sums)
    {
        _signer.GpgKey("another@example.org");
        return _signer.GpgSign("another@example.org", sums);
    }

    [Theory]
    [InlineData("by another key", "which is none of the source's keys")]
    [InlineData("of something else", "is not what the key has signed")]
    [InlineData("with a changed comment", "is not what the key has signed")]
    [InlineData("not at all", "is none of signify or minisign; it begins with '<html>404</html>'")]
    [InlineData("cut off", "is none of signify or minisign")]
    public async Task A_list_that_minisign_has_signed(string how, string fault)
    {
        var (url, sums) = await StartAsync();
        await using var _ = url;
        var key = _signer.MinisignKey();
        if (how == "by another key") _signer.MinisignKey("other");
        var signature = how switch
        {
            "by another key" => _signer.Minisign(sums, "other"),
            "of something else" => _signer.Minisign("something else"u8.ToArray()),
            "not at all" => "<html>404</html>"u8.ToArray(),
            _ => _signer.Minisign(sums),
        };
        if (how == "cut off") signature = signature[..80];
        if (how == "with a changed comment")
            signature = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(signature)
                .Replace("timestamp:", "timestamp:9", StringComparison.Ordinal));
        url.Host.Put("/d/SHA256SUMS.sig", signature);
        var e = await FailsAsync(SourceProblems.Unsigned,
            () => url.FetchAsync(Source("@/d/SHA256SUMS.sig", "@/d/SHA256SUMS", key)));
        Assert.Contains(fault, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_state_is_refused_until_the_source_changes()
    {
        var (url, sums) = await StartAsync();
        await using var _ = url;
        var key = _signer.MinisignKey();
        var old = _signer.Minisign(sums, comment: "timestamp:1700000000\tfile:SHA256SUMS");
        url.Host.Put("/d/SHA256SUMS.sig", _signer.Minisign(sums, comment: "timestamp:1800000000\tfile:SHA256SUMS"));
        var source = Source("{file}.sig", "@/d/SHA256SUMS", key);
        var first = await url.FetchAsync(source);
        url.Host.Put("/d/SHA256SUMS.sig", old);
        var e = await FailsAsync(SourceProblems.Changing, () => url.FetchAsync(url.Request(source), first));
        Assert.Contains("the mirror is behind, or serves an old state on purpose", e.Message, StringComparison.Ordinal);
        Assert.NotNull(await url.FetchAsync(url.Request(source.Replace("{file}.sig", "@/d/SHA256SUMS.sig",
            StringComparison.Ordinal)), first));
    }

    [Fact]
    public async Task A_signature_that_loses_its_time_is_no_way_around_it()
    {
        var (url, sums) = await StartAsync();
        await using var _ = url;
        var key = _signer.MinisignKey();
        var signed = Encoding.UTF8.GetString(_signer.Minisign(sums));
        url.Host.Put("/d/SHA256SUMS.sig", Encoding.UTF8.GetBytes(signed));
        var source = Source("{file}.sig", "@/d/SHA256SUMS", key);
        var first = await url.FetchAsync(source);
        // Without its last two lines minisign's signature is as good, but has no time.
        url.Host.Put("/d/SHA256SUMS.sig", Encoding.UTF8.GetBytes(string.Join('\n', signed.Split('\n')[..2]) + "\n"));
        Assert.NotNull(await url.FetchAsync(source));
        var e = await FailsAsync(SourceProblems.Changing, () => url.FetchAsync(url.Request(source), first));
        Assert.Contains("has no time", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_list_is_refused_below_the_name_of_a_newer_version_too_and_an_older_version_is()
    {
        var (url, _) = await StartAsync();
        await using var lab = url;
        var key = _signer.MinisignKey();
        Publish("2.0", seed: 2, time: 1_800_000_000);
        var page = url.Host.Put("/v", "v=2.0;"u8.ToArray());
        var source = $$$"""
            {"type":"url","files":[{"role":"kernel","url":"@/{version}/linux"},
              {"role":"initrd","url":"@/{version}/initrd.gz"}],"sumsFile":"@/{version}/SHA256SUMS",
             "versionFrom":{"url":"@/v","pattern":"v=([0-9.]+);"},
             "signature":{"url":"{file}.sig","keys":[{{{JsonValue.Create(key).ToJsonString()}}}]
             }}
            """;
        var first = await url.FetchAsync(source);
        Assert.Equal("2.0", (string?)first.Provenance["version"]);

        Publish("99.0", seed: 1, time: 1_700_000_000);
        page.Bytes = "v=99.0;"u8.ToArray();
        var e = await FailsAsync(SourceProblems.Changing, () => url.FetchAsync(url.Request(source), first));
        Assert.Contains("/{version}/SHA256SUMS was signed on 2023-11-14", e.Message, StringComparison.Ordinal);

        Publish("1.9", seed: 1, time: 1_900_000_000);
        page.Bytes = "v=1.9;"u8.ToArray();
        e = await FailsAsync(SourceProblems.Changing, () => url.FetchAsync(url.Request(source), first));
        Assert.Contains("The newest version is 1.9, but the image's newest version was made of 2.0", e.Message,
            StringComparison.Ordinal);

        Publish("2.1", seed: 3, time: 1_900_000_000);
        page.Bytes = "v=2.1;"u8.ToArray();
        Assert.NotNull(await url.FetchAsync(url.Request(source), first));

        void Publish(string version, int seed, long time)
        {
            url.Publish($"/{version}", seed);
            url.Host.Put($"/{version}/SHA256SUMS.sig", _signer.Minisign(
                url.PutSums($"/{version}/SHA256SUMS", "linux", "initrd.gz").Bytes, comment: $"timestamp:{time}"));
        }
    }

    [Fact]
    public async Task An_older_signature_of_a_file_is_refused_and_its_time_is_kept_while_the_file_stays()
    {
        var (url, _) = await StartAsync();
        await using var lab = url;
        var key = _signer.MinisignKey();
        Sign("/d/linux", 1_800_000_000);
        Sign("/d/initrd.gz", 1_800_000_000);
        var source = Source("{file}.sig", null, key);
        var first = await url.FetchAsync(source);
        // Only the initrd comes; the kernel's signature is not read again.
        url.Host.Put("/d/initrd.gz", FakeBoot.Initrd(2));
        Sign("/d/initrd.gz", 1_800_000_001);
        var second = await url.FetchAsync(url.Request(source), first);
        Assert.Equal(first.Provenance["signed"]![url.Host.Url("/d/linux")]!.ToJsonString(),
            second.Provenance["signed"]![url.Host.Url("/d/linux")]!.ToJsonString());

        url.Host.Put("/d/linux", FakeBoot.Kernel(9));
        Sign("/d/linux", 1_700_000_000);
        var e = await FailsAsync(SourceProblems.Changing, () => url.FetchAsync(url.Request(source), second));
        Assert.Contains("/d/linux was signed on 2023-11-14", e.Message, StringComparison.Ordinal);
        Assert.Empty(url.Lab.PartialFilesLeft);

        void Sign(string path, long time) => url.Host.Put($"{path}.sig",
            _signer.Minisign(url.Host.File(path).Bytes, comment: $"timestamp:{time}"));
    }

    [Fact]
    public async Task Each_file_may_be_signed_itself_and_is_not_fetched_again_while_the_keys_stay()
    {
        var (url, _) = await StartAsync();
        await using var lab = url;
        var key = _signer.GpgKey("one@example.org");
        foreach (var file in new[] { "/d/linux", "/d/initrd.gz" })
            url.Host.Put($"{file}.sig", _signer.GpgSign("one@example.org", url.Host.File(file).Bytes));
        var source = Source("{file}.sig", null, key);
        var first = await url.FetchAsync(source);
        Assert.Matches("^[0-9A-F]{40}$",
            (string?)first.Provenance["systems"]![X86]!["artifacts"]!["kernel"]!["signedBy"]);
        url.Watch("/d/linux");
        await url.FetchAsync(url.Request(source), first);
        Assert.Equal(0, url.Bodies("/d/linux"));
        // Other keys have never been asked.
        var e = await FailsAsync(SourceProblems.Unsigned,
            () => url.FetchAsync(url.Request(Source("{file}.sig", null, _signer.GpgKey("two@example.org"))), first));
        Assert.Contains("which is none of the source's keys", e.Message, StringComparison.Ordinal);
        url.Host.Put("/d/linux", FakeBoot.Kernel(9));
        e = await FailsAsync(SourceProblems.Unsigned, () => url.FetchAsync(url.Request(source), first));
        Assert.Contains("/d/linux is not what the key", e.Message, StringComparison.Ordinal);
        Assert.Empty(url.Lab.PartialFilesLeft);
    }

    public void Dispose() => _signer.Dispose();
}
