using System.Net;

namespace NetbootServer.EndToEnd.Operations;

/// <summary>What machines see of a server that is stopped as systemd stops it.</summary>
public sealed class StopTests
{
    private const int InitrdBytes = 32 << 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transfer_under_way_finishes_while_new_requests_are_asked_to_come_again()
    {
        await using var server = await StartAsync("00:05:00");
        using var transfer = await BeginTransferAsync(server);
        await using var body = await transfer.Content.ReadAsStreamAsync(Ct);
        var received = await body.ReadAtLeastAsync(new byte[64 << 10], 64 << 10, cancellationToken: Ct);

        var stopping = server.StopAsync();
        HttpResponseMessage? refused = null;
        await Until.TrueAsync(async () =>
        {
            refused?.Dispose();
            refused = await server.Machines.GetAsync("/boot.ipxe", Ct);
            return refused.StatusCode == HttpStatusCode.ServiceUnavailable;
        }, "new requests to be refused");
        Assert.NotNull(refused!.Headers.RetryAfter?.Delta);
        Assert.True(refused.Headers.ConnectionClose);
        refused.Dispose();
        using var api = await server.Admin.GetAsync("/api/v1/machines", Ct);
        Assert.Equal("application/problem+json", api.Content.Headers.ContentType?.MediaType);

        var buffer = new byte[1 << 20];
        for (int read; (read = await body.ReadAsync(buffer, Ct)) > 0;) received += read;
        Assert.Equal(InitrdBytes, received);
        await stopping;
        Assert.DoesNotContain("ERR", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transfer_that_does_not_finish_in_time_is_cut()
    {
        await using var server = await StartAsync("00:00:01");
        using var transfer = await BeginTransferAsync(server);
        await using var body = await transfer.Content.ReadAsStreamAsync(Ct);
        await body.ReadAtLeastAsync(new byte[64 << 10], 64 << 10, cancellationToken: Ct);
        await server.StopAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () => await body.CopyToAsync(Stream.Null, Ct));
        Assert.Contains("ShutdownTimeout", server.Output, StringComparison.Ordinal);
    }

    private static async Task<ServerProcess> StartAsync(string timeout)
    {
        var setup = new ServerSetup { Settings = new Dictionary<string, string> { ["ShutdownTimeout"] = timeout } };
        var server = await ServerProcess.StartAsync(setup, Ct);
        await SmallImage.MakeAsync(new AdminClient(server.Admin), server.Admin, "tiny", InitrdBytes, Ct);
        return server;
    }

    /// <summary>More bytes than socket buffers hold, and nobody reads them yet.</summary>
    private static async Task<HttpResponseMessage> BeginTransferAsync(ServerProcess server)
    {
        var digest = Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(BootFiles.Initrd(seed: 2, InitrdBytes)));
        return await server.Machines.GetAsync($"/blobs/{digest}/initrd", HttpCompletionOption.ResponseHeadersRead, Ct);
    }
}
