using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using NetbootServer.Access.Sessions;
using NetbootServer.Hosting;

namespace NetbootServer.Access;

/// <summary>The admin token from the settings, compared without telling by time how much of a guess is right.</summary>
internal sealed class AdminTokenSetting(IOptions<AccessOptions> options)
{
    private const int MinLength = 16;
    private readonly string? _hash = Read(options.Value) is { } token ? Secret.HashOf(token) : null;

    /// <summary>Who uses it.</summary>
    public Caller Caller { get; } = new("admin-token", RolePolicies.Admin);

    /// <summary>Whether a token is set.</summary>
    public bool IsSet => _hash is not null;

    /// <summary>What sessions made with it come from; another token in the settings ends them.</summary>
    public string Origin => SessionOrigin.Setting(_hash?[..16] ?? "none");

    /// <summary>Whether a session made so may go on.</summary>
    public bool Admits(string origin) =>
        !origin.StartsWith(SessionOrigin.Setting(""), StringComparison.Ordinal) || origin == Origin;

    /// <summary>Whether this is the token.</summary>
    public bool Is(string token) => _hash is not null && CryptographicOperations.FixedTimeEquals(
        Convert.FromHexString(Secret.HashOf(token)), Convert.FromHexString(_hash));

    private static string? Read(AccessOptions options)
    {
        var key = options.AdminTokenFile is null ? "Access:AdminToken" : "Access:AdminTokenFile";
        var token = options.AdminTokenFile is { } file ? FromFile(file) : options.AdminToken;
        if (token is { Length: < MinLength })
            throw new StartFailure(key, StartFailure.Hidden,
                $"is too short: a token has at least {MinLength} characters; make one with 'openssl rand -hex 32'");
        return token;
    }

    private static string FromFile(string file)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault()?.Trim() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure("Access:AdminTokenFile", file, $"cannot be read: {e.Message.TrimEnd('.')}");
        }
    }
}
