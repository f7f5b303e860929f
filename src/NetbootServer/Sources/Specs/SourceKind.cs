namespace NetbootServer.Sources.Specs;

/// <summary>What a build's output is.</summary>
public enum SourceKind
{
    /// <summary>Whatever is there.</summary>
    Auto,

    /// <summary>A folder with a kernel, an initrd and kernel arguments.</summary>
    Netboot,

    /// <summary>A kexec tarball.</summary>
    Kexec,

    /// <summary>A system's toplevel and all that it needs.</summary>
    Closure,
}
