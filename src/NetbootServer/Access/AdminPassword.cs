using NetbootServer.Storage;

namespace NetbootServer.Access;

/// <summary>
/// The admin's password. The first one is made at the first start: shown once on a terminal, elsewhere left in the
/// file <c>initial-admin-password</c> (0600), which goes at the first log-in.
/// </summary>
public sealed partial class AdminPassword(Database database, DataDirectory data, ILogger<AdminPassword> logger)
{
    private const string ValueName = "admin-password";

    /// <summary>Where the first password lies when nobody watched the start.</summary>
    public string FilePath => data.Below("initial-admin-password");

    /// <summary>Makes the first password when there is none.</summary>
    /// <param name="onTerminal">Whether a person sees the console.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <returns>The password to show on the terminal; null when there is nothing to show.</returns>
    public async Task<string?> EnsureAsync(bool onTerminal, CancellationToken ct)
    {
        if (await database.FindAsync(ValueName, ct) is not null) return null;
        var password = Password.Generate();
        // The file comes first: a start that is killed in between makes another password next time, none is lost.
        if (!onTerminal) await WriteFileAsync(password, ct);
        await database.SetAsync(ValueName, Password.Hash(password), ct);
        return onTerminal ? password : null;
    }

    /// <summary>Whether this is the password; a first password's file goes at the first success.</summary>
    public async Task<bool> VerifyAsync(string password, CancellationToken ct)
    {
        if (await database.FindAsync(ValueName, ct) is not { } hash || !Password.Verify(password, hash)) return false;
        if (File.Exists(FilePath))
        {
            File.Delete(FilePath);
            Log.FileRemoved(logger, FilePath);
        }
        return true;
    }

    private async Task WriteFileAsync(string password, CancellationToken ct)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        await using var file = new FileStream(FilePath, options);
        await file.WriteAsync(System.Text.Encoding.ASCII.GetBytes(password + "\n"), ct);
        file.Flush(flushToDisk: true);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Removed {File}: the first password has been used")]
        public static partial void FileRemoved(ILogger logger, string file);
    }
}
