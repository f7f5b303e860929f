using System.Globalization;

namespace NetbootServer.Images;

/// <summary>The names of roles in URLs and uploads.</summary>
public static class Roles
{
    /// <summary>The Linux kernel.</summary>
    public const string Kernel = "kernel";

    /// <summary>The program that UEFI firmware starts instead of the kernel.</summary>
    public const string Efi = "efi";

    /// <summary>An initial ramdisk.</summary>
    public const string Initrd = "initrd";

    /// <summary>The program that verifies the kernel under Secure Boot.</summary>
    public const string Shim = "shim";

    /// <summary>A further file; its name follows after a slash.</summary>
    public const string Files = "files";

    /// <summary>The interactive kexec installer tarball.</summary>
    public const string Kexec = "kexec";

    /// <summary>The unattended kexec installer tarball.</summary>
    public const string KexecNoninteractive = "kexec-noninteractive";

    /// <summary>An installer ISO.</summary>
    public const string Iso = "iso";

    /// <summary>
    /// The name of an initrd by its place, in URLs and scripts: <c>initrd</c>, <c>initrd2</c>, <c>initrd3</c>, …
    /// </summary>
    /// <param name="index">Its place, from 0.</param>
    public static string InitrdAt(int index) =>
        index == 0 ? Initrd : string.Create(CultureInfo.InvariantCulture, $"{Initrd}{index + 1}");

    /// <summary>The place that <see cref="InitrdAt"/> names; null when it names none.</summary>
    public static int? InitrdIndex(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == Initrd) return 0;
        return name.StartsWith(Initrd, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(Initrd.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 2 and <= Recipe.MaxInitrds && name == InitrdAt(number - 1) ? number - 1 : null;
    }
}
