using System.Diagnostics;
using System.Security.Cryptography;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.SelfTests;

[Collection(BootCollection.Name)]
public sealed class ScriptTests(BootAssets assets)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ShellCheck_has_nothing_to_say()
    {
        var guest = Path.Combine(Repository.LabScripts, "initrd");
        await ShellCheckAsync("bash", Directory.GetFiles(Repository.LabScripts, "*.sh"));
        await ShellCheckAsync("dash", Directory.GetFiles(guest));
        // The folder's scripts name their shell.
        var nix = Directory.GetFiles(Path.Combine(Repository.Root, "nix"), "*.sh", SearchOption.AllDirectories);
        await ShellCheckAsync("bash", [.. nix.Where(IsOfBash)]);
        await ShellCheckAsync("dash", [.. nix.Where(file => !IsOfBash(file))]);
    }

    [Fact]
    public async Task The_same_pieces_give_the_same_initrd()
    {
        Assert.NotEmpty(assets.Kernel);
        var first = await BootAssets.InitrdAsync(mebibytes: 1);
        var bytes = await File.ReadAllBytesAsync(first.Path, Ct);
        File.Delete(first.Path);
        var second = await BootAssets.InitrdAsync(mebibytes: 1);

        Assert.Equal(first.Path, second.Path);
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(await File.ReadAllBytesAsync(second.Path, Ct)));
        Assert.Single(second.ExtraDigests, extra => extra.Key == "/extra/pad");
    }

    private static bool IsOfBash(string file) =>
        File.ReadLines(file).First().EndsWith("bash", StringComparison.Ordinal);

    private static async Task ShellCheckAsync(string shell, string[] files)
    {
        Assert.NotEmpty(files);
        var start = new ProcessStartInfo("shellcheck", [$"--shell={shell}", .. files])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var complaints = await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, complaints);
    }
}
