using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Dashboard;

public sealed class OverviewApiTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    [Theory]
    [InlineData("", 10)]
    [InlineData("?span=hour", 10)]
    [InlineData("?span=day", 300)]
    public async Task Throughput_comes_in_the_steps_of_its_span(string query, int seconds)
    {
        var answer = (await app.Admin.GetAsync($"/api/v1/overview/throughput{query}")).Is(HttpStatusCode.OK).Json;

        Assert.Equal(seconds, answer.GetProperty("stepSeconds").GetInt32());
        Assert.All(answer.GetProperty("samples").EnumerateArray(),
            sample => Assert.Equal(0, sample.GetProperty("bytesPerSecond").GetInt64()));
    }

    [Fact]
    public async Task Another_span_is_refused_with_those_there_are() =>
        Assert.Contains("hour or day",
            (await app.Admin.GetAsync("/api/v1/overview/throughput?span=year")).Is(HttpStatusCode.BadRequest).Text,
            StringComparison.Ordinal);
}
