using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Api;
using NetbootServer.Boots.Journal;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Sources;
using NetbootServer.Storage;
using NetbootServer.Tests.Boots;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Jobs;
using NetbootServer.Tests.Machines.Import;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Storage;

/// <summary>
/// Every kind of row that a cache or the event stream depends on is changed through every door; each time, caches and
/// stream agree with the database afterwards.
/// </summary>
[Trait("category", "slow")]
public sealed class DoorsTests : IAsyncLifetime
{
    private const string Uuid = "4c4c4544-0042-3510-8052-b4c04f56", Upload = """{"source":{"type":"upload"}}""";
    private static readonly string[] Kinds = ["machine", "profile", "image", "boot", "job", "alarm"];

    private readonly JobHost _host = new(new() { ["Machines:MaxDiscovered"] = "3" });
    private readonly ConcurrentQueue<(string Type, string Data)> _told = new();
    private readonly CancellationTokenSource _end = new();
    private readonly List<string> _doors = [];
    private Task _listening = Task.CompletedTask;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NetbootApp App => _host.App;

    private Caller Admin => _host.App.Admin;

    private Caller Machine => _host.App.Machine;

    public ValueTask InitializeAsync()
    {
        _ = App.Server;
        var reader = App.Services.GetRequiredService<EventHub>().Subscribe(null);
        _listening = Task.Run(async () =>
        {
            using (reader)
                await foreach (var item in reader.ReadAsync(happened => happened != EventHub.Unread,
                    TimeProvider.System, _end.Token))
                    _told.Enqueue((item.EventType, item.Data));
        }, Ct);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _listening.WaitAsync(TimeSpan.FromMinutes(1), CancellationToken.None)
            .ContinueWith(_ => { }, TaskScheduler.Default);
        await _host.DisposeAsync();
        _end.Dispose();
    }

    [Fact]
    public async Task Caches_and_stream_agree_with_the_database_after_every_change_through_every_door()
    {
        await ImagesAndProfilesAsync();
        await MachinesAsync();
        await ImportsAsync();
        await BootsAsync();
        await AlarmsAsync();
        await JobsAsync();
        await RenamesAndEndsAsync();
        Assert.DoesNotContain(App.Log.All, line => line.Contains("without a note", StringComparison.Ordinal));
        Assert.True(_doors.Count > 40, $"{_doors.Count}");
    }

    private async Task ImagesAndProfilesAsync()
    {
        await DoorAsync("PUT image", () => OkAsync(Admin.PutAsync("/api/v1/images/up", Upload)));
        await DoorAsync("PUT image again", () => OkAsync(Admin.PutAsync("/api/v1/images/up", """{"source":{"type":"upload"},"keep":2}""")));
        await DoorAsync("PATCH image", () => OkAsync(Admin.PatchAsync("/api/v1/images/up", """{"keep":3}""")));
        var first = "";
        await DoorAsync("upload", async () => first = await Admin.AddVersionAsync("up", 1));
        await DoorAsync("second upload", () => Admin.AddVersionAsync("up", 2));
        await DoorAsync("current with hold", () => OkAsync(Admin.PutAsync("/api/v1/images/up/current", $$"""{"version":"{{first}}","hold":true,"reason":"test"}""")));
        await DoorAsync("current without hold", () => OkAsync(Admin.PutAsync("/api/v1/images/up/current", """{"version":"newest","hold":false}""")));
        await DoorAsync("retention", async () =>
        {
            await OkAsync(Admin.PatchAsync("/api/v1/images/up", """{"keep":1}"""));
            await Until.AsAsync(() => Admin.GetAsync("/api/v1/images/up/versions"), versions => versions.Items("id")
                .Count == 1, "the first to go");
        });
        await DoorAsync("PUT profile", () => OkAsync(Admin.PutAsync("/api/v1/profiles/prof", """{"image":"up","after":"local","expects":"ready"}""")));
        await DoorAsync("PUT profile again", () => OkAsync(Admin.PutAsync("/api/v1/profiles/other", """{"image":"up"}""")));
        await DoorAsync("PATCH profile", () => OkAsync(Admin.PatchAsync("/api/v1/profiles/prof", """{"kernelArguments":["quiet"]}""")));
    }

