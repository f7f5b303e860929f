using NetbootServer.Downloads;
using NetbootServer.Images.Layouts;
using NetbootServer.Sources.Releases;

namespace NetbootServer.Tests.Sources.Releases;

public sealed class ReleaseScriptFilesTests
{
    private const string Unstable = "https://github.com/nix-community/nixos-images/releases/download/nixos-unstable/";

    [Theory]
    [InlineData(Unstable, "bzImage-x86_64-linux", "initrd-x86_64-linux", null)]
    [InlineData(Unstable, "bzImage", "initrd", null)]
    [InlineData(Unstable, "./bzImage-x86_64-linux", "./initrd-x86_64-linux", null)]
    [InlineData(Unstable, Unstable + "bzImage-x86_64-linux", Unstable + "initrd-x86_64-linux?raw=1", null)]
    [InlineData("https://github.com/nix-community/nixos-images/releases/latest/download/", Unstable +
        "bzImage-x86_64-linux", Unstable + "initrd-x86_64-linux", null)]
    [InlineData("http://mirror.example/nixos-unstable/", Unstable + "bzImage-x86_64-linux", Unstable +
        "initrd-x86_64-linux", null)]
    [InlineData("http://first:8080/images/nixos/", "http://first:8080/images/nixos@1a2b/bzImage-x86_64-linux",
        "http://first:8080/images/nixos@1a2b/initrd-x86_64-linux", null)]
    [InlineData(Unstable, "../nixos-26.05/bzImage-x86_64-linux", "initrd-x86_64-linux",
        "boots the kernel '../nixos-26.05/bzImage-x86_64-linux', which is in another folder")]
    [InlineData(Unstable, "bzImage-x86_64-linux", "../nixos-26.05/initrd-x86_64-linux", "boots the initrd")]
    [InlineData(Unstable, "https://github.com/nix-community/nixos-images/releases/download/nixos-26.05/bzImage-x86_64-linux", "initrd-x86_64-linux", "in another folder")]
    [InlineData(Unstable, "https://github.com/evil/nixos-images/releases/download/nixos-unstable/bzImage-x86_64-linux",
        "initrd-x86_64-linux", "in another folder")]
    [InlineData("http://mirror.example/nixos-26.05/", Unstable + "bzImage-x86_64-linux", "initrd-x86_64-linux",
        "in another folder")]
    [InlineData(Unstable, "old/bzImage-x86_64-linux", "initrd-x86_64-linux", "in another folder")]
    [InlineData(Unstable, "/bzImage-x86_64-linux", "initrd-x86_64-linux", "in another folder")]
    [InlineData(Unstable, "bzImage-aarch64-linux", "initrd-x86_64-linux", "it is of another build")]
    [InlineData(Unstable, "bzImage-x86_64-linux", "initrd-x86_64-linux-20240101", "it is of another build")]
    [InlineData(Unstable, "${base}/bzImage-x86_64-linux", "initrd-x86_64-linux", "names its kernel by a variable")]
    [InlineData(Unstable, "bzImage-x86_64-linux", "${base}initrd-x86_64-linux", "names its initrd by a variable")]
    [InlineData(Unstable, "http://[bad/bzImage-x86_64-linux", "initrd-x86_64-linux", "which is no URL")]
    public void A_script_boots_the_files_beside_it(string folder, string kernel, string initrd, string? message)
    {
        var files = new ReleaseScriptFiles(new(folder), "netboot-x86_64-linux.ipxe", "x86_64-linux");
        var script = new IpxeReleaseScript(kernel, [initrd], []);
        var fault = Record.Exception(() => files.Check(script, "bzImage-x86_64-linux", "initrd-x86_64-linux"));
        if (message is null)
        {
            Assert.Null(fault);
            return;
        }
        Assert.Equal(SourceProblems.NotBootable, Assert.IsType<SourceException>(fault).Problem);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_with_a_further_initrd_is_no_release_s()
    {
        var files = new ReleaseScriptFiles(new(Unstable), "netboot-x86_64-linux.ipxe", "x86_64-linux");
        var e = Assert.Throws<SourceException>(() =>
            files.Check(new IpxeReleaseScript("bzImage", ["initrd", "firmware"], []), "bzImage-x86_64-linux",
                "initrd-x86_64-linux"));
        Assert.Contains("loads 2 initrds", e.Message, StringComparison.Ordinal);
    }
}
