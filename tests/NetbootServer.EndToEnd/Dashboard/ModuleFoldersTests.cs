using System.Text.RegularExpressions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>
/// Where the dashboard's modules are: <c>core</c> knows no page, <c>parts</c> has what several pages use, each area has
/// its pages and what only they use, <c>shell</c> is around all pages, and the root starts it all.
/// </summary>
public sealed partial class ModuleFoldersTests
{
    private const int MostInRoot = 8;

    private static readonly string[] Areas =
        ["about", "access", "boots", "images", "jobs", "machines", "overview", "profiles", "setup"];

    /// <summary>The imports that the folders alone would forbid, each with its reason.</summary>
    private static readonly (string From, string To, string Why)[] Exceptions =
    [
        ("overview/guide.js", "images/image-form.js", "The first run leads through the other pages' own forms."),
        ("overview/guide.js", "machines/machine-dialogs.js", "The first run leads through the other pages' own forms."),
        ("overview/guide.js", "setup/checks.js", "The first run shows what the setup page shows."),
        ("overview/guide.js", "setup/dhcp.js", "The first run shows what the setup page shows."),
        ("shell/palette.js", "page-list.js", "It finds pages by their names."),
        ("shell/shell.js", "access/log-in.js", "Whose session ends logs in over the page that is open."),
        ("shell/shell.js", "page-list.js", "It loads the page that the address names."),
    ];

    [Fact]
    public void The_root_holds_only_what_starts_the_dashboard() =>
        Assert.InRange(Paths().Count(path => FolderOf(path).Length == 0), 1, MostInRoot);

    [Fact]
    public void Every_module_is_in_a_known_folder() =>
        Assert.Equal(Areas.Concat(["", "core", "parts", "shell"]).Order(StringComparer.Ordinal),
            Paths().Select(FolderOf).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_folder_imports_only_what_is_below_it()
    {
        var across = (await ImportsAsync()).Where(import => !IsBelow(FolderOf(import.From), FolderOf(import.To)));
        Assert.Equal(Exceptions.Select(exception => $"{exception.From} → {exception.To}"),
            across.Select(import => $"{import.From} → {import.To}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_in_parts_is_used_by_several_folders()
    {
        var users = (await ImportsAsync()).ToLookup(import => import.To, import => import.From);
        Assert.All(Paths().Where(path => FolderOf(path) == "parts"), part =>
        {
            // Those that use it by way of other parts count, too.
            var all = new HashSet<string> { part };
            var left = new Queue<string>(all);
            while (left.TryDequeue(out var next))
                foreach (var user in users[next])
                    if (all.Add(user) && FolderOf(user) == "parts") left.Enqueue(user);
            var folders = all.Select(FolderOf).Where(folder => folder != "parts").Distinct().Count();
            Assert.True(folders > 1, $"{part} is used by one folder only: it belongs there.");
        });
    }

    [Fact]
    public async Task Files_that_modules_and_the_page_name_are_there()
    {
        Assert.All(await ImportsAsync(), import => Assert.True(File.Exists(Path.Combine(ModulesTests.Root, import.To)),
            $"{import.From} names {import.To}, which is not there."));
        var page = await File.ReadAllTextAsync(Path.Combine(ModulesTests.Root, "index.html"),
            TestContext.Current.CancellationToken);
        var named = FilesOfPage().Matches(page).Select(match => match.Groups[1].Value + match.Groups[2].Value).ToList();
        Assert.NotEmpty(named);
        Assert.All(named, file => Assert.True(File.Exists(Path.Combine(ModulesTests.Root, file)), file));
    }

    private static bool IsBelow(string from, string to) => from == to || from switch
    {
        "" => true,
        "core" => false,
        "parts" => to == "core",
        _ => to is "core" or "parts",
    };

    private static IEnumerable<string> Paths() => ModulesTests.Modules.Select(row => row.Data);

    private static string FolderOf(string path) => Path.GetDirectoryName(path)!;

    /// <summary>All that modules name by a path: static and dynamic imports, workers, types.</summary>
    private static async Task<List<(string From, string To)>> ImportsAsync()
    {
        var imports = new List<(string, string)>();
        foreach (var from in Paths())
        {
            var text = await File.ReadAllTextAsync(Path.Combine(ModulesTests.Root, from),
                TestContext.Current.CancellationToken);
            imports.AddRange(Named().Matches(text).Select(match => match.Groups[1].Value).Distinct()
                .Select(to => (from, Resolve(from, to))).Where(import => FolderOf(import.Item2) != "vendor"));
        }
        return imports;
    }

    private static string Resolve(string from, string to) => Path.GetRelativePath(ModulesTests.Root,
        Path.GetFullPath(Path.Combine(ModulesTests.Root, FolderOf(from), to)));

    [GeneratedRegex(@"(?:from |import\(|new URL\()'([^':]+\.js)'")]
    private static partial Regex Named();

    [GeneratedRegex("(?:href|src)=\"([^\"]+)\"|: \"\\./([^\"]+)\"")]
    private static partial Regex FilesOfPage();
}
