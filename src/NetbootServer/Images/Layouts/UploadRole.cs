using System.Collections.Immutable;

namespace NetbootServer.Images.Layouts;

/// <summary>A file that is to be uploaded.</summary>
/// <param name="Name">Its name.</param>
/// <param name="SizeBytes">Its length in bytes.</param>
/// <param name="Head">Its first bytes, 64 KiB at most.</param>
public sealed record UploadCandidate(string Name, long SizeBytes, byte[]? Head);

/// <summary>What a file that is to be uploaded is taken for.</summary>
/// <param name="Name">Its name, as it was given.</param>
/// <param name="Part">
/// The part of the upload that it should be, such as <c>x86_64-linux/kernel</c>; missing when that is not known.
/// </param>
/// <param name="Why">What it was recognised by, or why not, for a person.</param>
public sealed record UploadRole(string Name, string? Part, string Why);

/// <summary>What files that are to be uploaded are taken for.</summary>
/// <param name="Layout">The layout that they make, such as <c>alpine</c>; missing when none was recognised.</param>
/// <param name="Title">The layout's name for a person.</param>
/// <param name="Files">
/// Every file, in the order in which they should be sent: that of initrds is the order in which they are loaded.
/// </param>
/// <param name="Missing">What is missing or not clear, a sentence each.</param>
/// <param name="KernelArguments">The kernel arguments that they need.</param>
public sealed record UploadRoles(string? Layout, string? Title, ImmutableArray<UploadRole> Files,
    ImmutableArray<string> Missing, ImmutableArray<string> KernelArguments);
