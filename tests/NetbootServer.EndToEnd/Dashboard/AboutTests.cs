using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>The page about the product tells the truth about what it is made with.</summary>
[Collection(DashboardCollection.Name)]
public sealed partial class AboutTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_shipped_is_listed_with_its_version_and_licence()
    {
        var vendored = Vendored().Matches(await ReadAsync("wwwroot/vendor/VENDOR.md"))
            .Select(match => (Name: match.Groups[1].Value, Version: match.Groups[2].Value)).Distinct().ToList();
        var packages = Package().Matches(await ReadAsync("src/Directory.Packages.props"))
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var used = Reference().Matches(await ReadAsync("src/NetbootServer/NetbootServer.csproj"))
            .Select(match => match.Groups[1].Value)
            .Where(name => name != "Microsoft.EntityFrameworkCore.Design"
                && !name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal))
            .Select(name => (name, packages[name])).ToList();
        Assert.True(vendored.Count >= 5 && used.Count >= 10);
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("about");
            foreach (var (name, version) in vendored.Concat(used))
            {
                var row = visit.Page.GetByRole(AriaRole.Row).Filter(new()
                {
                    Has = visit.Page.GetByRole(AriaRole.Rowheader, new()
                    {
                        NameRegex = new($"^{Regex.Escape(name).Replace("/", @"\/", StringComparison.Ordinal)}$",
                            RegexOptions.IgnoreCase),
                    }),
                });
                await Expect(row).ToContainTextAsync(version);
            }
            foreach (var licence in await visit.Page.Locator("a[href^='vendor/']").AllAsync())
            {
                var text = await visit.Page.Context.APIRequest.GetAsync(
                    new Uri(fleet.Server.Url, await licence.GetAttributeAsync("href")).ToString());
                Assert.Contains("opyright", await text.TextAsync(), StringComparison.Ordinal);
            }
        });
    }

    private static Task<string> ReadAsync(string path) =>
        File.ReadAllTextAsync(Path.Combine(Repository.Root, path), Ct);

    /// <summary>A row of VENDOR.md; npm's names are the page's but for capitals.</summary>
    [GeneratedRegex(@"^\| `[^|]*\| `([^`]+)` [^|]*\| (\S+) \|", RegexOptions.Multiline)]
    private static partial Regex Vendored();

    [GeneratedRegex("PackageVersion Include=\"([^\"]+)\" Version=\"([^\"]+)\"")]
    private static partial Regex Package();

    [GeneratedRegex("PackageReference Include=\"([^\"]+)\"")]
    private static partial Regex Reference();
}