    private async Task MachinesAsync()
    {
        await DoorAsync("PUT machine", () => OkAsync(Admin.PutAsync("/api/v1/machines/node", $$"""{"macs":["52:54:00:d0:00:01"],"uuid":"{{Uuid}}0001","profile":"prof"}""")));
        await DoorAsync("PUT machine with other keys", () => OkAsync(Admin.PutAsync("/api/v1/machines/node",
            $$"""{"macs":["52:54:00:d0:00:02"],"uuid":"{{Uuid}}0002","serial":"NODE","profile":"prof"}""")));
        await DoorAsync("PATCH machine", () => OkAsync(Admin.PatchAsync("/api/v1/machines/node", """{"macs":["52:54:00:d0:00:01","52:54:00:d0:00:02"],"labels":{"a":"b"}}""")));
        await DoorAsync("PUT next-boot", () => OkAsync(Admin.PutAsync("/api/v1/machines/node/next-boot", """{"action":"local"}""")));
        await DoorAsync("DELETE next-boot", () => OkAsync(Admin.DeleteAsync("/api/v1/machines/node/next-boot")));
        await DoorAsync("PUT next-boot with a profile", () => OkAsync(Admin.PutAsync("/api/v1/machines/node/next-boot", """{"profile":"other"}""")));
        await DoorAsync("discovery", () => SeenAsync("52-54-00-d0-01-01"));
        await DoorAsync("second discovery", () => SeenAsync("52-54-00-d0-01-02"));
        await DoorAsync("discovery of one by two MACs", async () =>
        {
            await Machine.ScriptAsync("52-54-00-d0-01-03", "&macs=52-54-00-d0-01-03,52-54-00-d0-01-02&uuid=" + Uuid +
                "0103&serial=THREE");
            await Admin.MachineWhenAsync("52-54-00-d0-01-02", seen =>
                seen.Text.Contains("52:54:00:d0:01:03", StringComparison.Ordinal), "both MACs");
        });
        await DoorAsync("PUT that takes over a discovered one", () => OkAsync(Admin.PutAsync("/api/v1/machines/taken", """{"macs":["52:54:00:d0:01:01"]}""")));
        await DoorAsync("PUT that joins a discovered one", () => OkAsync(Admin.PutAsync("/api/v1/machines/taken",
            """{"macs":["52:54:00:d0:01:01","52:54:00:d0:01:02"]}""")));
        await DoorAsync("more discoveries than are kept", async () =>
        {
            for (var i = 1; i <= 5; i++) await SeenAsync($"52-54-00-d0-02-0{i}");
        });
        await DoorAsync("rename of a machine", () => OkAsync(Admin.PatchAsync("/api/v1/machines/taken", """{"name":"renamed"}""")));
    }

    private async Task ImportsAsync()
    {
        await DoorAsync("import of new machines", () =>
            OkAsync(Admin.ImportAsync("name,macs,serial\nimp1,525400d00301,S1\nimp2,525400d00302,S2\n")));
        await DoorAsync("import with changes", () =>
            OkAsync(Admin.ImportAsync("name,macs,serial,profile\nimp1,525400d00302,S2,prof\nimp2,525400d00301,S1,\n")));
        await DoorAsync("import with exchanged names", () =>
            OkAsync(Admin.ImportAsync("name,rename\nimp1,imp2\nimp2,imp1\n")));
        await DoorAsync("import that takes over a discovered one", () =>
            OkAsync(Admin.ImportAsync("name,macs\nimp3,525400d00205\n")));
        await DoorAsync("import of nothing new", () => OkAsync(Admin.ImportAsync("name,macs\nimp3,525400d00205\n")));
        await DoorAsync("import of many", () => OkAsync(Admin.ImportAsync("name,macs\n" + string.Concat(
            Enumerable.Range(0, 600).Select(i => $"many{i},525400d1{i:x4}\n")))));
        await DoorAsync("refused import", async () =>
            (await Admin.ImportAsync("name,macs,profile\nimp4,525400d00401,nowhere\n"))
            .Is(HttpStatusCode.UnprocessableEntity));
    }

