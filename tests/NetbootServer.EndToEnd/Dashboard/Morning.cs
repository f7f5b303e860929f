using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>
/// A busy morning in somebody's racks: two hundred machines, boots of every outcome and phase, one that stands still,
/// machines nobody has claimed, alarms, jobs. Boots go on until it is disposed.
/// </summary>
public sealed class Morning : IAsyncDisposable
{
    private readonly CancellationTokenSource end = new();
    private readonly List<Task> boots = [];
    private readonly HttpClient slow;

    private Morning(Fleet fleet)
    {
        Fleet = fleet;
        slow = new(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = fleet.Server.Url };
    }

    public Fleet Fleet { get; }

    /// <summary>The machine of rack 3 whose boot is half-way and has a history.</summary>
    public const string Moving = "rack3-node02";

    /// <summary>The machine whose boot stands still.</summary>
    public const string Still = "rack3-node07";

    /// <summary>A machine that waits for approval.</summary>
    public const string Found = "3c-ec-ef-41-0a-9e";

    /// <summary>A name of 63 characters.</summary>
    public const string LongName = "a-very-long-machine-name-that-someone-really-typed-in-because-x";

    /// <summary>A profile's name of 63 characters.</summary>
    public static string LongProfile { get; } = $"a-profile-{new string('p', 53)}";

    /// <summary>A machine that waits for approval, with very much to say of itself.</summary>
    public const string LongMac = "d8-3a-dd-12-77-99";

    /// <summary>Profiles, images and machines; nothing has booted yet.</summary>
    /// <param name="mebibytes">The size of the initrd that most machines load.</param>
    /// <param name="ct">Ends the preparations.</param>
    public static async Task<Morning> FurnishAsync(int mebibytes, CancellationToken ct)
    {
        var fleet = await Fleet.EmptyAsync(ct, ("Boots:StalledAfter", "00:00:08"), ("Jobs:MaxAttempts", "1"),
            ("Http:StallTimeout", "01:00:00")); // what stands still does so for as long as somebody looks
        var morning = new Morning(fleet);
        try
        {
            await fleet.UploadAsync("fleet", 1, 4, ct);
            await fleet.UploadAsync("fleet", 2, mebibytes, ct);
            await fleet.UploadAsync("nixos-26.05", 3, Math.Min(96, mebibytes), ct);
            await fleet.UploadAsync("installer", 4, 21, ct);
            await fleet.Api.PutAsync("/images/rescue", new { source = new { type = "upload" } }, ct);
            await fleet.ProfileAsync("fleet-workers", new { image = "fleet", selector = new { role = "worker" } }, ct);
            await fleet.ProfileAsync("rack3-burn-in", new { image = "fleet", selector = new { rack = "3" } }, ct);
            await fleet.ProfileAsync("gpu-workers", new
            {
                image = "nixos-26.05", selector = new { gpu = "a100" },
                kernelArguments = new[] { "hugepages=64", "iommu=pt" },
            }, ct);
            await fleet.ProfileAsync("install-once", new
            {
                image = "installer", selector = new { role = "storage" }, after = "local", expects = "up",
            }, ct);
            await fleet.ProfileAsync("rescue", new { image = "nixos-26.05" }, ct);
            await morning.RegisterAsync(ct);
            return morning;
        }
        catch
        {
            await morning.DisposeAsync();
            throw;
        }
    }

    /// <summary>Furnished, and everything has happened.</summary>
    public static async Task<Morning> BreakAsync(CancellationToken ct)
    {
        var morning = await FurnishAsync(mebibytes: 240, ct);
        try
        {
            for (var i = 1; i <= 3; i++) await morning.BootAsync(MacOf(1, i), ct);
            await morning.BootAsync(MacOf(3, 2), ct); // its history says how long it usually takes
            await (await morning.Fleet.Machine(MacOf(3, 2)).AskAsync(ct)).FailAsync("kernel", "0f0a6095", ct);
            for (var i = 0; i < 2; i++) await morning.BootAsync(MacOf(3, 2), ct);
            await morning.HappenAsync(ct);
            await morning.ExaggerateAsync(ct);
            await morning.CrowdAsync(ct);
            return morning;
        }
        catch
        {
            await morning.DisposeAsync();
            throw;
        }
    }

    /// <summary>Names and texts as long as they may be, and text that runs from right to left.</summary>
    private async Task ExaggerateAsync(CancellationToken ct)
    {
        var (key, value) = (new string('k', 60), new string('v', 60));
        await Fleet.ProfileAsync(LongProfile, new
        {
            image = "installer", selector = new Dictionary<string, string> { [key] = value },
            kernelArguments = new[] { $"long={new string('a', 250)}" },
        }, ct);
        await Fleet.Api.PutAsync($"/machines/{LongName}", new
        {
            macs = new[] { "0c:42:a1:77:90:99" }, notes = $"ملاحظة: الخادم في الغرفة ٣ {new string('n', 250)}",
            labels = new Dictionary<string, string> { [key] = value, ["room"] = "خادم-الإقلاع-٣" },
        }, ct);
        await Fleet.Server.Machines.GetStringAsync($"/boot/script?mac={LongMac}&product={new string('p', 250)}" +
            $"&manufacturer={Uri.EscapeDataString("جهاز الإقلاع")}&serial={new string('s', 250)}", ct);
    }

