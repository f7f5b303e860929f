using System.Net;

namespace NetbootServer.Tests.Jobs;

[Trait("category", "slow")]
public sealed class RenamedImageTests : IAsyncDisposable
{
    private readonly JobHost _host = new();

    [Fact]
    public async Task Jobs_and_schedule_follow_an_images_new_name()
    {
        await _host.MakeAsync("first", schedule: "0 4 * * *");
        var job = (await _host.RefreshAsync("first"))["id"]!;
        var next = (await _host.App.Admin.GetAsync("/api/v1/images/first"))["nextRefreshAt"];
        (await _host.App.Admin.PatchAsync("/api/v1/images/first", """{"name":"second"}""")).Is(HttpStatusCode.OK);
        Assert.Equal("second", (await _host.App.Admin.GetAsync($"/api/v1/jobs/{job}"))["image"]);
        Assert.Equal([job], (await _host.App.Admin.GetAsync("/api/v1/jobs?image=second")).Items("id"));
        Assert.Equal(next, (await _host.App.Admin.GetAsync("/api/v1/images/second"))["nextRefreshAt"]);
        _host.Put(2);
        Assert.Equal("succeeded", (await _host.RefreshAsync("second"))["state"]);
        Assert.Equal(2, (await _host.App.Admin.GetAsync("/api/v1/images/second/versions")).Items("id").Count);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
