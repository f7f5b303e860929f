using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace NetbootServer.Tests;

/// <summary>
/// The direction between the product's folders: each uses only those before it. What must go the other way goes
/// through a delegate or an interface of the earlier folder.
/// </summary>
public sealed partial class LayoutTests
{
    private static readonly Architecture Product = new ArchLoader().LoadAssembly(typeof(Program).Assembly).Build();

    /// <summary>In order, lowest first. A new folder takes its place here.</summary>
    private static readonly string[] Order =
    [
        "Hosting", "Api", "Serving", "Storage", "Access", "Events", "Jobs", "Archives", "Blobs", "Downloads", "Nix",
        "Initrds", "Overlays", "Images", "Sources", "Profiles", "Machines", "Inventory", "Boots", "Kexec",
        "Compatibility", "Dashboard", "Operations",
    ];

    public static TheoryData<string> Folders => [.. Order];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_uses_only_those_before_it(string folder)
    {
        var forbidden = Order[(Array.IndexOf(Order, folder) + 1)..];
        if (forbidden.Length == 0) return;
        Types().That().ResideInNamespaceMatching(Below(folder)).Should()
            .NotDependOnAny(Types().That().ResideInNamespaceMatching(Below(string.Join('|', forbidden))))
            .Check(Product);
    }

    [Fact]
    public void Every_folder_is_in_the_order()
    {
        var folders = Product.Types.Select(type => type.Namespace?.FullName ?? "")
            .Where(name => name.StartsWith("NetbootServer.", StringComparison.Ordinal))
            .Select(name => name.Split('.')[1]).Distinct();
        Assert.Equal(Order.Order(StringComparer.Ordinal), folders.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Processes_are_started_in_one_place_which_keeps_the_server_s_secrets_from_them()
    {
        var starters = Product.Types.Where(type => type.Dependencies.Any(
            dependency => dependency.Target.FullName == typeof(System.Diagnostics.ProcessStartInfo).FullName))
            .Select(type => type.FullName.Split('+', '/')[0].Split('.')[^1]);
        Assert.Equal(["ProgramProcess"], starters.Distinct());
    }

    [Fact]
    public void Names_say_what_things_are()
    {
        var bad = new[] { "Helper", "Util", "Utils", "Base", "Impl", "Dto" };
        Assert.All(Product.Types.Where(type => type.FullName.StartsWith("NetbootServer", StringComparison.Ordinal)),
            type => Assert.DoesNotContain(bad, suffix => type.Name.EndsWith(suffix, StringComparison.Ordinal)));
    }

    /// <summary>Delegates and interfaces that only later folders implement, with the reason.</summary>
    private static readonly Dictionary<string, string> AgainstTheOrder = new()
    {
        ["ExceptionProblem"] = "Api answers failures of the database and of blobs",
        ["IReferrer"] = "Storage asks every feature what refers to a resource, and makes it follow a rename",
        ["BlobMissed"] = "Blobs asks images whether missing bytes can be fetched",
        ["IBootTransfers"] = "Blobs has boots count the transfers of their machines",
        ["MadeImageFile"] = "Images asks kexec bundles for files that no source has",
        ["VersionPins"] = "Images asks profiles what they pin",
        ["ISourceRequests"] = "Images asks sources what they can read, and to fetch a first version",
        ["IVersionBoots"] = "Images asks boots which versions they load, and how these did",
        ["MachineJoined"] = "Machines has boots follow a discovered machine into a registered one",
    };

    [Fact]
    public void Every_delegate_and_interface_against_the_order_is_in_the_table()
    {
        var types = typeof(Program).Assembly.GetTypes().Where(type => FolderOf(type) >= 0).ToList();
        var against = types.Where(type => type.BaseType == typeof(MulticastDelegate) || (type.IsInterface
            && types.FindAll(other => !other.IsInterface && type.IsAssignableFrom(other)) is { Count: > 0 } others
            && others.TrueForAll(other => FolderOf(other) > FolderOf(type))));
        Assert.Equal(AgainstTheOrder.Keys.Order(StringComparer.Ordinal),
            against.Select(type => type.Name).Order(StringComparer.Ordinal));
    }

    /// <summary>The place of a type's folder in the order; -1 for types outside of folders.</summary>
    private static int FolderOf(System.Type type) =>
        type.Namespace?.Split('.') is ["NetbootServer", var folder, ..] ? Array.IndexOf(Order, folder) : -1;

    [Fact]
    public void No_folder_has_more_than_75_files()
    {
        var folders = Directory.EnumerateDirectories(Repository.Product)
            .Where(folder => Order.Contains(Path.GetFileName(folder)));
        Assert.All(folders, folder => Assert.InRange(Sources(folder).Count(), 1, 75));
    }

    /// <summary>Only text that cannot be broken may pass the 120 columns of .editorconfig.</summary>
    [Fact]
    public void Lines_have_at_most_120_columns()
    {
        Assert.Empty(new[] { "src", "tests" }.SelectMany(folder => Sources(Path.Combine(Repository.Root, folder)))
            .SelectMany(WideLines));
    }

    private static IEnumerable<string> WideLines(string file)
    {
        var raw = false;
        foreach (var (i, line) in File.ReadLines(file).Index())
        {
            var isRaw = raw;
            if (line.Split("\"\"\"").Length % 2 == 0) raw = !raw;
            if (line.Length > 120 && !isRaw && !Unbreakable().IsMatch(line)) yield return $"{file}:{i + 1}";
        }
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !Generated().IsMatch(file));

    private static string Below(string folders) => $@"^NetbootServer\.({folders})(\.|$)";

    /// <summary>Raw and verbatim strings, and text of more than 60 characters without a blank.</summary>
    [GeneratedRegex("\"\"\"|@\"|\\S{60,}")]
    private static partial Regex Unbreakable();

    [GeneratedRegex("/(obj|bin|Migrations|node_modules)/")]
    private static partial Regex Generated();
}
