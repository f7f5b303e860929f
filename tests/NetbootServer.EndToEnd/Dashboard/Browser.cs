using Microsoft.Playwright;
using NetbootServer.EndToEnd.Lab;

[assembly: System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Scope = "type",
    Target = "~T:NetbootServer.EndToEnd.Dashboard.DashboardCollection", Justification = "xUnit's own word for it")]

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>One browser for all tests of the dashboard; they take turns.</summary>
[CollectionDefinition(Name)]
public sealed class DashboardCollection : ICollectionFixture<Browser>
{
    public const string Name = "Dashboard";
}

/// <summary>Debian's own Chromium, installed by <c>install.sh</c>.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";

    private IPlaywright? playwright;
    private IBrowser? chromium;

    public async ValueTask InitializeAsync()
    {
        await LabScript.RunAsync("install.sh");
        Assertions.SetDefaultExpectTimeout(Visit.Patience);
        playwright = await Playwright.CreateAsync();
        chromium = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (chromium is not null)
            await chromium.DisposeAsync();
        playwright?.Dispose();
    }

    /// <summary>
    /// Opens the dashboard and acts in it. Whatever the browser complained of meanwhile, console errors, violations of
    /// the policy, requests to other hosts, fails the test.
    /// </summary>
    public async Task VisitAsync(ServerProcess server, Func<Visit, Task> act, Screen? screen = null, bool logIn = true)
    {
        var context = await chromium!.NewContextAsync((screen ?? Screen.Desk).Options());
        try
        {
            var visit = await Visit.BeginAsync(context, server);
            try
            {
                if (logIn) await visit.LogInAsync();
                await act(visit);
            }
            catch
            {
                await visit.ShootAsync("failure");
                throw;
            }
            visit.AssertNoComplaints();
        }
        finally
        {
            await context.DisposeAsync();
        }
    }
}

/// <summary>What somebody looks at the dashboard with.</summary>
public sealed record Screen(string Name, int Width, int Height, ColorScheme Scheme)
{
    public static Screen Desk { get; } = new("desk-dark", 1440, 900, ColorScheme.Dark);

    public static Screen LightDesk { get; } = new("desk-light", 1440, 900, ColorScheme.Light);

    public static Screen Phone { get; } = new("phone-light", 360, 760, ColorScheme.Light);

    public static Screen DarkPhone { get; } = new("phone-dark", 360, 760, ColorScheme.Dark);

    internal BrowserNewContextOptions Options() => new()
    {
        ViewportSize = new() { Width = Width, Height = Height },
        ColorScheme = Scheme,
        HasTouch = Width < 768,
        ReducedMotion = ReducedMotion.Reduce,
        Locale = "en-GB",
        TimezoneId = "UTC",
    };
}