    private async Task BootsAsync()
    {
        var script = "";
        await DoorAsync("script of a boot", async () =>
        {
            script = await Machine.AskAsync($"mac=52-54-00-d0-00-01&uuid={Uuid}0002&serial=NODE");
            await Admin.BootWithAsync("node", "running");
        });
        await DoorAsync("a boot that loads and is ready, which uses up the next boot", async () =>
        {
            await Machine.BootWhollyAsync(script);
            await Admin.BootWithAsync("node", "ready");
        });
        await DoorAsync("a boot that is up, which proves that its version phones home", async () =>
        {
            await OkAsync(Machine.PostAsync(script.BootPath() + "/up", """{"addresses":["10.0.0.1"]}"""));
            await Admin.BootWithAsync("node", "up");
        });
        Assert.Contains(App.Services.GetRequiredService<ImageCatalog>().Images["up"].Versions.Values, version =>
            version.PhonesHome);
        await DoorAsync("a boot that completes its profile", async () =>
        {
            var next = await Machine.AskAsync($"mac=52-54-00-d0-00-01&uuid={Uuid}0002&serial=NODE");
            await Machine.BootWhollyAsync(next);
            await Admin.MachineWhenAsync("node", seen => seen.Json.TryGetProperty("completion", out _),
                "the completion");
        });
        await DoorAsync("DELETE completion", () => OkAsync(Admin.DeleteAsync("/api/v1/machines/node/completion")));
        await DoorAsync("a boot that teaches a reference", async () =>
        {
            await OkAsync(Admin.PatchAsync("/api/v1/machines/renamed", """{"profile":"other"}"""));
            await Machine.BootWhollyAsync(
                await Machine.AskAsync($"mac=52-54-00-d0-01-01&uuid={Uuid}0777&serial=LEARNED"));
            await Admin.MachineWhenAsync("renamed", seen => seen.Json.TryGetProperty("reference", out _),
                "the reference");
        });
        await DoorAsync("DELETE reference", () => OkAsync(Admin.DeleteAsync("/api/v1/machines/renamed/reference")));
        await DoorAsync("a boot that teaches a MAC", async () =>
        {
            await OkAsync(Admin.PutAsync("/api/v1/machines/bare", $$"""{"uuid":"{{Uuid}}0888","serial":"BARE","profile":"other"}"""));
            await Machine.BootWhollyAsync(await Machine.AskAsync($"mac=52-54-00-d0-05-01&uuid={Uuid}0888&serial=BARE"));
            await Admin.MachineWhenAsync("bare", seen =>
                seen.Text.Contains("52:54:00:d0:05:01", StringComparison.Ordinal), "the MAC");
        });
        await DoorAsync("a boot that fails", async () =>
        {
            var failing = await Machine.AskAsync("mac=52-54-00-d0-01-01");
            await Machine.GetAsync(failing.BootPath() + "/failed?errno=1");
            await Admin.BootWithAsync("renamed", "failed");
        });
        await DoorAsync("a boot that leaves an earlier one behind", async () =>
        {
            await Machine.AskAsync("mac=52-54-00-d0-01-01");
            await Until.AsAsync(() => Admin.GetAsync("/api/v1/machines/renamed/boots"), boots =>
                boots.Items("outcome")[0] == "running", "the first");
            await Machine.AskAsync("mac=52-54-00-d0-01-01");
            await Until.AsAsync(() => Admin.GetAsync("/api/v1/machines/renamed/boots"), boots =>
                boots.Items("outcome") is ["running", "unknown", ..], "the second");
        });
        await DoorAsync("a one-shot that is used up by its script", async () =>
        {
            await OkAsync(Admin.PutAsync("/api/v1/machines/node/next-boot", """{"action":"local"}"""));
            await Machine.AskAsync($"mac=52-54-00-d0-00-01&uuid={Uuid}0002&serial=NODE");
            await Admin.MachineWhenAsync("node", seen => seen["nextBoot"] is null, "the one-shot to be used up");
        });
    }

