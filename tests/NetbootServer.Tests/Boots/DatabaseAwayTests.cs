using System.Data.Common;
using System.Net;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>
/// Holds up every access to the database the way SQLite does on a locked file or a stalled disk: by blocking the
/// thread that asks.
/// </summary>
internal sealed class Stall : DbConnectionInterceptor, IDisposable
{
    private readonly ManualResetEventSlim _open = new(initialState: true);

    public void Begin() => _open.Reset();

    public void End() => _open.Set();

    public override InterceptionResult ConnectionOpening(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        _open.Wait();
        return result;
    }

    public override ValueTask<InterceptionResult> ConnectionOpeningAsync(DbConnection connection,
        ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        _open.Wait(CancellationToken.None);
        return new(result);
    }

    public void Dispose() => _open.Dispose();
}

[Trait("category", "slow")]
public sealed class DatabaseAwayTests : IAsyncLifetime
{
    private const string Known = "525400080001", Unknown = "525400080002", Local = "525400080003";
    private readonly Stall _stall = new();
    private readonly NetbootApp _app;
    private readonly Caller _admin, _machine;
    private string _boot = "";

    public DatabaseAwayTests()
    {
        _app = new NetbootApp(new()
        {
            ["Boots:ReportCapacity"] = "100", ["Boots:CatalogWait"] = "00:00:01", ["Boots:ReportWait"] = "00:00:02",
        }, services => services.ConfigureDbContext<NetbootDb>(options => options.AddInterceptors(_stall)));
        (_admin, _machine) = (_app.Admin, _app.Machine);
    }

    public async ValueTask InitializeAsync()
    {
        await _admin.MakeImageAsync("away", seed: 70);
        await _admin.PutAsync("/api/v1/profiles/away", """{"image":"away"}""");
        await _admin.PutAsync("/api/v1/machines/known", $$"""{"macs":["{{Known}}"],"profile":"away"}""");
        await _admin.PutAsync("/api/v1/machines/local", $$"""{"macs":["{{Local}}"]}""");
        await _admin.PutAsync("/api/v1/machines/local/next-boot", """{"action":"local"}""");
        await _machine.HeadAsync($"/boot/script?mac={Local}");
        _boot = (await _machine.ScriptAsync(Known)).BootPath();
        await _admin.BootWithAsync("known", "running");
        _stall.Begin();
    }

    public async ValueTask DisposeAsync()
    {
        _stall.End();
        await _app.DisposeAsync();
        _stall.Dispose();
    }

    [Fact]
    public async Task A_cached_machine_boots_and_any_other_is_told_to_ask_again_within_its_second()
    {
        Assert.Contains("\nkernel ", await _machine.ScriptAsync(Known), StringComparison.Ordinal);
        // Many at once: none waits for the others, which would take 100 s, and none takes the others' threads away.
        var scripts = await Task.WhenAll(Enumerable.Range(0, 100)
            .Select(i => _machine.ScriptAsync($"5254000801{i:x2}")))
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.All(scripts, script => Assert.Contains("cannot read its catalog", script, StringComparison.Ordinal));
        Assert.Contains("\nkernel ", await _machine.ScriptAsync(Known), StringComparison.Ordinal);
        (await _machine.GetAsync("/healthz")).Is(HttpStatusCode.OK);

        _stall.End();
        await Until.AsAsync(() => _machine.ScriptAsync(Unknown),
            script => script.Contains("does not know", StringComparison.Ordinal), "an answer in time");
    }

    [Fact]
    public async Task Ready_and_failed_are_answered_and_written_later_and_up_is_sent_again()
    {
        (await _machine.GetAsync($"{_boot}/ready")).Is(HttpStatusCode.OK);
        var up = (await _machine.PostAsync($"{_boot}/up", "{}")).Is(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("2", up.Header("Retry-After"));
        (await _machine.GetAsync("/readyz")).Is(HttpStatusCode.ServiceUnavailable);

        _stall.End();
        await _admin.BootWithAsync("known", "ready");
        await UpAsync();
        await _admin.BootWithAsync("known", "up");
        await Until.AsAsync(() => _machine.GetAsync("/readyz"), answer => answer.Status == HttpStatusCode.OK,
            "the server to be ready");
    }

    [Fact]
    public async Task Reports_that_find_no_room_are_sent_again_and_none_that_was_taken_is_lost()
    {
        var (log, tokens) = (_app.Services.GetRequiredService<BootLog>(),
            _app.Services.GetRequiredService<BootTokens>());
        var others = Enumerable.Range(0, 100).Select(_ => tokens.Mint(0, new string('0', 32), false).Ticket).ToList();
        var written = others.Select(ticket =>
            log.ReportAsync(new BootStep(DateTimeOffset.UtcNow, ticket, Steps.Ready, FactKinds.Began))).ToList();
        Assert.All(written, Assert.NotNull);

        var refused = (await _machine.PostAsync($"{_boot}/up", new { })).Is(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("2", refused.Header("Retry-After"));
        // A script goes on: it would stand still with everything loaded.
        (await _machine.GetAsync($"{_boot}/ready")).Is(HttpStatusCode.OK);

        _stall.End();
        Assert.All(await Task.WhenAll(written.Select(each => each!)), Assert.True);
        await _admin.BootWithAsync("known", "ready");
        await UpAsync();
        await _admin.BootWithAsync("known", "up");
    }

    /// <summary>Sends it, again and again, as a booted system does.</summary>
    private Task UpAsync() => Until.AsAsync(() => _machine.PostAsync($"{_boot}/up", "{}"),
        answer => answer.Status == HttpStatusCode.OK, "the report to be taken");

    [Fact]
    public async Task A_one_shot_is_handed_out_and_its_use_is_written_later()
    {
        Assert.Contains("boots its local disk", await _machine.ScriptAsync(Local), StringComparison.Ordinal);
        _stall.End();
        await _admin.MachineWhenAsync("local", machine => machine["nextBoot"] is null, "the next boot to be used up");
    }
}
