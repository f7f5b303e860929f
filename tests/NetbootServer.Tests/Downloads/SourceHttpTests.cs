using System.Net;
using Microsoft.AspNetCore.Http;
using NetbootServer.Downloads;
using NetbootServer.Hosting;
using NetbootServer.Tests.Sources;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Downloads;

public sealed class SourceHttpTests
{
    private static readonly IPAddress Internet = IPAddress.Parse("127.0.0.2");

    [Theory]
    [InlineData("/a", "redirects in a circle")]
    [InlineData("/long0", "redirects more than 10 times")]
    public async Task Redirects_without_end_are_refused(string path, string message)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        Redirect(host, "/a", "/b");
        Redirect(host, "/b", "/a");
        for (var i = 0; i < 20; i++) Redirect(host, $"/long{i}", $"/long{i + 1}");
        var e = await SourceLab.FailsAsync(SourceProblems.Refused, () => lab.FetchAsync(host.Url(path)));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file:///etc/passwd", "is neither http nor https")]
    [InlineData("gopher://example.org/", "is neither http nor https")]
    [InlineData("http://user:secret@example.org/", "has a user name or password")]
    [InlineData("http://[::1", "is no URL")]
    public async Task A_redirect_to_what_is_no_plain_address_is_refused(string target, string message)
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        Redirect(host, "/file", target);
        var e = await SourceLab.FailsAsync(SourceProblems.Refused, () => lab.FetchAsync(host.Url("/file")));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_without_a_target_is_a_bad_answer()
    {
        await using var host = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync();
        host.Route("/file", http =>
        {
            http.Response.StatusCode = StatusCodes.Status302Found;
            return Task.CompletedTask;
        });
        await SourceLab.FailsAsync(SourceProblems.BadAnswer, () => lab.FetchAsync(host.Url("/file")));
    }

    [Fact]
    public void No_way_leads_from_https_to_http()
    {
        var rules = Rules();
        var page = rules.Root("https://example.org/a/b");
        Assert.Equal("https://example.org/c", rules.Redirected(page, "/c").Uri.AbsoluteUri);
        Assert.Equal("https://other.example/", rules.Redirected(page, "//other.example/").Uri.AbsoluteUri);
        foreach (var way in new[] { rules.Redirected, rules.Found })
        {
            var e = Assert.Throws<SourceException>(() => way(page, "http://example.org/c"));
            Assert.Equal(SourceProblems.Refused, e.Problem);
            Assert.Contains("leads from https to http", e.Message, StringComparison.Ordinal);
        }
        // Once secure, always secure, over any number of steps.
        var later = rules.Redirected(rules.Redirected(page, "/1"), "/2");
        Assert.Throws<SourceException>(() => rules.Redirected(later, "http://example.org/3"));
    }

    [Fact]
    public async Task From_the_Internet_nothing_leads_to_a_private_address()
    {
        await using var internet = await SourceHost.StartAsync(Internet);
        await using var inside = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(isPublic: address => address.Equals(Internet));
        inside.Put("/secret", RandomBytes(10));
        internet.Put("/file", RandomBytes(20));
        Redirect(internet, "/redirect", inside.Url("/secret"));
        Redirect(internet, "/twice", internet.Url("/redirect"));
        Redirect(internet, "/name", $"http://localhost:{inside.Address.Port}/secret");
        Redirect(inside, "/inside", inside.Url("/secret"));
        Redirect(inside, "/out", internet.Url("/file"));
        Redirect(inside, "/out-and-in", internet.Url("/redirect"));

        // Known and connected already: the pool of connections must not be a way round.
        Assert.Equal(10, (await lab.FetchAsync(inside.Url("/secret"))).Length);
        Assert.Equal(10, (await lab.FetchAsync(inside.Url("/inside"))).Length);
        Assert.Equal(20, (await lab.FetchAsync(inside.Url("/out"))).Length);
        foreach (var path in new[] { internet.Url("/redirect"), internet.Url("/twice"), internet.Url("/name"),
            inside.Url("/out-and-in") })
        {
            var before = inside.Requests.Count(request => request.Path == "/secret");
            var e = await SourceLab.FailsAsync(SourceProblems.Refused, () => lab.FetchAsync(path));
            Assert.Contains("is an address of this machine or its networks", e.Message, StringComparison.Ordinal);
            Assert.Equal(before, inside.Requests.Count(request => request.Path == "/secret"));
        }
    }

