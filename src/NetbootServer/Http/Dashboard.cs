namespace NetbootServer.Http;

/// <summary>The dashboard's files from <c>wwwroot</c>; its page is at <c>/</c>.</summary>
internal static class Dashboard
{
    private const string Index = "index.html";

    public static void MapDashboard(this WebApplication app)
    {
        app.MapStaticAssets();
        var page = DashboardPage.Read(app.Environment.WebRootFileProvider.GetFileInfo(Index));
        app.MapGetAndHead("/", () => page).ExcludeFromDescription();
        // Before the static asset of that name, which would come without the page's policy.
        app.MapGetAndHead("/" + Index, () => page).WithOrder(-1).ExcludeFromDescription();
    }
}
