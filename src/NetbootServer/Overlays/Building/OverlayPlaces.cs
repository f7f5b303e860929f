using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Overlays.Building;

/// <summary>
/// Where a further archive puts files so that they come into the new system in the way of an overlay, which must be
/// there before it (<see cref="OverlayArchive.Make"/>).
/// </summary>
/// <param name="layout">The image's initrd.</param>
internal sealed class OverlayPlaces(InitrdLayout layout)
{
    private readonly InitramfsTree _tree = new(layout);

    /// <summary>
    /// Whether plain files do: they are copied into the new root, or are in it already. Credentials and lines for
    /// systemd-tmpfiles are made with their content.
    /// </summary>
    public bool TakesFiles { get; } = layout.Kind is OverlayKind.Systemd or OverlayKind.Dracut
        or OverlayKind.InitramfsTools or OverlayKind.Shim or OverlayKind.Plain;

    /// <summary>What goes before the paths of the new system; ends with a slash, or is empty.</summary>
    public string Prefix => layout.Kind == OverlayKind.Plain ? "" : OverlayArchive.Root + "/";

    /// <summary>A path of the new system, without slashes at both ends, as it is behind the prefix.</summary>
    public string Of(string path) => layout.Kind == OverlayKind.Plain ? _tree.PlaceOf(path)
        : OverlayArchive.InNewRoot("/" + path, layout)[1..];
}
