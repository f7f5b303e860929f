using System.Globalization;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>What a test machine is and says about itself; any text, also what no honest maker would burn in.</summary>
public sealed record MachineHardware
{
    public string Mac { get; init; } = "52:54:00:aa:bb:01";

    /// <summary>Further network cards, not connected to anything.</summary>
    public IReadOnlyList<string> OtherMacs { get; init; } = [];

    public Guid Uuid { get; init; } = Guid.Parse("11111111-2222-3333-4444-555555555555");

    public string Serial { get; init; } = "SER123";

    public string Product { get; init; } = "ProtoBox";

    public string Manufacturer { get; init; } = "ACME";

    public string? Asset { get; init; }

    public int MemoryMiB { get; init; } = 512;

    /// <summary>QEMU's name of the processor; null for QEMU's own choice.</summary>
    public string? Cpu { get; init; }

    /// <summary>Image of a disk (<c>/dev/vda</c>); what the machine writes is gone with it. Null for none.</summary>
    public string? Disk { get; init; }

    /// <summary>Whether it has a graphics card: memtest86+ hangs without one under UEFI.</summary>
    public bool Screen { get; init; }

    internal IEnumerable<string> Arguments =>
    [
        "-m", MemoryMiB.ToString(CultureInfo.InvariantCulture),
        "-uuid", Uuid.ToString(),
        "-smbios", $"type=1,serial={Quote(Serial)},product={Quote(Product)},manufacturer={Quote(Manufacturer)}",
        .. Screen ? new[] { "-vga", "std" } : [],
        .. Cpu is null ? [] : new[] { "-cpu", Cpu },
        .. Disk is null ? [] : new[] { "-drive", $"if=virtio,format=raw,snapshot=on,file={Disk}" },
        .. Asset is null ? [] : new[] { "-smbios", $"type=3,asset={Quote(Asset)}" },
    ];

    // QEMU ends a value at a comma and reads two as one.
    private static string Quote(string text) => text.Replace(",", ",,", StringComparison.Ordinal);
}
