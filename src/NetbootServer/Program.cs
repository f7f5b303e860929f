using NetbootServer.Access;
using NetbootServer.Blobs;
using NetbootServer.Boots;
using NetbootServer.Events;
using NetbootServer.Http;
using NetbootServer.Http.Bodies;
using NetbootServer.Images;
using NetbootServer.Images.Sources;
using NetbootServer.Jobs;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Startup;
using NetbootServer.Startup.Logging;
using NetbootServer.Startup.Metrics;
using NetbootServer.Storage;

return await Start.RunAsync(Commands.Find(args, async () =>
{
    var builder = WebApplication.CreateBuilder(Settings.HostOptions(args));
    var settings = Settings.Read(args);
    builder.Configuration.AddConfiguration(settings);

    builder.Services
        .AddSingleton(TimeProvider.System)
        .AddFeatureOptions<ServerOptions>("")
        .AddFeatureOptions<LimitOptions>("Limits")
        .AddFeatureOptions<LogOptions>("Log")
        .AddServerMetrics(settings)
        .AddDraining()
        .AddApi()
        .AddAccess()
        .AddBlobs()
        .AddEvents()
        .AddImages()
        .AddSources()
        .AddProfiles()
        .AddMachines()
        .AddJobs()
        .AddBoots();
    builder.AddOpenApi();
    SettingsCheck.Run(settings, builder.Services.FeatureSections());
    var options = builder.Configuration.Get<ServerOptions>()!;
    Settings.RefuseOtherDatabases(options);
    var data = DataDirectory.Open(options.DataDirectory);
    builder.Services.AddStorage(data)
        .AddServerLog(settings.GetSection("Log").Get<LogOptions>() ?? new(), data)
        .AddJobScheduler(data, builder.Configuration.GetSection("Images").Get<ImagesOptions>() ?? new());

    builder.WebHost.UseUrls(options.Urls).UseStaticWebAssets().ConfigureKestrel(kestrel =>
    {
        kestrel.UseLimits();
        kestrel.UseZeroCopy();
    });

    await using var app = builder.Build();
    await app.PrepareStorageAsync(CancellationToken.None);
    await app.LoadAsync(CancellationToken.None);
    var firstPassword = await app.Services.GetRequiredService<AdminPassword>()
        .EnsureAsync(onTerminal: !Console.IsOutputRedirected, CancellationToken.None);

    app.UseRequestLog();
    app.UseDraining();
    app.UseProblems();
    app.UseAccess();

    app.MapBoot();
    app.MapReports();
    app.MapBlobs();
    app.MapImageFiles();
    var api = app.MapGroup("/api/v1").RequireAuthorization(RolePolicies.Admin);
    api.MapSession();
    api.MapMachines();
    api.MapProfiles();
    api.MapImages();
    api.MapBoots();
    api.MapJobs();
    api.MapEvents();
    api.MapAlarms();
    app.MapProblemPages();
    app.MapHealth();
    app.MapServerMetrics();
    app.MapOpenApi();
    app.MapDashboard();

    await Start.ListenAsync(app, options.Urls, CancellationToken.None);
    Welcome.Say(app, firstPassword);
    await app.WaitForShutdownAsync();
}));
