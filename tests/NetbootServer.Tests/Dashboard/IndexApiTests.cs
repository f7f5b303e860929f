using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Dashboard;

public sealed class IndexApiTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    [Fact]
    public async Task The_root_lists_every_path_of_the_API_as_the_OpenAPI_document_does()
    {
        var paths = (await app.Admin.GetAsync("/api/v1")).Is(HttpStatusCode.OK).Json.GetProperty("paths")
            .EnumerateArray().Select(path => path.GetString()!).ToList();
        var described = (await app.Machine.GetAsync("/swagger/v1/swagger.json")).Is(HttpStatusCode.OK).Json
            .GetProperty("paths").EnumerateObject().Select(path => path.Name)
            .Where(path => path.StartsWith("/api/v1/", StringComparison.Ordinal)).Select(path => path[8..]);

        Assert.Contains("machines/{name}", paths);
        Assert.Equal(described.Order(StringComparer.Ordinal), paths.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_root_is_small() =>
        Assert.InRange((await app.Admin.GetAsync("/api/v1")).Is(HttpStatusCode.OK).Text.Length, 100, 8_000);
}
