using NetbootServer.Downloads;

namespace NetbootServer.Images.Isos;

/// <summary>Why an ISO cannot be booted.</summary>
internal static class IsoFault
{
    /// <param name="what">What is wrong, such as <c>has no files in it</c>.</param>
    /// <param name="subject">What it is wrong with.</param>
    public static SourceException Of(string what, string subject = "The ISO") =>
        new(SourceProblems.NotBootable, $"{subject} {what}.");
}
