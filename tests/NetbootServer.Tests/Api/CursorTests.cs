using System.Buffers.Text;
using System.Net;
using System.Text;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Api;

public sealed class CursorTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static readonly string[] Lists =
    [
        "machines?", "machines?sort=-name&", "machines?sort=lastSeenAt&", "machines?sort=-lastSeenAt&", "profiles?",
        "images?",
        "boots?", "machines/m/boots?", "jobs?", "audit?", "tokens?", "sessions?",
    ];

    public static TheoryData<string> All => [.. Lists];

    [Theory, MemberData(nameof(All))]
    public async Task Any_cursor_is_good_or_a_bad_request_and_never_a_fault_of_the_server(string list)
    {
        await app.Admin.PutAsync("/api/v1/machines/m", """{"macs":["52:54:00:00:0c:01"]}""");
        string[] keys = ["", "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "253402300800000",
            "-62135596800001",
            "99999999999999999999", "x", "1.5", "1e3", " 1", "\0", "é"];
        foreach (var key in keys)
            foreach (var name in new[] { "", "m", "9223372036854775807", "99999999999999999999", "\0", "x\ny" })
            {
                var after = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{key}\n{name}"));
                var answer = await app.Admin.GetAsync($"/api/v1/{list}after={after}");
                if (answer.Status != HttpStatusCode.OK)
                    answer.IsProblem(HttpStatusCode.BadRequest, "malformed-request");
            }
    }

    [Theory]
    [InlineData("machines?sort=lastSeenAt&", "9223372036854775807\nm")]
    [InlineData("machines?sort=-lastSeenAt&", "-9223372036854775808\nm")]
    [InlineData("machines?sort=lastSeenAt&", "\nm")]
    [InlineData("machines?", "1\nm")]
    [InlineData("boots?", "253402300800000\nb")]
    [InlineData("boots?", "x\nb")]
    [InlineData("audit?", "\n99999999999999999999")]
    [InlineData("audit?", "\nm")]
    [InlineData("jobs?", "1\nm")]
    public async Task A_number_out_of_range_or_of_another_list_is_a_bad_request(string list, string cursor)
    {
        var answer = await app.Admin.GetAsync($"/api/v1/{list}after={Base64Url.EncodeToString(Encoding.UTF8.GetBytes(cursor))}");
        Assert.Contains("unchanged", answer.IsProblem(HttpStatusCode.BadRequest, "malformed-request")["detail"],
            StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Any_limit_is_good_or_a_bad_request(string list)
    {
        await app.Admin.PutAsync("/api/v1/machines/m", """{"macs":["52:54:00:00:0c:01"]}""");
        foreach (var limit in new[] { "0", "-1", "1001", "99999999999999999999", "x", "1.0", "+1", " 1", "%00" })
            (await app.Admin.GetAsync($"/api/v1/{list}limit={limit}"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        (await app.Admin.GetAsync($"/api/v1/{list}limit=1000")).Is(HttpStatusCode.OK);
    }
}
