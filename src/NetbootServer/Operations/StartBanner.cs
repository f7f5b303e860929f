using Microsoft.Extensions.Options;
using NetbootServer.Access;
using NetbootServer.Access.Passwords;
using NetbootServer.Dashboard;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Operations;

/// <summary>What a person needs to know after the start, said once in plain words.</summary>
internal static partial class StartBanner
{
    /// <summary>Writes the four lines: dashboard, data, log-in, DHCP.</summary>
    /// <param name="app">The started server.</param>
    /// <param name="firstPassword">The first password, when it was made just now for this terminal.</param>
    /// <param name="access">Says whether the dashboard has listeners of its own.</param>
    public static void Say(WebApplication app, string? firstPassword, AccessOptions access)
    {
        if (app.Lifetime.ApplicationStopping.IsCancellationRequested) return;
        try
        {
            Write(app, firstPassword, access);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException)
        {
            Log.NotWritten(app.Logger, e); // the server runs; a terminal that went away does not end it
        }
    }

    private static void Write(WebApplication app, string? firstPassword, AccessOptions access)
    {
        var services = app.Services;
        var addresses = services.GetRequiredService<ServerAddresses>();
        var options = services.GetRequiredService<IOptions<ServerOptions>>().Value;
        var lan = addresses.Likeliest().Url;
        Console.WriteLine($"""

            NetbootServer is running.
              Dashboard  {access.AdminUrls.FirstOrDefault() ?? options.PublicUrl ?? $"http://localhost:{addresses.ListeningPort()}/"}
              Data       {services.GetRequiredService<DataDirectory>().Path}
              Log in     {LogIn(services, firstPassword)}
              DHCP       let it send iPXE clients to {lan}/boot.ipxe
                         dnsmasq: dhcp-match=set:ipxe,175 and dhcp-boot=tag:ipxe,{lan}/boot.ipxe

            """);
        Console.Out.Flush();
    }

    private static string LogIn(IServiceProvider services, string? firstPassword)
    {
        if (firstPassword is not null) return $"password {firstPassword} (shown this once; write it down)";
        var file = services.GetRequiredService<AdminPassword>().FilePath;
        if (File.Exists(file)) return $"the first password is in {file}";
        return services.GetRequiredService<AdminTokenSetting>().IsSet
            ? "with the token of Access:AdminToken, or the admin's password"
            : "with the admin's password";
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not write to the terminal")]
        public static partial void NotWritten(ILogger logger, Exception e);
    }
}
