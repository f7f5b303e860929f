using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Sources;

/// <summary>A system store path and all that it needs.</summary>
public sealed record SourcedClosure
{
    /// <summary>The system: <c>/nix/store/…-nixos-system-…</c>.</summary>
    public required string Toplevel { get; init; }

    /// <summary>
    /// The script that process 1 becomes; versions of before 2026-12 may lack it.
    /// </summary>
    public string? Init { get; init; }

    /// <summary>The arguments it wants, without <c>init=</c>.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    /// <summary>Every path, the system first, the others in ascending order.</summary>
    public required ImmutableArray<ClosurePath> Paths { get; init; }

    /// <summary>Bytes of all NARs.</summary>
    public long NarBytes => Paths.Sum(path => path.NarSize);

    /// <summary>As UTF-8 JSON, the same bytes for the same closure.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, JsonBody.Writing);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static SourcedClosure FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<SourcedClosure>(json, JsonBody.Writing)
        ?? throw new InvalidDataException("The closure is null.");
}

/// <summary>A store path of a closure.</summary>
/// <param name="Path">The store path.</param>
/// <param name="Sha256">SHA-256 of its NAR, hexadecimal.</param>
/// <param name="NarSize">Length of its NAR in bytes.</param>
/// <param name="References">The store paths that it names, sorted.</param>
/// <param name="Deriver">Store path of the derivation that made it; null when unknown.</param>
public sealed record ClosurePath(string Path, string Sha256, long NarSize, ImmutableArray<string> References,
    string? Deriver)
{
    internal static ClosurePath Of(PathInfo info) =>
        new(info.Path.ToString(), info.NarHash.Digest.ToString(), info.NarSize,
        [.. info.References.Select(path => path.ToString())], info.Deriver is null ? null
        : $"{StorePath.Folder}/{info.Deriver}");
}
