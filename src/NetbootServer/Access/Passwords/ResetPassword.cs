using NetbootServer.Access.Auditing;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Access.Passwords;

/// <summary>
/// The command <c>reset-password</c>: makes another admin password while the server runs or not, for any account that
/// may write the data directory. It takes the settings that the server takes.
/// </summary>
internal static class ResetPassword
{
    public static async Task RunAsync(string[] args)
    {
        var options = Settings.Read(args).Get<ServerOptions>() ?? new();
        Settings.RefuseOtherDatabases(options);
        using var data = DataDirectory.Visit(options.DataDirectory);
        await using var services = new ServiceCollection()
            .AddLogging().AddHttpContextAccessor().AddStorage(data)
            .AddSingleton(TimeProvider.System)
            .AddSingleton<Audit>().AddSingleton<PasswordHashing>().AddSingleton<AdminPassword>()
            .BuildServiceProvider();
        await Schema.RefuseOthersAsync(services, data);
        var password = services.GetRequiredService<AdminPassword>();
        var by = new Caller($"command line ({Environment.UserName})", RolePolicies.Admin);
        var shown = await password.SetAnewAsync(by, onTerminal: !Console.IsOutputRedirected, CancellationToken.None);
        await Console.Out.WriteLineAsync(shown is null
            ? $"The new admin password is in {password.FilePath}; the file goes at the first log-in."
            : $"The new admin password is {shown} (shown this once; write it down).");
        await Console.Out.WriteLineAsync("Sessions begun with the old one end within ten seconds.");
    }
}
