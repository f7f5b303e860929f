using System.Collections;
using System.Collections.Frozen;

namespace NetbootServer.Nix.Commands;

/// <summary>
/// The environment of a child process: what programs need to run, Nix's own variables and the proxies, nothing else.
/// The server's own settings may hold secrets, and a build can read its environment (Nix manual, impureEnvVars).
/// </summary>
internal static class ChildEnvironment
{
    private static readonly FrozenSet<string> Passed = new[]
    {
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "TZDIR", "LANG", "LANGUAGE", "LOCALE_ARCHIVE",
        "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
        "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
        "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
        "NIX_REMOTE", "NIX_DAEMON_SOCKET_PATH", "NIX_CONFIG", "NIX_CONF_DIR", "NIX_USER_CONF_FILES", "NIX_PATH",
        "NIX_SSL_CERT_FILE", "NIX_SSHOPTS", "NIX_STORE", "NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOCALSTATE_DIR",
        "NIX_DATA_DIR", "NIX_LOG_DIR", "NIX_BIN_DIR",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Where nothing answers: the port "discard" of this machine.</summary>
    private const string Nowhere = "http://127.0.0.1:9";

    /// <summary>Makes the environment of a child.</summary>
    /// <param name="also">Names of further variables that are passed on.</param>
    public static Dictionary<string, string> Of(IEnumerable<string> also)
    {
        var wanted = also.ToHashSet(StringComparer.Ordinal);
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => ((string)variable.Key, (string?)variable.Value ?? ""))
            .Where(variable => IsPassed(variable.Item1) || wanted.Contains(variable.Item1))
            .ToDictionary(StringComparer.Ordinal);
        // No one is there to answer: what needs a password fails instead of waiting.
        environment["GIT_TERMINAL_PROMPT"] = "0";
        environment["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes";
        environment.TryAdd("HOME", "/");
        return environment;
    }

    private static bool IsPassed(string name) =>
        Passed.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal);

    /// <summary>
    /// The same, with no way to the network: curl, which Nix and Git fetch with, goes to a proxy that is not there, and
    /// Git runs no other transport than for folders.
    /// </summary>
    public static Dictionary<string, string> Offline(Dictionary<string, string> environment)
    {
        var offline = new Dictionary<string, string>(environment, StringComparer.Ordinal);
        foreach (var proxy in new[] { "http_proxy", "https_proxy", "ftp_proxy", "all_proxy" })
            offline[proxy] = offline[proxy.ToUpperInvariant()] = Nowhere;
        offline["no_proxy"] = offline["NO_PROXY"] = "";
        offline["GIT_ALLOW_PROTOCOL"] = "file";
        offline["GIT_SSH_COMMAND"] = "false";
        offline["HGRCPATH"] = "/dev/null";
        return offline;
    }

    /// <summary>What is wrong with the name of a further variable; null when it may be passed on.</summary>
    public static string? Fault(string name) =>
        name.Length == 0 || char.IsAsciiDigit(name[0]) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_')
            ? $"'{name}' is no name of an environment variable; for example NIX_GITHUB_TOKEN"
            : name.StartsWith("NETBOOT_", StringComparison.OrdinalIgnoreCase)
                ? $"{name} is a setting of this server, which builds must not see"
                : null;
}
