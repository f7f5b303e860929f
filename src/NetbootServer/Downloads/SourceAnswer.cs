using System.Net;

namespace NetbootServer.Downloads;

/// <summary>A server's answer after redirects: 200, 304, or to a range 206 or 416.</summary>
public sealed class SourceAnswer : IDisposable
{
    private readonly HttpResponseMessage _response;

    internal SourceAnswer(HttpResponseMessage response, SourceLink link, Stream body)
    {
        (_response, Link, Body) = (response, link, body);
        var range = response.Content.Headers.ContentRange;
        From = response.StatusCode == HttpStatusCode.PartialContent ? range?.From ?? 0 : 0;
        Length = response.StatusCode == HttpStatusCode.PartialContent
            ? range?.Length ?? From + response.Content.Headers.ContentLength
            : response.Content.Headers.ContentLength;
        Validator = SourceValidator.Of(response);
    }

    /// <summary>Where it came from at last; addresses in it are relative to this.</summary>
    public SourceLink Link { get; }

    /// <summary>What is here already is still good; there is no body.</summary>
    public bool NotModified => _response.StatusCode == HttpStatusCode.NotModified;

    /// <summary>There is no such range; what is here already is of something else.</summary>
    public bool NoSuchRange => _response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable;

    /// <summary>The first byte of the whole that <see cref="Body"/> begins with.</summary>
    public long From { get; }

    /// <summary>Bytes of the whole; null when the server does not say.</summary>
    public long? Length { get; }

    /// <summary>How to ask for the same later; null when the server gives none.</summary>
    public SourceValidator? Validator { get; }

    /// <summary>The media type it says; null when it does not.</summary>
    public string? MediaType => _response.Content.Headers.ContentType?.MediaType;

    /// <summary>The bytes; a read fails when nothing comes for too long.</summary>
    public Stream Body { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Body.Dispose();
        _response.Dispose();
    }
}
