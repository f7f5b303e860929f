using System.Net;

namespace NetbootServer.Kexec.Boots;

/// <summary>How a machine's system is started from any Linux that runs on it.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Image">The image that its profile boots.</param>
/// <param name="Version">The version of it.</param>
/// <param name="System">The Nix system; one that is not known is taken for <c>x86_64-linux</c>.</param>
/// <param name="Url">The bundle.</param>
/// <param name="WithSecrets">Whether the machine's secrets are in it.</param>
public sealed record KexecLines(
    string Machine, string Image, string Version, string System, string Url, bool WithSecrets)
{
    /// <summary>Whether the machine has secrets, which only a bundle with a key has.</summary>
    public required bool HasSecrets { get; init; }

    /// <summary>Until when the bundle can be fetched; missing without secrets.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>For a shell of root, with curl.</summary>
    public required string Curl { get; init; }

    /// <summary>For a shell of root, with wget.</summary>
    public required string Wget { get; init; }

    /// <summary>For the computer that installs by nixos-anywhere.</summary>
    public required string NixosAnywhere { get; init; }

    internal static KexecLines Of(KexecPlan plan, string baseUrl, string? key, DateTimeOffset? expiresAt)
    {
        var (name, version, system) = (plan.Machine.Name, plan.Target.Version, plan.Target.System);
        var url = $"{baseUrl}/kexec/{name}/{(key is null ? "" : key + "/")}{KexecFileName.Of(system)}";
        const string Unpack = "tar -xzf- -C /root && /root/kexec/run";
        return new(name, version.Image, version.Id, system, url, key is not null)
        {
            HasSecrets = plan.Overlay?.HasSecrets == true, ExpiresAt = expiresAt,
            Curl = $"curl -fL {url} | {Unpack}", Wget = $"wget -O- {url} | {Unpack}",
            NixosAnywhere = $"nixos-anywhere --flake .#{name} --kexec {url} --target-host root@{AddressOf(plan)}",
        };
    }

    /// <summary>What the machine last reported, else its name.</summary>
    private static string AddressOf(KexecPlan plan) =>
        plan.Machine.Identity?.GetValueOrDefault("ip") is { } ip && IPAddress.TryParse(ip, out var parsed)
            ? parsed.ToString() : plan.Machine.Name;
}
