using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Sources.Layouts;
using NetbootServer.Sources.Signatures;

namespace NetbootServer.Sources.Urls;

/// <summary>A file of one try, whatever it is for: systems may share it.</summary>
/// <param name="link">Where it is.</param>
/// <param name="expected">What it must be; null when it is taken as fetched.</param>
internal sealed class UrlFile(SourceLink link, ExpectedDigest? expected)
{
    private readonly List<Func<BootFile, string?>> _judges = [];

    /// <summary>Where it is.</summary>
    public SourceLink Link => link;

    /// <summary>What it must be; null when it is taken as fetched.</summary>
    public ExpectedDigest? Expected => expected;

    /// <summary>Its bytes, once they are here.</summary>
    public StoredBlob? Blob { get; set; }

    /// <summary>The state that they are of; null when the server does not say, or was not asked.</summary>
    public SourceValidator? Validator { get; set; }

    /// <summary>How long it is by the answer to a question; null when unknown.</summary>
    public long? Likely { get; set; }

    /// <summary>Where its own signature is; null when nothing signs it alone.</summary>
    public SourceLink? Signature { get; set; }

    /// <summary>Its address before <c>{version}</c> is filled in.</summary>
    public string? Unfilled { get; set; }

    /// <summary>Who has signed it, and when.</summary>
    public SignedBy? SignedBy { get; set; }

    /// <summary>It is for a role of a system.</summary>
    /// <param name="role">The role.</param>
    /// <param name="system">The Nix system.</param>
    /// <param name="whole">Whether the file itself is, and not one that is in it.</param>
    public void AddUse(string role, string system, bool whole)
    {
        if (whole) _judges.Add(BootJudges.Of(role, system));
    }

    /// <summary>What is wrong with it for any of its uses, or null.</summary>
    public string? Complaint(BootFile file) =>
        _judges.Select(judge => judge(file)).FirstOrDefault(complaint => complaint is not null);
}
