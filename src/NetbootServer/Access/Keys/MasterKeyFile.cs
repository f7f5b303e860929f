using Microsoft.Extensions.Options;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Access.Keys;

/// <summary>The file of the <see cref="MasterKey"/>, and the one that is to take its place during a rotation.</summary>
/// <param name="options">Where it is.</param>
/// <param name="data">Its folder without a setting.</param>
internal sealed class MasterKeyFile(IOptions<AccessOptions> options, DataDirectory data)
{
    private const string DefaultName = "master-key";
    private MasterKey? _current;

    /// <summary>Absolute path of the file.</summary>
    public string FilePath { get; } = Path.GetFullPath(options.Value.MasterKeyFile ?? data.Below(DefaultName));

    /// <summary>A key that a rotation has written, and that is in force once the database goes by it.</summary>
    public string NextPath => FilePath + ".next";

    /// <summary>The key.</summary>
    /// <exception cref="InvalidOperationException">It is not read yet.</exception>
    public MasterKey Current => _current
        ?? throw new InvalidOperationException("The master key is used before it was read.");

    /// <summary>
    /// Reads the key that opens a ring, or makes one where there is no ring yet. A rotation that was interrupted
    /// between its two writes is brought to its end.
    /// </summary>
    /// <param name="id">The <see cref="MasterKey.Id"/> that the ring names; null without a ring.</param>
    /// <exception cref="StartFailure">The file is missing, unreadable or another one.</exception>
    public void Open(string? id)
    {
        var key = MasterKey.Read(FilePath);
        if (id is null)
        {
            if (key is null) (key = MasterKey.Make()).Write(FilePath);
        }
        else if (key?.Id != id)
        {
            if (MasterKey.Read(NextPath) is not { } next || next.Id != id) throw Wrong(key is null);
            File.Move(NextPath, FilePath, overwrite: true);
            Durable.FlushFolder(Path.GetDirectoryName(FilePath)!);
            key = next;
        }
        _current = key;
    }

    /// <summary>Puts the next key in the place of the current one, after the database goes by it.</summary>
    public void TakeNext(MasterKey next)
    {
        File.Move(NextPath, FilePath, overwrite: true);
        Durable.FlushFolder(Path.GetDirectoryName(FilePath)!);
        _current = next;
    }

    private StartFailure Wrong(bool isMissing) => new(MasterKey.Setting, FilePath, (isMissing ? "is missing"
        : "is another key than the one that the database's secrets are encrypted with") +
        ": put the file back that belongs to this database; a backup has it beside netboot.db. " +
        "Without it the secrets cannot be opened, and nothing was changed");
}
