using NetbootServer.Kexec;

namespace NetbootServer.Tests.Kexec;

/// <summary>Kernel arguments are found in the scripts of tarballs, upstream's and our own.</summary>
public sealed class UpstreamRunTests
{
    private const string CommandLine = "init=/nix/store/x-nixos/init console=tty0 root=fstab";

    /// <summary><c>nix/images/kexec-tarball.sh</c> fills in the values of the server's own script.</summary>
    [Fact]
    public void In_the_server_s_own_script()
    {
        var script = File.ReadAllText(Path.Combine(Repository.Product, "Kexec", "run.sh"))
            .Replace("=@command_line@", $"='{CommandLine}'", StringComparison.Ordinal);
        Assert.Equal(CommandLine.Split(' '), UpstreamRun.ArgumentsOf(script));
    }

    /// <summary>nixos-images, nix/kexec-installer/kexec-run.sh.</summary>
    [Theory]
    [InlineData("init='/nix/store/x-nixos/init'\nkernelParams='console=tty0 root=fstab'\n" +
        "kexec --load bzImage --initrd=initrd --no-checks --command-line \"init=$init $kernelParams\"\n")]
    [InlineData("kexec --load bzImage --command-line 'init=/nix/store/x-nixos/init console=tty0 root=fstab'\n")]
    public void In_that_of_nixos_images(string script) =>
        Assert.Equal(CommandLine.Split(' '), UpstreamRun.ArgumentsOf(script));

    [Theory]
    [InlineData("echo nothing\n")]
    [InlineData("kexec --command-line \"init=$unknown\"\n")]
    [InlineData("kexec --command-line \"init=$(cat init)\"\n")]
    public void What_only_a_shell_could_tell_is_none(string script) => Assert.Null(UpstreamRun.ArgumentsOf(script));
}
