using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Inventory.Files;
using NetbootServer.Sources;
using NetbootServer.Sources.Presets;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Inventory;

/// <summary>
/// <c>netboot-server check DIR [OTHER…] [Key=value…]</c>: looks at an inventory as a server does that would apply it,
/// without a server, and prints every fault as <c>file:line: fault</c>. What the directory refers to must be in it, or
/// in one of the others, such as an export of what the API has made. The files of secrets are read only when
/// <c>Inventory:SecretRoots</c> is set.
/// </summary>
internal static class CheckCommand
{
    /// <exception cref="StartFailure">The directory cannot be read.</exception>
    /// <exception cref="CommandFailure">There are faults.</exception>
    public static async Task RunAsync(string[] args)
    {
        var folders = args.TakeWhile(arg => !arg.Contains('=', StringComparison.Ordinal)).ToArray();
        if (folders is not [{ Length: > 0 } directory, .. var others])
            throw new StartFailure("command", "check",
                "needs a directory; for example netboot-server check ./inventory");
        await using var services = Services(args[folders.Length..]);
        var options = services.GetRequiredService<IConfiguration>().GetSection("Inventory").Get<InventoryOptions>()
            ?? new();
        var secrets = new SecretFiles(options.SecretRoots,
            SecretFiles.NamedBySettings(services.GetRequiredService<IConfiguration>()),
            areRead: options.SecretRoots.Count > 0);
        var parser = services.GetRequiredService<ImageSpecParser>();
        var contents = new InventoryContents(parser, secrets, keep: null);
        var files = FilesOf(directory);
        foreach (var file in files) Read(contents, file);
        var unread = new SecretFiles([], new HashSet<string>(), areRead: false);
        var known = new InventoryContents(parser, unread, keep: null);
        foreach (var file in others.SelectMany(other => File.Exists(other)
            ? [new InventoryFile(Path.GetFileName(other), other, "")] : FilesOf(other)))
            Read(known, file);
        contents.CheckReferences(known.Has);
        await ReportAsync(contents, files.Count, secrets);
    }

    private static async Task ReportAsync(InventoryContents contents, int files, SecretFiles secrets)
    {
        var faults = contents.Faults.ToImmutable();
        foreach (var fault in faults) await Console.Out.WriteLineAsync(fault.ToString());
        var more = contents.Faults.Full ? " or more" : "";
        if (faults.Length > 0)
            throw new CommandFailure(
                $"Faults: {faults.Length}{more}, files: {files}. A server would not apply them.");
        var unread = secrets.UnreadCount == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $" Files of secrets that were not read: {secrets.UnreadCount}; set Inventory:SecretRoots for that.");
        await Console.Out.WriteLineAsync(
            $"No faults. Machines: {contents.Machines.Count}, profiles: {contents.Profiles.Count}, " +
            $"images: {contents.Images.Count}, files: {files}.{unread}");
    }

    private static IReadOnlyList<InventoryFile> FilesOf(string directory)
    {
        try
        {
            var files = InventoryFile.In(directory);
            return files.Count > 0 ? files : throw new StartFailure("check", directory,
                "has no files *.yaml, *.yml or *.json");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure("check", directory, $"cannot be read: {e.Message.TrimEnd('.')}");
        }
    }

    private static void Read(InventoryContents contents, InventoryFile file)
    {
        try
        {
            using var content = RegularFile.Open(file.Path);
            contents.Read(file.Name, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            contents.Faults.Add(file.Name, null, $"cannot be read: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>What checks images, by the settings that a server would have.</summary>
    private static ServiceProvider Services(string[] args)
    {
        var settings = Settings.Read(args);
        var services = new ServiceCollection();
        services.AddLogging().AddSingleton(TimeProvider.System).AddImages().AddSources()
            .AddFeatureOptions<InventoryOptions>("Inventory")
            .AddSingleton<ISourceRequests>(provider => new SourceChecks(
                provider.GetRequiredService<SourceSpecParser>(),
                provider.GetRequiredService<IConfiguration>()["DataDirectory"]));
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddConfiguration(settings)
            .AddInMemoryCollection(Settings.Translated(settings, services.FeatureSections())).Build());
        return services.BuildServiceProvider();
    }

    /// <summary>Looks at sources, and never fetches.</summary>
    /// <param name="specs">Reads sources.</param>
    /// <param name="data">The data directory, for presets; null when it is the default one.</param>
    private sealed class SourceChecks(SourceSpecParser specs, string? data) : ISourceRequests
    {
        public JsonElement Expand(JsonElement body, SpecBefore<ImageSpec> before, ValidationErrors errors) =>
            PresetExpansion.Expand(body, before, () => PresetStore.Of(data), errors);

        public void Check(JsonElement source, string path, ImmutableArray<string> systems, ValidationErrors errors) =>
            specs.Parse(source, path, systems, errors);

        public void RequestFirstVersion(string image) => throw new NotSupportedException();

        public void RequestAbsentBytes(string image) => throw new NotSupportedException();
    }
}
