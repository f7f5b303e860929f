using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Blobs;
using NetbootServer.Images;
using NetbootServer.Storage;

namespace NetbootServer.Sources;

/// <summary>Says of a version's closures what their initrds take, and what they share.</summary>
/// <param name="database">Has the closures, and the blobs of every version.</param>
/// <param name="blobs">Knows the pieces of initrds.</param>
internal sealed class ClosureViews(Database database, BlobStore blobs)
{
    /// <summary>Characters of a closure's JSON that its first member, the system, is within.</summary>
    private const int HeadLength = 512;

    /// <summary>The closures by system and variant; none for a version that was not made of any.</summary>
    public async Task<ImmutableArray<ClosureView>> OfAsync(ImageVersion version, CancellationToken ct)
    {
        var heads = await database.ReadAsync((db, token) => db.Set<VersionClosureRow>()
            .Where(row => row.VersionSequence == version.Sequence).OrderBy(row => row.Name)
            .Select(row => new { row.Name, Head = row.Closure.Substring(0, HeadLength) }).ToListAsync(token), ct);
        if (heads.Count == 0) return [];
        var shared = await SharedAsync(version, ct);
        var views = ImmutableArray.CreateBuilder<ClosureView>(heads.Count);
        foreach (var closure in heads)
        {
            var (system, variant) = closure.Name.Split('/', 2) is [var left, var right]
                ? (left, right) : (closure.Name, null);
            if (version.Systems.GetValueOrDefault(system)?.Bootable(variant) is not { Initrd: { } initrd } recipe
                || !Sha256Digest.TryParse(initrd.Sha256, out var digest)
                || await blobs.FindAsync(digest, ct) is not { } entry) continue;
            var members = entry.Segments.Where(segment => segment.Blob is not null).Skip(1).ToList(); // the leader
            views.Add(new(system, variant, ToplevelIn(closure.Head), members.Count)
            {
                UnpackedBytes = recipe.UnpackedBytes, PackedBytes = initrd.SizeBytes, MemoryBytes = recipe.MemoryBytes,
                SharedBytes = members.Where(member => shared.Contains(member.Blob!.Value.ToString()))
                    .Sum(member => member.Length),
            });
        }
        return views.ToImmutable();
    }

    /// <summary>The version's blobs that other versions have, too.</summary>
    private async Task<HashSet<string>> SharedAsync(ImageVersion version, CancellationToken ct) =>
        [.. await database.ReadAsync((db, token) => db.Set<VersionBlobRow>()
            .Where(own => own.VersionSequence == version.Sequence && db.Set<VersionBlobRow>()
                .Any(other => other.Sha256 == own.Sha256 && other.VersionSequence != version.Sequence))
            .Select(own => own.Sha256).ToListAsync(token), ct)];

    /// <summary>The system of a closure, whose JSON may be cut off behind it.</summary>
    /// <exception cref="InvalidDataException">It does not begin with one.</exception>
    internal static string ToplevelIn(string head)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(head), isFinalBlock: false, state: default);
        return reader.Read() && reader.Read() && reader.ValueTextEquals("toplevel") && reader.Read()
            && reader.GetString() is { } toplevel ? toplevel
            : throw new InvalidDataException("A stored closure does not begin with its system.");
    }
}
