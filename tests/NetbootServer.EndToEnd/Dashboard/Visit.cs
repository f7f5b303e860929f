using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Somebody at the dashboard, with everything the browser complains of.</summary>
public sealed class Visit
{
    /// <summary>How long something may take, in milliseconds: a busy machine is slow, not wrong.</summary>
    public const float Patience = 60_000;

    private static readonly string[] Grave = ["serious", "critical"];

    private readonly TestArtifacts artifacts = TestArtifacts.OfThisTest();
    private readonly ConcurrentQueue<string> complaints = new();
    private readonly List<string> expected = [];
    private readonly ServerProcess server;

    private Visit(IPage page, ServerProcess server) => (Page, this.server) = (page, server);

    public IPage Page { get; }

    /// <summary>Opens the dashboard's first page.</summary>
    public static async Task<Visit> BeginAsync(IBrowserContext context, ServerProcess server)
    {
        context.SetDefaultTimeout(Patience);
        var page = await context.NewPageAsync();
        var visit = new Visit(page, server);
        page.Console += (_, message) =>
        {
            if (message.Type == "error") visit.complaints.Enqueue($"console: {message.Text} ({message.Location})");
        };
        page.PageError += (_, error) => visit.complaints.Enqueue($"page error: {error}");
        page.Request += (_, request) =>
        {
            var url = new Uri(request.Url);
            if (url.Scheme.StartsWith("http", StringComparison.Ordinal) && url.Authority != server.Url.Authority)
                visit.complaints.Enqueue($"foreign request: {request.Url}");
        };
        await page.AddInitScriptAsync("""
            addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI));
            """);
        await page.GotoAsync(server.Url.ToString());
        return visit;
    }

    /// <summary>
    /// Logs in with the admin's token. When it returns the page hears of changes: what happens from now on is shown.
    /// </summary>
    public async Task LogInAsync()
    {
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Token" }).ClickAsync();
        await Page.GetByLabel("Token", new() { Exact = true }).And(Page.Locator("input")).FillAsync(server.AdminToken);
        await Button("Log in").ClickAsync();
        await Assertions.Expect(Page.Locator(".top > .state")).ToHaveTextAsync("Live");
    }

    /// <summary>Goes to an address behind the '#/'.</summary>
    public Task GoAsync(string address) => Page.GotoAsync(new Uri(server.Url, $"#/{address}").ToString());

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    /// <summary>What is said for a moment at the bottom of the page.</summary>
    public ILocator Toast(string text) => Page.Locator(".toast", new() { HasText = text });

    /// <summary>A complaint that belongs to what the test does, such as a refusal by the server.</summary>
    public void Expect(string part) => expected.Add(part);

    /// <summary>Keeps what is seen as an artifact.</summary>
    public Task ShootAsync(string name, bool fullPage = true) =>
        Page.ScreenshotAsync(new() { Path = artifacts.NewFile($"{name}.png"), FullPage = fullPage });

    /// <summary>Fails when axe finds something serious on what is shown now.</summary>
    public async Task AssertAccessibleAsync(string where)
    {
        var faults = await AccessFaultsAsync();
        Assert.True(faults.Count == 0, $"{where}: {string.Join('\n', faults)}");
    }

    /// <summary>What axe finds serious on what is shown now.</summary>
    public async Task<IReadOnlyList<string>> AccessFaultsAsync() =>
    [
        .. (await Page.RunAxe()).Violations.Where(violation => Grave.Contains(violation.Impact)).Select(violation =>
            $"{violation.Id}: {violation.Help}: " +
            string.Join(" | ", violation.Nodes.Take(3).Select(node => node.Html))),
    ];

    public void AssertNoComplaints()
    {
        var unexpected = complaints.Where(complaint =>
            !expected.Exists(part => complaint.Contains(part, StringComparison.Ordinal))).ToList();
        Assert.True(unexpected.Count == 0, string.Join('\n', unexpected));
    }
}
