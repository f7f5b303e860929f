using System.Diagnostics;
using System.Globalization;

namespace NetbootServer.Tests.Archives.Cpio;

/// <summary>GNU cpio, which reads what the product writes.</summary>
internal static class GnuCpio
{
    /// <summary>Unpacks an archive; fails the test when cpio complains.</summary>
    /// <param name="archive">It.</param>
    /// <param name="folder">Where to; files that are there are replaced.</param>
    public static async Task UnpackAsync(ReadOnlyMemory<byte> archive, string folder)
    {
        var ct = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("cpio",
            ["-idmu", "--quiet", "-H", "newc", "--no-absolute-filenames"])
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardError = true,
        };
        using var cpio = Process.Start(start)!;
        await cpio.StandardInput.BaseStream.WriteAsync(archive, ct);
        cpio.StandardInput.Close();
        var errors = await cpio.StandardError.ReadToEndAsync(ct);
        await cpio.WaitForExitAsync(ct);
        Assert.True(cpio.ExitCode == 0 && errors.Length == 0,
            string.Create(CultureInfo.InvariantCulture, $"cpio ended with {cpio.ExitCode}: {errors}"));
    }
}
