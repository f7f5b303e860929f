using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Somebody at the dashboard, with everything the browser complains of.</summary>
public sealed class Visit
{
    /// <summary>How long something may take, in milliseconds: a busy machine is slow, not wrong.</summary>
    public const float Patience = 60_000;

    private static readonly string[] Grave = ["serious", "critical"];

    private readonly TestArtifacts artifacts = TestArtifacts.OfThisTest();
    private readonly ConcurrentQueue<string> complaints;
    private readonly List<string> expected = [];
    private readonly ServerProcess server;

    private Visit(IPage page, ServerProcess server, ConcurrentQueue<string>? complaints = null) =>
        (Page, this.server, this.complaints) = (page, server, complaints ?? new());

    public IPage Page { get; }

    /// <summary>Whether the page hears of changes.</summary>
    public ILocator Link => Page.Locator(".top > .state");

    /// <summary>Opens the dashboard's first page.</summary>
    public static async Task<Visit> BeginAsync(IBrowserContext context, ServerProcess server)
    {
        context.SetDefaultTimeout(Patience);
        var visit = new Visit(await context.NewPageAsync(), server);
        await visit.OpenAsync();
        return visit;
    }

    /// <summary>Another tab of the same browser; what it complains of counts as this one's complaints.</summary>
    public async Task<Visit> OpenTabAsync(string address = "")
    {
        var tab = new Visit(await Page.Context.NewPageAsync(), server, complaints);
        await tab.OpenAsync();
        if (address.Length > 0) await tab.GoAsync(address);
        return tab;
    }

    private async Task OpenAsync()
    {
        var page = Page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error") complaints.Enqueue($"console: {message.Text} ({message.Location})");
        };
        page.PageError += (_, error) => complaints.Enqueue($"page error: {error}");
        page.Request += (_, request) =>
        {
            var url = new Uri(request.Url);
            if (url.Scheme.StartsWith("http", StringComparison.Ordinal) && url.Authority != server.Url.Authority)
                complaints.Enqueue($"foreign request: {request.Url}");
        };
        await page.AddInitScriptAsync("""
            addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI));
            """);
        await page.GotoAsync(server.Url.ToString());
    }

    /// <summary>
    /// Logs in with a token, the admin's if none is given. When it returns the page hears of changes: what happens from
    /// now on is shown.
    /// </summary>
    public async Task LogInAsync(string? token = null)
    {
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Token" }).ClickAsync();
        await Page.GetByLabel("Token", new() { Exact = true }).And(Page.Locator("input"))
            .FillAsync(token ?? server.AdminToken);
        await Button("Log in").ClickAsync();
        await Assertions.Expect(Link).ToHaveTextAsync("Live");
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

    /// <summary>Says in the gallery of new images which kind of source it is.</summary>
    public Task ChooseKindAsync(string name) => Dialog.GetByRole(AriaRole.List, new() { Name = "Your own" })
        .GetByRole(AriaRole.Button, new() { NameRegex = new($"^{name}") }).ClickAsync();

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