    private async Task AlarmsAsync()
    {
        var board = App.Services.GetRequiredService<AlarmBoard>();
        var alarm = 0L;
        await DoorAsync("raised alarm", async () =>
        {
            board.Raise("test-kind", "subject", "It happened.");
            await Until.AsAsync(() => Admin.GetAsync("/api/v1/alarms?kind=test-kind"), alarms => alarms.Items("kind")
                .Count == 1, "the alarm");
        });
        await DoorAsync("acknowledged alarm", async () =>
        {
            var found = (await board.ListAsync(new("test-kind", null), new(1, null), Ct)).Items[0];
            await OkAsync(Admin.DeleteAsync($"/api/v1/alarms/{found.Id}"));
        });
        await DoorAsync("contradiction", async () =>
        {
            await Machine.AskAsync($"mac=52-54-00-d0-06-01&uuid={Uuid}0002&serial=CLONE");
            alarm = await Admin.ContradictionAsync("node");
        });
        await DoorAsync("resolution that registers", () => OkAsync(Admin.PostAsync($"/api/v1/alarms/{alarm}/resolutions", """{"action":"register","name":"clone"}""")));
        await DoorAsync("second contradiction", async () =>
        {
            await Machine.AskAsync($"mac=52-54-00-d0-06-02&uuid={Uuid}0002&serial=CLONE2");
            alarm = await Admin.ContradictionAsync("node");
        });
        await DoorAsync("resolution that takes over", () => OkAsync(Admin.PostAsync($"/api/v1/alarms/{alarm}/resolutions", """{"action":"take-over"}""")));
    }

    private async Task JobsAsync()
    {
        await DoorAsync("PUT of an image with a source", () => _host.MakeAsync("dir", schedule: "0 3 1 1 *"));
        await DoorAsync("refresh that publishes", () => _host.RefreshAsync("dir"));
        await DoorAsync("refresh that finds nothing new", () => _host.RefreshAsync("dir"));
        await DoorAsync("scrub of a rotten blob", async () =>
        {
            Rot(FakeBoot.Kernel(1));
            await _host.ScrubAsync();
            await Until.AsAsync(() => Machine.GetAsync("/images/dir/bzImage-x86_64-linux"), answer =>
                answer.Status == HttpStatusCode.OK, "the kernel to be back");
        });
        await DoorAsync("refresh that fails, and is tried again", async () =>
        {
            _host.Break();
            await _host.RefreshAsync("dir");
            await Until.TrueAsync(() => App.Services.GetRequiredService<ImageCatalog>().Images["dir"]
                .RetryAt is not null, "another try");
        });
        await DoorAsync("cancelled job", async () =>
        {
            await App.Services.GetRequiredService<JobStore>().RequestAsync(
                new JobRequest(Refreshes.KeyOf("up"), "test") { NotBefore = DateTimeOffset.UtcNow.AddHours(1) }, Ct);
            var waiting = (await Admin.GetAsync("/api/v1/jobs?state=queued")).Items("id")[0];
            await OkAsync(Admin.DeleteAsync($"/api/v1/jobs/{waiting}"));
        });
    }

    private async Task RenamesAndEndsAsync()
    {
        await OkAsync(Admin.PutAsync("/api/v1/machines/imp1/next-boot", """{"profile":"prof"}"""));
        await DoorAsync("rename of an image", () => OkAsync(Admin.PatchAsync("/api/v1/images/up", """{"name":"above"}""")));
        await DoorAsync("rename of a profile", () => OkAsync(Admin.PatchAsync("/api/v1/profiles/prof", """{"name":"renamed-prof"}""")));
        await DoorAsync("rename of an image with jobs", () => OkAsync(Admin.PatchAsync("/api/v1/images/dir", """{"name":"folder"}""")));
        await DoorAsync("DELETE machine", () => OkAsync(Admin.DeleteAsync("/api/v1/machines/node")));
        await DoorAsync("DELETE discovered machine", async () => await OkAsync(Admin.DeleteAsync(
            "/api/v1/machines/" + (await Admin.GetAsync("/api/v1/machines?state=discovered")).Items()[0])));
        await DoorAsync("DELETE image", () => OkAsync(Admin.DeleteAsync("/api/v1/images/folder")));
        await DoorAsync("DELETE profile", async () =>
        {
            await OkAsync(Admin.PatchAsync("/api/v1/machines/renamed", """{"profile":null}"""));
            await OkAsync(Admin.PatchAsync("/api/v1/machines/bare", """{"profile":null}"""));
            await OkAsync(Admin.DeleteAsync("/api/v1/profiles/other"));
        });
    }

