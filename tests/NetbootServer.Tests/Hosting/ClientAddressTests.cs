using System.Net;
using ArchUnitNET.Domain.Dependencies;
using ArchUnitNET.Loader;
using NetbootServer.Hosting;
using NetbootServer.Tests.Access;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Hosting;

[Trait("category", "slow")]
public sealed class ClientAddressTests
{
    [Theory]
    [InlineData("::ffff:10.0.0.5", "10.0.0.5")]
    [InlineData("10.0.0.5", "10.0.0.5")]
    [InlineData("2001:db8::5", "2001:db8::5")]
    public void An_IPv4_address_is_written_as_one(string address, string shown) =>
        Assert.Equal(shown, ClientAddress.Plain(IPAddress.Parse(address))!.ToString());

    [Theory]
    [InlineData("::ffff:10.0.0.5")]
    [InlineData("10.0.0.5")]
    [Trait("category", "slow")]
    public async Task A_client_has_one_address_in_machines_sessions_audit_and_log(string from)
    {
        var url = $"http://127.0.0.1:{Ports.Free()}";
        await using var server = ListeningApp.Start(("Urls", url), ("Access:TrustedProxies", "127.0.0.0/8"));
        using var proxy = ListeningApp.Ask(url);
        (string, string) by = ("X-Forwarded-For", from);
        (await proxy.PutAsync("/api/v1/machines/m", """{"macs":["525400000001"]}""", by)).Is(HttpStatusCode.Created);
        await proxy.SendAsync(HttpMethod.Get, "/boot/script?mac=525400000001", null, by);
        (await proxy.PostAsync("/api/v1/session", new { token = NetbootApp.Token }, by)).Is(HttpStatusCode.OK);
        var machine = await proxy.MachineWhenAsync("m", found =>
            found.Text.Contains("\"ip\"", StringComparison.Ordinal), "its address");
        Assert.Equal("10.0.0.5", machine.Json.GetProperty("identity").GetProperty("ip").GetString());
        foreach (var list in (string[])["sessions", "audit?kind=session", "audit?kind=machine"])
            Assert.Equal("10.0.0.5", (await proxy.GetAsync($"/api/v1/{list}")).Json.GetProperty("items")[0]
                .GetProperty("address").GetString());
        Assert.Contains(server.App.Log.All, line => line.Contains("/boot/script", StringComparison.Ordinal)
            && line.Contains("Ip=\"10.0.0.5\"", StringComparison.Ordinal));
        // Wrong log-ins of one address count together, whatever it is written as.
        HttpStatusCode last = 0;
        for (var i = 0; i < 6; i++)
            last = (await proxy.PostAsync("/api/v1/session", new { token = "wrong" },
                ("X-Forwarded-For", i % 2 == 0 ? "::ffff:10.0.0.5" : "10.0.0.5"))).Status;
        Assert.Equal(HttpStatusCode.TooManyRequests, last);
    }

    [Fact]
    public void One_place_reads_it()
    {
        var product = new ArchLoader().LoadAssembly(typeof(Program).Assembly).Build();
        var readers = product.Types.Where(type => type.Dependencies.OfType<MethodCallDependency>()
            .Any(call => call.TargetMember.Name.StartsWith("get_RemoteIpAddress", StringComparison.Ordinal)));
        Assert.Equal(nameof(ClientAddress), Assert.Single(readers).Name);
    }
}
