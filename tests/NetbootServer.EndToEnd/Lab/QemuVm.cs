using System.Text.RegularExpressions;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>
/// One running test machine. Its serial console is in memory and in the test's artifact <c>serial.txt</c>; it ends with
/// the test. A kernel that could not unpack its initrd, or panicked, fails whoever waits or disposes.
/// </summary>
public sealed class QemuVm : IAsyncDisposable
{
    private readonly QemuCommand command;
    private readonly ConsoleLog console;
    private readonly ConsoleLog errors;
    private readonly ChildProcess process;
    private bool told;

    private QemuVm(QemuCommand command, TestArtifacts artifacts)
    {
        this.command = command;
        console = new ConsoleLog(artifacts.NewFile("serial.txt"));
        errors = new ConsoleLog(artifacts.NewFile("qemu.txt"));
        process = ChildProcess.Start(command.ToStartInfo(), console, errors);
    }

    /// <summary>Everything on the serial console so far, without escape sequences.</summary>
    public string Console => console.Text;

    public bool HasExited => process.HasExited;

    public static QemuVm Start(QemuCommand command, TestArtifacts artifacts) => new(command, artifacts);

    /// <summary>
    /// Waits for a line; the pattern is a .NET expression, <c>^</c> and <c>$</c> match at lines. <c>$</c> also matches
    /// where the console ends just now: write <c>\n</c> after what can be half there. Prefer short patterns: the BIOS
    /// and iPXE wrap at 80 columns.
    /// </summary>
    public Task<Match> WaitForAsync(string pattern, TimeSpan limit, CancellationToken ct) =>
        WaitForAsync(pattern, limit, after: 0, ct);

    /// <summary>The same, blind to the console before a position, e.g. the end of an earlier match.</summary>
    public async Task<Match> WaitForAsync(string pattern, TimeSpan limit, int after, CancellationToken ct)
    {
        try
        {
            return await console.WaitAsync(
                new Regex(pattern, RegexOptions.Multiline), limit, after, FailOnBrokenBoot, ct);
        }
        catch (EndOfStreamException e) when (errors.Text.Length > 0)
        {
            throw new EndOfStreamException($"{e.Message}\nQEMU said: {errors.Tail}", e);
        }
    }

    /// <summary>Waits until the machine has switched itself off, or rebooted: QEMU ends at either.</summary>
    public Task WaitForOffAsync(TimeSpan limit, CancellationToken ct) => process.WaitForExitAsync(limit, ct);

    /// <summary>Types on the serial console.</summary>
    public async Task TypeAsync(string keys, CancellationToken ct)
    {
        await process.Input.WriteAsync(keys.AsMemory(), ct);
        await process.Input.FlushAsync(ct);
    }

    /// <summary>Pulls the plug.</summary>
    public Task PowerOffAsync() => process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        // Shown only when the test fails.
        TestContext.Current.TestOutputHelper?.WriteLine($"--- serial console ---\n{Console}");
        console.Dispose();
        errors.Dispose();
        Directory.Delete(command.WorkFolder, recursive: true);
        if (!told)
            FailOnBrokenBoot(Console);
    }

    private void FailOnBrokenBoot(string text)
    {
        if (BrokenBoot.Find(text) is not { } complaint)
            return;
        told = true;
        Assert.Fail($"The machine said \"{complaint}\". The end of its console:\n{console.Tail}");
    }
}
