using System.Reflection;

namespace NetbootServer.Hosting;

/// <summary>A feature's options record and the section it is read from; empty for the top level.</summary>
internal sealed record FeatureSection(string Section, Type Options)
{
    /// <summary>The documented key of a member.</summary>
    public string KeyOf(string member) => Section.Length == 0 ? member : $"{Section}:{member}";

    /// <summary>
    /// Whether a setting is a number of bytes, which may have a unit: those have the word in their names.
    /// </summary>
    public static bool IsBytes(PropertyInfo property) => property.Name.Contains("Bytes", StringComparison.Ordinal)
        && (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var type
        && (type == typeof(long) || type == typeof(int));

    /// <summary>Whether such a number is one of bytes a second.</summary>
    public static bool IsRate(PropertyInfo property) => property.Name.Contains("PerSecond", StringComparison.Ordinal);
}

/// <summary>Registers options so that <see cref="SettingsCheck"/> knows every key and type.</summary>
internal static class FeatureOptions
{
    /// <summary>Binds <typeparamref name="T"/> to a section of the settings.</summary>
    public static IServiceCollection AddFeatureOptions<T>(this IServiceCollection services,
        string section) where T : class
    {
        services.AddSingleton(new FeatureSection(section, typeof(T)));
        var options = services.AddOptions<T>();
        return (section.Length == 0
            ? options.Configure<IConfiguration>((value, configuration) => configuration.Bind(value))
            : options.BindConfiguration(section)).Services;
    }
}
