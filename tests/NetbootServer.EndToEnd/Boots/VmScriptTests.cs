using System.Diagnostics;
using System.Text.RegularExpressions;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary><c>make vm</c> on a server that has nothing yet.</summary>
[Collection(BootCollection.Name)]
public sealed class VmScriptTests(BootAssets assets)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Make_vm_brings_an_image_boots_it_and_ends_at_its_keys()
    {
        Assert.NotEmpty(assets.Kernel);
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        var start = new ProcessStartInfo(Path.Combine(Repository.LabScripts, "vm.sh"), [server.Url.ToString()]);
        start.Environment["NETBOOT_TOKEN"] = server.AdminToken;
        start.Environment["VM_MEMORY"] = "512";
        using var console = new ConsoleLog(TestArtifacts.OfThisTest().NewFile("vm.txt"));
        await using var vm = ChildProcess.Start(start, console, console);

        await console.WaitAsync(new Regex("MARKER stay\n"), Limit, 0, null, Ct);
        const string quit = "\x01x";
        await vm.Input.WriteAsync(quit.AsMemory(), Ct);
        await vm.Input.FlushAsync(Ct);
        await vm.WaitForExitAsync(Limit, Ct);

        Assert.Equal(0, vm.ExitCode);
        Assert.Contains("MARKER up ok", console.Text, StringComparison.Ordinal);
        var machine = await new AdminClient(server.Admin).GetAsync("/machines/vm", Ct);
        Assert.Equal("vm", machine.GetProperty("profile").GetString());
    }
}