    /// <summary>The MAC of a node of a rack.</summary>
    public static string MacOf(int rack, int node) => $"3c:ec:ef:41:{rack:x2}:{node:x2}";

    /// <summary>A machine boots all the way.</summary>
    public async Task BootAsync(string mac, CancellationToken ct)
    {
        var machine = await Fleet.Machine(mac).AskAsync(ct);
        await (await machine.LoadAsync(ct)).ReadyAsync(ct);
        await machine.UpAsync(ct);
    }

    /// <summary>
    /// What is over by now: boots that went well or did not, an alarm, a failed refresh, found machines.
    /// </summary>
    public async Task HappenAsync(CancellationToken ct)
    {
        for (var i = 1; i <= 3; i++) await BootAsync($"b8:ce:f6:0a:55:{i:x2}", ct);
        await BootAsync("0c:42:a1:77:90:31", ct); // it boots from its disk since
        await (await Fleet.Machine("b8:ce:f6:0a:55:04").AskAsync(ct)).FailAsync("initrd", "31006301", ct);
        await (await Fleet.Machine(MacOf(2, 11)).AskAsync(ct)).FailAsync("kernel", "0f0a6095", ct);
        foreach (var mac in new[] { "3c:ec:ef:41:0a:9e", "3c:ec:ef:41:0a:a2", "d8:3a:dd:12:77:01" })
            await Fleet.Machine(mac).AskAsync(ct);
        await Fleet.Server.Machines.GetStringAsync(
            $"/boot/script?mac={MacOf(3, 9)}&uuid=4c4c4544-0042-3510-8051-b4c04f4d3733", ct);
        await Fleet.Api.PutAsync("/machines/gpu-a100-03/next-boot", new { profile = "rescue" }, ct);
        await Fleet.Api.PutAsync("/images/nixos-unstable", new
        {
            source = new { type = "release", url = "http://127.0.0.1:9/releases/download/nixos-unstable" },
            schedule = "0 4 * * 1",
        }, ct);
        await Fleet.Api.PostAsync("/images/nixos-unstable/refreshes", new { }, ct);
        await Fleet.Api.PostAsync("/tokens", new { name = "ci", role = "operator" }, ct);
    }

    /// <summary>Boots under way, each at a rate of its own; one stands still, one starts its Linux.</summary>
    /// <param name="ct">Ends the start of them.</param>
    /// <param name="megabytes">Millions of bytes a second of nodes 1 to 5 of rack 3.</param>
    public async Task CrowdAsync(CancellationToken ct, params int[] megabytes)
    {
        var still = await (await new FakeMachine(slow, MacOf(3, 7)).AskAsync(ct)).HangAsync(42 << 20, ct);
        boots.Add(HoldAsync(still, end.Token));
        var rates = megabytes.Length > 0 ? megabytes.Select(rate => rate * 1_000_000)
            : [1_600_000, 1_400_000, 1_200_000, 1_000_000, 800_000];
        foreach (var (at, rate) in rates.Index())
            boots.Add(await (await new FakeMachine(slow, MacOf(3, at + 1)).AskAsync(ct)).CrawlAsync(rate, end.Token));
        await (await (await Fleet.Machine(MacOf(3, 6)).AskAsync(ct)).LoadAsync(ct)).ReadyAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Task.WhenAll([Task.FromCanceled(end.Token), .. boots]));
        slow.Dispose();
        end.Dispose();
        await Fleet.DisposeAsync();
    }

    private async Task RegisterAsync(CancellationToken ct)
    {
        var csv = new StringBuilder("name,macs,uuid,labels,notes\n");
        void Row(string name, string mac, string labels, string uuid = "", string notes = "") =>
            csv.Append(CultureInfo.InvariantCulture, $"{name},{mac},{uuid},{labels},{notes}\n");
        for (var rack = 1; rack <= 8; rack++)
            for (var i = 1; i <= 22; i++) Row($"rack{rack}-node{i:00}", MacOf(rack, i), $"rack={rack} role=worker");
        for (var i = 1; i <= 12; i++) Row($"gpu-a100-{i:00}", $"b8:ce:f6:0a:55:{i:x2}", "gpu=a100 row=7");
        for (var i = 1; i <= 6; i++)
            Row($"storage-{i:00}", $"0c:42:a1:77:90:3{i}", "row=4 role=storage",
                $"4c4c4544-0042-3510-8051-b4c04f4d373{i}", "\"PSU 2 replaced. Port 14 on sw3 runs at 1 Gbit/s.\"");
        Row(LongName, "0c:42:a1:77:90:99", "room=خادم-الإقلاع-٣", notes: "ملاحظة: الخادم في الغرفة ٣");
        using var body = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
        using var answer = await Fleet.Server.Admin.PostAsync("/api/v1/machines/import", body, ct);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task HoldAsync(IDisposable transfer, CancellationToken ct)
    {
        using (transfer) await Task.Delay(Timeout.Infinite, ct);
    }

    /// <summary>As little buffer as firmware has, so that the rate is the reader's.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 << 16 };
        await socket.ConnectAsync(context.DnsEndPoint, ct);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
