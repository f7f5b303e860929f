using NetbootServer.Boots.Planning;
using NetbootServer.Machines;

namespace NetbootServer.Tests.Boots.Planning;

/// <summary>Who a machine is taken for, over all combinations of what a request can say and of what is known.</summary>
public sealed class RecognitionTests
{
    private const string MacOfA = "52:54:00:0a:00:01", MacOfB = "52:54:00:0b:00:01", Stray = "52:54:00:0c:00:01";
    private const string OtherOfA = "52:54:00:0a:00:02", OtherOfB = "52:54:00:0b:00:02",
        OtherStray = "52:54:00:0c:00:02";
    private const string UuidOfA = "4c4c4544-0042-3510-8052-b4c04f56000a",
        UuidOfB = "4c4c4544-0042-3510-8052-b4c04f56000b";
    private const string StrayUuid = "4c4c4544-0042-3510-8052-b4c04f56000c";
    private const string JunkMac = "01:00:5e:00:00:01", JunkUuid = "03000200-0400-0500-0006-000700080009",
        JunkSerial = "Default string";

    /// <summary>What a value says about machine A.</summary>
    public enum Says { Agrees, Contradicts, Absent, Junk }

    /// <summary>Where machine A's value comes from.</summary>
    public enum From { Registered, Reference, None }

    private static Machine Machine(int id, string name, bool hasMacs, string? uuid, string? serial,
        From uuidFrom = From.Registered,
        From serialFrom = From.Registered, MachineState state = MachineState.Registered) =>
        new(name, new MachineSpec
        {
            Macs = !hasMacs ? [] : name == "a" ? [MacOfA, OtherOfA] : name == "b" ? [MacOfB, OtherOfB] : [Stray],
            Uuid = uuidFrom == From.Registered ? uuid : null,
            Serial = serialFrom == From.Registered ? serial : null,
        }, 1)
        {
            Id = id, State = state, CreatedAt = default, UpdatedAt = default,
            Reference = uuidFrom != From.Reference && serialFrom != From.Reference ? null
                : new(uuidFrom == From.Reference ? uuid : null, serialFrom == From.Reference ? serial : null, default),
        };

    /// <summary>The look-ups of a request among these machines, by comparing texts.</summary>
    private static Recognition Recognize(string query, params Machine[] machines)
    {
        var identity = MachineIdentity.FromQuery(query);
        Machine? Only(Func<Machine, bool> has) =>
            machines.Where(machine => machine.State == MachineState.Registered && has(machine)).ToArray() is [var only]
            ? only : null;
        return Recognition.Of(identity, new(
            [.. identity.AllMacs.Select(mac =>
                machines.FirstOrDefault(machine => machine.Spec.Macs.Contains(mac.ToString())))],
            identity.Uuid is { } uuid ? Only(machine =>
                (machine.Spec.Uuid ?? machine.Reference?.Uuid) == uuid.ToString()) : null,
            identity.Serial is { } serial
            ? Only(machine => (machine.Spec.Serial ?? machine.Reference?.Serial) == serial.ToString()) : null));
    }

