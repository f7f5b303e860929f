using NetbootServer.Archives;
using NetbootServer.Images;

namespace NetbootServer.Sources.Layouts;

/// <summary>Judges files by what is in them: a name alone makes no kernel.</summary>
internal static class BootJudges
{
    /// <summary>A judge of files in a role; it answers a complaint, or null.</summary>
    public static Func<BootFile, string?> Of(string role, string system) => role switch
    {
        Roles.Kernel => file => Unless(file.IsKernelFor(system) || file.IsCompressedKernelFor(system), file,
            $"a Linux kernel for {system}"),
        Roles.Initrd => file => Unless(file.IsInitrd, file, "an initrd"),
        Roles.Efi or Roles.Shim => file => Unless(file.IsEfiProgramFor(system), file, $"an EFI program for {system}"),
        Roles.Files => file => Unless(file.Kind != BootFileKind.Empty, file, "a file with anything in it"),
        Roles.Iso => file => Unless(file.Kind == BootFileKind.Iso, file, "an ISO image"),
        _ => file => Unless(file.IsTarball, file, "a tarball compressed by gzip"),
    };

    private static string? Unless(bool good, BootFile file, string expected) =>
        good ? null : $"This is {file.Description}, not {expected}.";
}
