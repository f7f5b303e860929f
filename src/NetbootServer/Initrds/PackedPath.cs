using System.Collections.Immutable;
using NetbootServer.Blobs;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Initrds;

/// <summary>A store path that is stored as a member of initrds.</summary>
/// <param name="Path">The store path.</param>
/// <param name="Blob">The blob: one zstd frame of one cpio archive.</param>
/// <param name="SizeBytes">Its length in bytes.</param>
/// <param name="Programs">Programs in it that a first stage may need, such as <c>bin/mount</c>.</param>
public sealed record PackedPath(StorePath Path, Sha256Digest Blob, long SizeBytes, ImmutableArray<string> Programs);
