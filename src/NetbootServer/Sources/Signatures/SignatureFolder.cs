namespace NetbootServer.Sources.Signatures;

/// <summary>A folder for the files of one check; removed afterwards.</summary>
internal sealed class SignatureFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-signature-");

    /// <summary>Its path.</summary>
    public string Path => _folder.FullName;

    /// <summary>Writes a file.</summary>
    /// <returns>Its path.</returns>
    public async Task<string> WriteAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        var path = System.IO.Path.Combine(Path, name);
        await File.WriteAllBytesAsync(path, bytes, ct);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);
}
