using System.Collections.Immutable;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;
using static NetbootServer.Tests.Boots.PlannerWorld;

namespace NetbootServer.Tests.Boots.Planning;

/// <summary>Images that a machine cannot load, or has no memory for, are warned of in its plan.</summary>
public sealed class SizeWarningTests
{
    private const long MiB = 1 << 20, GiB = 1 << 30;

    [Theory]
    [InlineData(48, null, 200, true), InlineData(48, null, 204, false)] // 3 × 48 + 60
    [InlineData(48, 99L, 221, true), InlineData(48, 99L, 222, false)] // 1.15 × 99 + 48 + 60
    [InlineData(48, null, 0, false)] // old iPXE does not say
    public void Memory_that_is_short_of_the_image_s_need_is_warned_of(int initrd, long? unpacked, int memory,
        bool warned)
    {
        var plan = Plan(initrd * MiB, unpacked * MiB, "pcbios", memory);
        Assert.Equal(warned, plan.WarningCodes.Contains(PlanWarnings.MemoryShort));
        if (warned)
            Assert.Contains(plan.Warnings, text => text.Contains($"reported {memory}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2 * GiB, "pcbios", true), InlineData(2 * GiB, "efi", false), InlineData(GiB, "pcbios", false)]
    public void Files_beyond_what_a_BIOS_iPXE_loads_are_warned_of(long initrd, string platform, bool warned) =>
        Assert.Equal(warned,
            Plan(initrd, null, platform, 65_536).WarningCodes.Contains(PlanWarnings.FilesTooLarge));

    [Fact]
    public void What_the_booted_system_could_fetch_instead_is_said()
    {
        var large = Plan(GiB, null, "pcbios", 65_536, new("initrd2", new string('c', 64), GiB),
            new("initrd3", new string('d', 64), 1000));
        Assert.Contains(large.Warnings, text => text.Contains("could fetch initrd2 (1024 MiB) itself",
            StringComparison.Ordinal) && text.Contains("{{ file \"initrd2\" }}", StringComparison.Ordinal)
            && !text.Contains("initrd3", StringComparison.Ordinal));
        var single = Plan(GiB, null, "efi", 1024);
        Assert.Contains(single.Warnings, text => text.Contains("None of its files", StringComparison.Ordinal));
    }

    private static PlanAnswer Plan(
        long initrd, long? unpacked, string platform, int memory, params NamedArtifact[] more)
    {
        var version = Version("x86_64-linux");
        var recipe = version.Systems["x86_64-linux"] with
        {
            Initrds = [new("initrd", new string('b', 64), initrd), .. more],
            UnpackedBytes = unpacked,
        };
        version = version with { Systems = version.Systems.SetItem("x86_64-linux", recipe) };
        var machine = Machine("node", profile: "p", arch: "x86_64");
        var view = View(machine, [Profile("p")], [Image("img", version)]);
        var identity = MachineIdentity.FromReport([new("mac", "52:54:00:aa:bb:01"), new("platform", platform),
            new("arch", "x86_64"), .. memory == 0 ? ImmutableArray<KeyValuePair<string, string>>.Empty
                : [new("mem", $"{memory}")]]);
        return PlanAnswer.Of(view, new(machine, identity, []), new ScriptLinks("http://10.0.0.1:8080"),
            new OverlayPreview(null!)); // no machine here has an overlay
    }
}
