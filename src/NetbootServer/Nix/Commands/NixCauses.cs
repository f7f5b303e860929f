using System.Text.RegularExpressions;
using NetbootServer.Api;
using NetbootServer.Downloads;

namespace NetbootServer.Nix.Commands;

/// <summary>Why Nix failed, in words that say what to do.</summary>
/// <param name="Problem">What kind of failure.</param>
/// <param name="Detail">What happened and what to do, in full sentences.</param>
internal sealed record NixCause(ProblemType Problem, string Detail)
{
    /// <summary>When it may go well; null when nothing says so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>
/// Known failures of Nix, and of the programs that it fetches with, by what they print: their own words do not say what
/// to do on a server, or hide the reason among others.
/// </summary>
internal static partial class NixCauses
{
    // GitHub's limit is one of an hour, and Nix does not say when that ends: six tries reach beyond it.
    private static readonly TimeSpan WithinTheHour = TimeSpan.FromMinutes(20);

    /// <summary>The cause in a line of output; null when there is none.</summary>
    /// <param name="line">Plain text.</param>
    /// <param name="what">What Nix was run for, such as a flake.</param>
    public static NixCause? Of(string line, string what)
    {
        if (Ownership().Match(line) is { Success: true } owned)
            return Failed($"Git refuses the repository {Named(owned.Groups["path"].Value, what)}: it belongs to " +
            "another user than " +
                $"{Environment.UserName}, who runs this server (\"dubious ownership\"). Give it to that user (chown " +
                "-R), or let that user trust it: git config --global --add safe.directory with its path.");
        if (RateLimit().IsMatch(line))
            return new(SourceProblems.Unreachable,
                $"GitHub's limit of requests for this server's address is used up, so that {what} cannot be " +
                "fetched at the moment; it counts by the hour. An access token for Nix raises it (access-tokens in " +
                "nix.conf).")
            {
                RetryAfter = WithinTheHour,
            };
        if (NoSpace().IsMatch(line))
            return new(SourceProblems.StorageFull,
                "The disk that Nix builds on, or its store, is full. Make room there, for example " +
                "with nix-collect-garbage, then retry.");
        if (Download().Match(line) is { Success: true } download)
            return new(SourceProblems.Unreachable,
                $"Nix cannot download '{SourceText.Quote(download.Groups["url"].Value)}': " +
                $"'{SourceText.Quote(download.Groups["why"].Value)}'.");
        if (HostKey().IsMatch(line))
            return Failed($"ssh does not know the server that {what} comes from: add its key to the known_hosts of " +
                $"{Environment.UserName}, who runs this server (ssh-keyscan).");
        if (PublicKey().IsMatch(line))
            return Failed($"ssh was denied access to {what}: give {Environment.UserName}, who runs this server, a " +
            "key without a passphrase that may read it.");
        if (UserName().Match(line) is { Success: true } user)
            return Failed($"Git needs a user name for '{SourceText.Quote(user.Groups["url"].Value)}', which is not " +
            "public or not there. Give " +
                $"{Environment.UserName}, who runs this server, access to it (a .netrc, or git+ssh with a key).");
        if (Daemon().Match(line) is { Success: true } daemon)
            return Failed($"Nix's daemon does not answer at {daemon.Groups["path"].Value}: start it (systemctl start " +
            "nix-daemon.socket), or let this server's user reach it.");
        return BuildUsers().IsMatch(line)
            ? Failed("Nix has no build users: make the group that build-users-group names, with users in it, or set " +
                "'build-users-group =' in nix.conf to build as this server's own user.")
            : null;
    }

    private static NixCause Failed(string detail) => new(SourceProblems.NixFailed, detail);

    private static string Named(string path, string what) => path.Length > 0 ? $"'{SourceText.Quote(path)}'"
        : $"of {what}";

    // Git 2.35.2 and later, libgit2, and Nix 2.8: its "git diff" then takes the folder for no repository and prints its
    // usage.
    [GeneratedRegex(@"dubious ownership in repository(?: at '(?<path>[^']*)')?|unsafe repository \('(?<path>[^']*)'" +
        @"|repository path '(?<path>[^']*)' is not owned by current user|Not a git repository\. Use --no-index to compare two paths")]
    private static partial Regex Ownership();

    [GeneratedRegex(@"API rate limit exceeded|secondary rate limit|HTTP error 429", RegexOptions.IgnoreCase)]
    private static partial Regex RateLimit();

    [GeneratedRegex(@"No space left on device|database or disk is full")]
    private static partial Regex NoSpace();

    [GeneratedRegex(@"^\s*error:.*unable to download '(?<url>[^']*)': (?<why>(?:Could(?:n't| not) (?:resolve|connect)|HTTP error 5\d\d|" +
        @".*(?:timed out|Timeout|reset|refused|broken)).*)")]
    private static partial Regex Download();

    [GeneratedRegex(@"^Host key verification failed")]
    private static partial Regex HostKey();

    [GeneratedRegex(@"Permission denied \((?:[a-z-]+,)*publickey")]
    private static partial Regex PublicKey();

    [GeneratedRegex(@"could not read Username for '(?<url>[^']*)'")]
    private static partial Regex UserName();

    [GeneratedRegex(@"cannot connect to (?:daemon|socket) at '(?<path>[^']*)'")]
    private static partial Regex Daemon();

    [GeneratedRegex(@"group '[^']*' specified in 'build-users-group' (?:does not exist|has no members)|build users group '[^']*' has no members")]
    private static partial Regex BuildUsers();
}
