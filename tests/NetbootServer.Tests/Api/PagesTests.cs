using System.Net;
using NetbootServer.Api;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Api;

public sealed class PagesTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _anyone = app.Machine;

    [Fact]
    public async Task Every_problem_type_has_a_page_that_explains_it()
    {
        foreach (var type in ProblemTypes.All.Values)
        {
            var page = (await _anyone.GetAsync(type.Path)).Is(HttpStatusCode.OK);
            Assert.Equal("text/html", page.MediaType);
            Assert.Contains(WebUtility.HtmlEncode(type.Title), page.Text, StringComparison.Ordinal);
        }
        (await _anyone.GetAsync("/problems/none")).Is(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/problems/invalid")]
    [InlineData("/index.html")]
    public async Task Open_pages_answer_GET_and_HEAD(string path)
    {
        (await _anyone.GetAsync(path)).Is(HttpStatusCode.OK);
        (await _anyone.HeadAsync(path)).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_root_is_the_dashboard()
    {
        Assert.Contains("<title>NetbootServer", (await _anyone.GetAsync("/")).Is(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);
        (await _anyone.HeadAsync("/")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_API_describes_itself()
    {
        var document = (await _anyone.GetAsync("/swagger/v1/swagger.json")).Is(HttpStatusCode.OK);
        var paths = document.Json.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();
        Assert.Contains("/api/v1/machines/{name}/next-boot", paths);
        Assert.All(paths, path => Assert.StartsWith("/api/v1/", path + "/", StringComparison.Ordinal));
    }
}
