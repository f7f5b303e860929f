using NetbootServer.Overlays;

namespace NetbootServer.Tests.Overlays;

public sealed class OverlayMergeTests
{
    [Fact]
    public void A_machine_s_values_come_over_its_profile_s()
    {
        var profile = new Overlay
        {
            Hostname = "p", MachineId = "p", AuthorizedKeys = ["a", "b"],
            Files = [new() { Path = "/1", Content = "p" }, new() { Path = "/2", Content = "p" }],
        };
        var machine = new Overlay
        {
            Hostname = "m", AuthorizedKeys = ["b", "c"], Files = [new() { Path = "/2", Content = "m" }],
        };
        var merged = Overlay.Merge(profile, machine)!;
        Assert.Equal(("m", "p"), (merged.Hostname, merged.MachineId));
        Assert.Equal(["a", "b", "c"], merged.AuthorizedKeys!.Value);
        Assert.Equal([("/1", "p"), ("/2", "m")], merged.Files!.Value.Select(file => (file.Path, file.Content!)));
        Assert.Same(profile, Overlay.Merge(profile, null));
        Assert.Same(machine, Overlay.Merge(null, machine));
        Assert.Null(Overlay.Merge(null, null));
    }
}
