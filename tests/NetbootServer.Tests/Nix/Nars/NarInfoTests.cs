using System.Text;
using NetbootServer.Archives;
using NetbootServer.Nix.Nars;
using NSec.Cryptography;

namespace NetbootServer.Tests.Nix.Nars;

public sealed class NarInfoTests
{
    // Written and signed by Nix 2.8.
    private const string Hello = """
        StorePath: /nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello
        URL: nar/0i1nz90zm7j615nri4virbh6s8vvhfv5is8x2zbkdglsra3k22vj.nar.zst
        Compression: zstd
        FileHash: sha256:0i1nz90zm7j615nri4virbh6s8vvhfv5is8x2zbkdglsra3k22vj
        FileSize: 182
        NarHash: sha256:1jnjrrx5j00br5923vvrhmnbryn68h5782i0vad99xcsask7d4rx
        NarSize: 344
        References: zsjw829c0vigxvkimapcqz4bnxks63sa-sh
        Deriver: jz6y6ngil62rm8f6i66ysvr74vrrr9ny-hello.drv
        Sig: test-1:XAqULlkviC2/3qX0lgZ7AUZwCYBAKU6V3G071K1TcJ7njvSPUz76qdOoTm2NYtAgpOADKjrWRlp4vRUyrf0BCg==

        """;

    [Fact]
    public void A_narinfo_of_Nix_is_read_whole()
    {
        var info = Parse(Hello);
        Assert.Equal("hello", info.Path.Name);
        Assert.Equal("nar/0i1nz90zm7j615nri4virbh6s8vvhfv5is8x2zbkdglsra3k22vj.nar.zst", info.Url);
        Assert.Equal(NarCompression.Zstd, info.Compression);
        Assert.Equal(182, info.FileSize);
        Assert.Equal(344, info.NarSize);
        Assert.Equal(["sh"], info.References.Select(path => path.Name));
        Assert.Equal("jz6y6ngil62rm8f6i66ysvr74vrrr9ny-hello.drv", info.Deriver);
        Assert.Equal("1;/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello;" +
            "sha256:1jnjrrx5j00br5923vvrhmnbryn68h5782i0vad99xcsask7d4rx;344;" +
            "/nix/store/zsjw829c0vigxvkimapcqz4bnxks63sa-sh", info.Fingerprint);
    }

    [Fact]
    public void Without_a_word_about_compression_it_is_bzip2()
    {
        Assert.Equal(NarCompression.Bzip2, Parse(Hello.Replace("Compression: zstd\n", "", StringComparison.Ordinal))
            .Compression);
        Assert.Equal(NarCompression.Bzip2,
            Parse(Hello.Replace("Compression: zstd", "Compression: ", StringComparison.Ordinal)).Compression);
    }

    [Fact]
    public void Unknown_keys_and_missing_optional_ones_are_no_matter()
    {
        var info = Parse(Hello.Replace("FileSize: 182", "Mood: fine", StringComparison.Ordinal)
            .Replace("Deriver: jz6y6ngil62rm8f6i66ysvr74vrrr9ny-hello.drv", "Deriver: unknown-deriver",
                StringComparison.Ordinal)
            .Replace("References: zsjw829c0vigxvkimapcqz4bnxks63sa-sh", "References: ", StringComparison.Ordinal));
        Assert.Null(info.FileSize);
        Assert.Null(info.Deriver);
        Assert.Empty(info.References);
    }

    [Theory]
    [InlineData("StorePath: /nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello", "StorePath: /etc/passwd",
        "its StorePath '/etc/passwd'")]
    [InlineData("StorePath: /nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello\n", "", "it has no StorePath")]
    [InlineData("NarHash: sha256:1", "NarHash: sha256:z", "its NarHash")]
    [InlineData("NarHash: sha256:1", "NarHash: md5:1", "its NarHash")]
    [InlineData("NarSize: 344", "NarSize: 0", "its NarSize '0'")]
    [InlineData("NarSize: 344", "NarSize: -1", "its NarSize '-1'")]
    [InlineData("NarSize: 344", "NarSize: 99999999999999999999", "its NarSize")]
    [InlineData("NarSize: 344", "NarSize: 344\nNarSize: 345", "'NarSize' stands twice")]
    [InlineData("Compression: zstd", "Compression: lzma", "its compression 'lzma' is not supported")]
    [InlineData("References: z", "References: ../../etc z", "its reference '../../etc' is no store path")]
    [InlineData("URL: nar/", "URL nar/", "is no line of 'Key: Value'")]
    public void A_bad_narinfo_is_refused_with_what_is_wrong(string old, string changed, string message)
    {
        var e = Assert.Throws<InvalidDataException>(() => Parse(Hello.Replace(old, changed, StringComparison.Ordinal)));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_HTML_page_or_a_narinfo_without_end_is_refused_and_little_of_it_quoted()
    {
        var page = Assert.Throws<InvalidDataException>(() => Parse("<html>\u001b[31m" + new string('x', 5000)));
        Assert.Contains("<html>\\x1b[31mxxx", page.Message, StringComparison.Ordinal);
        Assert.True(page.Message.Length < 200, page.Message);
        Assert.Throws<InvalidDataException>(() => Parse(new string('\n', NarInfo.MaxBytes + 1)));
    }

    [Fact]
    public void A_signature_holds_for_its_key_and_its_words_alone()
    {
        using var key = Key.Create(SignatureAlgorithm.Ed25519);
        var trusted = KeyOf("test-1", key);
        var info = Parse(Hello);
        var signature = Sign("test-1", key, info.Fingerprint);

        Assert.True(trusted.Signed(signature, info.Fingerprint));
        Assert.False(trusted.Signed(signature, (info with { NarSize = 345 }).Fingerprint));
        Assert.False(trusted.Signed(Sign("test-2", key, info.Fingerprint), info.Fingerprint));
        Assert.False(trusted.Signed(info.Signatures[0], info.Fingerprint));
        Assert.False(trusted.Signed("test-1:" + new string('A', 88), info.Fingerprint));
        Assert.False(trusted.Signed("test-1:", info.Fingerprint));
        Assert.False(trusted.Signed("", info.Fingerprint));
        using var other = Key.Create(SignatureAlgorithm.Ed25519);
        Assert.False(KeyOf("test-1", other).Signed(signature, info.Fingerprint));
    }

    [Theory]
    [InlineData("cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=", true)]
    [InlineData("cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShg==", false)]
    [InlineData("cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=6NCHdD59", false)]
    [InlineData("cache.nixos.org-1", false)]
    [InlineData(":6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=", false)]
    [InlineData("", false)]
    public void A_public_key_has_a_name_and_32_bytes(string text, bool good) =>
        Assert.Equal(good, CacheKey.TryParse(text, out _));

    private static NarInfo Parse(string text) => NarInfo.Parse(Encoding.UTF8.GetBytes(text));

    private static CacheKey KeyOf(string name, Key key)
    {
        var text = $"{name}:{Convert.ToBase64String(key.PublicKey.Export(KeyBlobFormat.RawPublicKey))}";
        Assert.True(CacheKey.TryParse(text, out var parsed));
        return parsed;
    }

    private static string Sign(string name, Key key, string fingerprint) =>
        $"{name}:{Convert.ToBase64String(SignatureAlgorithm.Ed25519.Sign(key, Encoding.UTF8.GetBytes(fingerprint)))}";
}
