using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Storage;

/// <summary>What is read by several statements, while others write.</summary>
public sealed class ConsistentReadTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Database _database = app.Services.GetRequiredService<Database>();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Statements_of_one_read_see_one_moment_and_hold_up_no_writer()
    {
        await _database.SetAsync("consistent", "before", Ct);
        var seen = await _database.ReadConsistentlyAsync(async (db, ct) =>
        {
            var first = await ValueAsync(db, ct);
            await _database.SetAsync("consistent", "after", ct);
            return (first, await ValueAsync(db, ct));
        }, Ct);
        Assert.Equal(("before", "before"), seen);
        Assert.Equal("after", await _database.ReadAsync(ValueAsync, Ct));
    }

    [Fact]
    public async Task A_read_that_fails_leaves_nothing_behind()
    {
        for (var i = 0; i < 200; i++) // more than there are connections
            await Assert.ThrowsAsync<FormatException>(() => _database.ReadConsistentlyAsync<string>(async (db, ct) =>
            {
                await ValueAsync(db, ct);
                throw new FormatException();
            }, Ct));
        await _database.SetAsync("consistent", "still written", Ct);
        Assert.Equal("still written", await _database.ReadConsistentlyAsync(ValueAsync, Ct));
    }

    private static Task<string?> ValueAsync(NetbootDb db, CancellationToken ct) => db.Set<ServerValueRow>()
        .Where(row => row.Name == "consistent").Select(row => row.Value).SingleOrDefaultAsync(ct)!;
}
