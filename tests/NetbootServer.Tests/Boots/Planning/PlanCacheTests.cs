using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Planning;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots.Planning;

/// <summary>
/// A machine that asks again gets its script from memory, until anything that it depends on is different.
/// </summary>
[Trait("category", "slow")]
public sealed class PlanCacheTests : IAsyncLifetime
{
    private const string Mac = "525400090001";
    private readonly NetbootApp _app = new();
    private Caller _admin = null!;
    private string _version = "";

    private long Hits => _app.Services.GetRequiredService<PlanCache>().Hits;

    public async ValueTask InitializeAsync()
    {
        _admin = _app.Admin;
        _version = await _admin.MakeImageAsync("kept", seed: 90);
        await _admin.PutAsync("/api/v1/profiles/kept", """{"image":"kept","after":"local","expects":"ready"}""");
        await _admin.PutAsync("/api/v1/machines/keeper", $$"""{"macs":["{{Mac}}"],"profile":"kept"}""");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_machine_that_asks_again_gets_the_same_script_for_another_boot()
    {
        var (first, second) = (await ScriptAsync(), await ScriptAsync());
        Assert.Equal(1, Hits);
        var (a, b) = (first.BootPath().Split('/')[2], second.BootPath().Split('/')[2]);
        Assert.NotEqual(a, b);
        Assert.Equal(first.Replace(a, b, StringComparison.Ordinal), second);
        await _app.Machine.GetAsync($"{second.BootPath()}/ready");
        await CompletedAsync();
    }

    private Task CompletedAsync() =>
        _admin.MachineWhenAsync("keeper", machine => machine["completion"] is not null, "a boot that succeeds");

    public static TheoryData<string, string> Changes => new()
    {
        { "profile", " from-the-profile" },
        { "machine", " from-the-machine" },
        { "next boot", "next boot: iPXE shell, once" },
        { "promotion", "/blobs/" },
        { "rollback", "/blobs/" },
        { "completion", "boots its local disk" },
        { "deletion", "does not know this machine" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_is_seen_by_the_very_next_script(string change, string expected)
    {
        var before = await ScriptAsync();
        Assert.Equal(Shape(before), Shape(await ScriptAsync()));
        Assert.Equal(1, Hits);
        switch (change)
        {
            case "profile":
                await _admin.PutAsync("/api/v1/profiles/kept", """{"image":"kept","kernelArguments":["from-the-profile"]}""");
                break;
            case "machine":
                await _admin.PutAsync("/api/v1/machines/keeper", $$"""{"macs":["{{Mac}}"],"profile":"kept","kernelArguments":["from-the-machine"]}""");
                break;
            case "next boot":
                await _admin.PutAsync("/api/v1/machines/keeper/next-boot", """{"action":"shell"}""");
                break;
            case "promotion":
                await _admin.AddVersionAsync("kept", seed: 91);
                break;
            case "rollback":
                await _admin.AddVersionAsync("kept", seed: 91);
                before = await ScriptAsync();
                Assert.Equal(Shape(before), Shape(await ScriptAsync()));
                await _admin.PutAsync("/api/v1/images/kept/current", $$"""{"version":"{{_version}}"}""");
                break;
            case "completion":
                await _app.Machine.GetAsync($"{(await ScriptAsync()).BootPath()}/ready");
                await CompletedAsync();
                break;
            case "deletion":
                await _admin.DeleteAsync("/api/v1/machines/keeper");
                break;
        }
        var after = await ScriptAsync();
        Assert.NotEqual(Shape(before), Shape(after));
        Assert.Contains(expected, after, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shell", "next boot: iPXE shell, once", "\nkernel ")]
    [InlineData("local", "next boot: local disk, once", "its firmware asks again")]
    public async Task A_next_boot_is_used_up_by_the_very_script_that_has_it(string action, string expected,
        string after)
    {
        await ScriptAsync();
        await _admin.PutAsync("/api/v1/machines/keeper/next-boot", $$"""{"action":"{{action}}"}""");
        Assert.Contains(expected, await ScriptAsync(), StringComparison.Ordinal);
        Assert.Contains(after, await ScriptAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_choice_in_a_kept_script_is_good_however_old_it_is()
    {
        await _admin.PutAsync("/api/v1/machines/waits", """{"macs":["525400090002"]}""");
        var first = await _app.Machine.ScriptAsync("525400090002");
        var second = await _app.Machine.ScriptAsync("525400090002");
        Assert.Equal(1, Hits);
        Assert.NotEqual(first, second); // the token in it is a new one
        Assert.Equal(first.Split('\n').Length, second.Split('\n').Length);
    }

    [Fact]
    public async Task A_boot_that_cannot_begin_offers_a_new_choice_each_time()
    {
        var words = string.Join("\",\"", Enumerable.Repeat(new string('x', 120), 10));
        await _admin.PutAsync("/api/v1/profiles/kept", $$"""{"image":"kept","kernelArguments":["{{words}}"]}""");
        await _admin.PutAsync("/api/v1/machines/keeper",
            $$"""{"macs":["{{Mac}}"],"profile":"kept","kernelArguments":["{{words}}"]}""");
        var (first, second) = (await ScriptAsync(), await ScriptAsync());
        Assert.Contains("command line has", first, StringComparison.Ordinal);
        Assert.Contains("&menu=local,", first, StringComparison.Ordinal);
        Assert.NotEqual(first, second); // the token in it is a new one
    }

    [Theory]
    [InlineData("&room=12", "&room=12")]
    [InlineData("&try=7", "sleep 30")]
    public async Task What_the_machine_tells_is_seen_by_the_very_next_script(string more, string expected)
    {
        await ScriptAsync();
        Assert.Contains(expected, await ScriptAsync(more), StringComparison.Ordinal);
        Assert.Equal(0, Hits);
    }

    private Task<string> ScriptAsync(string more = "") => _app.Machine.ScriptAsync(Mac, more);

    /// <summary>The script without its boot.</summary>
    private static string Shape(string script) => script.Contains("netboot.boot=", StringComparison.Ordinal)
        ? script.Replace(script.BootPath().Split('/')[2], "", StringComparison.Ordinal) : script;
}
