using NetbootServer.Downloads;
using NetbootServer.Images.Layouts;

namespace NetbootServer.Tests.Images.Layouts;

public sealed class IpxeReleaseScriptTests
{
    [Fact]
    public void A_published_script_says_kernel_initrd_and_arguments()
    {
        var script = IpxeReleaseScript.Parse("""
            #!ipxe
            # Use the cmdline variable to allow the user to specify custom kernel params
            # when chainloading this script from other iPXE scripts like netboot.xyz
            kernel https://github.com/x/y/bzImage-x86_64-linux init=/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-nixos-26.05/init initrd=initrd-x86_64-linux nohibernate root=fstab loglevel=4 lsm=landlock,yama,bpf dyndbg="file a.c +p; file b.c +p" ${cmdline}
            initrd https://github.com/x/y/initrd-x86_64-linux
            boot
            """, "netboot.ipxe");
        Assert.Equal("https://github.com/x/y/bzImage-x86_64-linux", script.Kernel);
        Assert.Equal(["https://github.com/x/y/initrd-x86_64-linux"], script.Initrds);
        Assert.Equal(["init=/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-nixos-26.05/init", "nohibernate",
            "root=fstab", "loglevel=4",
            "lsm=landlock,yama,bpf", "dyndbg=\"file a.c +p; file b.c +p\""], script.Arguments);
    }

    [Fact]
    public void Options_and_what_to_do_on_failure_are_no_arguments()
    {
        var script = IpxeReleaseScript.Parse("#!ipxe\r\n:again\r\nimgfree\r\nkernel --timeout 100 --name kernel " +
            "/bzImage init=/init || goto failed\r\n" +
            "initrd --name initrd /initrd || goto failed\r\nboot || goto failed\r\n:failed\r\nsleep 5\r\ngoto " +
            "again\r\n", "netboot.ipxe");
        Assert.Equal("/bzImage", script.Kernel);
        Assert.Equal(["/initrd"], script.Initrds);
        Assert.Equal(["init=/init"], script.Arguments);
    }

    [Theory]
    [InlineData("<html>", "is no iPXE script; it begins with '<html>'")]
    [InlineData("", "is no iPXE script")]
    [InlineData("#!ipxe\nboot", "has 0 kernel and 0 initrd commands")]
    [InlineData("#!ipxe\nkernel a\nkernel b\ninitrd c", "has 2 kernel and 1 initrd commands")]
    [InlineData("#!ipxe\nkernel a\n", "has 1 kernel and 0 initrd commands")]
    [InlineData("#!ipxe\nkernel a\ninitrd\n", "has 1 kernel and 1 initrd commands")]
    [InlineData("#!ipxe\nkernel\ninitrd a\n", "has a kernel command without a file")]
    [InlineData("#!ipxe\nkernel a init=${evil}\ninitrd a\n", "'init=${evil}', which must not contain '${'")]
    [InlineData("#!ipxe\nkernel a x=\u00e9\ninitrd a\n", "'x=\\xc3\\xa9', which must be printable ASCII")]
    public void Anything_else_is_not_guessed_at(string text, string message)
    {
        var e = Assert.Throws<SourceException>(() => IpxeReleaseScript.Parse(text, "netboot.ipxe"));
        Assert.Equal(SourceProblems.NotBootable, e.Problem);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
