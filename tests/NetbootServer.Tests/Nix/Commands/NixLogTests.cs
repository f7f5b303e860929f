using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using CsCheck;
using NetbootServer.Jobs;
using NetbootServer.Nix.Commands;

namespace NetbootServer.Tests.Nix.Commands;

/// <summary>Reads what real versions of Nix have printed.</summary>
public sealed class NixLogTests
{
    [Theory]
    [InlineData("2.8", 137), InlineData("2.34", 138)] // newer ones also expect what was asked for
    public void A_build_counts_its_steps_and_shows_its_lines(string version, int total)
    {
        var (progress, log) = Read($"build-{version}.log.gz");
        var last = progress.Reports.Last();
        Assert.Equal(137, last.DoneSteps);
        Assert.Equal(total, last.TotalSteps);
        Assert.Null(last.TotalBytes);
        Assert.Equal(["evaluating", "building"], progress.Reports.Select(report => report.Phase).Distinct());
        Assert.Contains("building '/nix/store/iidgcgrhr9vq8ndch63yb0xd64kx28yf-busybox-1.35.0-4+deb12u1+b1.drv'",
            progress.Lines);
        Assert.DoesNotContain(progress.Lines, line => line.Contains("@nix", StringComparison.Ordinal));
        Assert.Empty(log.Errors);
    }

    [Theory]
    [InlineData("2.8"), InlineData("2.34")]
    public void A_substitution_counts_bytes_and_paths_and_is_told_a_few_times_only(string version)
    {
        var watch = Stopwatch.StartNew();
        var (progress, _) = Read($"substitute-{version}.log.gz");
        var last = progress.Reports.Last();
        Assert.Equal("downloading", last.Phase);
        Assert.Equal(67, last.DoneSteps);
        Assert.Equal(67, last.TotalSteps);
        Assert.Equal(103_844_584, last.TotalBytes);
        Assert.InRange(last.DoneBytes!.Value, 103_800_000, 103_844_584); // of the smallest paths nothing is told
        // Some 17,000 lines; told ten times a second.
        Assert.InRange(progress.Reports.Count, 2, 10 + watch.ElapsedMilliseconds / 50);
    }

    [Fact]
    public void Numbers_never_go_back()
    {
        var (progress, _) = Read("substitute-2.8.log.gz", pause: false);
        var bytes = progress.Reports.Select(report => report.DoneBytes ?? 0).ToList();
        Assert.Equal(bytes.Order(), bytes);
    }

    [Fact]
    public void Lines_of_a_build_have_its_name_and_keep_their_colours()
    {
        var (progress, log) = Start();
        Line(log, """@nix {"action":"start","fields":["/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-linux-6.1.drv","",1,1],"id":5,"level":3,"text":"building 'x'","type":105}""");
        Line(log, """@nix {"action":"result","fields":["\u001b[1mCC\u001b[0m main.o"],"id":5,"type":101}""");
        Line(log, "warning: from a child that does not know");
        Assert.Equal(["building 'x'", "linux-6.1> \u001b[1mCC\u001b[0m main.o",
            "warning: from a child that does not know"], progress.Lines);
        Assert.Equal(["building 'x'", "linux-6.1> CC main.o", "warning: from a child that does not know"], log.Tail);
    }

    [Fact]
    public void An_error_is_plain_text_and_its_log_keeps_its_colours()
    {
        var (progress, log) = Start();
        Line(log, """@nix {"action":"msg","level":0,"msg":"\u001b[31;1merror:\u001b[0m one\n\u0007two","raw_msg":"\u001b[35;1mone\u001b[0m"}""");
        Assert.Equal(["one"], log.Errors);
        Assert.Equal(["\u001b[31;1merror:\u001b[0m one", "\u0007two"], progress.Lines);
        Assert.Equal(["error: one", " two"], log.Tail);
    }

