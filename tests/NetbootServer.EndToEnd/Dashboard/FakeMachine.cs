using System.Net.Http.Json;
using System.Text.RegularExpressions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Does over HTTP what a machine's iPXE does, as far as a test wants it to go.</summary>
public sealed partial class FakeMachine(HttpClient http, string mac)
{
    private string script = "";

    /// <summary>Asks for its script; a boot begins when there is a kernel in it.</summary>
    public async Task<FakeMachine> AskAsync(CancellationToken ct)
    {
        script = await http.GetStringAsync($"/boot/script?mac={mac}&manufacturer=Supermicro&product=SYS-6019P" +
            $"&arch=x86_64&platform=efi&ip=10.20.3.{Convert.ToInt32(mac[^2..], 16)}" +
            $"&serial=S{mac[^8..].Replace(':', '0')}", ct);
        return this;
    }

    /// <summary>Loads the kernel and the initrd whole.</summary>
    public async Task<FakeMachine> LoadAsync(CancellationToken ct)
    {
        await http.GetByteArrayAsync(Link("kernel"), ct);
        await http.GetByteArrayAsync(Link("initrd"), ct);
        return this;
    }

    /// <summary>Loads its overlay, which stands behind the one initrd.</summary>
    public async Task<FakeMachine> LoadOverlayAsync(CancellationToken ct)
    {
        await http.GetByteArrayAsync(Link("initrd2"), ct);
        return this;
    }

    /// <summary>Loads the kernel and a part of the initrd, then holds still until the answer is disposed.</summary>
    public async Task<IDisposable> HangAsync(int bytes, CancellationToken ct)
    {
        await http.GetByteArrayAsync(Link("kernel"), ct);
        var answer = await http.GetAsync(Link("initrd"), HttpCompletionOption.ResponseHeadersRead, ct);
        var body = await answer.Content.ReadAsStreamAsync(ct);
        await body.ReadExactlyAsync(new byte[bytes], ct);
        return answer;
    }

    /// <summary>Loads the kernel, then the initrd at this rate; the inner task ends when it has all of it.</summary>
    public async Task<Task> CrawlAsync(int bytesPerSecond, CancellationToken ct)
    {
        await http.GetByteArrayAsync(Link("kernel"), ct);
        var answer = await http.GetAsync(Link("initrd"), HttpCompletionOption.ResponseHeadersRead, ct);
        return CrawlAsync(answer, bytesPerSecond, ct);
    }

    private static async Task CrawlAsync(HttpResponseMessage answer, int bytesPerSecond, CancellationToken ct)
    {
        using var _ = answer;
        await using var body = await answer.Content.ReadAsStreamAsync(ct);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var buffer = new byte[bytesPerSecond / 10];
        while (await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct) > 0)
            await pace.WaitForNextTickAsync(ct);
    }

    public async Task<FakeMachine> ReadyAsync(CancellationToken ct)
    {
        await http.GetStringAsync($"{Boot}/ready", ct);
        return this;
    }

    public async Task FailAsync(string step, string errno, CancellationToken ct) =>
        await http.GetStringAsync($"{Boot}/failed?step={step}&errno={errno}", ct);

    public async Task UpAsync(CancellationToken ct)
    {
        using var answer = await http.PostAsJsonAsync($"{Boot}/up",
            new { addresses = new[] { "10.20.3.7" }, sshHostKeys = Array.Empty<string>() }, ct);
        answer.EnsureSuccessStatusCode();
    }

    private string Boot => Ready().Match(script) is { Success: true } match
        ? match.Groups[1].Value : throw new InvalidOperationException($"No boot in:\n{script}");

    private string Link(string file) => Files().Matches(script).First(match => match.Groups[1].Value == file)
        .Groups[2].Value;

    [GeneratedRegex(@"(http\S+/boots/[^/\s]+)/ready")]
    private static partial Regex Ready();

    [GeneratedRegex(@"^(?:kernel|initrd) --name (\S+) (\S+)", RegexOptions.Multiline)]
    private static partial Regex Files();
}
