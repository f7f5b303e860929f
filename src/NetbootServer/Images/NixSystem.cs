using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace NetbootServer.Images;

/// <summary>
/// The platforms that machines here have, in Nix's words (<c>x86_64-linux</c>) and as bare architectures.
/// </summary>
public static class NixSystem
{
    private static readonly string[] Names = ["x86_64", "aarch64", "riscv64"];

    /// <summary>The architectures: x86_64, aarch64, riscv64.</summary>
    public static FrozenSet<string> Architectures { get; } = Names.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Nix's names of them.</summary>
    public static FrozenSet<string> All { get; } = Names.Select(Of).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The system of the machine the server runs on.</summary>
    public static string Own { get; } = Of(RuntimeInformation.OSArchitecture switch
    {
        Architecture.Arm64 => "aarch64",
        Architecture.RiscV64 => "riscv64",
        _ => "x86_64",
    });

    /// <summary>Nix's name of an architecture's Linux.</summary>
    public static string Of(string architecture) => $"{architecture}-linux";
}
