namespace NetbootServer.Images;

/// <summary>What placeholders in kernel arguments stand for, where a command line is made.</summary>
public sealed record PlaceholderValues
{
    /// <summary>
    /// What the command line is for, as the subject of messages: "a machine's own script", "the image's script".
    /// </summary>
    public required string For { get; init; }

    /// <summary>Scheme, host and port of this server; null where it is not known.</summary>
    public string? Server { get; init; }

    /// <summary>The boot's URL; null where there is no boot.</summary>
    public string? Boot { get; init; }

    /// <summary>The machine's name; null where there is no machine, or none with a name.</summary>
    public string? MachineName { get; init; }

    /// <summary>The machine's labels; null where there is no machine.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The image's further files; null where there is no image.</summary>
    public IReadOnlyDictionary<string, Artifact>? Files { get; init; }

    /// <summary>The absolute URL of a further file; null where none is known.</summary>
    public Func<string, Artifact, string>? UrlOf { get; init; }

    /// <summary>
    /// Whether an example stands for a label where there is no machine, and for a file where there is no image.
    /// </summary>
    public bool Examples { get; init; }

    /// <summary>Whether iPXE runs the script, and fills in what only it knows.</summary>
    public bool ByIpxe { get; init; }
}

/// <summary>A kernel argument, or several, with values in the place of placeholders.</summary>
/// <param name="Text">The text; what could not be filled in stands in it as it was written.</param>
/// <param name="Bytes">Bytes that it has at most, once iPXE has filled in its own.</param>
/// <param name="Fault">Why it cannot be used, a sentence without its full stop; null when it can.</param>
public readonly record struct ExpandedArgument(string Text, int Bytes, string? Fault);
