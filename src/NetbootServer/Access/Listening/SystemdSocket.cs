using System.Globalization;
using System.Runtime.InteropServices;
using NetbootServer.Hosting;

namespace NetbootServer.Access.Listening;

/// <summary>
/// A socket that systemd listens on and passes at the start (sd_listen_fds(3)): connections made while the server
/// restarts wait there.
/// </summary>
/// <param name="Handle">The file descriptor.</param>
/// <param name="Name">Its name: <c>FileDescriptorName=</c> of the socket unit, else the unit's own.</param>
internal sealed partial record SystemdSocket(int Handle, string Name)
{
    /// <summary>The variable that counts them.</summary>
    public const string Variable = "LISTEN_FDS";

    private const string Admin = "admin", AdminHttps = "admin-https";
    private const int First = 3, Most = 64;
    private const int SetFlags = 2, CloseOnExec = 1; // F_SETFD, FD_CLOEXEC

    /// <summary>Whether the admin plane alone is served there.</summary>
    public bool IsAdmin => Name is Admin or AdminHttps;

    /// <summary>What is spoken there.</summary>
    public string Scheme => Name == AdminHttps ? "https" : "http";

    /// <summary>The sockets that were passed to this very process.</summary>
    /// <exception cref="StartFailure">The variables are not as systemd writes them.</exception>
    public static IReadOnlyList<SystemdSocket> Passed()
    {
        var own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (Environment.GetEnvironmentVariable("LISTEN_PID") != own) return [];
        var text = Environment.GetEnvironmentVariable(Variable) ?? "";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is 0 or > Most)
            throw new StartFailure(Variable, text, $"must be a number of sockets from 1 to {Most}, as systemd sets it");
        var names = (Environment.GetEnvironmentVariable("LISTEN_FDNAMES") ?? "").Split(':');
        var sockets = Enumerable.Range(0, count)
            .Select(i => new SystemdSocket(First + i, names.ElementAtOrDefault(i) ?? "")).ToList();
        foreach (var socket in sockets)
            if (fcntl(socket.Handle, SetFlags, CloseOnExec) < 0) // programs that the server starts have no use for it
                throw new StartFailure(Variable, text, $"names file descriptor {socket.Handle}, which is not open");
        foreach (var variable in new[] { "LISTEN_PID", Variable, "LISTEN_FDNAMES" })
            Environment.SetEnvironmentVariable(variable, null);
        return sockets;
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fcntl(int handle, int command, int argument);
}
