using System.Collections.Immutable;
using NetbootServer.Boots.Planning;
using NetbootServer.Images;
using NetbootServer.Machines;
using static NetbootServer.Tests.Boots.PlannerWorld;

namespace NetbootServer.Tests.Boots.Planning;

/// <summary>What a machine starts of a recipe, by its firmware.</summary>
public sealed class FirmwareTests
{
    private static readonly Artifact Kernel = new(new string('a', 64), 1), Efi = new(new string('e', 64), 1);

    private static BootPlan Plan(Recipe recipe, string query, string? variant = null)
    {
        var system = variant is null ? (SystemRecipe)recipe
            : new SystemRecipe { Variants = ImmutableSortedDictionary<string, Recipe>.Empty.Add(variant, recipe) };
        var systems = ImmutableSortedDictionary<string, SystemRecipe>.Empty.Add("x86_64-linux", system);
        var version = new ImageVersion("v", "img", default, systems)
        { Sequence = 1 };
        return BootPlanner.Plan(View(Machine("m", profile: "p", variant: variant), [Profile("p")],
            [Image("img", version)]),
            MachineIdentity.FromQuery("mac=525400aabb01&" + query), null);
    }

    [Theory]
    [InlineData("both", "platform=pcbios", "kernel")]
    [InlineData("both", "platform=efi", "efi")]
    [InlineData("both", "", "kernel")]
    [InlineData("kernel", "platform=pcbios", "kernel")]
    [InlineData("kernel", "platform=efi", "kernel")]
    [InlineData("efi", "platform=efi", "efi")]
    [InlineData("efi", "", "efi")]
    [InlineData("efi", "platform=pcbios", "cannot")]
    [InlineData("neither", "platform=efi", "cannot")]
    public void A_machine_starts(string recipe, string query, string started)
    {
        var of = new SystemRecipe
        {
            Kernel = recipe is "kernel" or "both" ? Kernel : null, Efi = recipe is "efi" or "both" ? Efi : null,
        };
        foreach (var plan in new[] { Plan(of, query),
            Plan(new Recipe { Kernel = of.Kernel, Efi = of.Efi }, query, "web") })
        {
            if (started == "cannot") Assert.IsType<CannotBoot>(plan.Action);
            else Assert.Equal(started == "efi" ? Efi : Kernel, Assert.IsType<LoadKernel>(plan.Action).Program);
        }
    }

    [Fact]
    public void A_BIOS_machine_reads_why_an_EFI_program_is_nothing_for_it()
    {
        var plan = Plan(new SystemRecipe { Efi = Efi }, "platform=pcbios");
        Assert.Equal("image 'img' has only an EFI program for x86_64-linux, and this machine booted by BIOS: " +
            "set its firmware to UEFI, or give it another image", plan.Reason);
    }
}
