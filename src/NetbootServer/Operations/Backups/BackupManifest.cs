using System.Text.Json;
using System.Text.Json.Serialization;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Operations.Backups;

/// <summary>A file of a backup: its path there, with its length and digest as they were when it was made.</summary>
/// <param name="Path">Below the backup's folder, with slashes.</param>
/// <param name="SizeBytes">Length in bytes.</param>
/// <param name="Sha256">SHA-256 in lower-case hexadecimal.</param>
internal sealed record BackedUpFile(string Path, long SizeBytes, string Sha256);

/// <summary>
/// What a backup consists of. It is written last: a folder without it is no backup, but what is left of an attempt.
/// </summary>
internal sealed record BackupManifest
{
    /// <summary>Its file.</summary>
    public const string FileName = "manifest.json";

    private const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Writing = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public int Format { get; init; } = CurrentFormat;
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The database and the other files of the data directory, such as keys.</summary>
    public required IReadOnlyList<BackedUpFile> Files { get; init; }

    /// <summary>The blobs that the database names.</summary>
    public required IReadOnlyList<BackedUpFile> Blobs { get; init; }

    /// <summary>Digests that the database names and whose bytes were missing or rotten already.</summary>
    public required IReadOnlyList<string> MissingBlobs { get; init; }

    public void Write(string folder)
    {
        var half = Path.Combine(folder, FileName + ".tmp");
        using (var file = new FileStream(half, FileMode.Create))
        {
            JsonSerializer.Serialize(file, this, Writing);
            file.Flush(flushToDisk: true);
        }
        File.Move(half, Path.Combine(folder, FileName));
        Durable.FlushFolder(folder);
    }

    /// <exception cref="StartFailure">There is none, or it cannot be read.</exception>
    public static BackupManifest Read(string folder)
    {
        try
        {
            using var file = File.OpenRead(Path.Combine(folder, FileName));
            var manifest = JsonSerializer.Deserialize<BackupManifest>(file, Writing)!;
            if (manifest.Format == CurrentFormat) return manifest;
            throw new StartFailure("restore", folder,
                $"is a backup of format {manifest.Format}; this version reads {CurrentFormat}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartFailure("restore", folder,
                $"is no complete backup: its {FileName} cannot be read ({e.Message.TrimEnd('.')})");
        }
    }
}
