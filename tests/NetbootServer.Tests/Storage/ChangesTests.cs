using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Journal;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Profiles;
using NetbootServer.Storage;
using NetbootServer.Tests.Events;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Storage;

/// <summary>What happens between a commit and those who follow it.</summary>
public sealed class ChangesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_follower_that_fails_neither_undoes_nor_repeats_the_write_and_catches_up()
    {
        var catalog = new FailingFollower(ChangeStage.Catalogs, new SqliteException("disk I/O error", 10));
        await using var app = new NetbootApp([], services => services.AddSingleton(catalog.Follower));
        await app.Admin.MakeImageAsync("img");
        await app.Admin.PutAsync("/api/v1/profiles/prof", """{"image":"img"}""");
        await app.Admin.PutAsync("/api/v1/machines/node", """{"macs":["5254000a0001"],"profile":"prof"}""");
        var boot = (await app.Machine.ScriptAsync("5254000a0001")).BootPath();
        await app.Admin.BootWithAsync("node", "running");
        await using var live = await LiveEvents.OpenAsync(app);

        catalog.Fails = true;
        var saved = (await app.Admin.PutAsync("/api/v1/images/img", """{"source":{"type":"upload"},"keep":7}""")).Is(HttpStatusCode.OK);
        Assert.Equal("7", saved["keep"]);
        (await app.Admin.PutAsync("/api/v1/images/new", """{"source":{"type":"upload"}}""")).Is(HttpStatusCode.Created);
        // The cache of machines does not wait for what cannot follow.
        await app.Admin.PutAsync("/api/v1/machines/node/next-boot", """{"action":"local"}""");
        Assert.Contains("boots its local disk", await app.Machine.ScriptAsync("5254000a0001"),
            StringComparison.Ordinal);
        (await app.Machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        var ready = await app.Admin.BootWithAsync("node", "ready");
        await Until.AsAsync(() => app.Machine.GetAsync("/readyz"),
            answer => answer.Text.Contains("following of changes", StringComparison.Ordinal),
            "the failure to be reported");

        catalog.Fails = false;
        // In no particular order.
        for (List<string> missing = ["\"keep\":7", "\"name\":\"new\"", "\"outcome\":\"ready\""]; missing.Count > 0;)
        {
            var data = (await live.NextAsync()).Data;
            missing.RemoveAll(text => data.Contains(text, StringComparison.Ordinal));
        }
        await Until.AsAsync(() => app.Machine.GetAsync("/readyz"), answer => answer.Status == HttpStatusCode.OK,
            "the server to be ready");
        Assert.Superset(new HashSet<string> { "img", "new" }, catalog.Followed);
        Assert.Single(app.Log.All, line => line.Contains("could not follow it", StringComparison.Ordinal));
        Assert.Equal(ready.Text, (await app.Admin.GetAsync($"/api/v1/boots/{ready["id"]}")).Text);
        var facts = await app.Services.GetRequiredService<Database>().ReadAsync((db, ct) => db.Set<BootFactRow>()
            .Where(fact => fact.BootId == ready["id"]! && fact.Step == Steps.Ready).ToListAsync(ct), Ct);
        Assert.Equal(1, Assert.Single(facts).Count);
    }

    [Fact]
    public async Task A_follower_with_a_fault_holds_up_no_other()
    {
        var broken = new FailingFollower(ChangeStage.Catalogs, new InvalidOperationException("a bug")) { Fails = true };
        await using var app = new NetbootApp([], services => services.AddSingleton(broken.Follower));
        await using var live = await LiveEvents.OpenAsync(app);
        await app.Admin.MakeImageAsync("img");
        await live.FindAsync("image.changed", "\"name\":\"img\"");
        broken.Fails = false;
        await Until.TrueAsync(() => broken.Followed.Contains("img"), "the follower to catch up");
    }

    [Fact]
    public async Task A_resource_that_cannot_be_loaded_is_told_when_it_can_and_else_readers_load_all()
    {
        var tries = 0;
        await using var app = new NetbootApp([], services => services.AddSingleton(new EventView("late", (key, _) =>
            ++tries < 4 ? throw new SqliteException("disk I/O error", 10)
                : key == "broken" ? throw new InvalidOperationException("a bug")
                : Task.FromResult<(object?, string?)>((new { name = key }, null)))));
        await using var live = await LiveEvents.OpenAsync(app);
        var hub = app.Services.GetRequiredService<EventHub>();
        hub.Changed("late", "one");
        await live.FindAsync("late.changed", "one");
        Assert.Equal(4, tries);
        Assert.Single(app.Log.All, line =>
            line.Contains("Could not load the changed \"late\" \"one\"", StringComparison.Ordinal));
        hub.Changed("late", "broken");
        while ((await live.NextAsync()).EventType != "reset")
        {
            // It is given up after some tries.
        }
    }

    [Fact]
    public async Task Bulk_statements_without_a_note_make_everything_of_their_kind_stale()
    {
        await using var app = new NetbootApp();
        await app.Admin.MakeImageAsync("img");
        await app.Admin.PutAsync("/api/v1/profiles/prof", """{"image":"img"}""");
        var database = app.Services.GetRequiredService<Database>();
        await using var live = await LiveEvents.OpenAsync(app, "?types=reset");
        await database.WriteAsync((db, ct) => db.Set<ProfileRow>().ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Revision, 77), ct), Ct);
        Assert.Equal(77, app.Services.GetRequiredService<ProfileCatalog>().Profiles["prof"].Revision);
        Assert.Equal("reset", (await live.NextAsync()).EventType);
        await database.ChangeAsync((db, ct) => db.Set<ImageRow>().ExecuteDeleteAsync(ct), Ct);
        Assert.Empty(app.Services.GetRequiredService<ImageCatalog>().Images);
        Assert.Equal(["\"profile\"", "\"image\""], app.Log.All
            .Where(line => line.Contains("by bulk statements without a note", StringComparison.Ordinal))
            .Select(line => line.Split(" wrote ")[1].Split(' ')[0]));
    }

    [Fact]
    public async Task Nothing_is_followed_that_was_rolled_back()
    {
        await using var app = new NetbootApp();
        await app.Admin.MakeImageAsync("img");
        var catalog = app.Services.GetRequiredService<ImageCatalog>();
        // Looking into its initrd is the last change that no request asks for.
        await Until.TrueAsync(() => catalog.Images["img"].Versions.Values.All(version => version.IsLookedInto),
            "its initrd to be looked into");
        var before = catalog.Images;
        await Assert.ThrowsAsync<InvalidOperationException>(() => app.Services.GetRequiredService<Database>()
            .ChangeAsync<bool>(async (db, ct) =>
            {
                (await db.Set<ImageRow>().SingleAsync(ct)).Held = true;
                await db.SaveChangesAsync(ct);
                throw new InvalidOperationException();
            }, Ct));
        Assert.Same(before, catalog.Images);
    }

    [Fact]
    public void More_than_are_named_are_all_of_a_kind()
    {
        var changes = new Changes();
        for (var i = 0; i <= Changes.MostOfAKind; i++) changes.Add(ChangeKinds.Boot, $"{i}");
        changes.Add(ChangeKinds.Machine, "node");
        Assert.True(changes.HasAll(ChangeKinds.Boot));
        Assert.Empty(changes.Names(ChangeKinds.Boot));
        Assert.Equal(["node"], changes.Names(ChangeKinds.Machine));
    }

    [Fact]
    public async Task Changes_are_collected_in_transactions_only()
    {
        await using var app = new NetbootApp();
        await app.Services.GetRequiredService<Database>().ReadAsync((db, _) =>
        {
            Assert.Throws<InvalidOperationException>(() => db.Changes);
            return Task.FromResult(true);
        }, Ct);
    }

    /// <summary>Fails for as long as it shall, and remembers the images that it has followed.</summary>
    private sealed class FailingFollower
    {
        private readonly Lock _lock = new();
        private readonly HashSet<string> _followed = [];

        public FailingFollower(ChangeStage stage, Exception error) =>
            Follower = new("test follower", stage, (changes, _) =>
        {
            if (Fails) throw error;
            lock (_lock) _followed.UnionWith(changes.Names(ChangeKinds.Image));
            return Task.CompletedTask;
        });

        public ChangeFollower Follower { get; }

        public bool Fails { get; set; }

        public HashSet<string> Followed
        {
            get
            {
                lock (_lock) return [.. _followed];
            }
        }
    }
}
