using System.Collections.Immutable;
using CsCheck;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;

namespace NetbootServer.Tests.Boots.Scripts;

public sealed class BootScriptTests
{
    private static readonly ScriptLinks Links = new("http://10.0.0.1:8080")
    {
        Boot = new string('T',
        BootTokens.Length)
    };

    private static readonly string[] Commands =
    [
        "", "imgfree", "inc", "set", "echo", "chain", "sleep", "kernel", "initrd", "imgfetch", "boot", "goto",
        "prompt", "iseq", "isset",
        "sanboot", "exit", "shell", "menu", "item", "choose",
    ];

    /// <summary>Every kind of script, of a plan with these texts in it.</summary>
    private static IEnumerable<(string Kind, string Script)> Scripts(MachineIdentity identity, string reason,
        ImmutableArray<string> arguments)
    {
        var plan = new BootPlan
        {
            Action = new BootLocalDisk(), Reason = reason,
            Profile = PlannerWorld.Profile("prof")
        };
        var image = PlannerWorld.Image("img", PlannerWorld.Version("x86_64-linux"));
        var load = new LoadKernel(image, image.CurrentVersion!, null, image.CurrentVersion!.Systems["x86_64-linux"]
            .Bootable(null)!, arguments,
            new("up", ""));
        BootAction[] actions =
        [
            load, new BootLocalDisk(), new ShowMenu(null,
                [new("p0", "p-1 (img)", "p-1"), new("p1", "p-2 (img)", "p-2"), MenuChoice.Local(), MenuChoice.Shell(),
                    MenuChoice.Again],
                "again", 60), new OpenShell(),
            new WaitForApproval(), new WaitForOperator(
                new(PlannerWorld.Machine("m"), Evidence.OtherMac, null, [reason, "it is another"])),
            new WaitForImage(10), new CannotBoot(),
        ];
        foreach (var action in actions)
            yield return (action.GetType().Name,
                BootScript.Render(plan with { Action = action }, Links, identity, 2, profile => "M" + profile));
        var several = load.Recipe with
        {
            Efi = new(new string('e', 64), 1),
            Initrds = [.. load.Recipe.Initrds, new("hardware.cpio", new string('f', 64), 1),
                new("again", load.Recipe.Initrds[0].Sha256, 1)],
        };
        var efi = several with { Kernel = null, Initrds = [] };
        foreach (var (kind, of, startsEfi) in new[] { ("LoadInitrds", several, false), ("LoadEfi", several, true),
            ("LoadEfiAlone", efi, true) })
            yield return (kind, BootScript.Render(
                plan with { Action = load with { Recipe = of, StartsEfi = startsEfi } }, Links, identity, 2, _ => ""));
        yield return ("Start", BootScript.Start(Links, identity));
        yield return ("Away", BootScript.Away(Links, identity));
        yield return ("Nameless", BootScript.Nameless(Links));
    }

    /// <summary>
    /// What a script does, whatever it says: labels, commands, what joins them, and words but for free text and labels
    /// of the query.
    /// </summary>
    private static string Shape(string script) => string.Join('\n', IpxeScript.Parse(script).Select(line =>
        $"{line.Label}: " + string.Join(' ', line.Commands.Select(command => (command.Name is "echo" or "menu"
            ? command.Name
            : string.Join(' ', command.Words.Select(word => word.StartsWith("http://", StringComparison.Ordinal)
                ? word.Split('?')[0] : word)))
            + command.Terminator))));

    [Fact]
    public void Whatever_a_machine_says_its_script_does_the_same()
    {
        var nasty = Gen.OneOf(
            Gen.OneOf("\n", "\r\n", "\\", "${", "}", "${nb-again}", "||", "&&", ";", "#", "#x", "-n", "--", "--name",
                "goto again", ":again",
                "\"", "'", " ", "\t", "\v", "é", "\u2028", "\0", "&menu=x", "%0A", "%24%7B", new string('A', 10_000)),
            Gen.String);
        var text = nasty.Array[0, 6].Select(parts => string.Concat(parts));
        var spaced = nasty.Array[0, 6].Select(parts => string.Join(' ', parts));
        var value = Gen.OneOf(text, spaced);
        const string Mac = "52-54-00-aa-bb-01";
        var benign = Scripts(MachineIdentity.FromReport([KeyValuePair.Create("mac", Mac)]), "because", ["quiet"])
            .ToDictionary(entry => entry.Kind, entry => Shape(entry.Script));
        Gen.Select(value, value, value, value).Sample((manufacturer, product, other, reason) =>
        {
            var hostile = MachineIdentity.FromReport(new Dictionary<string, string>
            {
                ["mac"] = Mac, ["manufacturer"] = manufacturer, ["product"] = product, ["serial"] = other,
                ["uuid"] = other,
                ["hostname"] = other, ["platform"] = other, ["arch"] = other, ["room"] = other,
            });
            foreach (var (kind, script) in Scripts(hostile, reason, ["quiet"]))
            {
                Assert.Equal(benign[kind], Shape(script));
                foreach (var command in IpxeScript.Parse(script).SelectMany(line => line.Commands))
                {
                    Assert.Contains(command.Name, Commands);
                    if (command.Words.Count > 0) Assert.NotNull(command.Arguments);
                    if (command.Name is "echo" or "menu")
                        Assert.DoesNotContain(command.Words, word => word.Contains("${", StringComparison.Ordinal)
                            && !word.Contains("nb-", StringComparison.Ordinal));
                }
            }
        });
    }

