using NetbootServer.Access;
using NetbootServer.Blobs;
using NetbootServer.Boots;
using NetbootServer.Http;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Startup;
using NetbootServer.Storage;
using Serilog;
using Serilog.Events;

return await Start.RunAsync(async () =>
{
    var settings = Settings.Read(args); // first: the builder would stumble over a bad file without advice
    var builder = WebApplication.CreateBuilder(Settings.HostOptions(args));
    builder.Configuration.AddConfiguration(settings);

    builder.Services
        .AddSingleton(TimeProvider.System)
        .AddFeatureOptions<ServerOptions>("")
        .AddApi()
        .AddAccess()
        .AddBlobs()
        .AddImages()
        .AddProfiles()
        .AddMachines()
        .AddBoots();
    builder.AddOpenApi();
    SettingsCheck.Run(settings, builder.Services.FeatureSections());
    var options = builder.Configuration.Get<ServerOptions>()!;
    Settings.RefuseOtherDatabases(options);
    builder.Services.AddStorage(DataDirectory.Open(options.DataDirectory));

    builder.Services.AddSerilog((_, log) => log
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override(typeof(CallerAuthentication).FullName!, LogEventLevel.Warning)
        .Filter.ByExcluding(Start.TellsItself)
        .WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture,
            outputTemplate: "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}"), preserveStaticLogger: true);
    builder.WebHost.UseUrls(options.Urls).UseStaticWebAssets().ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = 16 * 1024; // what a machine tells about itself stands in one line
    });

    var app = builder.Build();
    await app.PrepareStorageAsync(CancellationToken.None);
    await app.LoadAsync(CancellationToken.None);
    var firstPassword = await app.Services.GetRequiredService<AdminPassword>()
        .EnsureAsync(onTerminal: !Console.IsOutputRedirected, CancellationToken.None);

    app.UseRequestLog();
    app.UseProblems();
    app.UseAccess();

    app.MapBoot();
    app.MapReports();
    app.MapBlobs();
    var api = app.MapGroup("/api/v1").RequireAuthorization(RolePolicies.Admin);
    api.MapSession();
    api.MapMachines();
    api.MapProfiles();
    api.MapImages();
    api.MapBoots();
    app.MapProblemPages();
    app.MapHealth();
    app.MapOpenApi();
    app.MapDashboard();

    await Start.ListenAsync(app, options.Urls, CancellationToken.None);
    Welcome.Say(app, firstPassword);
    await app.WaitForShutdownAsync();
});
