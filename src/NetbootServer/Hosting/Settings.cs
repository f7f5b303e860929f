using System.Globalization;

namespace NetbootServer.Hosting;

/// <summary>
/// Where settings come from: <c>appsettings.json</c>, then <c>NETBOOT_</c> variables, then the command line.
/// </summary>
internal static class Settings
{
    private const string FileName = "appsettings.json";

    /// <summary>The settings that users give, and nothing else.</summary>
    /// <exception cref="StartFailure">They cannot be read.</exception>
    public static IConfigurationRoot Read(string[] args)
    {
        var folder = Directory.GetCurrentDirectory();
        try
        {
            return new ConfigurationBuilder().SetBasePath(folder).AddJsonFile(FileName, optional: true)
                .AddEnvironmentVariables("NETBOOT_").AddCommandLine(args).Build();
        }
        catch (InvalidDataException e)
        {
            throw new StartFailure(FileName, Path.Combine(folder, FileName),
                $"is no good JSON: {(e.InnerException ?? e).GetBaseException().Message.ReplaceLineEndings(" ")}");
        }
        catch (FormatException)
        {
            var bad = args.FirstOrDefault(arg => arg.StartsWith('-')
                && !arg.StartsWith("--", StringComparison.Ordinal));
            throw new StartFailure("command line", $"{bad?.Split('=')[0]} {StartFailure.Hidden}".Trim(),
                "cannot be read: settings are written Key=value or --Key value, such as Urls=http://*:8080");
        }
    }

    /// <summary>
    /// The dashboard's files lie beside the program when it was published, else in the repository. Settings are read at
    /// the start alone: to watch their file, .NET would watch all that lies in and below the working directory, each
    /// write to the database and the log included.
    /// </summary>
    public static WebApplicationOptions HostOptions(string[] args)
    {
        var published = Path.Combine(AppContext.BaseDirectory, "wwwroot");
        return new()
        {
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
            WebRootPath = Directory.Exists(published) ? published : null,
        };
    }

    /// <summary>What the options records of all features are.</summary>
    public static IReadOnlyCollection<FeatureSection> FeatureSections(this IServiceCollection services) =>
        [.. services.Select(service => service.ImplementationInstance).OfType<FeatureSection>()];

    /// <summary>What was given in a form for people, in the form that options are bound from.</summary>
    public static Dictionary<string, string?> Translated(
        IConfiguration settings, IReadOnlyCollection<FeatureSection> features) =>
        Lists(settings, features).Concat(Sizes(settings, features)).ToDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sizes and rates that were given with a unit; what is none is left for the binding to refuse.</summary>
    private static Dictionary<string, string?> Sizes(IConfiguration settings, IEnumerable<FeatureSection> features)
    {
        var sizes = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var feature in features)
            foreach (var property in feature.Options.GetProperties().Where(FeatureSection.IsBytes))
                if (settings[feature.KeyOf(property.Name)] is { } text
                    && ByteSize.Parse(text, FeatureSection.IsRate(property)) is { } bytes)
                    sizes[feature.KeyOf(property.Name)] = bytes.ToString(CultureInfo.InvariantCulture);
        return sizes;
    }

    /// <summary>
    /// Lists that were given as one value, with commas or semicolons between: the form that an environment
    /// variable or the command line has room for.
    /// </summary>
    private static Dictionary<string, string?> Lists(IConfiguration settings, IEnumerable<FeatureSection> features) =>
        features
        .SelectMany(feature => feature.Options.GetProperties()
            .Where(property => property.PropertyType.IsAssignableFrom(typeof(List<string>))
                && property.PropertyType != typeof(object))
            .Select(property => feature.KeyOf(property.Name)))
        .SelectMany(key => (settings[key] ?? "")
            .Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select((item, index) => KeyValuePair.Create($"{key}:{index}", (string?)item)))
        .ToDictionary(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="StartFailure">Another database than SQLite is asked for.</exception>
    public static void RefuseOtherDatabases(ServerOptions options)
    {
        if (options.Database is { Length: > 0 } database)
            throw new StartFailure("Database", database.Split("://")[0] + "://…",
                "this version keeps its state in SQLite in the data directory only: leave Database out");
    }
}