    [Fact]
    public void Kernel_arguments_that_are_accepted_reach_the_kernel_unchanged()
    {
        var argument = Gen.String[Gen.Char[" abc=\"'$(){}|&;#\\-/.,:"], 1, 12]
            .Where(text => KernelArgument.Fault(text) is null);
        argument.Array[0, 6].Sample(arguments =>
        {
            var script = Scripts(MachineIdentity.FromReport([]), "r", [.. arguments]).First().Script;
            var kernel = IpxeScript.Parse(script).SelectMany(line => line.Commands)
                .Single(command => command.Name == "kernel");
            Assert.Equal("||", kernel.Terminator);
            var words = string.Join(' ', kernel.Arguments!.Skip(1)).Split(' ');
            Assert.Equal("initrd=initrd", words[0]);
            Assert.Single(words, "netboot.boot=" + Links.BootUrl);
            Assert.Equal(string.Join(' ', arguments),
                string.Join(' ', words.Skip(1).Where(word => word != "netboot.boot=" + Links.BootUrl)));
            Assert.DoesNotContain(kernel.Words, word => word.Contains("${", StringComparison.Ordinal));
        });
    }

    [Theory]
    [InlineData("quiet", "quiet OURS")]
    [InlineData("auto=true,---,console=ttyS0", "auto=true OURS --- console=ttyS0")]
    [InlineData("quiet,--,single", "quiet OURS -- single")]
    [InlineData("---", "OURS ---")]
    [InlineData("a,---,b,--,c", "a OURS --- b -- c")]
    [InlineData("x=\"a -- b\",y", "x=\"a -- b\" y OURS")]
    [InlineData("x=\"a\" -- b,y", "OURS x=\"a\" -- b y")]
    [InlineData("x--,----,y", "x-- ---- y OURS")]
    public void Where_to_phone_home_stands_before_what_is_not_the_kernels(string arguments, string expected)
    {
        var script = Scripts(MachineIdentity.FromReport([]), "r", [.. arguments.Split(',')]).First().Script;
        Assert.Contains($" initrd=initrd " +
            $"{expected.Replace("OURS", "netboot.boot=" + Links.BootUrl, StringComparison.Ordinal)} || goto failed\n",
            script, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2047, true)]
    [InlineData(2048, false)]
    public void A_command_line_that_the_kernel_would_cut_is_not_sent(int bytes, bool sent)
    {
        var empty = "kernel initrd=initrd ".Length + " netboot.boot=".Length + Links.BootUrl.Length;
        var script = Scripts(MachineIdentity.FromReport([]), "r", [new string('x', bytes - empty)]).First().Script;
        Assert.Equal(sent, script.Contains("\nkernel ", StringComparison.Ordinal));
        Assert.Equal(!sent, script.Contains("has 2048 of at most 2047 bytes", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_script_goes_on_trying_without_end_but_with_back_off()
    {
        foreach (var (kind, script) in Scripts(MachineIdentity.FromReport([]), "r", []))
        {
            var lines = IpxeScript.Parse(script);
            var labels = lines.Where(line => line.Label is not null).Select(line => line.Label!).ToList();
            Assert.Equal(labels.Distinct(), labels);
            foreach (var jump in lines.SelectMany(line => line.Commands)
                .Where(command => command.Name == "goto" && !command.Words[1].StartsWith('$')))
                Assert.Contains(jump.Words[1], labels);
            Assert.Equal("imgfree", lines.SelectMany(line => line.Commands).First(command => command.Words.Count > 0)
                .Name);
            if (kind == nameof(BootLocalDisk)) continue;
            Assert.Contains("chain --replace --autofree ${nb-again} || goto slow", script, StringComparison.Ordinal);
        }
    }

    public static TheoryData<string> Kinds =>
        [.. Scripts(MachineIdentity.FromReport([]), "r", []).Select(entry => entry.Kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_script_reads_exactly_as_in_its_golden_file(string kind)
    {
        var identity = MachineIdentity.FromQuery("mac=52-54-00-aa-bb-01&uuid=4c4c4544-0042-3510-8052-b4c04f564433&manufacturer=ACME&product=Box%201&serial=S%26N&room=a%20b");
        var script = Scripts(identity, "because of the test", ["quiet", "root=fstab"])
            .Single(entry => entry.Kind == kind).Script;
        var file = Path.Combine(AppContext.BaseDirectory, "Boots", "Scripts", "Golden", kind + ".ipxe");
        Assert.True(File.Exists(file), $"There is no golden file {kind}.ipxe; the script is:\n{script}");
        Assert.Equal(File.ReadAllText(file), script);
    }
}
