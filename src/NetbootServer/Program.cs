using NetbootServer.Access;
using NetbootServer.Access.Listening;
using NetbootServer.Access.Passwords;
using NetbootServer.Blobs;
using NetbootServer.Boots;
using NetbootServer.Events;
using NetbootServer.Http;
using NetbootServer.Http.Bodies;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Startup;
using NetbootServer.Startup.Describing;
using NetbootServer.Storage;
using Serilog;
using Serilog.Events;

return await Start.RunAsync(Commands.Find(args, async () =>
{
    var builder = WebApplication.CreateBuilder(Settings.HostOptions(args));
    var settings = Settings.Read(args);
    builder.Configuration.AddConfiguration(settings);

    builder.Services
        .AddSingleton(TimeProvider.System)
        .AddFeatureOptions<ServerOptions>("")
        .AddApi()
        .AddAccess()
        .AddBlobs()
        .AddEvents()
        .AddImages()
        .AddProfiles()
        .AddMachines()
        .AddBoots();
    builder.Services.AddOpenApi();
    builder.Configuration.AddInMemoryCollection(Settings.Lists(settings, builder.Services.FeatureSections()));
    SettingsCheck.Run(settings, builder.Services.FeatureSections());
    var options = builder.Configuration.Get<ServerOptions>()!;
    Settings.RefuseOtherDatabases(options);
    var access = builder.Configuration.GetSection("Access").Get<AccessOptions>() ?? new();
    var listeners = Listeners.Of(options.Urls, access);
    builder.Services.AddStorage(DataDirectory.Open(options.DataDirectory));

    builder.Services.AddSerilog((_, log) => log
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override(typeof(CallerAuthentication).FullName!, LogEventLevel.Warning)
        .WriteTo.Console(formatProvider: System.Globalization.CultureInfo.InvariantCulture,
            outputTemplate: "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}"), preserveStaticLogger: true);
    builder.WebHost.UseUrls(listeners.KestrelsOwn).UseStaticWebAssets().ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.UseZeroCopy();
        kestrel.Limits.MaxRequestLineSize = 16 * 1024; // what a machine tells about itself stands in one line
        listeners.Open(kestrel);
    });

    var app = builder.Build();
    await app.PrepareStorageAsync(CancellationToken.None);
    await app.LoadAsync(CancellationToken.None);
    var firstPassword = await app.Services.GetRequiredService<AdminPassword>()
        .EnsureAsync(onTerminal: !Console.IsOutputRedirected, CancellationToken.None);

    app.UseRequestLog();
    app.UseProblems();
    app.UseAccess();

    var boot = BootPlane.Of(app);
    boot.MapBoot();
    boot.MapReports();
    boot.MapBlobs();
    boot.MapHealth();
    var api = app.MapGroup("/api/v1").DenyByDefault().Refuses(ProblemTypes.OfAll);
    api.MapAccess();
    api.MapMachines();
    api.MapProfiles();
    api.MapImages();
    api.MapBoots();
    api.MapEvents();
    api.MapAlarms();
    app.MapProblemPages();
    app.MapOpenApi();
    app.MapDashboard();

    await Start.ListenAsync(app, listeners, CancellationToken.None);
    Welcome.Say(app, firstPassword, access);
    await app.WaitForShutdownAsync();
}));
