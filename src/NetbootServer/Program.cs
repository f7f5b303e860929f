using NetbootServer.Access;
using NetbootServer.Access.Listening;
using NetbootServer.Access.OpenApi;
using NetbootServer.Access.Passwords;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Boots;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Secrets;
using NetbootServer.Boots.Transfers;
using NetbootServer.Compatibility;
using NetbootServer.Dashboard;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Hosting.Logging;
using NetbootServer.Images;
using NetbootServer.Images.Layouts;
using NetbootServer.Initrds;
using NetbootServer.Inventory;
using NetbootServer.Jobs;
using NetbootServer.Kexec;
using NetbootServer.Kexec.Boots;
using NetbootServer.Machines;
using NetbootServer.Operations;
using NetbootServer.Operations.Metrics;
using NetbootServer.Overlays;
using NetbootServer.Profiles;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;
using NetbootServer.Sources;
using NetbootServer.Sources.Presets;
using NetbootServer.Storage;

return await Start.RunAsync(Commands.Find(args, async () =>
{
    var settings = Settings.Read(args); // first: the builder would stumble over a bad file without advice
    var builder = WebApplication.CreateBuilder(Settings.HostOptions(args));
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
        .AddInitrds()
        .AddOverlays()
        .AddImages()
        .AddSources()
        .AddProfiles()
        .AddMachines()
        .AddInventory()
        .AddJobs()
        .AddBoots()
        .AddCompatibility()
        .AddKexec()
        .AddOverview()
        .AddSetup()
        .AddKernelArguments()
        .AddOperations();
    builder.Services.AddOpenApi();
    builder.Configuration.AddInMemoryCollection(Settings.Translated(settings, builder.Services.FeatureSections()));
    SettingsCheck.Run(settings, builder.Services.FeatureSections());
    var options = builder.Configuration.Get<ServerOptions>()!;
    Settings.RefuseOtherDatabases(options);
    var access = builder.Configuration.GetSection("Access").Get<AccessOptions>() ?? new();
    var listeners = Listeners.Of(options.Urls, access, SystemdSocket.Passed());
    var data = DataDirectory.Open(options.DataDirectory);
    builder.Services.AddSingleton(listeners)
        .AddStorage(data)
        .AddServerLog(builder.Configuration.GetSection("Log").Get<LogOptions>() ?? new(), data)
        .AddJobWorkers(data)
        .AddStartReports();

    builder.WebHost.UseUrls(listeners.KestrelsOwn).UseStaticWebAssets().ConfigureKestrel(kestrel =>
    {
        kestrel.UseLimits();
        kestrel.UseZeroCopy();
        listeners.Open(kestrel);
    });

    await using var app = builder.Build();
    using (app.Services.GetRequiredService<SystemdService>().Starting("Opening the database"))
    {
        await app.PrepareStorageAsync(CancellationToken.None);
        await app.LoadAsync(CancellationToken.None);
    }
    var firstPassword = await app.Services.GetRequiredService<AdminPassword>()
        .EnsureAsync(onTerminal: !Console.IsOutputRedirected, CancellationToken.None);

    app.UseRequestLog();
    HostZone.CloseAfter(app);
    app.UseMergedSlashes();
    app.UseRouting();
    app.UseDraining();
    app.UseProblems();
    app.UseAccess();

    var boot = BootPlane.Of(app);
    boot.MapBoot();
    boot.MapInitrdPadding();
    boot.MapReports();
    boot.MapBootFiles();
    boot.MapOverlays();
    boot.MapBlobs();
    boot.MapImageFiles();
    boot.MapNixNetbootServe();
    boot.MapKexec();
    boot.MapHealth();
    var api = ApiPlane.Of(app, "/api/v1").DenyByDefault().Refuses(ProblemTypes.OfAll);
    api.MapAccess();
    api.MapMachines();
    api.MapProfiles();
    api.MapImages();
    api.MapUploadRoles();
    api.MapInventory();
    api.MapRefreshes();
    api.MapPresets();
    api.MapClosures();
    api.MapBoots();
    api.MapKexecLines();
    api.MapJobs();
    api.MapScrubs();
    api.MapOverview();
    api.MapKernelArguments();
    api.MapSetup();
    api.MapEvents();
    api.MapAlarms();
    api.MapResolutions();
    UnknownOperations.Map(app);
    app.MapProblemPages();
    app.MapServerMetrics();
    app.MapOpenApi();
    app.MapDashboard();

    await listeners.StartAsync(app, CancellationToken.None);
    StartBanner.Say(app, firstPassword, access);
    await app.WaitForShutdownAsync();
}));
