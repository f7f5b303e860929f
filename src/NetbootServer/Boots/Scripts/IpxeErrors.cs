using System.Globalization;

namespace NetbootServer.Boots.Scripts;

/// <summary>
/// Words for iPXE's error numbers: their highest eight bits are the POSIX error (iPXE src/include/errno.h,
/// <c>__einfo_errno</c>), the rest says where in iPXE's source it arose.
/// </summary>
internal static class IpxeErrors
{
    /// <summary>What an error number means, or null when there is no word for it.</summary>
    /// <param name="errno">As <c>${errno}</c> expands: decimal, or hexadecimal with <c>0x</c> or colons.</param>
    public static string? Explain(string errno)
    {
        if (!TryParse(errno, out var number)) return null;
        return (number >> 24) switch
        {
            0x02 => "permission denied by the server",
            0x0f => "the connection was reset: nothing listens there, or the server closed it",
            0x1d => "the transfer broke off, or the server answered with an error",
            0x2d => "the server does not have the file",
            0x2e => "the file is not something this iPXE can run",
            0x31 => "out of memory: the machine has too little RAM for the image",
            0x3c => "this iPXE does not support the operation",
            0x41 => "the server refused the request",
            0x4c => "the connection timed out",
            0x0b => "Ctrl-C was pressed at the machine",
            0x0e => "the server refused the connection",
            0x17 or 0x28 => "no route to the server",
            0x34 => "the machine has no room for the file",
            0x38 => "the network link is down",
            0x3e => "the server's name is not known to DNS",
            _ => null,
        };
    }

    private static bool TryParse(string errno, out uint number)
    {
        var hex = errno.Replace(":", "", StringComparison.Ordinal);
        if (hex.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) hex = hex[2..];
        else if (hex == errno && errno.Length != 8) return uint.TryParse(errno, NumberStyles.None, null, out number);
        return uint.TryParse(hex, NumberStyles.AllowHexSpecifier, null, out number);
    }
}
