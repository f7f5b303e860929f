namespace NetbootServer.Http;

/// <summary>The dashboard's files from <c>wwwroot</c>.</summary>
internal static class Dashboard
{
    public static void MapDashboard(this WebApplication app)
    {
        app.MapStaticAssets();
        app.MapGetAndHead("/", () => TypedResults.LocalRedirect("~/index.html")).ExcludeFromDescription();
    }
}
