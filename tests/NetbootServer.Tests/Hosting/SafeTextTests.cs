using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Hosting.Logging;
using NetbootServer.Tests.Fixtures;
using Serilog;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace NetbootServer.Tests.Hosting;

public sealed class SafeTextTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("größe 日本 😀", "größe 日本 😀")]
    [InlineData("a\u202Egnp.exe", "a\\u202egnp.exe")]
    [InlineData("\u2066x\u2069\u200B\uFEFF\u00AD", "\\u2066x\\u2069\\u200b\\ufeff\\u00ad")]
    [InlineData("\U000E0041", "\\udb40\\udc41")]
    [InlineData("\u2028\u2029\u0085", "\\u2028\\u2029\\u0085")]
    [InlineData("\u001b[2J\u007f\r\n", "\\u001b[2J\\u007f\\u000d\\u000a")]
    public void What_a_terminal_would_obey_is_escaped(string text, string shown) =>
        Assert.Equal(shown, SafeText.Line(text));

    [Fact]
    public void Half_a_character_is_escaped() => Assert.Equal("half\\ud83d!", SafeText.Line("half" + "😀"[0] + "!"));

    [Fact]
    public void JSON_has_the_same_values_with_escapes_for_them()
    {
        const string Text = "größe \u202Ex\u2066 😀 \U000E0041 \u007f <&>'\" end";
        var json = JsonSerializer.Serialize(new { Text }, JsonBody.Writing);
        Assert.Contains("größe \\u202ex\\u2066 ", json, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("<&>'", json, StringComparison.Ordinal);
        Assert.DoesNotContain(json.EnumerateRunes(), SafeText.IsUnfit);
        Assert.Equal(Text, JsonDocument.Parse(json).RootElement.GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("/nothing/%E2%80%AEgnp.exe")]
    [InlineData("/boots/%E2%81%A6x%E2%81%A9/%C2%85ready")]
    [InlineData("/images/a%EF%BB%BFb/c")]
    public async Task The_request_log_shows_paths_harmlessly(string path)
    {
        await app.Machine.GetAsync(path);
        var lines = app.Log.Printed.Where(line => line.Contains("Path=", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.DoesNotContain(line.EnumerateRunes(), SafeText.IsUnfit));
    }

    [Theory]
    [InlineData("/boots%2FTHE-TOKEN/ready")]
    [InlineData("/BOOTS/THE-TOKEN/x")]
    [InlineData("/kexec/m%2fTHE-TOKEN%2Fx.tar.gz")]
    [InlineData("/kexec/m/THE-TOKEN")]
    [InlineData("/kexec/m/THE-TOKEN/")]
    public async Task The_request_log_hides_tokens_behind_encoded_slashes(string path)
    {
        await app.Machine.GetAsync(path);
        Assert.DoesNotContain(app.Log.Printed, line => line.Contains("THE-TOKEN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_API_quotes_harmlessly()
    {
        var answer = await app.Admin.GetAsync("/api/v1/machines/%E2%80%AEevil");
        Assert.Contains("evil", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(answer.Text.EnumerateRunes(), SafeText.IsUnfit);
    }

    [Fact]
    public void A_log_line_stays_one_line_whatever_it_says()
    {
        using var text = new StringWriter();
        using (var log = new LoggerConfiguration().Enrich.With<SafeLines.Values>()
            .WriteTo.Sink(new Written(new SafeLines(
                new MessageTemplateTextFormatter("{Level:u3} {Message:lj}{NewLine}{Exception}")), text))
            .CreateLogger())
            log.Warning(new InvalidOperationException("x\u202Ey"), "Said {What} of {Where}",
                "a\n12:00 INF forged\u202E",
                new Uri("http://h/x"));
        var lines = text.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal("WRN Said a\\u000a12:00 INF forged\\u202e of \"http://h/x\"", lines[0]);
        Assert.Equal("System.InvalidOperationException: x\\u202ey", Assert.Single(lines[1..]));
    }

    [Fact]
    public void A_log_line_in_JSON_loses_nothing()
    {
        using var text = new StringWriter();
        using (var log = new LoggerConfiguration()
            .WriteTo.Sink(new Written(new SafeLines(new RenderedCompactJsonFormatter()), text)).CreateLogger())
            log.Warning("Said {What}", "a\nb\u202E😀");
        Assert.DoesNotContain(text.ToString().TrimEnd().EnumerateRunes(), SafeText.IsUnfit);
        Assert.Equal("a\nb\u202E😀", JsonDocument.Parse(text.ToString()).RootElement.GetProperty("What").GetString());
    }

    private sealed class Written(Serilog.Formatting.ITextFormatter format, TextWriter to) : Serilog.Core.ILogEventSink
    {
        public void Emit(Serilog.Events.LogEvent logEvent) => format.Format(logEvent, to);
    }
}
