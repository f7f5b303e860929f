namespace NetbootServer.Downloads;

/// <summary>Paths with every symbolic link in them resolved, as <c>realpath(3)</c> does.</summary>
internal static class RealPath
{
    /// <summary>As many links as Linux follows (path_resolution(7)).</summary>
    public const int MaxLinks = 40;

    /// <summary>The real path; parts that do not exist stay as they are.</summary>
    /// <exception cref="IOException">Links lead in a circle.</exception>
    public static string Of(string path)
    {
        var links = 0;
        var done = "/";
        var left = new Stack<string>(Split(path));
        while (left.TryPop(out var part))
        {
            if (part == "..")
            {
                done = Path.GetDirectoryName(done) ?? "/";
                continue;
            }
            var next = Path.Combine(done, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                done = next;
                continue;
            }
            if (++links > MaxLinks) throw new IOException($"{path} leads through more than {MaxLinks} links");
            if (target.StartsWith('/')) done = "/";
            foreach (var piece in Split(target)) left.Push(piece);
        }
        return done;
    }

    /// <summary>Where an open file really is.</summary>
    public static string OfOpen(FileStream file) =>
        OperatingSystem.IsLinux()
            ? new FileInfo($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}").LinkTarget ?? file.Name
            : Of(file.Name);

    private static IEnumerable<string> Split(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse();
}
