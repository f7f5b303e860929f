using NetbootServer.Downloads;

namespace NetbootServer.Images.Isos;

/// <summary>Why an ISO cannot be booted.</summary>
internal static class IsoFault
{
    /// <param name="what">What is wrong, such as <c>has no files in it</c>.</param>
    public static SourceException Of(string what) => new(SourceProblems.NotBootable, $"The ISO {what}.");
}