    private static async Task OkAsync(Task<Answer> asking)
    {
        var answer = await asking;
        Assert.True(answer.Message.IsSuccessStatusCode, $"{answer.Message.RequestMessage!.RequestUri} {answer}");
    }

    private async Task SeenAsync(string mac)
    {
        await Machine.ScriptAsync(mac);
        await Admin.MachineWhenAsync(mac, seen => seen.Status == HttpStatusCode.OK, "the machine to be discovered");
    }

    /// <summary>Goes through a door and compares caches and stream with the database.</summary>
    private async Task DoorAsync(string door, Func<Task> change)
    {
        var (before, keysBefore) = (await ViewsAsync(), await KeysAsync());
        await WarmAsync(keysBefore);
        _told.Clear();
        await change();
        await Until.AsAsync(() => DifferenceAsync(before, keysBefore), difference => difference.Length == 0,
            $"agreement after: {door}");
        _doors.Add(door);
    }

    /// <summary>The first thing that does not agree with the database; empty when all does.</summary>
    private async Task<string> DifferenceAsync(Dictionary<(string, string), string> before, HashSet<object> keysBefore)
    {
        var now = await ViewsAsync();
        var told = _told.ToArray();
        if (told.All(happened => happened.Type != "reset"))
        {
            var last = told.Where(happened =>
                happened.Type is not ("boot.progress" or "job.progress" or "hello" or "heartbeat"))
                .GroupBy(happened => (happened.Type.Split('.')[0], KeyOf(happened.Data)))
                .ToDictionary(same => same.Key, same => same.Last().Data);
            foreach (var key in before.Keys.Union(now.Keys))
            {
                var view = now.GetValueOrDefault(key);
                if (before.GetValueOrDefault(key) == view) continue;
                if (view is null && key.Item1 is "boot" or "job") continue; // the oldest ones go without an event
                if (!last.TryGetValue(key, out var data)) return $"no event of {key}";
                if (view is null ? !data.Contains("\"deleted\":true", StringComparison.Ordinal) : data != view)
                    return $"the last event of {key} is {data}, it is {view}";
            }
        }
        var services = App.Services;
        var database = services.GetRequiredService<Database>();
        using var images = new ImageCatalog(database);
        await images.ReloadAsync(Ct);
        if (Shown(images.Images) is var image && image != Shown(services.GetRequiredService<ImageCatalog>().Images))
            return $"the catalog of images is not {image}";
        using var profiles = new ProfileCatalog(database);
        await profiles.ReloadAsync(Ct);
        if (Shown(profiles.Profiles) is var profile
            && profile != Shown(services.GetRequiredService<ProfileCatalog>().Profiles))
            return $"the catalog of profiles is not {profile}";
        using var machines = new MachineCache(database);
        foreach (var key in keysBefore.Union(await KeysAsync()))
        {
            var lookup = LookupOf(key);
            var (fresh, cached) = (await machines.FindAsync(lookup, Ct),
                await services.GetRequiredService<MachineCache>().FindAsync(lookup, Ct));
            if (Decisive(fresh) is var wanted && wanted != Decisive(cached))
                return $"{key} stands for {Decisive(cached)} instead of {wanted}";
        }
        return "";
    }