    [Fact]
    public async Task An_address_in_a_document_of_the_Internet_is_no_way_in_either()
    {
        await using var internet = await SourceHost.StartAsync(Internet);
        await using var inside = await SourceHost.StartAsync();
        await using var lab = await SourceLab.StartAsync(isPublic: address => address.Equals(Internet));
        internet.Put("/document", [1]);
        inside.Put("/secret", [2]);
        var document = await lab.Downloads.ReadAsync(lab.Rules.Root(internet.Url("/document")), 10, lab.Meter, Ct);
        await SourceLab.FailsAsync(SourceProblems.Refused, () => lab.Downloads.ReadAsync(
            lab.Rules.Found(document.Link, inside.Url("/secret")), 10, lab.Meter, Ct));
        Assert.Empty(inside.Requests);
    }

    [Theory]
    [InlineData("8.8.8.8", true), InlineData("2606:4700::1111", true), InlineData("::ffff:8.8.8.8", true)]
    [InlineData("127.0.0.1", false), InlineData("127.9.9.9", false), InlineData("::1", false),
        InlineData("0.0.0.0", false), InlineData("::", false)]
    [InlineData("10.1.2.3", false), InlineData("172.16.0.1", false), InlineData("172.32.0.1", true),
        InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false), InlineData("100.64.0.1", false), InlineData("224.0.0.1", false),
        InlineData("255.255.255.255", false)]
    [InlineData("fe80::1", false), InlineData("fd00::1", false), InlineData("fec0::1", false),
        InlineData("ff02::1", false)]
    [InlineData("::ffff:127.0.0.1", false), InlineData("64:ff9b::10.0.0.1", false),
        InlineData("64:ff9b::808:808", true)]
    [InlineData("2002:7f00:1::1", false), InlineData("2002:808:808::1", true), InlineData("::127.0.0.1", false)]
    public void Addresses_of_the_Internet_are_told_from_others(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddress.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://github.com/nix-community/nixos-images/x", true)]
    [InlineData("https://github.com/nix-community", true)]
    [InlineData("https://GitHub.com:443/nix-community/", true)]
    [InlineData("https://github.com/nix-community-evil/x", false)]
    [InlineData("https://github.com/nix-community/../evil", false)]
    [InlineData("https://github.com/nix-community/%2e%2e/evil", false)]
    [InlineData("https://github.com/nix-community/..%2fevil", false)]
    [InlineData("https://github.com/nix-community/..%5cevil", false)]
    [InlineData("https://github.com/Nix-Community/", false)]
    [InlineData("http://github.com/nix-community/", false)]
    [InlineData("https://github.com:444/nix-community/", false)]
    [InlineData("https://github.com.evil.example/nix-community/", false)]
    [InlineData("https://github.com@evil.example/nix-community/", false)]
    [InlineData("https://evil.example/?https://github.com/nix-community/", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("-option", false)]
    public void Only_what_begins_with_an_allowed_prefix_may_be_named(string url, bool allowed)
    {
        var rules = Rules("https://github.com/nix-community", "https://cache.nixos.org/");
        Assert.Equal(allowed, rules.Fault(url) is null);
        var document = rules.Root("https://cache.nixos.org/x.narinfo");
        if (allowed) Assert.Equal(new Uri(url), rules.Found(document, url).Uri);
        else if (url.Contains(':', StringComparison.Ordinal))
            Assert.Throws<SourceException>(() => rules.Found(document, url));
        // A redirect may leave the list: releases are stored on other hosts.
        Assert.Equal("https://elsewhere.example/x", rules.Redirected(document, "https://elsewhere.example/x")
            .Uri.AbsoluteUri);
    }

    [Fact]
    public void A_bad_prefix_in_the_settings_stops_the_start() =>
        Assert.Contains("Images:AllowedSources=github.com", Assert.Throws<StartFailure>(() => Rules("github.com"))
            .Message, StringComparison.Ordinal);

    private static SourceRules Rules(params string[] allowed)
    {
        var options = new SourcesOptions();
        foreach (var prefix in allowed) options.AllowedSources.Add(prefix);
        return new(Microsoft.Extensions.Options.Options.Create(options));
    }

    private static void Redirect(SourceHost host, string path, string target) => host.Route(path, http =>
    {
        http.Response.StatusCode = StatusCodes.Status302Found;
        http.Response.Headers.Location = target;
        return Task.CompletedTask;
    });
}
