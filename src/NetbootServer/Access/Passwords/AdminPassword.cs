using NetbootServer.Access.Auditing;
using NetbootServer.Access.Sessions;
using NetbootServer.Storage;

namespace NetbootServer.Access.Passwords;

/// <summary>
/// The admin's password. The first one is made at the first start: shown once on a terminal, elsewhere left in the
/// file <c>initial-admin-password</c> (0600), which goes at the first log-in. One set anew lives the same way.
/// </summary>
internal sealed partial class AdminPassword(Database database, DataDirectory data, PasswordHashing hashing, Audit audit,
    ILogger<AdminPassword> logger)
{
    private const string ValueName = "admin-password";

    /// <summary>Where the password is stored when it was not made at a terminal.</summary>
    public string FilePath => data.Below("initial-admin-password");

    /// <summary>Makes the first password when there is none.</summary>
    /// <param name="onTerminal">Whether a person sees the console.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <returns>The password to show on the terminal; null when there is nothing to show.</returns>
    public async Task<string?> EnsureAsync(bool onTerminal, CancellationToken ct) =>
        await database.FindAsync(ValueName, ct) is null ? await SetAnewAsync(null, onTerminal, ct) : null;

    /// <summary>Makes another password and ends all sessions made with the old one.</summary>
    /// <param name="by">Who asked for it; null for the first one, which the server makes by itself.</param>
    /// <param name="onTerminal">Whether a person sees the console.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <returns>The password to show on the terminal; null when it lies in the file.</returns>
    public async Task<string?> SetAnewAsync(Caller? by, bool onTerminal, CancellationToken ct)
    {
        var password = Password.Generate();
        // The file comes first: a start that is killed in between makes another password next time, none is lost.
        if (!onTerminal) await WriteFileAsync(password, ct);
        else File.Delete(FilePath);
        var hash = Password.Hash(password);
        await database.WriteAsync(async (db, token) =>
        {
            await ServerValues.SetAsync(db, ValueName, hash, token);
            await SessionStore.EndAllOfAsync(db, SessionOrigin.Password, token);
            audit.Add(db, new(by is null ? "create" : "change", "password", "admin") { By = by });
            return true;
        }, ct);
        return onTerminal ? password : null;
    }

    /// <summary>Whether this is the password; the file goes at the first success.</summary>
    /// <exception cref="HashingBusyException">Too many are being checked.</exception>
    public async Task<bool> VerifyAsync(string password, CancellationToken ct)
    {
        if (await database.FindAsync(ValueName, ct) is not { } hash) return false;
        if (!await hashing.VerifyAsync(password, hash, ct)) return false;
        if (File.Exists(FilePath))
        {
            File.Delete(FilePath);
            Log.FileRemoved(logger, FilePath);
        }
        return true;
    }

    private async Task WriteFileAsync(string password, CancellationToken ct)
    {
        File.Delete(FilePath); // a file that is there keeps its mode when it is opened
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write,
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
