using System.ComponentModel.DataAnnotations;

namespace NetbootServer.Hosting;

/// <summary>Settings of the server as a whole; they stand at the top level.</summary>
public sealed record ServerOptions
{
    /// <summary>What a base URL must look like to be safe in scripts and in configurations of DHCP servers.</summary>
    internal const string BaseUrl = @"https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~/-]*)?";

    /// <summary>Where it listens, separated by semicolons.</summary>
    public string Urls { get; init; } = "http://*:8080";

    /// <summary>Base of absolute links in scripts; null: what the client called.</summary>
    [RegularExpression(BaseUrl, ErrorMessage = "must be an http or https URL")]
    [Example("http://netboot.example.org:8080")]
    public string? PublicUrl { get; init; }

    /// <summary>Everything that must survive; systemd's STATE_DIRECTORY when set, else <c>data</c>.</summary>
    [Required(ErrorMessage = "must name a folder")]
    public string DataDirectory { get; init; } =
        Environment.GetEnvironmentVariable("STATE_DIRECTORY") is { Length: > 0 } state ? state : "data";

    /// <summary>Another database than SQLite in the data directory.</summary>
    public string? Database { get; init; }

    /// <summary>
    /// How long transfers under way may go on when the server is stopped; new requests get 503 meanwhile.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
