using System.Diagnostics;

namespace NetbootServer.TestKit;

/// <summary>Makes ISOs of folders with xorriso or genisoimage.</summary>
public static class IsoImage
{
    /// <summary>Makes an ISO with Rock Ridge and Joliet, as distributions have it.</summary>
    /// <param name="folder">What is in it.</param>
    /// <param name="iso">Where it goes.</param>
    public static Task MakeAsync(string folder, string iso) =>
        RunAsync("xorriso", "-as", "mkisofs", "-quiet", "-r", "-J", "-joliet-long", "-V", "TEST", "-o", iso, folder);

    /// <summary>Makes an ISO without the longer names, or by other options of genisoimage.</summary>
    public static Task MakeOldAsync(string folder, string iso, params string[] options) =>
        RunAsync("genisoimage", ["-quiet", .. options, "-o", iso, folder]);

    /// <summary>Gives a file a second name.</summary>
    public static Task HardLinkAsync(string file, string name) => RunAsync("ln", file, name);

    private static async Task RunAsync(string command, params string[] arguments)
    {
        var ct = TestContext.Current.CancellationToken;
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        var errors = await process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        Assert.True(process.ExitCode == 0, $"{command} ends with {process.ExitCode}: {errors}");
    }
}
