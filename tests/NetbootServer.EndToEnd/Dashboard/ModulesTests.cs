using System.Text.RegularExpressions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>The rules that keep the dashboard's modules small and safe.</summary>
public sealed partial class ModulesTests
{
    private const int MostLines = 150, MostColumns = 120;

    internal static readonly string Root = Path.Combine(Repository.Root, "wwwroot");

    public static TheoryData<string> Modules =>
        [.. Directory.EnumerateFiles(Root, "*.js", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(path => !path.StartsWith("vendor", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Modules))]
    public async Task A_module_is_short_and_writes_no_markup_or_styles_by_hand(string module)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Root, module), TestContext.Current.CancellationToken);
        var lines = text.Split('\n');
        Assert.InRange(lines.Length, 1, MostLines + 1);
        Assert.All(lines, line => Assert.InRange(line.EnumerateRunes().Count(), 0, MostColumns));
        Assert.DoesNotMatch("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|" +
            "setAttribute\\('style'|\\beval\\(|new Function", text);
        if (module != "core/api.js") Assert.DoesNotMatch("\\bfetch\\(|XMLHttpRequest", text);
        if (module != "core/event-line.js") Assert.DoesNotMatch("new EventSource", text);
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public async Task A_module_imports_only_what_others_export(string module)
    {
        var ct = TestContext.Current.CancellationToken;
        var text = await File.ReadAllTextAsync(Path.Combine(Root, module), ct);
        foreach (Match import in Imports().Matches(text))
        {
            var source = Path.GetFullPath(Path.Combine(Root, Path.GetDirectoryName(module)!, import.Groups[2].Value));
            var exports = await File.ReadAllTextAsync(source, ct);
            foreach (var name in import.Groups[1].Value.Split(',',
                StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                Assert.True(Regex.IsMatch(exports,
                    $@"export (async )?(function|const|let|class) {name}\b|export \{{[^}}]*\b{name}\b"),
                    $"{import.Groups[2].Value} does not export {name}");
        }
    }

    [Fact]
    public async Task No_module_imports_itself_by_way_of_others()
    {
        var ct = TestContext.Current.CancellationToken;
        var left = new Dictionary<string, HashSet<string>>();
        foreach (var row in Modules)
        {
            var path = Path.Combine(Root, row.Data);
            left[path] = [.. Imports().Matches(await File.ReadAllTextAsync(path, ct)).Select(import =>
                Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, import.Groups[2].Value)))];
        }
        // Those whose imports are all taken away are in no circle; what stays is in one, or leads to one.
        while (left.Where(module => !module.Value.Overlaps(left.Keys)).Select(module => module.Key).ToList() is
            { Count: > 0 } free)
            foreach (var module in free) left.Remove(module);
        Assert.Empty(left.Keys.Select(path => Path.GetRelativePath(Root, path)));
    }

    [GeneratedRegex(@"import \{([^}]*)\} from '(\.[^']*)'")]
    private static partial Regex Imports();
}
