using NetbootServer.Boots.Planning;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using static NetbootServer.Tests.Boots.PlannerWorld;

namespace NetbootServer.Tests.Boots.Planning;

public sealed class BootPlannerTests
{
    private static readonly Profile[] Profiles =
    [
        Profile("own", after: "local"), Profile("rescue"), Profile("rack", selector: "rack=7"),
        Profile("rack-high", 5, "rack=7"),
        Profile("rack-too", 5, "rack=7"), Profile("rack-gpu", selector: "rack=7 gpu=yes"),
        Profile("arm", selector: "arch=aarch64"),
        Profile("dell", 9, "manufacturer=Dell"),
    ];

    private static BootPlan Plan(Machine? machine, string query = "", string unknown = "wait", string? menu = null) =>
        BootPlanner.Plan(View(machine, Profiles, unknown: unknown),
            MachineIdentity.FromQuery("mac=525400aabb01&" + query), menu);

    public static TheoryData<string, string, string> Order => new()
    {
        { "next boot before all", "rescue LoadKernel", "next" },
        { "next boot to local disk", "- BootLocalDisk", "next-local" },
        { "local after a success of the profile", "own BootLocalDisk", "done" },
        { "not after another's success", "own LoadKernel", "done-other" },
        { "its own profile before a selector", "own LoadKernel", "own" },
        { "the selector with the most labels before the higher priority", "rack-gpu LoadKernel", "labels" },
        { "then the higher priority, then the name", "rack-high LoadKernel", "rack" },
        { "what the firmware says counts", "dell LoadKernel", "dell" },
        { "a profile without a selector never matches", "- WaitForApproval", "nothing" },
        { "a discovered machine's stored profile does not count", "- WaitForApproval", "discovered" },
        { "a person's choice before all", "rescue LoadKernel", "menu" },
    };

    [Theory]
    [MemberData(nameof(Order))]
    public void A_machine_gets(string rule, string expected, string which)
    {
        Assert.NotNull(rule);
        var plan = which switch
        {
            "next" => Plan(Machine("m", profile: "own", next: Next("rescue"), completed: "own")),
            "next-local" => Plan(Machine("m", profile: "own", next: Next(action: "local"))),
            "done" => Plan(Machine("m", profile: "own", completed: "own")),
            "done-other" => Plan(Machine("m", profile: "own", completed: "rescue")),
            "own" => Plan(Machine("m", profile: "own", labels: "rack=7 gpu=yes")),
            "labels" => Plan(Machine("m", labels: "rack=7 gpu=yes")),
            "rack" => Plan(Machine("m", labels: "rack=7")),
            "dell" => Plan(Machine("m", labels: "rack=7"), "manufacturer=Dell"),
            "discovered" => Plan(Machine("m", MachineState.Discovered, profile: "own", labels: "rack=7")),
            "menu" => Plan(Machine("m", profile: "own", next: Next(action: "local")), menu: "rescue"),
            _ => Plan(Machine("m")),
        };
        Assert.Equal(expected, $"{plan.Profile?.Name ?? "-"} {plan.Action.GetType().Name}");
        Assert.NotEmpty(plan.Reason);
        Assert.False(plan.Reason.EndsWith('.'));
    }

    [Fact]
    public void Every_profile_is_told_with_its_reason_the_winner_first()
    {
        var candidates = ProfileChoice.Explain(ProfileSet.Of(Profiles), Machine("m", labels: "rack=7"),
            MachineIdentity.FromQuery("mac=525400aabb01"));
        Assert.Equal(Profiles.Length, candidates.Length);
        Assert.Equal(("rack-high", true), (candidates[0].Profile, candidates[0].Matched));
        Assert.Single(candidates, candidate => candidate.Matched);
        Assert.Equal("matches as well with the same priority, but 'rack-high' comes first by name", Why("rack-too"));
        Assert.Equal("matches as well, but 'rack-high' has the higher priority (5 against 0)", Why("rack"));
        Assert.Equal("its selector wants gpu=yes; the machine has no gpu", Why("rack-gpu"));

        string Why(string profile) => candidates.Single(candidate => candidate.Profile == profile).Why;
    }

    [Theory]
    [InlineData("rack=7", null, "LoadKernel")]
    [InlineData("rack=7", MachineState.Discovered, "LoadKernel")]
    [InlineData("rack=7", MachineState.Registered, "WaitForApproval")]
    public void Labels_of_the_query_count_for_machines_that_are_not_registered(string query, MachineState? state,
        string action) =>
        Assert.Equal(action, Plan(state is { } known ? Machine("m", known) : null, query).Action.GetType().Name);

    [Theory]
    [InlineData("wait", "WaitForApproval")]
    [InlineData("local", "BootLocalDisk")]
    [InlineData("menu", "ShowMenu")]
    [InlineData("rescue", "LoadKernel")]
    [InlineData("gone", "CannotBoot")]
    public void An_unknown_machine_gets_what_the_setting_says(string unknown, string action) =>
        Assert.Equal(action, Plan(null, unknown: unknown).Action.GetType().Name);

