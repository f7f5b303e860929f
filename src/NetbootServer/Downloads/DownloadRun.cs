namespace NetbootServer.Downloads;

/// <summary>One file's download, over as many tries as it takes.</summary>
internal sealed class DownloadRun(
    SourceHttp http, PartialFile partial, SourceLink link, DownloadRequest wish, SourceMeter meter, long maxBytes,
    Func<long, long, CancellationToken, Task> room)
{
    // Others write to the same disk meanwhile, and not every server says how much will come.
    private const long LookEveryBytes = 1 << 20;

    private long _expected = wish.Length ?? wish.Likely ?? 0;
    private long _counted;
    private long _looked;
    private long? _length;

    /// <summary>Tries once; what comes is kept.</summary>
    /// <returns>Where the whole file came from; null when it is not needed.</returns>
    public async Task<SourceLink?> TryAsync(CancellationToken ct)
    {
        var goOn = partial.Length > 0 && partial.Validator is { IsStrong: true }
            && (wish.Length ?? partial.Total) == partial.Total;
        if (!goOn) partial.Restart(null, null);
        else if (_counted == 0)
            meter.Log($"going on with {SourceText.Bytes(partial.Length)} of {link} that are here already");
        if (wish.Hashed) await partial.HashAsync(ct);
        if (_counted == 0 && partial.Length > 0) meter.AddHeldBytes(_counted = partial.Length);
        Count();
        using var answer = await http.AskAsync(link, Ask(goOn), ct);
        if (answer.NotModified && !goOn) return null;
        if (answer.NotModified)
        {
            await CheckAsync(partial.Length, ct);
            return answer.Link;
        }
        if (answer.NoSuchRange || (answer.From > 0 && !SameState(answer)))
        {
            partial.Restart(null, null);
            return await TryAsync(ct);
        }
        if (answer.From == 0) partial.Restart(answer.Validator, answer.Length);
        Count();
        await CheckAsync(answer.Length, ct);
        await SourceDownloads.CopyAsync(answer.Body, bytes => TakeAsync(bytes, ct), ct);
        if (wish.Length is { } announced && partial.Length != announced)
            throw new SourceException(SourceProblems.Damaged,
                $"{link} has {partial.Length} bytes, not the {announced} announced.");
        partial.Complete();
        return answer.Link;
    }

    /// <summary>Even what is whole is asked for again: behind the same address may be a newer file by now.</summary>
    private SourceRequestOptions Ask(bool goOn) => goOn switch
    {
        false => new SourceRequestOptions { Accept = wish.Accept, Unless = wish.Unless },
        true when partial.IsWhole => new SourceRequestOptions { Accept = wish.Accept, Unless = partial.Validator },
        true => new SourceRequestOptions { Accept = wish.Accept, From = partial.Length, Of = partial.Validator },
    };

    private bool SameState(SourceAnswer answer) =>
        (answer.Validator is null || answer.Validator.ETag == partial.Validator?.ETag)
        && (answer.Length is null || partial.Total is null || answer.Length == partial.Total);

    private async Task CheckAsync(long? length, CancellationToken ct)
    {
        if (length > maxBytes) throw SourceDownloads.TooLarge(link, maxBytes);
        if (length is not null && wish.Length is not null && length != wish.Length)
            throw new SourceException(SourceProblems.Damaged,
                $"{link} has {length} bytes, not the {wish.Length} announced.");
        (_length, _looked) = (length, partial.Length);
        if (length is not null) await room(length.Value, partial.Length, ct);
        if (length is null || length == _expected) return;
        meter.ExpectBytes(length.Value - _expected);
        _expected = length.Value;
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (partial.Length + bytes.Length > (wish.Length ?? maxBytes))
            throw SourceDownloads.TooLarge(link, wish.Length ?? maxBytes);
        await partial.AppendAsync(bytes, ct);
        Count();
        if (partial.Length - _looked < LookEveryBytes) return;
        _looked = partial.Length;
        await room(_length ?? partial.Length + LookEveryBytes, partial.Length, ct);
    }

    private void Count()
    {
        if (partial.Length == _counted) return;
        meter.AddBytes(partial.Length - _counted);
        _counted = partial.Length;
    }
}