    /// <summary>All resources as the event stream shows them.</summary>
    private async Task<Dictionary<(string, string), string>> ViewsAsync()
    {
        var keys = await App.Services.GetRequiredService<Database>()
            .ReadAsync(async (db, ct) => new Dictionary<string, List<string>>
            {
                ["machine"] = await db.Set<MachineRow>().Where(row => !row.Name.StartsWith("many"))
                    .Select(row => row.Name)
                    .ToListAsync(ct),
                ["profile"] = await db.Set<ProfileRow>().Select(row => row.Name).ToListAsync(ct),
                ["image"] = await db.Set<ImageRow>().Select(row => row.Name).ToListAsync(ct),
                ["boot"] = await db.Set<BootRow>().Select(row => row.Id).ToListAsync(ct),
                ["job"] = await db.Set<JobRow>().Select(row => row.Id).ToListAsync(ct),
                ["alarm"] = await db.Set<AlarmRow>().Select(row => row.Id.ToString()).ToListAsync(ct),
            }, Ct);
        var sources = App.Services.GetServices<EventView>().ToDictionary(source => source.Kind);
        Assert.Equal(Kinds.Order(StringComparer.Ordinal), sources.Keys.Order(StringComparer.Ordinal));
        var views = new Dictionary<(string, string), string>();
        foreach (var (kind, names) in keys)
            foreach (var name in names)
                if ((await sources[kind].Load(name, Ct)).View is { } view)
                    views[(kind, name)] = JsonSerializer.Serialize(view, view.GetType(), JsonBody.Writing);
        return views;
    }

    private static string KeyOf(string data)
    {
        var json = JsonDocument.Parse(data).RootElement;
        if (json.TryGetProperty("deleted", out _)) return json.GetProperty("name").GetString()!;
        return (json.TryGetProperty("id", out var id) ? id : json.GetProperty("name")).ToString();
    }

    /// <summary>Everything that a machine can be looked up by.</summary>
    private Task<HashSet<object>> KeysAsync() => App.Services.GetRequiredService<Database>().ReadAsync(async (db, ct) =>
    {
        HashSet<object> keys = [];
        foreach (var mac in await db.Set<MachineMacRow>().Where(row => !row.Mac.StartsWith("52:54:00:d1"))
            .Select(row => row.Mac).ToListAsync(ct))
            keys.Add(MacAddress.Parse(mac));
        foreach (var row in await db.Set<MachineRow>().Where(row => row.UuidKey != null || row.SerialKey != null)
            .ToListAsync(ct))
        {
            if (MachineUuid.TryParse(row.UuidKey, out var uuid)) keys.Add(uuid);
            if (MachineSerial.TryParse(row.SerialKey, out var serial)) keys.Add(serial);
        }
        return keys;
    }, Ct);

    private async Task WarmAsync(HashSet<object> keys)
    {
        foreach (var key in keys) await App.Services.GetRequiredService<MachineCache>().FindAsync(LookupOf(key), Ct);
    }

    private static MachineLookup LookupOf(object key) => key switch
    {
        MacAddress mac => new([mac], null, null),
        MachineUuid uuid => new([], uuid, null),
        _ => new([], null, (MachineSerial)key),
    };

    /// <summary>What a boot decides by; what is observed of machines is left out of the cache.</summary>
    private static string Decisive(MachinesFound found) => Shown(found.ByMac.Append(found.ByUuid).Append(found.BySerial)
        .Select(machine => machine is null ? null : new
        {
            machine.Id, machine.Name, machine.Revision, machine.Spec, machine.State, machine.NextBoot,
            machine.LeftToDisk,
            machine.Completion, machine.Reference,
        }));

    private static string Shown<T>(T value) => JsonSerializer.Serialize(value, JsonBody.Writing);

    private static string Shown<T>(IReadOnlyDictionary<string, T> values) =>
        JsonSerializer.Serialize(values.OrderBy(value => value.Key, StringComparer.Ordinal)
            .Select(value => JsonSerializer.SerializeToNode(value.Value, JsonBody.Writing)), JsonBody.Writing);

    /// <summary>Flips a bit on the disk, as disks do.</summary>
    private void Rot(byte[] bytes)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var path = Path.Combine(App.Data, "blobs", digest[..2], digest);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var rotten = bytes.ToArray();
        rotten[^1] ^= 1;
        File.WriteAllBytes(path, rotten);
    }
}
