using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace NetbootServer.Hosting;

/// <summary>
/// Reads every setting once before the server is built: an unknown key, a value of the wrong type or out of bounds
/// stops the start with one line that names it.
/// </summary>
internal static partial class SettingsCheck
{
    /// <summary>Sections and keys that the framework reads.</summary>
    private static readonly string[] Framework =
        ["Kestrel", "Logging", "AllowedHosts", "Serilog", "environment", "contentRoot", "applicationName"];

    /// <exception cref="StartFailure">A setting is unknown or bad.</exception>
    public static void Run(IConfigurationRoot settings, IReadOnlyCollection<FeatureSection> features)
    {
        // Not chained: a chained configuration hides values that are empty, which are exactly the ones to complain of.
        var lists = new ConfigurationBuilder().AddInMemoryCollection(Settings.Translated(settings, features)).Build();
        var whole = new ConfigurationRoot([.. settings.Providers, .. lists.Providers]);
        foreach (var (key, value) in settings.AsEnumerable())
            if (value is not null) RefuseUnknown(key, features);
        foreach (var feature in features) Bind(whole, feature);
    }

    /// <summary>
    /// The value of a mistyped key may be a secret, such as <c>Access:AdminTokn</c>: it is not shown.
    /// </summary>
    private static void RefuseUnknown(string key, IReadOnlyCollection<FeatureSection> features)
    {
        if (Framework.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase)) return;
        var known = features.SelectMany(feature => feature.Options.GetProperties().Select(p => feature.KeyOf(p.Name)))
            .ToList();
        if (features.Any(feature => key.Equals(feature.Section, StringComparison.OrdinalIgnoreCase))) return;
        if (known.Any(good => key.Equals(good, StringComparison.OrdinalIgnoreCase)
            || key.StartsWith(good + ":", StringComparison.OrdinalIgnoreCase))) return;
        var nearest = known.MinBy(good => Distance(good.ToLowerInvariant(), key.ToLowerInvariant()))!;
        throw new StartFailure(key, StartFailure.Hidden,
            $"there is no such setting; did you mean {nearest}? docs/settings.md lists all");
    }

    private static void Bind(IConfigurationRoot settings, FeatureSection feature)
    {
        IConfiguration section = feature.Section.Length == 0 ? settings : settings.GetSection(feature.Section);
        object options;
        try
        {
            options = Activator.CreateInstance(feature.Options)!;
            section.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            var key = At().Match(e.Message) is { Success: true } match ? match.Groups[1].Value : feature.Section;
            throw new StartFailure(key, settings[key], $"cannot be read{ForExample(feature, key)}");
        }
        var faults = new List<ValidationResult>();
        if (Validator.TryValidateObject(options, new(options), faults, validateAllProperties: true)) return;
        var member = feature.KeyOf(faults[0].MemberNames.First());
        throw new StartFailure(member, settings[member],
            $"{faults[0].ErrorMessage?.TrimEnd('.')}{ForExample(feature, member)}");
    }

    private static string ForExample(FeatureSection feature, string key)
    {
        var property = feature.Options.GetProperties()
            .FirstOrDefault(each => key.Equals(feature.KeyOf(each.Name), StringComparison.OrdinalIgnoreCase)
                || key.StartsWith(feature.KeyOf(each.Name) + ":", StringComparison.OrdinalIgnoreCase));
        return property is null ? "" : $"; for example {feature.KeyOf(property.Name)}={Example(feature, property)}";
    }

    /// <summary>A good value of a setting: the one it says itself, else its default.</summary>
    internal static string Example(FeatureSection feature, PropertyInfo property)
    {
        if (property.GetCustomAttribute<ExampleAttribute>() is { } given) return given.Value;
        return property.GetValue(Activator.CreateInstance(feature.Options)) switch
        {
            IEnumerable<string> list => string.Join(',', list),
            IConvertible bytes when FeatureSection.IsBytes(property) =>
                ByteSize.Show(bytes.ToInt64(CultureInfo.InvariantCulture), FeatureSection.IsRate(property)),
            bool flag => flag ? "true" : "false",
            var value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
    }

    /// <summary>Edits between two texts (Levenshtein).</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }

    [GeneratedRegex("at '([^']+)'")]
    private static partial Regex At();
}
