using System.Collections.Immutable;
using System.Text.Json;

namespace NetbootServer.Sources.Presets;

/// <summary>A known system: what an image of it needs, as data.</summary>
public sealed record Preset
{
    /// <summary>Its name: that of its file, and the first choice for an image's.</summary>
    public required string Name { get; init; }

    /// <summary>The system's name for people.</summary>
    public required string Title { get; init; }

    /// <summary>What it is good for.</summary>
    public required string Description { get; init; }

    /// <summary>The Nix systems that it is there for.</summary>
    public required ImmutableArray<string> Systems { get; init; }

    /// <summary>The image's source.</summary>
    public required JsonElement Source { get; init; }

    /// <summary>The kernel arguments in the source; missing without any.</summary>
    public ImmutableArray<string>? KernelArguments { get; init; }

    /// <summary>When an image of it refreshes, as an image's own <c>schedule</c>; missing: only when asked.</summary>
    public string? Schedule { get; init; }

    /// <summary>Bytes of memory that a machine needs; missing when unknown.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>About how many bytes a version and system has; missing when unknown.</summary>
    public long? DownloadBytes { get; init; }

    /// <summary>The firmware that it starts on: <c>bios</c>, <c>efi</c>.</summary>
    public required ImmutableArray<string> Firmware { get; init; }

    /// <summary>What a user has to know beside; missing without any.</summary>
    public string? Notes { get; init; }

    /// <summary>Where its facts stand.</summary>
    public required PresetFacts Facts { get; init; }

    /// <summary>Whether it was ever fetched from the real mirror and booted.</summary>
    public required bool Tried { get; init; }

    /// <summary><c>builtin</c>, or <c>own</c> for a file of this server's data directory.</summary>
    public required string Origin { get; init; }
}

/// <summary>Where a preset's facts stand.</summary>
/// <param name="Page">A URL, or the name of a document.</param>
/// <param name="Date">The day on which they were read, such as <c>2026-11-30</c>.</param>
public sealed record PresetFacts(string Page, string Date);

/// <summary>A file with a preset that cannot be used.</summary>
/// <param name="File">Its path.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Fault">What is wrong there.</param>
public sealed record PresetFault(string File, long Line, string Fault);
