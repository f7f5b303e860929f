using System.Text;
using NetbootServer.Downloads;
using NetbootServer.Sources.Urls;

namespace NetbootServer.Tests.Sources.Urls;

public sealed class SumsFileTests
{
    private static readonly string A = new('a', 64), B = new('b', 64), C = new('c', 128);
    private static readonly SourceRules Rules = new(Microsoft.Extensions.Options.Options.Create(new SourcesOptions()));

    [Fact]
    public void Every_form_that_tools_write_is_read()
    {
        Assert.Equal(A, Find($"{A}  linux\n"));
        Assert.Equal(A, Find($"{A} *linux\n"));
        Assert.Equal(A, Find($"{A.ToUpperInvariant()}  ./linux\r\n{B}  other\r\n"));
        Assert.Equal(A, Find($"SHA256 (linux) = {A}\nSHA256 (other) = {B}\n"));
        Assert.Equal(C, Find($"{C}  linux\n"));
        Assert.Equal(C, Find($"SHA512 (linux) = {C}\n"));
        Assert.Equal(A, Find($"\uFEFF# made by hand\n\n{A}  linux"));
        Assert.Equal(A, Find($"MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 1 linux\nSHA256:\n {A} 154 linux\n"));
        Assert.Equal(C, Find($"# BLAKE2B HASH\n{new string('d', 128)}  linux\n# SHA512 HASH\n{C}  linux\n"));
        Assert.Equal(A, Find($"SHA512 (linux) = {C}\nSHA256 (linux) = {A}\n"));
        Assert.Equal(A, Find($"{A}\n"));
        Assert.Equal(A, Find($"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{A}  linux\n"));
    }

    [Theory]
    [InlineData("http://a.example/pub/8/SHA256SUMS", "http://a.example/pub/8/netboot/linux", "netboot/linux")]
    [InlineData("http://a.example/pub/8/SHA256SUMS", "http://mirror.example/x/8/netboot/linux", "netboot/linux")]
    [InlineData("http://a.example/pub/8/SHA256SUMS", "http://mirror.example/x/linux", "linux")]
    [InlineData("http://a.example/pub/8/SHA256SUMS", "http://a.example/pub/8/a%20b/linux", "a b/linux")]
    public void Names_are_relative_to_the_list_or_end_the_path_of_a_mirror(string list, string file, string name) =>
        Assert.Equal(A, Find($"{B}  other/linux\n{A}  {name}\n", list, file));

    [Fact]
    public void The_longest_name_that_fits_counts()
    {
        const string List = "http://a.example/8/SHA256SUMS";
        Assert.Equal(A, Find($"{B}  linux\n{A}  netboot/linux\n", List, "http://b.example/x/netboot/linux"));
        Assert.Equal(B, Find($"{B}  linux\n{A}  netboot/linux\n", List, "http://b.example/x/cdrom/linux"));
        // Right below the list its own names count before all others.
        Assert.Equal(A, Find($"{B}  8/linux\n{A}  linux\n", List, "http://a.example/8/linux"));
    }

    [Fact]
    public void Another_file_of_the_same_name_below_the_list_does_not_pass()
    {
        const string List = "http://a.example/images/SHA256SUMS", Other = "http://a.example/images/gtk/initrd.gz";
        var e = Assert.Throws<SourceException>(() => Find($"{A}  initrd.gz\n", List, Other));
        Assert.Contains("has no digest of initrd.gz", e.Message, StringComparison.Ordinal);
        Assert.Equal(B, Find($"{A}  initrd.gz\n{B}  gtk/initrd.gz\n", List, Other));
        Assert.Equal(B, Find($"{A}  initrd.gz\n{B}  images/gtk/initrd.gz\n", List, Other));
    }

    [Fact]
    public void A_list_that_contradicts_itself_is_refused_but_not_one_that_repeats_itself()
    {
        Assert.Equal(A, Find($"{A}  linux\n{A} *./linux\n"));
        Assert.Contains("has several different digests of 'linux'", Fails($"{A}  linux\n{B}  linux\n"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_there_is_told_with_what_is()
    {
        Assert.Contains("has no digest of linux among its 1, such as 'other'", Fails($"{A}  other\n"),
            StringComparison.Ordinal);
        Assert.Contains("has no digest of linux", Fails($"{A}  ../linux\n{A}  x//linux\n{B}  y\n"),
            StringComparison.Ordinal);
        Assert.Contains("is no list of SHA-256 or SHA-512 digests; it begins with '<html>'", Fails("<html>"),
            StringComparison.Ordinal);
        Assert.Contains("it begins with '\\x00\\xff", Fails(Encoding.Latin1.GetString([0, 255, 1]), Encoding.Latin1),
            StringComparison.Ordinal);
        Assert.Contains("is no list", Fails($"d41d8cd98f00b204e9800998ecf8427e  linux\n"), StringComparison.Ordinal);
        Assert.Contains("is no list", Fails($"{new string('x', 5000)}{A}  linux\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_as_long_as_allowed_is_read_in_seconds()
    {
        var line = Encoding.ASCII.GetBytes($"{A}  0123456\n");
        var bytes = new byte[SumsFile.MaxBytes];
        for (var at = 0; at + line.Length <= bytes.Length; at += line.Length)
        {
            line.CopyTo(bytes, at);
            Encoding.ASCII.GetBytes($"{at:x7}").CopyTo(bytes, at + 66);
        }
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        var list = SumsFile.Parse(bytes, Rules.Root("http://a.example/SHA256SUMS"));
        Assert.NotNull(list.Find(Rules.Root("http://a.example/0000000")));
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 20);
    }

    private static string Fails(string text, Encoding? encoding = null) =>
        Assert.Throws<SourceException>(() => Find(text, encoding: encoding)).Message;

    private static string Find(string text, string list = "http://a.example/8/SHA256SUMS",
        string file = "http://a.example/8/linux", Encoding? encoding = null)
    {
        var found = SumsFile.Parse((encoding ?? Encoding.UTF8).GetBytes(text), Rules.Root(list)).Find(Rules.Root(file));
        return found.Sha512 ?? found.Sha256.ToString()!;
    }
}
