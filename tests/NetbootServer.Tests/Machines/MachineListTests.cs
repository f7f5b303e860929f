using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Machines;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines;

/// <summary>
/// A data directory with 2,500 machines: every third discovered, every fifth never seen, in five racks.
/// </summary>
public sealed class ManyMachines : NetbootApp, IAsyncLifetime
{
    public const int Count = 2500;
    public static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    public async ValueTask InitializeAsync() =>
        await Services.GetRequiredService<Database>().WriteAsync((db, _) =>
        {
            for (var i = 0; i < Count; i++) db.Add(Row(i));
            for (var i = 0; i < Count; i++)
                db.Add(new MachineLabelRow { MachineId = i + 1, Key = "rack", Value = $"r{i % 5}" });
            return Task.FromResult(true);
        }, TestContext.Current.CancellationToken);

    /// <summary>
    /// Names in an order that numbers, upper case or a culture would change; several share an instant.
    /// </summary>
    public static string NameOf(int i) => (i % 4) switch { 0 => $"n{i}", 1 => $"n-{i}", 2 => $"n.{i}", _ => $"{i}n" };

    private static MachineRow Row(int i)
    {
        var row = new MachineRow
        {
            Id = i + 1, Name = NameOf(i), Spec = "", Search = "", Revision = 1, CreatedAt = Start, UpdatedAt = Start,
            State = i % 3 == 0 ? MachineState.Discovered : MachineState.Registered,
            LastSeenAt = i % 5 == 0 ? null : Start.AddSeconds(i / 7),
        };
        row.WriteSpec(new()
        {
            Macs = [$"52:54:00:00:{i / 256:x2}:{i % 256:x2}"], Notes = i == 77 ? "Needle%_'"
            : null
        });
        return row;
    }
}

public sealed class MachineListTests(ManyMachines app) : IClassFixture<ManyMachines>
{
    private readonly Caller _admin = app.Admin;

    [Theory]
    [InlineData("name")]
    [InlineData("-name")]
    [InlineData("lastSeenAt")]
    [InlineData("-lastSeenAt")]
    public async Task Every_machine_is_listed_once_in_order(string sort)
    {
        var names = new List<string>();
        string? after = null;
        do
        {
            var page = (await _admin.GetAsync($"/api/v1/machines?limit=321&sort={sort}&after={after}"))
                .Is(HttpStatusCode.OK);
            names.AddRange(page.Items());
            after = page["next"];
            Assert.True(names.Count <= ManyMachines.Count, "The list does not end.");
        }
        while (after is not null);
        var all = Enumerable.Range(0, ManyMachines.Count)
            .Select(i => (Name: ManyMachines.NameOf(i), Seen: i % 5 == 0 ? -1 : i / 7));
        var byName = Comparer<string>.Create(string.CompareOrdinal);
        Assert.Equal(sort switch
        {
            "name" => all.OrderBy(m => m.Name, byName),
            "-name" => all.OrderByDescending(m => m.Name, byName),
            "lastSeenAt" => all.OrderBy(m => m.Seen).ThenBy(m => m.Name, byName),
            _ => all.OrderByDescending(m => m.Seen).ThenByDescending(m => m.Name, byName),
        } is var sorted ? sorted.Select(m => m.Name) : [], names);
    }

    [Theory]
    [InlineData("", 100)]
    [InlineData("?limit=1000", 1000)]
    [InlineData("?limit=1000&state=discovered", 834)]
    [InlineData("?limit=1000&label=rack%3Dr3", 500)]
    [InlineData("?limit=1000&label=rack%3Dr3&state=discovered", 167)]
    [InlineData("?label=rack%3Dr3&label=rack%3Dr4", 0)]
    [InlineData("?limit=1000&label=rack&state=discovered", 834)]
    [InlineData("?label=rac", 0)]
    [InlineData("?q=needle%25_%27", 1)]
    [InlineData("?q=needlex", 0)]
    [InlineData("?q=52-54-00-00-00-4d", 1)]
    [InlineData("?q=52:54:00:00:00:4D", 1)]
    [InlineData("?profile=none", 0)]
    public async Task Filters_choose(string query, int count) =>
        Assert.Equal(count, (await _admin.GetAsync("/api/v1/machines" + query)).Is(HttpStatusCode.OK).Items().Count);

    [Theory]
    [InlineData("?limit=0")]
    [InlineData("?limit=1001")]
    [InlineData("?limit=many")]
    [InlineData("?sort=colour")]
    [InlineData("?state=lost")]
    [InlineData("?after=%00")]
    [InlineData("?after=bm9uc2Vuc2U")]
    public async Task A_query_without_sense_is_refused(string query) =>
        (await _admin.GetAsync("/api/v1/machines" + query)).IsProblem(HttpStatusCode.BadRequest, "malformed-request");

    [Fact]
    public async Task A_page_of_one_order_does_not_continue_another()
    {
        var next = (await _admin.GetAsync("/api/v1/machines?sort=name&limit=10"))["next"];
        (await _admin.GetAsync($"/api/v1/machines?sort=lastSeenAt&after={next}"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
    }
}
