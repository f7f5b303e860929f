using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Serving.Bodies;

namespace NetbootServer.Tests.Hostile;

/// <summary>
/// A client that asks for a change and disconnects before the answer: the change is there, or is not, for every reader.
/// </summary>
public sealed class HangUpTests(HostileHost host) : IClassFixture<HostileHost>
{
    private const int Times = 40;

    [Theory]
    [InlineData("image", "images", """{"source":{"type":"upload"},"keep":{0}}""", "keep")]
    [InlineData("profile", "profiles", """{"image":"tiny","priority":{0}}""", "priority")]
    public async Task What_memory_has_is_what_was_written(string kind, string path, string body, string member)
    {
        for (var i = 1; i <= Times; i++)
        {
            var json = body.Replace("{0}", $"{i}", StringComparison.Ordinal);
            using (var client = await RawClient.ConnectAsync(host.Url))
            {
                await client.SendAsync($"PUT /api/v1/{path}/left HTTP/1.1\r\nHost: {host.Url.Authority}\r\n" +
                    $"Authorization: Bearer {NetbootApp.Token}\r\nContent-Type: application/json\r\n" +
                    $"Content-Length: {json.Length}\r\n\r\n{json}");
                await Task.Delay(i % 10, TestContext.Current.CancellationToken); // it may be anywhere by then
            }
            // What writes after it waits for its turn: by then it is written, or will not be.
            await host.Admin.PutAsync("/api/v1/images/right", $$"""{"source":{"type":"upload"},"keep":{{i}}}""");
            await AgreeAsync();
        }
        await host.StandsAsync();
        await AgreeAsync();

        // The last one may come at any time, also between the two looks.
        Task AgreeAsync() => Until.AsAsync(
            async () => (InMemory: (await host.Admin.GetAsync($"/api/v1/{path}/left"))[member],
                Written: await WrittenAsync()),
            both => both.InMemory == both.Written, $"memory to have what was written of the {kind}");

        async Task<string?> WrittenAsync()
        {
            var audit = await host.Admin.GetAsync($"/api/v1/audit?kind={kind}&name=left&limit=1");
            var entries = audit.Json.GetProperty("items");
            return entries.GetArrayLength() == 0 ? null : $"{entries[0].GetProperty("after").GetProperty(member)}";
        }
    }
}
