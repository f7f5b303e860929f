using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace NetbootServer.Overlays.Recognition;

/// <summary>
/// How the initrd of an image takes a machine's own files, so that they are there in the booted system.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<OverlayKind>))]
public enum OverlayKind
{
    /// <summary>It cannot: nothing that is known would carry them over.</summary>
    [JsonStringEnumMemberName("none")] None,

    /// <summary>systemd runs in it, with <c>cp</c>: a unit of ours copies them.</summary>
    [JsonStringEnumMemberName("systemd")] Systemd,

    /// <summary>systemd runs in it without <c>cp</c>: a unit of ours has systemd-tmpfiles write them.</summary>
    [JsonStringEnumMemberName("tmpfiles")] Tmpfiles,

    /// <summary>systemd runs in it, without both in reach: they are handed over as credentials (since 254).</summary>
    [JsonStringEnumMemberName("creds")] Creds,

    /// <summary>dracut without systemd: a hook before the switch copies them.</summary>
    [JsonStringEnumMemberName("dracut")] Dracut,

    /// <summary>initramfs-tools: a script before the switch copies them.</summary>
    [JsonStringEnumMemberName("initramfs-tools")] InitramfsTools,

    /// <summary>The system never leaves the initramfs: they lie there where they belong.</summary>
    [JsonStringEnumMemberName("plain")] Plain,

    /// <summary>A scripted init switches by busybox: a script of ours in the place of that link copies them.</summary>
    [JsonStringEnumMemberName("shim")] Shim,
}

/// <summary>What is known of the initrds of a recipe: how they take an overlay, and what that depends on.</summary>
public sealed record InitrdLayout
{
    /// <summary>How it takes files.</summary>
    public required OverlayKind Kind { get; init; }

    /// <summary>By what that was recognized, or why it takes none; completes "the initrd".</summary>
    public required string Why { get; init; }

    /// <summary>Version of the systemd in it; null without one, or when it is not known.</summary>
    public int? Systemd { get; init; }

    /// <summary>Whether it is a NixOS.</summary>
    public bool IsNixos { get; init; }

    /// <summary>
    /// Whether it restores ssh keys and networks from its root by itself, as nixos-images do
    /// (<c>restore-state-from-initrd.service</c>).
    /// </summary>
    public bool RestoresState { get; init; }

    /// <summary>Whether it is Debian's installer.</summary>
    public bool IsDebianInstaller { get; init; }

    /// <summary>Whether it has a shell at <c>/bin/sh</c> or <c>/usr/bin/sh</c>.</summary>
    public bool HasShell { get; init; }

    /// <summary>dracut: the folder of its hooks before the switch. shim: the link that switches.</summary>
    public string? Place { get; init; }

    /// <summary>shim: absolute path of busybox.</summary>
    public string? Busybox { get; init; }

    /// <summary>initramfs-tools: its <c>scripts/init-bottom/ORDER</c>.</summary>
    public string? Order { get; init; }

    /// <summary>Its links to folders near its root, by path: nothing may replace them.</summary>
    public ImmutableSortedDictionary<string, string> Links { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>One that takes no files.</summary>
    public static InitrdLayout Without(string why) => new() { Kind = OverlayKind.None, Why = why };
}
