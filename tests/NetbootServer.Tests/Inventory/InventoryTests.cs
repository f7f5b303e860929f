using System.Diagnostics;
using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Machines.Import;

namespace NetbootServer.Tests.Inventory;

/// <summary>Files that declare machines, profiles and images are applied, and followed.</summary>
public sealed class InventoryTests(InventoryApp inventory) : IClassFixture<InventoryApp>
{
    private readonly Caller _admin = inventory.Admin;

    [Fact]
    public async Task What_files_declare_is_there_and_only_the_files_can_change_it()
    {
        inventory.Write("rack.yml", """
            images: {debian: {source: {type: upload}, keep: 5}}
            profiles: {rescue: {image: debian, selector: {rack: 3}, menu: {timeoutSeconds: 9, entries: [{profile: rescue}]}}}
            """);
        Directory.CreateDirectory(Path.Combine(inventory.Directory, "racks"));
        inventory.Write("racks/three.json", """{"machines": {"node1": {"macs": ["52:54:00:ff:01:01"], "profile": "rescue"}}}""");
        var machine = await inventory.UntilThereAsync("machines/node1");
        Assert.Equal("""{"file":"racks/three.json"}""", machine.GetProperty("managedBy").GetRawText());
        Assert.Equal(("rescue", 1), (machine.GetProperty("profile").GetString(),
            machine.GetProperty("revision").GetInt32()));
        foreach (var (path, file, body) in new[]
        {
            ("machines/node1", "racks/three.json", """{"macs": ["52:54:00:ff:01:01"]}"""),
            ("profiles/rescue", "rack.yml", """{"image": "debian"}"""),
            ("images/debian", "rack.yml", """{"source": {"type": "upload"}}"""),
        })
        {
            foreach (var refused in new[]
            {
                await _admin.PutAsync($"/api/v1/{path}", body), await _admin.PatchAsync($"/api/v1/{path}", "{}"),
                await _admin.DeleteAsync($"/api/v1/{path}"),
            })
                Assert.Contains(file, refused.IsProblem(HttpStatusCode.Conflict, "managed-by-file")["detail"],
                    StringComparison.Ordinal);
            Assert.Equal(file, (await _admin.GetAsync($"/api/v1/{path}")).Json.GetProperty("managedBy")
                .GetProperty("file").GetString());
        }
        Assert.Contains("racks/three.json", (await _admin.ImportAsync("name,macs\nnode1,52:54:00:ff:01:01\n"))
            .IsInvalidAt("line 2").ErrorAt("line 2"), StringComparison.Ordinal);
        // What operators do every day is not declared.
        (await _admin.PutAsync("/api/v1/machines/node1/next-boot", """{"action": "local"}""")).Is(HttpStatusCode.OK);
        (await _admin.DeleteAsync("/api/v1/machines/node1/next-boot")).Is(HttpStatusCode.NoContent);
        // The API goes on making its own, which the files leave alone, and refers to what they declare.
        (await _admin.PutAsync("/api/v1/machines/mine", """{"macs": ["52:54:00:ff:01:02"], "profile": "rescue"}"""))
            .Is(HttpStatusCode.Created);
        (await _admin.PutAsync("/api/v1/images/mine", """{"source": {"type": "upload"}}""")).Is(HttpStatusCode.Created);
        inventory.Write("racks/three.json", """
            {"profiles": {"own": {"image": "mine"}},
             "machines": {"node1": {"macs": ["52:54:00:ff:01:01"], "notes": "moved", "profile": "own"}}}
            """);
        await inventory.UntilAsync("machines/node1", answer => answer["notes"] == "moved");
        (await _admin.PatchAsync("/api/v1/images/mine", """{"name": "other"}"""))
            .IsProblem(HttpStatusCode.Conflict, "in-use");
        // A profile that one of the API's machines uses stays, with the whole change, and the fault says so.
        inventory.Delete("rack.yml");
        var faulty = await inventory.UntilAsync("faulty");
        Assert.Contains(InventoryApp.FaultsOf(faulty), fault =>
            fault.Contains("rack.yml declared it", StringComparison.Ordinal)
            && fault.Contains("machine mine", StringComparison.Ordinal));
        Assert.True(faulty.GetProperty("managed").GetProperty("profiles").GetInt32() >= 3);
        (await _admin.DeleteAsync("/api/v1/machines/mine")).Is(HttpStatusCode.NoContent);
        Directory.Delete(Path.Combine(inventory.Directory, "racks"), recursive: true);
        await inventory.UntilGoneAsync("images/debian");
        await inventory.UntilGoneAsync("machines/node1");
        (await _admin.GetAsync("/api/v1/images/mine")).Is(HttpStatusCode.OK);
        (await _admin.DeleteAsync("/api/v1/images/mine")).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_fault_anywhere_leaves_all_as_it_was_and_an_alarm_names_its_line()
    {
        await inventory.UntilThereAsync("machines/always");
        inventory.Write("good.yaml", "machines: {good1: {macs: [\"52:54:00:ff:02:01\"]}}\n");
        inventory.Write("bad.yaml", """
            machines:
              bad1:
                macs:
                  - 52:54:00:ff:02:02
                  - nonsense
                labels: {example.org/a: 3, "": x}
              bad2:
                macs: ["52:54:00:ff:02:02"]
                profile: nowhere
                colour: red
              good1: {macs: ["52:54:00:ff:02:03"]}
            """);
        var view = await inventory.UntilAsync("faulty");
        var faults = InventoryApp.FaultsOf(view);
        Assert.Collection(faults,
            fault => Assert.StartsWith("bad.yaml:5: machines.bad1.macs[1] must be", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("bad.yaml:6: machines.bad1.labels has the key ''", fault,
                StringComparison.Ordinal),
            fault => Assert.StartsWith("bad.yaml:9: machines.bad2.profile names the profile 'nowhere'", fault,
                StringComparison.Ordinal),
            fault => Assert.StartsWith("bad.yaml:10: machines.bad2.colour is not a member", fault,
                StringComparison.Ordinal),
            fault => Assert.StartsWith("good.yaml:1: machines.good1 stands in bad.yaml:11 already", fault,
                StringComparison.Ordinal));
        Assert.Equal("faulty", view.GetProperty("files").EnumerateArray()
            .Single(file => file.GetProperty("file").GetString() == "bad.yaml").GetProperty("state").GetString());
        var alarm = await Until.AsAsync(() => _admin.GetAsync("/api/v1/alarms?kind=inventory-faulty"),
            answer => answer.Text.Contains("bad.yaml:5", StringComparison.Ordinal), "the alarm");
        Assert.Equal("bad.yaml", alarm.Json.GetProperty("items")[0].GetProperty("subject").GetString());
        (await _admin.GetAsync("/api/v1/machines/good1")).Is(HttpStatusCode.NotFound);
        inventory.Delete("bad.yaml");
        await inventory.UntilThereAsync("machines/good1");
        await Until.AsAsync(() => _admin.GetAsync("/api/v1/alarms?kind=inventory-faulty"),
            answer => answer.Items("kind").Count == 0, "the alarm to go");
        inventory.Delete("good.yaml");
        await inventory.UntilGoneAsync("machines/good1");
    }

    [Fact]
    public async Task What_the_API_made_is_taken_over_only_when_the_file_says_so()
    {
        await inventory.UntilThereAsync("machines/always");
        await _admin.PutAsync("/api/v1/images/taken", """{"source": {"type": "upload"}}""");
        await _admin.PutAsync("/api/v1/profiles/taken", """{"image": "taken"}""");
        await _admin.PutAsync("/api/v1/machines/taken", """{"macs": ["52:54:00:ff:03:01"], "notes": "by hand"}""");
        const string Body = """
            images: {taken: {ADOPT source: {type: upload}}}
            profiles: {taken: {ADOPT image: taken}}
            machines: {taken: {ADOPT macs: ["52:54:00:ff:03:01"], notes: by hand}}
            """;
        inventory.Write("taken.yaml", Body.Replace("ADOPT", "", StringComparison.Ordinal));
        var faults = InventoryApp.FaultsOf(await inventory.UntilAsync("faulty"));
        Assert.Equal(["taken.yaml:1: images.taken was made", "taken.yaml:2: profiles.taken was made"],
            faults.Select(fault => fault[..fault.IndexOf(" by the API", StringComparison.Ordinal)]));
        inventory.Write("taken.yaml", Body.Replace("ADOPT", "adopt: true,", StringComparison.Ordinal)
            .Replace("machines: {taken: {adopt: true,", "machines: {taken: {", StringComparison.Ordinal));
        var one = await inventory.UntilAsync("one fault", view => InventoryApp.FaultsOf(view) is [var only]
            && only.StartsWith("taken.yaml:3: machines.taken was made by the API", StringComparison.Ordinal));
        Assert.Equal("faulty", one.GetProperty("state").GetString());
        inventory.Write("taken.yaml", Body.Replace("ADOPT", "adopt: true,", StringComparison.Ordinal));
        foreach (var path in new[] { "images/taken", "profiles/taken", "machines/taken" })
        {
            var adopted = await inventory.UntilAsync(path, answer => answer.Json.TryGetProperty("managedBy", out _));
            Assert.Equal(1, adopted.GetProperty("revision").GetInt32()); // nothing else has changed
        }
        inventory.Delete("taken.yaml");
        await inventory.UntilGoneAsync("machines/taken");
    }

    [Fact]
    public async Task A_machine_keeps_its_history_when_it_is_declared_and_when_a_file_gives_it_another_name()
    {
        await inventory.UntilThereAsync("machines/always");
        using var machine = inventory.App.Machine;
        await machine.GetAsync("/boot/script?mac=52:54:00:ff:04:01&uuid=4c4c4544-0031-3510-8052-b4c04f4a4d31");
        var seen = await inventory.UntilAsync("machines/52-54-00-ff-04-01",
            answer => answer.Json.TryGetProperty("firstSeenAt", out _));
        inventory.Write("history.yaml", "machines: {old: {macs: [\"52:54:00:ff:04:01\"]}}\n");
        var declared = await inventory.UntilThereAsync("machines/old");
        Assert.Equal(seen.GetProperty("firstSeenAt").GetString(), declared.GetProperty("firstSeenAt").GetString());
        inventory.Write("history.yaml", "machines: {new: {macs: [\"52:54:00:ff:04:01\"], notes: renamed}}\n");
        var renamed = await inventory.UntilThereAsync("machines/new");
        Assert.Equal("renamed", renamed.GetProperty("notes").GetString());
        foreach (var member in new[] { "firstSeenAt", "createdAt" })
            Assert.Equal(seen.GetProperty(member).GetString(), renamed.GetProperty(member).GetString());
        (await _admin.GetAsync("/api/v1/machines/old")).Is(HttpStatusCode.NotFound);
        inventory.Delete("history.yaml");
        await inventory.UntilGoneAsync("machines/new");
    }

    [Fact]
    public async Task A_MAC_that_a_boot_has_taught_stays_with_a_machine_that_is_declared_by_its_serial()
    {
        await inventory.UntilThereAsync("machines/always");
        await _admin.MakeImageAsync("taught", 5000);
        (await _admin.PutAsync("/api/v1/profiles/taught", """{"image": "taught"}""")).Is(HttpStatusCode.Created);
        inventory.Write("serial.yaml", "machines: {bare: {serial: 123450999, profile: taught}}\n");
        await inventory.UntilThereAsync("machines/bare");
        using var machine = inventory.App.Machine;
        var script = await machine.ScriptAsync("52:54:00:ff:05:01", "&serial=123450999");
        (await machine.GetAsync(script.KernelPath())).Is(HttpStatusCode.OK);
        (await machine.GetAsync(script.InitrdPath())).Is(HttpStatusCode.OK);
        await machine.GetAsync($"{script.BootPath()}/ready");
        await inventory.UntilAsync("machines/bare", answer => answer.Json.GetProperty("macs").GetArrayLength() == 1);
        inventory.Write("serial.yaml", "machines: {bare: {serial: 123450999, profile: taught, notes: again}}\n");
        var bare = await inventory.UntilAsync("machines/bare", answer => answer["notes"] == "again");
        Assert.Equal("52:54:00:ff:05:01", bare.GetProperty("macs")[0].GetString());
        // A MAC that is declared is of the machine that it is declared of.
        inventory.Write("other.yaml", "machines: {other: {macs: [\"52:54:00:ff:05:01\"]}}\n");
        await inventory.UntilThereAsync("machines/other");
        Assert.Equal(0, (await _admin.GetAsync("/api/v1/machines/bare")).Json.GetProperty("macs").GetArrayLength());
        inventory.Write("serial.yaml", "machines: {bare: {serial: 123450999, profile: taught, notes: last}}\n");
        await inventory.UntilAsync("machines/bare", answer => answer["notes"] == "last");
        Assert.Equal("52:54:00:ff:05:01",
            (await _admin.GetAsync("/api/v1/machines/other")).Json.GetProperty("macs")[0].GetString());
        inventory.Delete("other.yaml");
        inventory.Delete("serial.yaml");
        await inventory.UntilGoneAsync("machines/bare");
    }

    [Fact]
    public async Task Secrets_come_from_files_below_the_roots_and_follow_them()
    {
        await inventory.UntilThereAsync("machines/always");
        File.WriteAllText(Path.Combine(inventory.Secrets, "token"), "one");
        File.WriteAllText(Path.Combine(inventory.Folder, "outside"), "no");
        File.CreateSymbolicLink(Path.Combine(inventory.Secrets, "link"), Path.Combine(inventory.Folder, "outside"));
        File.CreateSymbolicLink(Path.Combine(inventory.Secrets, "loop"), "loop");
        using (var pipe = Process.Start("mkfifo", [Path.Combine(inventory.Secrets, "pipe")]))
            await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
        static string With(string file) => $$$$"""
            machines: {sec: {macs: ["52:54:00:ff:06:01"], overlay: {files: [{path: /etc/token, {{{{file}}}}}]}}}
            """;
        foreach (var (file, fault) in new[]
        {
            ("contentFile: link", "leads out of "), ("contentFile: loop", "cannot be read"),
            ("contentFile: ../outside", "is not below one of"),
            ("contentFile: missing", "cannot be read"), ("contentFile: pipe", "cannot be read"),
            ("contentFile: the secret itself", "cannot be read"),
            ("content: inline, secret: true", "do not stand in the inventory"),
        })
        {
            inventory.Write("secret.yaml", With(file));
            await inventory.UntilAsync(fault, view => InventoryApp.FaultsOf(view) is [var only]
                && only.Contains(fault, StringComparison.Ordinal)
                && !only.Contains("the secret itself", StringComparison.Ordinal)
                && only.StartsWith("secret.yaml:1: machines.sec.overlay.files[0]", StringComparison.Ordinal));
        }
        inventory.Write("secret.yaml", With("contentFile: token"));
        var machine = await inventory.UntilThereAsync("machines/sec");
        var first = Fingerprint(machine);
        Assert.DoesNotContain("one", machine.GetProperty("overlay").GetRawText(), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(inventory.Secrets, "token"), "another");
        await inventory.UntilAsync("machines/sec", answer => Fingerprint(answer.Json) != first);
        inventory.Delete("secret.yaml");
        await inventory.UntilGoneAsync("machines/sec");

        static string Fingerprint(JsonElement machine) =>
            machine.GetProperty("overlay").GetProperty("files")[0].GetProperty("fingerprint").GetString()!;
    }

    [Fact]
    public async Task Links_that_are_swapped_are_followed_as_Kubernetes_does_it_for_config_maps()
    {
        await inventory.UntilThereAsync("machines/always");
        var folder = Path.Combine(inventory.Folder, "map");
        foreach (var (version, notes) in new[] { ("..one", "a"), ("..two", "b") })
        {
            Directory.CreateDirectory(Path.Combine(folder, version));
            var path = Path.Combine(folder, version, "map.yaml");
            File.WriteAllText(path, $"machines: {{mapped: {{macs: [\"52:54:00:ff:07:01\"], notes: {notes}}}}}\n");
            File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch); // as in the Nix store
        }
        Directory.CreateSymbolicLink(Path.Combine(folder, "..data"), "..one");
        File.CreateSymbolicLink(Path.Combine(folder, "map.yaml"), "..data/map.yaml");
        Directory.CreateSymbolicLink(Path.Combine(inventory.Directory, "map"), folder);
        await inventory.UntilAsync("machines/mapped", answer => answer.Status == HttpStatusCode.OK
            && answer["notes"] == "a");
        Directory.CreateSymbolicLink(Path.Combine(folder, "..data_tmp"), "..two");
        using (var move = Process.Start("mv",
            ["-T", Path.Combine(folder, "..data_tmp"), Path.Combine(folder, "..data")]))
            await move.WaitForExitAsync(TestContext.Current.CancellationToken);
        await inventory.UntilAsync("machines/mapped", answer => answer["notes"] == "b");
        Directory.Delete(Path.Combine(inventory.Directory, "map"));
        await inventory.UntilGoneAsync("machines/mapped");
    }
}