    [Fact]
    public void A_menu_lists_what_the_machine_could_boot()
    {
        var menu = Assert.IsType<ShowMenu>(Plan(null, "arch=x86_64", "menu").Action);
        Assert.Equal(Profiles.Select(profile => profile.Name).Order(StringComparer.Ordinal),
            menu.Choices.Select(choice => choice.Profile).OfType<string>());
        Assert.All(Assert.IsType<ShowMenu>(Plan(null, "arch=riscv64", "menu").Action).Choices,
            choice => Assert.Null(choice.Profile));
        Assert.Equal(("again", 60), (menu.Default, menu.TimeoutSeconds));
    }

    [Fact]
    public void A_profile_with_a_menu_shows_it_and_what_is_chosen_there_boots()
    {
        var plain = Profile("own");
        var own = plain with
        {
            Spec = plain.Spec with
            {
                Menu = new()
                {
                    Title = "Room 7", Default = "rescue", TimeoutSeconds = 5,
                    Entries = [new("Install", "own", null), new(null, "rescue", null), new("The disk", null, "local")],
                },
            },
        };
        var view = View(Machine("m", profile: "own"), [own, Profile("rescue")]);
        var menu = Assert.IsType<ShowMenu>(BootPlanner.Plan(view, MachineIdentity.FromQuery(""), null).Action);
        Assert.Equal(("Room 7", "p1", 5), (menu.Title, menu.Default, menu.TimeoutSeconds));
        Assert.Equal(["p0 Install own", "p1 rescue rescue", "local The disk "],
            menu.Choices.Select(choice => $"{choice.Key} {choice.Label} {choice.Profile}"));
        foreach (var chosen in new[] { "own", "rescue" })
        {
            var plan = BootPlanner.Plan(view, MachineIdentity.FromQuery(""), chosen);
            Assert.IsType<LoadKernel>(plan.Action);
            Assert.Equal(chosen, plan.Profile!.Name);
        }
    }

    [Fact]
    public void Arguments_come_from_the_image_then_the_profile_then_the_machine()
    {
        var view = View(Machine("m", profile: "p", arguments: "m=1"), [Profile("p", arguments: "p=1")]);
        var load = Assert.IsType<LoadKernel>(BootPlanner.Plan(view, MachineIdentity.FromQuery(""), null).Action);
        Assert.Equal(["init=/init", "p=1", "m=1"], load.KernelArguments);
    }

    public static TheoryData<string, BootPlan, string> Cannot => new()
    {
        { "no version yet", For(Profile("p"), Image("img", null)), "WaitForImage: image 'img' has no version yet" },
        { "another image", For(Profile("p", image: "gone")),
            "CannotBoot: profile 'p' wants image 'gone', which does not exist" },
        { "a pinned version that is gone", For(Profile("p", version: "abc")),
            "CannotBoot: profile 'p' pins version abc of 'img', which is not kept" },
        { "another architecture", For(Profile("p"), query: "arch=aarch64"),
            "CannotBoot: image 'img' has nothing for aarch64-linux, only x86_64-linux" },
        { "an unknown variant", For(Profile("p", variant: "db")),
            "CannotBoot: image 'img' has no variant 'db' for x86_64-linux" },
        { "the machine's own variant", For(Profile("p", variant: "{machine}")),
            "CannotBoot: image 'img' has no variant 'm' for x86_64-linux" },
        { "a variant that is there", For(Profile("p", variant: "web")),
            "LoadKernel: profile 'p': is the machine's own profile" },
    };

    [Theory]
    [MemberData(nameof(Cannot))]
    public void A_profile_with(string what, BootPlan plan, string expected)
    {
        Assert.NotNull(what);
        Assert.Equal(expected, $"{plan.Action.GetType().Name}: {plan.Reason}");
    }

    [Theory]
    [InlineData("auto", "repeat", false, "ready",
        "no boot of this version has fetched its files, reported ready and phoned home yet")]
    [InlineData("auto", "repeat", true, "up", "a boot of this version that had fetched its files has phoned home")]
    [InlineData("auto", "local", true, "ready", "profile 'p' says after: local, and then expects: auto is ready")]
    [InlineData("ready", "repeat", true, "ready", "profile 'p' says expects: ready")]
    [InlineData("up", "repeat", false, "up", "profile 'p' says expects: up")]
    [InlineData("up", "local", false, "up", "profile 'p' says expects: up")]
    public void Success_is_what_the_profile_expects(string expects, string after, bool phonesHome, string expected,
        string why)
    {
        var version = Version("x86_64-linux");
        var plan = For(Profile("p", expects: expects, after: after),
            Image("img", phonesHome ? version.Phoning() : version));
        Assert.Equal(new(expected, why), Assert.IsType<LoadKernel>(plan.Action).Expects);
    }

    private static BootPlan For(Profile profile, NetbootServer.Images.Image? image = null, string query = "") =>
        BootPlanner.Plan(
        View(Machine("m", profile: "p"), [profile], image is null ? null : [image]), MachineIdentity.FromQuery(query),
        null);
}
