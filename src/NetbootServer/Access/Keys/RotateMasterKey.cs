using NetbootServer.Access.Auditing;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Access.Keys;

/// <summary>
/// The command <c>rotate-master-key</c>: makes another master key and wraps the key ring with it, while no server
/// runs on the data directory. It takes the settings that the server takes. Secrets stay as they are.
/// </summary>
internal static class RotateMasterKey
{
    public static async Task RunAsync(string[] args)
    {
        var settings = Settings.Read(args);
        var options = settings.Get<ServerOptions>() ?? new();
        Settings.RefuseOtherDatabases(options);
        DataDirectory.Visit(options.DataDirectory).Dispose();
        using var data = DataDirectory.Open(options.DataDirectory);
        await using var services = new ServiceCollection()
            .AddLogging().AddHttpContextAccessor().AddStorage(data)
            .AddSingleton(TimeProvider.System)
            .AddSingleton(Microsoft.Extensions.Options.Options.Create(
                settings.GetSection("Access").Get<AccessOptions>() ?? new()))
            .AddSingleton<Audit>().AddSecretKeys()
            .BuildServiceProvider();
        await Schema.RefuseOthersAsync(services, data);
        await services.LoadSecretKeysAsync(CancellationToken.None);
        var keys = await services.GetRequiredService<KeyRing>().RotateAsync(CancellationToken.None);
        var file = services.GetRequiredService<MasterKeyFile>();
        var by = new Caller($"command line ({Environment.UserName})", RolePolicies.Admin);
        await services.GetRequiredService<Database>().WriteAsync((db, _) =>
        {
            services.GetRequiredService<Audit>().Add(db, new("change", "master-key", file.Current.Id) { By = by });
            return Task.FromResult(true);
        }, CancellationToken.None);
        await Console.Out.WriteLineAsync($"{file.FilePath} holds a new master key, which wraps {keys} " +
            $"{(keys == 1 ? "key" : "keys")}. Backups from before need the old file, which they have beside them.");
    }
}
