using System.Text;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>A disk whose boot sector says <see cref="Marker"/> on the serial console and resets the machine.</summary>
public static class LocalDisk
{
    public const string Marker = "MARKER local-disk";

    // Real mode at 0000:7C00: write the text behind the code to COM1, then pulse the reset line (with QEMU's
    // -no-reboot: the machine ends).
    private static readonly byte[] Code =
    [
        0x31, 0xC0,       // xor ax, ax
        0x8E, 0xD8,       // mov ds, ax
        0xFC,             // cld
        0xBE, 0x18, 0x7C, // mov si, 0x7C18
        0xBA, 0xF8, 0x03, // mov dx, 0x3F8
        0xAC,             // next: lodsb
        0x84, 0xC0,       // test al, al
        0x74, 0x03,       // jz end
        0xEE,             // out dx, al
        0xEB, 0xF8,       // jmp next
        0xB0, 0xFE,       // end: mov al, 0xFE
        0xE6, 0x64,       // out 0x64, al
        0xF4,             // hlt
    ];

    public static string Create(string folder)
    {
        var disk = new byte[1024 * 1024];
        Code.CopyTo(disk, 0);
        Encoding.ASCII.GetBytes($"\r\n{Marker}\r\n").CopyTo(disk, Code.Length);
        disk[510] = 0x55;
        disk[511] = 0xAA;
        var path = Path.Combine(folder, "disk.img");
        File.WriteAllBytes(path, disk);
        return path;
    }
}
