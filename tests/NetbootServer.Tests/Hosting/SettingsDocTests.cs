using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Hosting;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Hosting;

/// <summary>
/// <c>docs/settings.md</c> has every setting in the words of the code. With <c>UPDATE_DOCS=1</c> in the environment it
/// is written anew.
/// </summary>
[Trait("category", "slow")]
public sealed partial class SettingsDocTests
{
    private static readonly string File = Path.Combine(Repository.Root, "docs", "settings.md");

    private static readonly XDocument Docs =
        XDocument.Load(Path.ChangeExtension(typeof(Program).Assembly.Location, ".xml"));

    [Fact]
    public async Task The_page_has_every_setting_in_the_words_of_the_code()
    {
        await using var app = new NetbootApp();
        var page = Page(app.Services.GetServices<FeatureSection>());
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            await System.IO.File.WriteAllTextAsync(File, page, TestContext.Current.CancellationToken);
        Assert.True(page == await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken),
            "docs/settings.md is not what the code says: run this test once with UPDATE_DOCS=1 and commit the page.");
    }

    private static string Page(IEnumerable<FeatureSection> features)
    {
        var page = new StringBuilder("""
            # Settings

            `appsettings.json` in the working directory, then environment variables with the prefix `NETBOOT_` (`__`
            between levels), then the command line. All have defaults; an unknown or bad one stops the start with one line
            that says what to do. Lists are written with commas; sizes and rates as `5GiB`, `500MB`, `10MB/s`, `1Gbit/s` or
            in plain bytes; times as `hh:mm:ss` or `d.hh:mm:ss`.

            This page is made from the code by a test.

            """);
        foreach (var section in features.GroupBy(feature => feature.Section)
            .OrderBy(section => section.Key, StringComparer.Ordinal))
        {
            if (section.Key.Length > 0)
                page.Append(CultureInfo.InvariantCulture, $"\n## {section.Key}\n");
            page.Append("\n| setting | default | meaning |\n|---|---|---|\n");
            foreach (var (feature, property) in section
                .SelectMany(feature => feature.Options.GetProperties().Where(IsSetting).Select(p => (feature, p)))
                .OrderBy(setting => setting.p.Name, StringComparer.Ordinal))
                page.Append(CultureInfo.InvariantCulture,
                    $"| `{feature.KeyOf(property.Name)}` | {Default(feature, property)} | {Summary(property)} |\n");
        }
        return page.ToString();
    }

    private static bool IsSetting(PropertyInfo property) => property.SetMethod?.IsPublic == true
        || typeof(IEnumerable<string>).IsAssignableFrom(property.PropertyType);

    private static string Default(FeatureSection feature, PropertyInfo property)
    {
        var (example, value) = (property.GetCustomAttribute<ExampleAttribute>(),
            property.GetValue(Activator.CreateInstance(feature.Options)));
        var isNone = value is null or "" || value is IEnumerable<string> list && !list.Any();
        if (!isNone && example is null) return $"`{SettingsCheck.Example(feature, property)}`";
        var shown = isNone ? "none" : $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`";
        return example is null ? shown : $"{shown}; such as `{example.Value}`";
    }

    private static string Summary(PropertyInfo property)
    {
        var name = $"P:{property.DeclaringType!.FullName}.{property.Name}";
        var summary = Docs.Descendants("member").SingleOrDefault(member => (string?)member.Attribute("name") == name)
            ?.Element("summary") ?? throw new InvalidDataException($"{name} has no summary.");
        var text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } see => $"`{((string?)see.Attribute("cref"))?.Split('.')[^1]}`",
            XElement { Name.LocalName: "paramref" } => throw new InvalidDataException($"{name}: a reference"),
            _ => node is XText plain ? plain.Value : "",
        }));
        text = Nulls().Replace(text, word => char.IsUpper(word.Value[0]) ? "Empty" : "empty"); // as it is written
        return Blanks().Replace(text, " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\b[Nn]ull\b")]
    private static partial Regex Nulls();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
