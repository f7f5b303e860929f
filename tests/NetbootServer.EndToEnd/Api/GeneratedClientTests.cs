using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Api;

/// <summary>
/// The OpenAPI document is good enough to work with: a client generated from it compiles and does its work.
/// </summary>
public sealed class GeneratedClientTests
{
    private static readonly string Source =
        Path.Combine(Repository.Root, "tests", "NetbootServer.EndToEnd", "Api", "client");

    [Fact]
    public async Task A_client_generated_from_the_document_compiles_and_registers_a_machine()
    {
        var ct = TestContext.Current.CancellationToken;
        var client = await NodeProject.InstallAsync("api-client", Source, ct);

        await using var server = await ServerProcess.StartAsync(new ServerSetup(), ct);
        await File.WriteAllTextAsync(Path.Combine(client.Folder, "swagger.json"),
            await server.Machines.GetStringAsync("/swagger/v1/swagger.json", ct), ct);
        await client.SucceedAsync("node_modules/.bin/openapi-typescript",
            ["swagger.json", "--output", "schema.d.ts"], ct);
        await client.SucceedAsync("node_modules/.bin/tsc", ["--project", "."], ct);
        var printed = await client.SucceedAsync("node",
            ["register.js", server.Url.GetLeftPart(UriPartial.Authority), server.AdminToken], ct);

        Assert.Equal("client-machine 52:54:00:c1:1e:47 registered made by a generated client", printed.Trim());
        var machine = await new AdminClient(server.Admin).GetAsync("/machines/client-machine", ct);
        Assert.Equal("3", machine.GetProperty("labels").GetProperty("rack").GetString());
    }
}
