using System.Buffers.Binary;
using System.Text;

namespace NetbootServer.Archives;

/// <summary>Recognises Linux kernels, and the EFI programs that may hold one, by their headers.</summary>
internal static class KernelHeaders
{
    private const int MaxCommandLine = 4096;

    public static BootFile? Recognise(ReadOnlySpan<byte> head)
    {
        var efi = Efi(head);
        var file = BzImage(head) ?? Flat(head) ?? efi;
        return file is null || efi is null ? file : file with { EfiArch = efi.Arch };
    }

    /// <summary>x86: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".</summary>
    private static BootFile? BzImage(ReadOnlySpan<byte> head)
    {
        if (head.Length < 0x210 || !head[0x202..].StartsWith("HdrS"u8) || U16(head, 0x1FE) != 0xAA55) return null;
        var protocol = U16(head, 0x206);
        // Bit 0 of xloadflags, since protocol 2.12: there is a 64-bit entry point. Older ones do not say.
        var only32 = protocol >= 0x020C && head.Length >= 0x238 && (U16(head, 0x236) & 1) == 0;
        var version = KernelVersion(head);
        var of = version is null ? "" : $" {version}";
        return new(BootFileKind.BzImage, $"a Linux kernel{of} (bzImage, {(only32 ? "32-bit " : "")}x86, " +
            $"boot protocol {protocol >> 8}.{protocol & 0xFF:d2})")
        {
            Arch = only32 ? "i686" : "x86_64",
            KernelVersion = version,
        };
    }

    private static string? KernelVersion(ReadOnlySpan<byte> head)
    {
        var pointer = U16(head, 0x20E);
        var start = 0x200 + pointer;
        if (pointer == 0 || start >= head.Length) return null;
        var text = head[start..Math.Min(head.Length, start + 256)];
        var end = text.IndexOfAny((byte)0, (byte)' '); // "6.12.8 (nixbld@localhost) #1-NixOS SMP …"
        // memtest86+ has the same header, and says "Memtest86+ v6.10".
        if (end is <= 0 or > 64 || !char.IsAsciiDigit((char)text[0])
            || text[..end].ContainsAnyExceptInRange((byte)'!', (byte)'~')) return null;
        return Encoding.ASCII.GetString(text[..end]);
    }

    /// <summary>Arm and RISC-V: a flat image with its magic at byte 56.</summary>
    private static BootFile? Flat(ReadOnlySpan<byte> head)
    {
        if (head.Length < 64) return null;
        if (head[56..].StartsWith("ARM\x64"u8))
            return new(BootFileKind.Arm64Image, "a Linux kernel (Image, 64-bit Arm)") { Arch = "aarch64" };
        if (head[56..].StartsWith("RSC\x05"u8))
            return new(BootFileKind.RiscVImage, "a Linux kernel (Image, RISC-V)") { Arch = "riscv64" };
        return null;
    }

    /// <summary>PE/COFF with an EFI subsystem; a zboot kernel says "zimg" at byte 4.</summary>
    private static BootFile? Efi(ReadOnlySpan<byte> head)
    {
        if (head.Length < 64 || !head.StartsWith("MZ"u8)) return null;
        var pe = BinaryPrimitives.ReadUInt32LittleEndian(head[0x3C..]);
        if (pe > head.Length - 0x60 || !head[(int)pe..].StartsWith("PE\0\0"u8)) return null;
        var subsystem = U16(head, (int)pe + 0x5C);
        if (subsystem is < 10 or > 13) return null; // EFI application, drivers, ROM
        var arch = U16(head, (int)pe + 4) switch
        {
            0x8664 => "x86_64",
            0x014C => "i686",
            0xAA64 => "aarch64",
            0x5064 => "riscv64",
            var other => $"machine 0x{other:x4}",
        };
        return head[4..].StartsWith("zimg"u8)
            ? new(BootFileKind.EfiZboot, $"a compressed Linux kernel in an EFI program ({arch})") { Arch = arch }
            : Program(head, (int)pe, arch);
    }

    /// <summary>
    /// An EFI program, with what its section table says (PE/COFF §4): a unified kernel image has <c>.linux</c>.
    /// </summary>
    private static BootFile Program(ReadOnlySpan<byte> head, int pe, string arch)
    {
        var file = new BootFile(BootFileKind.EfiProgram, $"an EFI program ({arch})") { Arch = arch };
        const int Entry = 40;
        var at = pe + 24 + U16(head, pe + 20);
        for (var left = (int)U16(head, pe + 6); left > 0 && at + Entry <= head.Length; left--, at += Entry)
        {
            var name = head.Slice(at, 8).TrimEnd((byte)0);
            if (name.SequenceEqual(".linux"u8))
                file = file with { IsUnifiedKernel = true, Description = $"a unified kernel image ({arch})" };
            if (name.SequenceEqual(".cmdline"u8))
                file = file with
                {
                    CommandLine = new(BinaryPrimitives.ReadUInt32LittleEndian(head[(at + 20)..]),
                        (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(head[(at + 8)..]), MaxCommandLine)),
                };
        }
        return file;
    }

    private static ushort U16(ReadOnlySpan<byte> head, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(head[offset..]);
}
