using System.Net;
using System.Text;
using NetbootServer.Jobs;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Nix.Commands;

namespace NetbootServer.Tests.Jobs;

public sealed class JobLogTextTests
{
    [Fact, Trait("category", "slow")]
    public async Task A_log_is_plain_text_unless_colours_are_asked_for()
    {
        using var nix = new FakeNix();
        nix.Play("""
            case "$*" in
            --version) echo 'nix (Nix) 2.34.8';;
            *) printf '\033[31;1merror:\033[0m no \033]0;title\007such\007 flake \303\251\n' >&2; exit 1;;
            esac
            """);
        await using var app = new NetbootApp(new() { ["Nix:Path"] = nix.Command });
        (await app.Admin.PutAsync("/api/v1/images/built",
            new { source = new { type = "nix", installable = "github:me/fleet#x" } })).Is(HttpStatusCode.Created);
        var job = (await app.Admin.PostAsync("/api/v1/images/built/refreshes", new { }))
            .Is(HttpStatusCode.Accepted)["id"];
        var followed = (await app.Admin.GetAsync($"/api/v1/jobs/{job}/log?follow=true")).Is(HttpStatusCode.OK);
        var stored = (await app.Admin.GetAsync($"/api/v1/jobs/{job}/log")).Is(HttpStatusCode.OK);
        foreach (var plain in new[] { followed, stored })
        {
            Assert.DoesNotContain(plain.Text, c => c != '\n' && char.IsControl(c));
            Assert.Contains("error: no such  flake \u00e9\n", plain.Text, StringComparison.Ordinal);
            Assert.Equal("text/plain", plain.MediaType);
        }
        var rest = (await app.Admin.GetAsync($"/api/v1/jobs/{job}/log?from=9")).Is(HttpStatusCode.OK);
        Assert.Equal(stored.Text[9..], rest.Text); // plain ASCII until there
        var asked = (await app.Admin.GetAsync($"/api/v1/jobs/{job}/log?ansi=true")).Is(HttpStatusCode.OK);
        var accepted = (await app.Admin.SendAsync(HttpMethod.Get, $"/api/v1/jobs/{job}/log", null,
            ("Accept", "text/x-ansi, text/plain;q=0.5"))).Is(HttpStatusCode.OK);
        foreach (var coloured in new[] { asked, accepted })
        {
            Assert.Contains("\u001b[31;1merror:\u001b[0m no ", coloured.Text, StringComparison.Ordinal);
            Assert.Equal("text/x-ansi", coloured.MediaType);
        }
        Assert.DoesNotContain('\u001b', (await app.Admin.GetAsync($"/api/v1/jobs/{job}/log?ansi=false")).Text);
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(7), InlineData(1000)]
    public async Task Pieces_of_any_size_become_the_same_plain_lines(int size)
    {
        const string Text = "12:00:00 \u001b[31;1merror:\u001b[0m \u00e9\n\ttab\rback\n\n\u001b]0;title\u0007end " +
            "without a line break";
        var bytes = Encoding.UTF8.GetBytes(Text);
        var target = new MemoryStream();
        await using var lines = new PlainLines(target);
        foreach (var piece in bytes.Chunk(size)) await lines.WriteAsync(piece, TestContext.Current.CancellationToken);
        await lines.EndAsync(TestContext.Current.CancellationToken);
        Assert.Equal("12:00:00 error: \u00e9\n\ttab back\n\nend without a line break",
            Encoding.UTF8.GetString(target.ToArray()));
    }
}
