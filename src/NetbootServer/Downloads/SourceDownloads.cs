using System.Buffers;
using Microsoft.Extensions.Options;
using NetbootServer.Storage;

namespace NetbootServer.Downloads;

/// <summary>Gets documents into memory and files onto the disk, and does not give up at the first trouble.</summary>
public sealed class SourceDownloads
{
    private const int BufferBytes = 256 * 1024;

    private readonly SourceHttp _http;
    private readonly PartialFiles _partials;
    private readonly SourcesOptions _options;
    private readonly SourceRetry _retry;

    /// <summary>Downloads by <paramref name="http"/>, through <paramref name="partials"/>.</summary>
    public SourceDownloads(SourceHttp http, PartialFiles partials, IOptions<SourcesOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_http, _partials, _options) = (http, partials, options.Value);
        _retry = new SourceRetry(_options, time);
    }

    /// <summary>Reads a small document.</summary>
    /// <exception cref="SourceException">It cannot be had, or is longer than <paramref name="maxBytes"/>.</exception>
    public Task<SourceDocument> ReadAsync(SourceLink link, int maxBytes, SourceMeter meter, CancellationToken ct,
        string? accept = null)
    {
        ArgumentNullException.ThrowIfNull(meter);
        return _retry.RunAsync(async () =>
        {
            using var answer = await _http.AskAsync(link, new SourceRequestOptions { Accept = accept }, ct);
            if (answer.Length > maxBytes) throw TooLarge(link, maxBytes);
            var all = new MemoryStream();
            var buffer = new byte[16 * 1024];
            for (int read; (read = await answer.Body.ReadAsync(buffer, ct)) > 0;)
            {
                if (all.Length + read > maxBytes) throw TooLarge(link, maxBytes);
                all.Write(buffer, 0, read);
            }
            return new SourceDocument(all.ToArray(), answer.Link, answer.Validator, answer.MediaType);
        }, meter.Log, () => 0, ct);
    }

    /// <summary>
    /// Downloads a file; a broken download goes on where it was, also after a restart, if the file is still the same.
    /// </summary>
    /// <returns>The whole file; null when it is still what <see cref="DownloadRequest.Unless"/> says.</returns>
    /// <exception cref="SourceException">It cannot be had, or is longer than allowed or announced.</exception>
    public async Task<Download?> FetchAsync(SourceLink link, DownloadRequest wish, SourceMeter meter,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(wish);
        ArgumentNullException.ThrowIfNull(meter);
        var partial = await _partials.OpenAsync(link.Uri.AbsoluteUri, ct);
        var keep = false;
        try
        {
            var run = new DownloadRun(_http, partial, link, wish, meter, _options.MaxArtifactBytes,
                _partials.RoomAsync);
            var last = await _retry.RunAsync(() => run.TryAsync(ct), meter.Log, () => partial.Length, ct);
            keep = last is not null;
            return last is null ? null : new Download(partial, last);
        }
        catch (IOException e) when (Database.IsFull(e))
        {
            throw new SourceException(SourceProblems.StorageFull, Database.DiskFull, e);
        }
        catch (Exception e) when (e is OperationCanceledException or SourceException { OfNetwork: true })
        {
            partial.Save();
            partial.Dispose();
            keep = true;
            throw;
        }
        finally
        {
            if (!keep)
            {
                partial.Delete();
                partial.Dispose();
            }
        }
    }

    /// <summary>Bytes that the disk has of a download that was broken off.</summary>
    internal long HeldBytes(SourceLink link) => _partials.HeldBytes(link.Uri.AbsoluteUri);

    internal static SourceException TooLarge(SourceLink link, long maxBytes) =>
        new(SourceProblems.TooLarge, $"{link} has more than the {maxBytes} bytes that are allowed.");

    internal static async Task CopyAsync(Stream body, Func<ReadOnlyMemory<byte>, Task> take, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (int read; (read = await body.ReadAsync(buffer, ct)) > 0;) await take(buffer.AsMemory(0, read));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>A small document.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="Link">Where it came from at last.</param>
/// <param name="Validator">The state it has; null when the server does not say.</param>
/// <param name="MediaType">What the server says it is; null when it does not.</param>
public sealed record SourceDocument(byte[] Bytes, SourceLink Link, SourceValidator? Validator, string? MediaType);
