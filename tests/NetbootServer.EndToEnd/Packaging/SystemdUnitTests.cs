using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Packaging;

/// <summary>The units that tarballs and the Debian package bring.</summary>
public sealed class SystemdUnitTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-units-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task They_are_valid_and_what_systemd_calls_safe()
    {
        var units = new[] { "netboot-server.service", "netboot-server.socket" };
        foreach (var unit in units)
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src", "packaging", "systemd", unit),
                TestContext.Current.CancellationToken);
            // The program is not installed here.
            await File.WriteAllTextAsync(Path.Combine(_folder.FullName, unit),
                text.Replace("/usr/bin/netboot-server", "/bin/true", StringComparison.Ordinal),
                TestContext.Current.CancellationToken);
        }
        await LabScript.RunAsync("/usr/bin/systemd-analyze", ["verify", "--man=no", .. units.Select(Placed)]);
        // In tenths: systemd itself calls what is below 2.0 safe.
        await LabScript.RunAsync("/usr/bin/systemd-analyze",
            ["security", "--offline=true", "--threshold=20", Placed(units[0])]);
    }

    private string Placed(string unit) => Path.Combine(_folder.FullName, unit);
}
