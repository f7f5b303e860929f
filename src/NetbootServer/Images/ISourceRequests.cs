using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Images;

/// <summary>What images ask of their sources; implemented by the folder that knows the kinds of sources.</summary>
internal interface ISourceRequests
{
    /// <summary>Fills an image's body in from the preset that it names; other bodies stay what they are.</summary>
    /// <param name="body">The whole image as it shall be.</param>
    /// <param name="before">What it is now, and what a PATCH says.</param>
    /// <param name="errors">Where faults are noted.</param>
    JsonElement Expand(JsonElement body, SpecBefore<ImageSpec> before, ValidationErrors errors);

    /// <summary>Notes every fault of an image's <c>source</c>.</summary>
    /// <param name="source">The member <c>source</c>, an object.</param>
    /// <param name="path">Its JSON path.</param>
    /// <param name="systems">The image's systems.</param>
    /// <param name="errors">Where the faults are noted.</param>
    void Check(JsonElement source, string path, ImmutableArray<string> systems, ValidationErrors errors);

    /// <summary>
    /// A machine waits for an image that has no version yet, so it must be refreshed. Called again and again; never
    /// waits.
    /// </summary>
    void RequestFirstVersion(string image);

    /// <summary>
    /// A client waits for bytes of an image's newest version that its refresh left out. Called again and again; never
    /// waits.
    /// </summary>
    void RequestAbsentBytes(string image);
}