    private static string Query(params (string Name, string? Value)[] values) =>
        string.Join('&', values.Where(pair => pair.Value is not null)
            .Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"));

    private static string Outcome(Recognition recognition) =>
        recognition.Contradiction is { } contradiction ? $"contradicts {contradiction.Machine.Name}"
        : recognition.Machine is not { } machine ? "unknown"
        : recognition.Difference is null ? machine.Name : $"{machine.Name}, one value differs";

    [Fact]
    public void Every_combination_of_evidence_about_one_machine_comes_out_as_the_rules_say()
    {
        var (combinations, wrong) = (0, new List<string>());
        foreach (var boot in Enum.GetValues<Says>())
            foreach (var other in Enum.GetValues<Says>())
                foreach (var uuid in Enum.GetValues<Says>())
                    foreach (var serial in Enum.GetValues<Says>())
                        foreach (var uuidFrom in Enum.GetValues<From>())
                            foreach (var serialFrom in Enum.GetValues<From>())
                                foreach (var hasMacs in new[] { true, false })
                                {
                                    combinations++;
                                    var machine = Machine(1, "a", hasMacs, UuidOfA, "SERIAL-A", uuidFrom, serialFrom);
                                    var query = Query(
                                        ("mac", Value(boot, MacOfA, Stray, JunkMac)),
                                        ("macs", Value(other, OtherOfA, OtherStray, JunkMac)),
                                        ("uuid", Value(uuid, UuidOfA, StrayUuid, JunkUuid)),
                                        ("serial", Value(serial, "SERIAL-A", "SERIAL-C", JunkSerial)));
                                    var outcome = Outcome(Recognize(query, machine));
                                    var expected = Expected(boot, other, uuid, uuidFrom, serial, serialFrom, hasMacs);
                                    if (outcome != expected)
                                        wrong.Add($"{query} (uuid {uuidFrom}, serial {serialFrom}, MACs {hasMacs}): " +
                                        $"{outcome}, not {expected}");
                                }
        Assert.Equal(4 * 4 * 4 * 4 * 3 * 3 * 2, combinations);
        Assert.Empty(wrong);

        static string? Value(Says says, string agreeing, string contradicting, string junk) => says switch
        {
            Says.Agrees => agreeing,
            Says.Contradicts => contradicting,
            Says.Junk => junk,
            _ => null,
        };
    }

    /// <summary>The rules, counted rather than looked up.</summary>
    private static string Expected(Says boot, Says other, Says uuid, From uuidFrom, Says serial, From serialFrom,
        bool hasMacs)
    {
        (Says Says, From From)[] values = [(uuid, uuidFrom), (serial, serialFrom)];
        var agree = values.Count(value => value.From != From.None && value.Says == Says.Agrees);
        var contradict = values.Count(value => value.From != From.None && value.Says == Says.Contradicts);
        var (bootsFromA, hasAnotherOfA) = (hasMacs && boot == Says.Agrees, hasMacs && other == Says.Agrees);
        var namesMacs = boot is Says.Agrees or Says.Contradicts || other is Says.Agrees or Says.Contradicts;
        if (bootsFromA && contradict == 0) return "a";
        if (bootsFromA && contradict == 1) return "a, one value differs";
        if (contradict == 0 && agree > 0 && (hasAnotherOfA || !hasMacs || !namesMacs)) return "a";
        return bootsFromA || hasAnotherOfA || agree > 0 ? "contradicts a" : "unknown";
    }

    [Fact]
    public void Every_combination_of_evidence_about_two_machines_comes_out_as_the_rules_say()
    {
        string?[] whose = ["a", "b", "c", null]; // c is neither's
        var (combinations, wrong) = (0, new List<string>());
        foreach (var boot in whose)
            foreach (var other in whose)
                foreach (var uuid in whose)
                    foreach (var serial in whose)
                        for (var state = 0; state < 16; state++)
                        {
                            combinations++;
                            (bool Macs, bool Reference)[] known = [((state & 1) != 0, (state & 2) != 0),
                                ((state & 4) != 0, (state & 8) != 0)];
                            Machine[] machines =
                            [
                                Machine(1, "a", known[0].Macs, UuidOfA, "SERIAL-A", known[0].Reference ? From.Reference
                                    : From.None, known[0].Reference ? From.Registered : From.None),
                                Machine(2, "b", known[1].Macs, UuidOfB, "SERIAL-B", known[1].Reference
                                    ? From.Registered : From.None, known[1].Reference ? From.Reference : From.None),
                            ];
                            var query = Query(("mac", Pick(boot, MacOfA, MacOfB, Stray)),
                                ("macs", Pick(other, OtherOfA, OtherOfB, OtherStray)),
                                ("uuid", Pick(uuid, UuidOfA, UuidOfB, StrayUuid)),
                                ("serial", Pick(serial, "SERIAL-A", "SERIAL-B", "SERIAL-C")));
                            var outcome = Outcome(Recognize(query, machines));
                            var expected = ExpectedOfTwo(boot, other, uuid, serial, known);
                            if (outcome != expected)
                                wrong.Add($"{query} (a: {known[0]}, b: {known[1]}): {outcome}, not {expected}");
                        }
        Assert.Equal(4096, combinations);
        Assert.Empty(wrong);

        static string? Pick(string? whose, string a, string b, string c) =>
            whose switch { "a" => a, "b" => b, "c" => c, _ => null };
    }

    private static string ExpectedOfTwo(string? boot, string? other, string? uuid, string? serial,
        (bool Macs, bool Reference)[] known)
    {
        (bool Macs, bool Reference) Of(string name) => known[name[0] - 'a'];
        bool IsKnown(string? name, bool byMac) => name is "a" or "b" && (byMac ? Of(name).Macs : Of(name).Reference);
        int Denials(string name) => !Of(name).Reference ? 0 : (uuid is not null && uuid != name ? 1 : 0) +
            (serial is not null && serial != name ? 1 : 0);
        bool Confirmed(string name) => Of(name).Reference && (uuid == name || serial == name);
        string? strongest = null;
        if (IsKnown(boot, byMac: true))
        {
            if (Denials(boot!) < 2) return Denials(boot!) == 1 ? $"{boot}, one value differs" : boot!;
            strongest ??= boot;
        }
        if (IsKnown(other, byMac: true))
        {
            if (Confirmed(other!) && Denials(other!) == 0) return other!;
            strongest ??= other;
        }
        foreach (var name in new[] { uuid, serial })
        {
            if (!IsKnown(name, byMac: false)) continue;
            if (Denials(name!) == 0 && (!Of(name!).Macs || (boot ?? other) is null)) return name!;
            strongest ??= name;
        }
        return strongest is null ? "unknown" : $"contradicts {strongest}";
    }

    [Theory]
    [InlineData("a's own", $"mac={MacOfA}&uuid={UuidOfA}", Evidence.BootMac)]
    [InlineData("a's own, bytes swapped", $"macs={OtherOfA}&uuid=44454c4c-4200-1035-8052-b4c04f56000a",
        Evidence.OtherMac)]
    [InlineData("a's own, typed by hand", $"macs={OtherOfA}&serial=+serial-a+", Evidence.OtherMac)]
    public void What_identifies_is_told(string what, string query, Evidence by)
    {
        Assert.NotNull(what);
        var recognition = Recognize(query, Machine(1, "a", hasMacs: true, UuidOfA, "SERIAL-A"));
        Assert.Equal(("a", by), (recognition.Machine?.Name, recognition.By));
    }

    [Fact]
    public void Discovered_records_are_no_evidence_against_registered_machines()
    {
        var a = Machine(1, "a", hasMacs: false, UuidOfA, "SERIAL-A");
        var stray = Machine(3, "c", hasMacs: true, UuidOfA, "SERIAL-A", From.Reference, From.Reference,
            MachineState.Discovered);
        Assert.Equal("a", Outcome(Recognize($"mac={Stray}&uuid={UuidOfA}&serial=SERIAL-A", a, stray)));
        Assert.Equal("c", Outcome(Recognize($"mac={Stray}&uuid={StrayUuid}&serial=SERIAL-C", a, stray)));
        Assert.Equal("c", Outcome(Recognize($"mac={OtherStray}&macs={Stray}&serial=SERIAL-C", a, stray)));
        Assert.Equal("unknown", Outcome(
            Recognize($"mac={OtherStray}&macs={Stray}&uuid={StrayUuid}&serial=SERIAL-C", a, stray)));
    }

    [Fact]
    public void A_contradiction_says_all_that_speaks_for_and_against()
    {
        var contradiction = Recognize($"mac={Stray}&macs={Stray},{OtherOfA}&uuid={StrayUuid}&serial=SERIAL-A",
            Machine(1, "a", hasMacs: true, UuidOfA, "SERIAL-A")).Contradiction!;
        Assert.Equal(("a", "a", Evidence.OtherMac),
            (contradiction.Machine.Name, contradiction.BootsAs?.Name, contradiction.By));
        Assert.Equal(
        [
            $"its MAC {OtherOfA} is registered for 'a'", "its serial SERIAL-A is that of 'a'",
            $"'a' has the UUID {UuidOfA}, this machine reports {StrayUuid}",
        ], contradiction.Findings);
        var shared = Recognize($"mac={Stray}&macs={OtherOfA}", Machine(1, "a", hasMacs: true, UuidOfA, "SERIAL-A"))
            .Contradiction!;
        Assert.Null(shared.BootsAs);
        Assert.Contains("neither UUID nor serial confirms it", shared.Findings);
        var clone = Recognize($"mac={Stray}&uuid={UuidOfA}", Machine(1, "a", hasMacs: true, UuidOfA, "SERIAL-A"))
            .Contradiction!;
        Assert.Equal([$"its UUID {UuidOfA} is that of 'a'", $"'a' has other MACs: {MacOfA}, {OtherOfA}"],
            clone.Findings);
    }
}
