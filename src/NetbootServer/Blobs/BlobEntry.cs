using System.Collections.Immutable;
using Microsoft.Net.Http.Headers;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>What is known of a blob: all that answering for it needs, except its bytes.</summary>
public sealed class BlobEntry
{
    private BlobEntry(BlobRow row, Sha256Digest digest, ImmutableArray<BlobSegment> segments, BlobFiles files)
    {
        (Digest, Length, MediaType, Segments) = (digest, row.SizeBytes, row.MediaType, segments);
        var sources = new Dictionary<Sha256Digest, FileSource>(); // one for each file, however many pieces it has
        Body = new ServableBody(new EntityTagHeaderValue($"\"{digest}\""), segments.IsEmpty
            ? [new BodySegment(files.SourceOf(digest, Length), 0, Length)]
            : segments.Select(segment => segment.ToPiece(files, sources)));
        ReprDigest = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(digest.ToString()))}:";
    }

    internal static BlobEntry From(BlobRow row, BlobFiles files) => new(row, BlobRow.DigestOf(row.Sha256),
        row.Segments is { } json ? BlobSegment.FromJson(json) : [], files);

    /// <summary>Its digest.</summary>
    public Sha256Digest Digest { get; }

    /// <summary>Its length in bytes.</summary>
    public long Length { get; }

    /// <summary>What to serve it as.</summary>
    public string MediaType { get; }

    /// <summary>The pieces of a composed blob; empty for a file.</summary>
    public ImmutableArray<BlobSegment> Segments { get; }

    /// <summary>Its bytes.</summary>
    public ServableBody Body { get; }

    /// <summary>The digest as the value of Repr-Digest (RFC 9530).</summary>
    public string ReprDigest { get; }
}
