using System.Text;
using System.Text.RegularExpressions;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.SelfTests;

public sealed class ConsoleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("plain", "one\r\ntwo\n", "one\ntwo\n")]
    [InlineData("colours", "\x1b[1;37mok\x1b[0m", "ok")]
    [InlineData("reset, charset", "\x1b" + "cA\x1b(BC", "AC")]
    [InlineData("progress", "a...  5%\b\b\b10%", "a...  5%10%")]
    [InlineData("noise", "\0a\ab\u0085c", "abc")]
    public void A_console_becomes_plain_text_wherever_its_chunks_are_cut(string why, string raw, string expected)
    {
        Assert.NotEmpty(why);
        for (var cut = 0; cut <= raw.Length; cut++)
        {
            var terminal = new TerminalText();
            var text = new StringBuilder();
            terminal.Append(raw.AsSpan(0, cut), text);
            terminal.Append(raw.AsSpan(cut), text);
            Assert.Equal(expected, text.ToString());
        }
    }

    [Theory]
    [InlineData("[    1.2] Initramfs unpacking failed: write error\nMARKER done\n")]
    [InlineData("[    1.2] Initramfs unpac\nking failed: write error\n")]
    [InlineData("[    3.4] Kernel panic - not syncing: VFS: Unable to mount root fs\n")]
    public void A_broken_boot_is_seen_even_when_the_message_is_wrapped(string console) =>
        Assert.NotNull(BrokenBoot.Find(console));

    [Fact]
    public void A_good_boot_is_no_broken_boot() =>
        Assert.Null(BrokenBoot.Find("[    0.3] Unpacking initramfs...\nMARKER up ok\nMARKER done\n"));

    [Fact]
    public async Task Waiting_finds_what_is_there_and_what_comes_later()
    {
        using var log = NewLog(out var file);
        var later = log.WaitAsync(new Regex("^two$", RegexOptions.Multiline), Limit, 0, null, Ct);
        await PumpAsync(log, "one\n");
        Assert.False(later.IsCompleted);
        await PumpAsync(log, "two\n");

        Assert.Equal("two", (await later).Value);
        var one = await log.WaitAsync(new Regex("one"), Limit, 0, null, Ct);
        await Assert.ThrowsAsync<TimeoutException>(
            () => log.WaitAsync(new Regex("one"), TimeSpan.Zero, one.Index + one.Length, null, Ct));
        Assert.Equal("one\ntwo\n", await File.ReadAllTextAsync(file, Ct));
    }

    [Fact]
    public async Task Waiting_in_vain_shows_the_last_2000_characters()
    {
        using var log = NewLog(out _);
        await PumpAsync(log, new string('a', 1000) + new string('b', 2000));

        var failure = await Assert.ThrowsAsync<TimeoutException>(
            () => log.WaitAsync(new Regex("never"), TimeSpan.Zero, 0, null, Ct));

        Assert.EndsWith(":\n" + new string('b', 2000), failure.Message, StringComparison.Ordinal);
    }

    private static ConsoleLog NewLog(out string file) =>
        new(file = TestArtifacts.OfThisTest().NewFile("console.txt"));

    private static async Task PumpAsync(ConsoleLog log, string text)
    {
        using var reader = new StreamReader(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        await log.PumpAsync(reader);
    }
}
