namespace NetbootServer.Nix.Commands;

/// <summary>Something that Nix is doing; they begin and end in any order.</summary>
/// <param name="type">Its type, of those below.</param>
/// <param name="name">What it is about: a derivation's name, for builds.</param>
internal sealed class NixActivity(int type, string name)
{
    // NixOS/nix src/libutil/include/nix/util/logging.hh, ActivityType.
    public const int CopyPath = 100;
    public const int Realise = 102;
    public const int CopyPaths = 103;
    public const int Builds = 104;
    public const int Build = 105;

    public int Type { get; } = type;
    public string Name { get; } = name;
    public long Done { get; set; }
    public long Expected { get; set; }
    public long ExpectedCopyBytes { get; set; }
}
