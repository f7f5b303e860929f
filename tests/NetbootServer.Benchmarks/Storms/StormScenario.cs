using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using NetbootServer.Benchmarks.Scripts;

namespace NetbootServer.Benchmarks.Storms;

/// <summary>
/// <c>boot-storm</c>: a rack hall is switched on. A thousand simulated iPXE clients boot at once, each as fast as its
/// own pace allows, so that the ideal time of a boot is known: its bytes by its pace. Then again with
/// <c>Blobs:MaxBootDownloads</c>, where they stand in line. Every boot must end <c>up</c>, in the log, too.
/// </summary>
internal static class StormScenario
{
    private const int Clients = 1000, Seats = 250;
    private const long KernelLength = 256 << 10, InitrdLength = 2 << 20;
    private const double BytesPerSecond = 256 << 10;
    private const string Token = "benchmark-only-token";
    private static readonly double Ideal = (KernelLength + InitrdLength) / BytesPerSecond;

    public static async Task RunAsync(CancellationToken ct)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"\n{Clients:N0} iPXE clients at once: script, kernel {KernelLength >> 10} KiB, initrd " +
            $"{InitrdLength >> 20} MiB, " +
            $"ready, up; {BytesPerSecond / 1024:0} KiB/s each; {Environment.ProcessorCount} cores shared with the " +
            $"clients, loopback\n"));
        Console.WriteLine("| boots | ideal | p50 | p95 | slowest | errors | 503s | asked again | out of turn | " +
            "server CPU | memory | threads |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        await RunAsync("all at once", seats: null, ct);
        await RunAsync($"{Seats} downloading at once", Seats, ct);
    }

    private static async Task RunAsync(string name, int? seats, CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("netboot-bench-").FullName;
        try
        {
            await ScriptCatalog.MakeAsync(directory, Clients, profiles: 10, ct, (KernelLength, InitrdLength));
            string[] settings = ["--Access:AdminToken", Token];
            if (seats is { } most)
                settings = [.. settings, "--Blobs:MaxBootDownloads", most.ToString(CultureInfo.InvariantCulture)];
            await using var server = await BenchServer.StartAsync(directory, ct, settings);
            await StormAsync(server, name, seats, ct);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task StormAsync(BenchServer server, string name, int? seats, CancellationToken ct)
    {
        var clients = Enumerable.Range(1, Clients)
            .Select(i => new IpxeClient(server.Url, ScriptCatalog.QueryOf(i), BytesPerSecond)).ToList();
        var cpu = server.CpuSeconds;
        var boots = Task.WhenAll(clients.Select(client => TryAsync(client, ct)));
        var (memory, threads) = (0.0, 0L);
        while (!boots.IsCompleted)
        {
            (memory, threads) = (Math.Max(memory, server.ResidentMiB), Math.Max(threads, server.Threads));
            await Task.WhenAny(boots, Task.Delay(TimeSpan.FromMilliseconds(200), ct));
        }
        var errors = (await boots).OfType<string>().ToList();
        var used = server.CpuSeconds - cpu;
        await AllUpAsync(server, errors, ct);
        var times = clients.Select(client => client.Took.TotalSeconds).Order().ToArray();
        var ideal = seats is { } most
            ? string.Create(CultureInfo.InvariantCulture, $"{Ideal:0.0} s, the last {Ideal * Clients / most:0.0} s")
            : string.Create(CultureInfo.InvariantCulture, $"{Ideal:0.0} s");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {ideal} | {At(0.5):0.00} s | {At(0.95):0.00} s | {At(1):0.00} s | {errors.Count} | " +
            $"{clients.Sum(client => client.Refused)} | {clients.Sum(client => client.AskedAgain)} | " +
            $"{(seats is null ? "–" : $"{OutOfTurn(clients)} places at most")} | " +
            $"{used:0.0} s, {used / Clients * 1000:0.0} ms a boot | {memory:0} MiB | {threads} |"));
        foreach (var error in errors.Take(3)) Console.WriteLine($"  {error}");
        if (errors.Count > 0) throw new InvalidOperationException($"{errors.Count} of {Clients} boots failed.");

        double At(double share) => times[(int)(share * (times.Length - 1))];
    }

    private static async Task<string?> TryAsync(IpxeClient client, CancellationToken ct)
    {
        try
        {
            await client.BootAsync(ct);
            return null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return e.Message;
        }
    }

    /// <summary>How many that asked later got their kernel before the client that fared worst.</summary>
    private static int OutOfTurn(List<IpxeClient> clients)
    {
        var served = clients.Where(client => client.Kernel.Served > 0).OrderBy(client => client.Kernel.Served).ToList();
        var asked = served.OrderBy(client => client.Kernel.Asked).Select((client, place) => (client, place))
            .ToDictionary(entry => entry.client, entry => entry.place);
        return served.Select((client, place) => place - asked[client]).DefaultIfEmpty().Max();
    }

    /// <summary>The boot log says the same: every boot is up.</summary>
    private static async Task AllUpAsync(BenchServer server, List<string> errors, CancellationToken ct)
    {
        using var http = new HttpClient { BaseAddress = server.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        var up = 0;
        for (var tries = 0; tries < 100 && up < Clients - errors.Count; tries++)
        {
            if (tries > 0) await Task.Delay(100, ct);
            using var answer = JsonDocument.Parse(await http.GetStringAsync("/api/v1/boots?outcome=up&limit=1000", ct));
            up = answer.RootElement.GetProperty("items").GetArrayLength();
        }
        if (up < Clients - errors.Count) errors.Add($"The log has {up} boots that are up.");
    }
}
