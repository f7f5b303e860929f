using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Journal;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>A boot keeps its script and why it got it: once for all that are equal, and without tokens.</summary>
public sealed class GivenScriptTests : IAsyncDisposable
{
    private readonly NetbootApp _app = new(new() { ["Boots:KeepPerMachine"] = "2" });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_boot_shows_its_script_without_the_token_and_why_it_got_it()
    {
        await MakeAsync("given", "525400080101", template: null);
        var script = await _app.Machine.ScriptAsync("525400080101");
        var boot = await BootAsync("given");
        Assert.Equal(script.Replace(TokenIn(script), "TOKEN", StringComparison.Ordinal), boot["script"]);
        Assert.Equal("profile 'given': is the machine's own profile", boot["scriptReason"]);
        var listed = (await _app.Admin.GetAsync("/api/v1/machines/given/boots")).Is(HttpStatusCode.OK);
        Assert.DoesNotContain("#!ipxe", listed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_that_alters_the_token_leaves_nothing_of_it_either()
    {
        await MakeAsync("altered", "525400080102", """
            #!ipxe\n{{ begin }}\necho {{ boot_url | string.upcase }}\n{{ load }}\n{{ failed }}\n
            """.Trim());
        var script = await _app.Machine.ScriptAsync("525400080102");
        var token = TokenIn(script);
        Assert.Contains(token.ToUpperInvariant(), script, StringComparison.Ordinal);
        var kept = (await BootAsync("altered"))["script"]!;
        Assert.Contains("/BOOTS/TOKEN\n", kept, StringComparison.Ordinal);
        Assert.DoesNotContain(token, kept, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Equal_scripts_are_stored_once_and_go_with_the_last_boot_that_got_them()
    {
        await MakeAsync("often", "525400080103", template: null);
        for (var i = 0; i < 3; i++) await _app.Machine.ScriptAsync("525400080103");
        await Until.TrueAsync(() => CountAsync<BootRow>().Result == 3, "three boots");
        Assert.Equal(1, await CountAsync<BootScriptRow>());

        (await _app.Admin.PatchAsync("/api/v1/machines/often", """{"kernelArguments":["quiet"]}"""))
            .Is(HttpStatusCode.OK);
        for (var i = 0; i < 2; i++) await _app.Machine.ScriptAsync("525400080103");
        await Until.TrueAsync(() => CountAsync<BootRow>().Result == 5, "five boots");
        Assert.Equal(2, await CountAsync<BootScriptRow>());
        await _app.Services.GetRequiredService<BootTrim>().AllAsync(Ct);
        Assert.Equal((2, 1), (await CountAsync<BootRow>(), await CountAsync<BootScriptRow>()));
        Assert.Contains(" quiet ", (await BootAsync("often"))["script"], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_long_script_whole_lines_are_kept_up_to_64_KiB()
    {
        var line = new string('é', 49) + "\n"; // 99 bytes
        var kept = GivenScript.TextOf(GivenScript.Of("why", string.Concat(Enumerable.Repeat(line, 1000))).Compressed);
        Assert.Equal(string.Concat(Enumerable.Repeat(line, GivenScript.MaxBytes / 99)), kept);
        Assert.NotEqual(GivenScript.Of("why", line).Id, GivenScript.Of("why not", line).Id);
        Assert.Equal(GivenScript.Of("why", line).Id, GivenScript.Of("why", line).Id);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task MakeAsync(string name, string mac, string? template)
    {
        await _app.Admin.MakeImageAsync(name, seed: 95);
        (await _app.Admin.PutAsync($"/api/v1/profiles/{name}", template is null ? $$"""{"image":"{{name}}"}"""
            : $$$"""{"image":"{{{name}}}","template":"{{{template}}}"}""")).Is(HttpStatusCode.Created);
        (await _app.Admin.PutAsync($"/api/v1/machines/{name}", $$"""{"macs":["{{mac}}"],"profile":"{{name}}"}"""))
            .Is(HttpStatusCode.Created);
    }

    private async Task<Answer> BootAsync(string machine)
    {
        var listed = await _app.Admin.BootWithAsync(machine, "running");
        return (await _app.Admin.GetAsync($"/api/v1/boots/{listed["id"]}")).Is(HttpStatusCode.OK);
    }

    private static string TokenIn(string script) => script.BootPath()["/boots/".Length..];

    private Task<int> CountAsync<TRow>() where TRow : class =>
        _app.Services.GetRequiredService<Database>().ReadAsync((db, ct) => db.Set<TRow>().CountAsync(ct), Ct);
}
