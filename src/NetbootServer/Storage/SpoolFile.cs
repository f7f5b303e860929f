namespace NetbootServer.Storage;

/// <summary>
/// A file for what is too much for memory and not to be kept: nameless on Unix, so that it is gone with its handle,
/// also when the server is killed.
/// </summary>
internal static class SpoolFile
{
    /// <summary>A new empty file that only this process reads.</summary>
    public static FileStream Create(DataDirectory data)
    {
        var folder = data.Below("tmp");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, Guid.CreateVersion7().ToString("n"));
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 64 * 1024,
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        if (!OperatingSystem.IsWindows()) File.Delete(path);
        return file;
    }
}
