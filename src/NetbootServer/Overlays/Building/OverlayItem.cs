namespace NetbootServer.Overlays.Building;

/// <summary>One thing of a machine's overlay, and whether it reaches the booted system.</summary>
/// <param name="Path">Absolute path in the booted system.</param>
/// <param name="Mode">Permission bits in octal, four digits.</param>
/// <param name="SizeBytes">Bytes of its content.</param>
/// <param name="Secret">Whether its content is secret.</param>
/// <param name="Delivered">How it gets there: one of <see cref="Delivery"/>.</param>
/// <param name="Why">What that depends on, or why it does not get there; missing when there is nothing to say.</param>
public sealed record OverlayItem(string Path, string Mode, int SizeBytes, bool Secret, string Delivered, string? Why)
{
    /// <summary>
    /// Where it is set: in the <c>machine</c>, in its <c>profile</c>, or in <c>both</c>, whose values are united.
    /// </summary>
    public string SetBy { get; init; } = OverlayOrigin.Machine;
}

/// <summary>Where an item of an overlay is set.</summary>
public static class OverlayOrigin
{
    /// <summary>In the machine, whatever its profile says.</summary>
    public const string Machine = "machine";

    /// <summary>In the profile alone.</summary>
    public const string Profile = "profile";

    /// <summary>In both: their keys are united.</summary>
    public const string Both = "both";
}

/// <summary>The ways of an item into the booted system.</summary>
public static class Delivery
{
    /// <summary>In the initrd, or carried over from it.</summary>
    public const string Initrd = "initrd";

    /// <summary>As an argument of the kernel's command line.</summary>
    public const string Argument = "argument";

    /// <summary>It does not get there.</summary>
    public const string No = "no";
}

/// <summary>An item with its bytes.</summary>
/// <param name="Item">What the API shows of it.</param>
/// <param name="Content">Its bytes; opens a secret only when it is called.</param>
/// <param name="Argument">The kernel argument that delivers it; null for none.</param>
internal sealed record OverlayContent(OverlayItem Item, Func<byte[]> Content, string? Argument = null)
{
    /// <summary>Whether it is root's password, which is written into a file of the system's own.</summary>
    public bool IsPassword { get; init; }

    /// <summary>Whether it goes only together with secrets, though it is none: the public half of a host key.</summary>
    public bool GoesWithSecrets { get; init; }

    /// <summary>Permission bits.</summary>
    public int ModeBits => Convert.ToInt32(Item.Mode, 8);
}
