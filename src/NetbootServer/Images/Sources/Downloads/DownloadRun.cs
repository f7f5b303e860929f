namespace NetbootServer.Images.Sources.Downloads;

/// <summary>One file's download, over as many tries as it takes.</summary>
internal sealed class DownloadRun(
    SourceHttp http, PartialFile partial, SourceLink link, DownloadWish wish, SourceMeter meter, long maxBytes)
{
    private bool _expected = wish.Length is not null;
    private long _counted;

    /// <summary>Tries once; what comes is kept.</summary>
    /// <returns>Where the whole file came from; null when it is not needed.</returns>
    public async Task<SourceLink?> TryAsync(CancellationToken ct)
    {
        var goOn = partial.Length > 0 && partial.Validator is { IsStrong: true } && (wish.Length ?? partial.Total) == partial.Total;
        if (!goOn) partial.Restart(null, null);
        Count();
        if (partial.IsWhole) return link;
        using var answer = await http.AskAsync(link, new SourceAsk
        {
            Accept = wish.Accept,
            Unless = goOn ? null : wish.Unless,
            From = partial.Length,
            Of = goOn ? partial.Validator : null,
        }, ct);
        if (answer.NotModified) return null;
        if (answer.NoSuchRange || (answer.From > 0 && !SameState(answer)))
        {
            partial.Restart(null, null);
            return await TryAsync(ct);
        }
        if (answer.From == 0) partial.Restart(answer.Validator, answer.Length);
        Count();
        Check(answer.Length);
        await SourceDownloads.CopyAsync(answer.Body, bytes => TakeAsync(bytes, ct), ct);
        partial.Save(whole: true);
        return answer.Link;
    }

    private bool SameState(SourceAnswer answer) =>
        (answer.Validator is null || answer.Validator.ETag == partial.Validator?.ETag)
        && (answer.Length is null || partial.Total is null || answer.Length == partial.Total);

    private void Check(long? length)
    {
        if (length > maxBytes) throw SourceDownloads.TooLarge(link, maxBytes);
        if (length is not null && wish.Length is not null && length != wish.Length)
            throw new SourceException(SourceProblem.Damaged, $"{link} has {length} bytes, not the {wish.Length} announced.");
        if (_expected || length is null) return;
        _expected = true;
        meter.ExpectBytes(length.Value);
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (partial.Length + bytes.Length > (wish.Length ?? maxBytes)) throw SourceDownloads.TooLarge(link, wish.Length ?? maxBytes);
        await partial.AppendAsync(bytes, ct);
        Count();
    }

    private void Count()
    {
        if (partial.Length == _counted) return;
        meter.AddBytes(partial.Length - _counted);
        _counted = partial.Length;
    }
}
