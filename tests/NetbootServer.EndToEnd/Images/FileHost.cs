using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace NetbootServer.EndToEnd.Images;

/// <summary>A folder over HTTP, with ranges and ETags, as a release host or a binary cache.</summary>
public sealed class FileHost(string folder) : IAsyncDisposable
{
    private LoopbackHost? host;
    private volatile HeldFile? held;

    /// <summary>The paths that were asked for, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The values of Range that were asked for, in order.</summary>
    public ConcurrentQueue<string> Ranges { get; } = new();

    public string Url => host!.Address.GetLeftPart(UriPartial.Authority);

    public static async Task<FileHost> StartAsync(string folder, CancellationToken ct)
    {
        var files = new FileHost(folder);
        files.host = await LoopbackHost.StartAsync(app => app.Run(files.AnswerAsync), ct);
        return files;
    }

    /// <summary>From a position on no byte of a file is sent until it is let go.</summary>
    public HeldFile Hold(string path, long position) => held = new HeldFile(path, position);

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        Requests.Enqueue(path);
        if (http.Request.Headers.Range is [{ } range]) Ranges.Enqueue(range);
        var file = new FileInfo(Path.Combine(folder, path.TrimStart('/')));
        if (!file.Exists)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        Stream stream = file.OpenRead();
        if (held is { } one && one.Path == path) stream = one.Over(stream);
        var state = string.Create(CultureInfo.InvariantCulture, $"\"{file.LastWriteTimeUtc.Ticks:x}-{file.Length:x}\"");
        await TypedResults.Stream(stream, "application/octet-stream", entityTag: new EntityTagHeaderValue(state),
            enableRangeProcessing: true).ExecuteAsync(http);
    }

    public ValueTask DisposeAsync() => host!.DisposeAsync();
}
