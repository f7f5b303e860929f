using System.Collections.Immutable;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
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

    private static PlanAnswer Plan(long initrd, long? unpacked, string platform, int memory)
    {
        var version = Version("x86_64-linux");
        var recipe = version.Systems["x86_64-linux"] with
        {
            Initrds = [new("initrd", new string('b', 64), initrd)],
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