    [Fact]
    public void Activities_may_end_in_any_order()
    {
        var (progress, log) = Start();
        Line(log, """@nix {"action":"start","id":1,"level":0,"text":"","type":104}""");
        Line(log, """@nix {"action":"start","fields":["/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-a.drv"],"id":2,"level":3,"text":"","type":105}""");
        Line(log, """@nix {"action":"result","fields":[0,2,1,0],"id":1,"type":105}""");
        Line(log, """@nix {"action":"stop","id":1}""");
        Line(log, """@nix {"action":"result","fields":["late"],"id":2,"type":101}""");
        Line(log, """@nix {"action":"stop","id":2}""");
        Line(log, """@nix {"action":"stop","id":2}""");
        Line(log, """@nix {"action":"result","fields":["nobody's"],"id":99,"type":101}""");
        log.End();
        Assert.Equal(2, progress.Reports.Last().TotalSteps);
        Assert.Equal(["a> late"], progress.Lines);
    }

    [Theory]
    [InlineData("@nix ")]
    [InlineData("@nix {")]
    [InlineData("@nix []")]
    [InlineData("@nix {\"action\":\"start\",\"id\":\"x\"}")]
    [InlineData("@nix {\"action\":\"start\",\"id\":-1}")]
    [InlineData("@nix {\"action\":\"result\",\"id\":1,\"fields\":7,\"type\":105}")]
    public void What_cannot_be_read_is_shown_as_it_is(string line)
    {
        var (progress, log) = Start();
        Line(log, line);
        Assert.True(progress.Lines.IsEmpty || progress.Lines.Single() == line);
    }

    [Fact]
    public void No_line_breaks_the_reader() => Gen.Select(Gen.String, Gen.Int[0, 200], Gen.Char).Sample((text, at, c) =>
    {
        var (_, log) = Start();
        var good = """@nix {"action":"result","fields":[1,3,0,0],"id":93600222281733,"type":105}""";
        Line(log, good.Insert(at % good.Length, c.ToString()));
        Line(log, good.Remove(at % good.Length, 1));
        Line(log, "@nix " + text);
        Line(log, text);
        return true;
    }, iter: 500);

    [Fact]
    public void Only_the_last_lines_are_kept_for_a_failure()
    {
        var (_, log) = Start();
        for (var i = 0; i < 100; i++) Line(log, $"{i}");
        Assert.Equal(Enumerable.Range(80, 20).Select(i => $"{i}"), log.Tail);
    }

    [Theory]
    [InlineData("\u001b[31;1mred\u001b[0m", "red")]
    [InlineData("\u001b]8;;http://x\u0007link\u001b]8;;\u0007", "link")]
    [InlineData("a\u001b(Bb\rc\u009b", "a (Bb c ")]
    [InlineData("\ttab", "\ttab")]
    public void Colours_and_controls_are_taken_out(string text, string plain) =>
        Assert.Equal(plain, AnsiText.Plain(text));

    private static (RecordedProgress Progress, NixLog Log) Start()
    {
        var progress = new RecordedProgress();
        return (progress, new NixLog(progress, 20, TimeProvider.System));
    }

    private static void Line(NixLog log, string line) => log.Line(Encoding.UTF8.GetBytes(line));

    private static (RecordedProgress Progress, NixLog Log) Read(string sample, bool pause = true)
    {
        var progress = new RecordedProgress();
        var log = new NixLog(progress, 20, pause ? TimeProvider.System : new Rushing());
        using var resource = typeof(NixLogTests).Assembly.GetManifestResourceStream($"nix/{sample}")!;
        using var reader = new StreamReader(new GZipStream(resource, CompressionMode.Decompress));
        while (reader.ReadLine() is { } line) Line(log, line);
        log.End();
        return (progress, log);
    }

    /// <summary>A clock on which a second passes at every look.</summary>
    private sealed class Rushing : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => _now += TimestampFrequency;
    }
}
