using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NetbootServer.EndToEnd.Operations;

/// <summary>100,000 machines are a normal inventory.</summary>
public sealed class InventorySizeTests
{
    private const int Files = 10, MachinesOfEach = 10_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("category", "soak")]
    public async Task A_hundred_thousand_machines_in_files_are_taken_and_one_changed_line_changes_one()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-inventory-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "profile.yaml"),
                "images: {i: {source: {type: upload}}}\nprofiles: {p: {image: i}}\n", Ct);
            for (var i = 0; i < Files; i++)
                await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"rack{i}.yaml"), Machines(i), Ct);
            await using var server = await ServerProcess.StartAsync(
                ServerSetup.With(("Inventory:Directory", folder.FullName)), Ct);
            var api = new AdminClient(server.Admin);
            await api.WaitForAsync("/inventory", HasAll, TimeSpan.FromMinutes(5), Ct);
            var path = Path.Combine(folder.FullName, "rack3.yaml");
            await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path, Ct)).Replace("SN00030007",
                "SN-changed", StringComparison.Ordinal), Ct);
            var changed = await api.WaitForAsync("/machines/rack3-node7",
                machine => machine.GetProperty("serial").GetString() == "SN-changed", TimeSpan.FromMinutes(2), Ct);
            Assert.Equal(2, changed.GetProperty("revision").GetInt32());
            Assert.Equal(1, (await api.GetAsync("/machines/rack3-node8", Ct)).GetProperty("revision").GetInt32());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static bool HasAll(JsonElement view) => view.GetProperty("state").GetString() == "applied"
        && view.GetProperty("managed").GetProperty("machines").GetInt32() == Files * MachinesOfEach;

    private static string Machines(int file)
    {
        var text = new StringBuilder("machines:\n");
        for (var i = 0; i < MachinesOfEach; i++)
        {
            var number = (file * MachinesOfEach) + i;
            text.Append(CultureInfo.InvariantCulture, $"""
                  rack{file}-node{i}:
                    macs: ["52:54:{number >> 24:x2}:{number >> 16 & 255:x2}:{number >> 8 & 255:x2}:{number & 255:x2}"]
                    serial: SN{number:d8}
                    labels: {"{"}rack: "{file}", row: "{i % 40}", role: worker{"}"}
                    profile: p
                    kernelArguments: [console=ttyS0]

                """);
        }
        return text.ToString();
    }
}
