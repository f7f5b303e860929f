using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using NetbootServer.Archives.Cpio;
using NetbootServer.Benchmarks.Files;

namespace NetbootServer.Benchmarks.Kexec;

/// <summary>
/// <c>kexec</c>: a machine's kexec bundle, beside a plain file of as many bytes from the same server; in turns. What
/// counts is the server's CPU time, for the client takes its share of the machine.
/// </summary>
internal static class KexecScenario
{
    private const int Rounds = 7, InitrdMiB = 400;
    private const string Token = "benchmark-only-token", Bundle =
        "/kexec/node/nixos-kexec-installer-noninteractive-x86_64-linux.tar.gz";

    /// <summary>Prints the table.</summary>
    public static async Task RunAsync(CancellationToken ct)
    {
        var folder = Directory.CreateTempSubdirectory("netboot-bench-").FullName;
        try
        {
            await using var server = await BenchServer.StartAsync(folder, ct,
                "--Access:AdminToken", Token, "--Images:Defaults", "false");
            using var client = new HttpClient { BaseAddress = server.Url, Timeout = TimeSpan.FromMinutes(10) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
            await PrepareAsync(client, ct);
            var (plain, bundle) = (new List<Run>(), new List<Run>());
            const string File = "/images/bench/initrd-x86_64-linux";
            await FetchAsync(server, client, File, ct);
            await FetchAsync(server, client, Bundle, ct);
            for (var round = 0; round < Rounds; round++)
            {
                plain.Add(await FetchAsync(server, client, File, ct));
                bundle.Add(await FetchAsync(server, client, Bundle, ct));
            }
            Console.WriteLine("\n| a download of | MB | MB/s | server's CPU ms for a GB |\n|---|---|---|---|");
            Print("a plain file", plain);
            Print("a machine's kexec bundle", bundle);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>An image of a kernel and a large initrd, and a machine with files of its own.</summary>
    private static async Task PrepareAsync(HttpClient client, CancellationToken ct)
    {
        await client.PutAsJsonAsync("/api/v1/images/bench", new { source = new { type = "upload" } }, ct);
        using var parts = new MultipartFormDataContent
        {
            { new ByteArrayContent(Kernel()), "x86_64-linux/kernel", "bzImage" },
            { new ByteArrayContent(Initrd()), "x86_64-linux/initrd", "initrd" },
        };
        (await client.PostAsync(new Uri("/api/v1/images/bench/versions", UriKind.Relative), parts, ct))
            .EnsureSuccessStatusCode();
        (await client.PutAsJsonAsync("/api/v1/profiles/bench", new { image = "bench" }, ct)).EnsureSuccessStatusCode();
        (await client.PutAsJsonAsync("/api/v1/machines/node", new
        {
            macs = new[] { "52:54:00:00:00:01" }, profile = "bench",
            overlay = new { files = new[] { new { path = "/etc/own", content = new string('x', 10_000) } } },
        }, ct)).EnsureSuccessStatusCode();
    }

    /// <summary>By its header (Documentation/arch/x86/boot.rst).</summary>
    private static byte[] Kernel()
    {
        var kernel = Noise(12 << 20);
        kernel.AsSpan(0, 0x400).Clear();
        (kernel[0x1FE], kernel[0x1FF]) = (0x55, 0xAA);
        "HdrS"u8.CopyTo(kernel.AsSpan(0x202));
        (kernel[0x206], kernel[0x207], kernel[0x236]) = (0x0F, 0x02, 1);
        return kernel;
    }

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Initrd()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.NoCompression, leaveOpen: true))
        {
            var cpio = new NewcWriter(gzip);
            cpio.File("init", 0x1ED, "#!/bin/sh\n"u8);
            cpio.File("pad", 0x1A4, Noise(InitrdMiB << 20));
            cpio.Finish();
        }
        return packed.ToArray();
    }

    private static async Task<Run> FetchAsync(BenchServer server, HttpClient client, string path, CancellationToken ct)
    {
        var buffer = new byte[1 << 20];
        var (cpu, began) = (server.CpuSeconds, Stopwatch.GetTimestamp());
        long bytes = 0;
        using var answer = await client.GetAsync(
            new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, ct);
        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync(ct);
        while (await body.ReadAsync(buffer, ct) is > 0 and var read) bytes += read;
        return new(bytes, Stopwatch.GetElapsedTime(began).TotalSeconds, server.CpuSeconds - cpu);
    }

    private static void Print(string name, List<Run> runs) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"| {name} | {runs[0].Bytes / 1e6:0} | " +
        $"{runs.Select(run => run.Bytes / 1e6 / run.Seconds).ToList().Median():0} | " +
        $"{runs.Select(run => run.CpuSeconds * 1000 / (run.Bytes / 1e9)).ToList().Median():0} |"));

    private sealed record Run(long Bytes, double Seconds, double CpuSeconds);
}
