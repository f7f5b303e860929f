using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace NetbootServer.Overlays;

/// <summary>A machine's own files, as a profile or a machine sets them.</summary>
public sealed record Overlay
{
    /// <summary>Bytes of content that an overlay may have: 4 MiB.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>The host name, as in <c>/etc/hostname</c>.</summary>
    public string? Hostname { get; init; }

    /// <summary>32 hexadecimal digits, as in <c>/etc/machine-id</c>.</summary>
    public string? MachineId { get; init; }

    /// <summary>Lines of root's <c>authorized_keys</c>.</summary>
    public ImmutableArray<string>? AuthorizedKeys { get; init; }

    /// <summary>The ssh host keys.</summary>
    public OverlayHostKeys? HostKeys { get; init; }

    /// <summary>root's password as crypt(3) hashes it.</summary>
    public OverlaySecret? RootPasswordHash { get; init; }

    /// <summary>Interfaces.</summary>
    public ImmutableArray<OverlayNetwork>? Network { get; init; }

    /// <summary>Further files.</summary>
    public ImmutableArray<OverlayFile>? Files { get; init; }

    /// <summary>Whether there is nothing in it.</summary>
    [JsonIgnore]
    public bool IsEmpty => Hostname is null && MachineId is null && HostKeys is null && RootPasswordHash is null
        && AuthorizedKeys is null or [] && Network is null or [] && Files is null or [];

    /// <summary>Whether something in it is secret.</summary>
    [JsonIgnore]
    public bool HasSecrets => RootPasswordHash is not null || HostKeys is not null
        || Files?.Any(file => file.Hidden is not null) == true;

    /// <summary>Every secret with its place.</summary>
    internal IEnumerable<(string Place, OverlaySecret Secret)> Secrets()
    {
        if (RootPasswordHash is { } hash) yield return (PasswordPlace, hash);
        foreach (var key in HostKeys?.Given ?? []) yield return (PlaceOf(key), key.Private);
        foreach (var file in Files ?? [])
            if (file.Hidden is { } hidden) yield return (PlaceOf(file), hidden);
    }

    /// <summary>The same with every secret changed.</summary>
    internal Overlay WithSecrets(Func<string, OverlaySecret, OverlaySecret> change) => this with
    {
        RootPasswordHash = RootPasswordHash is { } hash ? change(PasswordPlace, hash) : null,
        HostKeys = HostKeys is null or { AreGenerated: true } ? HostKeys : HostKeys with
        {
            Given = [.. HostKeys.Given.Select(key => key with { Private = change(PlaceOf(key), key.Private) })],
        },
        Files = Files is not { } files ? null :
        [
            .. files.Select(file => file.Hidden is { } hidden
                ? file with { Hidden = change(PlaceOf(file), hidden) } : file),
        ],
    };

    /// <summary>Bytes of content.</summary>
    [JsonIgnore]
    internal long SizeBytes => (RootPasswordHash?.SizeBytes ?? 0)
        + (HostKeys?.Given.Sum(key => (long)key.Private.SizeBytes) ?? 0)
        + (AuthorizedKeys?.Sum(key => (long)key.Length) ?? 0)
        + (Files?.Sum(file => (long)file.SizeBytes + file.Path.Length) ?? 0);

    /// <summary>
    /// What a machine gets of its profile's overlay and its own: its keys are added to the profile's, its files replace
    /// those of the same path, the rest of its own replaces the profile's.
    /// </summary>
    public static Overlay? Merge(Overlay? profile, Overlay? machine) => profile is null || machine is null
        ? machine ?? profile
        : new()
        {
            Hostname = machine.Hostname ?? profile.Hostname,
            MachineId = machine.MachineId ?? profile.MachineId,
            AuthorizedKeys = [.. (profile.AuthorizedKeys ?? []).Union(machine.AuthorizedKeys ?? [],
                StringComparer.Ordinal)],
            HostKeys = machine.HostKeys ?? profile.HostKeys,
            RootPasswordHash = machine.RootPasswordHash ?? profile.RootPasswordHash,
            Network = machine.Network ?? profile.Network,
            Files =
            [
                .. (profile.Files ?? []).Where(file => machine.Files?.Any(own => FilePaths.Clash(own.Path, file.Path))
                    != true),
                .. machine.Files ?? [],
            ],
        };

    /// <summary>What one gets that may have nothing secret.</summary>
    internal Overlay WithoutSecrets() => this with
    {
        RootPasswordHash = null,
        HostKeys = null,
        Files = Files is { } files ? [.. files.Where(file => file.Hidden is null)] : null,
    };

    /// <summary>As lists and events show it: without long contents.</summary>
    internal Overlay Listed() => Files is not { } files ? this
        : this with { Files = [.. files.Select(file => file.Listed())] };

    private const string PasswordPlace = "$.overlay.rootPasswordHash";

    private static string PlaceOf(OverlayHostKey key) => $"$.overlay.hostKeys[{key.Type}].private";

    private static string PlaceOf(OverlayFile file) => $"$.overlay.files[{file.Path}]";
}
