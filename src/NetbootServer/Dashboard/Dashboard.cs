using NetbootServer.Api;

namespace NetbootServer.Dashboard;

/// <summary>The dashboard's files from <c>wwwroot</c>; its page is at <c>/</c>.</summary>
internal static class Dashboard
{
    private const string Index = "index.html", Reload = "ReloadStaticAssetsAtRuntime";

    public static void MapDashboard(this WebApplication app)
    {
        // Files that may change while the server runs are sent as they are; all others as they were compressed when
        // built.
        app.Configuration[Reload] ??= app.Environment.IsDevelopment().ToString();
        app.MapStaticAssets();
        var page = DashboardPage.Read(app.Environment.WebRootFileProvider.GetFileInfo(Index));
        app.MapGetAndHead("/", () => page).ExcludeFromDescription();
        // Before the static asset of that name, which would come without the page's policy.
        app.MapGetAndHead("/" + Index, () => page).WithOrder(-1).ExcludeFromDescription();
    }
}
