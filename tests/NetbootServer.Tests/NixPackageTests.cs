using System.Text.Json;
using System.Text.RegularExpressions;

namespace NetbootServer.Tests;

/// <summary>The Nix package fetches exactly what NuGet's lock names.</summary>
public sealed partial class NixPackageTests
{
    private const string Update = "Run nix/server/update-deps.sh.";

    [Fact]
    public void Its_packages_are_those_of_the_lock()
    {
        var wanted = LockedPackages("packages.lock.json").Order(StringComparer.OrdinalIgnoreCase);
        using var json = JsonDocument.Parse(File.ReadAllText(
            Path.Combine(Repository.Root, "nix", "server", "deps.json")));
        var fetched = json.RootElement.EnumerateArray().ToList();
        Assert.True(wanted.SequenceEqual(fetched.Select(NameOf).Order(StringComparer.OrdinalIgnoreCase)), Update);
        Assert.All(fetched, package => Assert.Matches(Hash(), package.GetProperty("hash").GetString()));
    }

    /// <summary>Only what compiles beforehand is added where one kind of system is published.</summary>
    [Theory]
    [InlineData("packages.linux-x64.lock.json")]
    [InlineData("packages.linux-arm64.lock.json")]
    public void A_build_for_one_kind_of_system_needs_no_other_packages(string file)
    {
        var others = LockedPackages(file).Except(LockedPackages("packages.lock.json"));
        Assert.DoesNotContain(others, name => !name.StartsWith("Microsoft.NET", StringComparison.Ordinal));
    }

    private static HashSet<string> LockedPackages(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Product, file)));
        return [.. json.RootElement.GetProperty("dependencies").EnumerateObject()
            .SelectMany(framework => framework.Value.EnumerateObject())
            .Where(package => package.Value.GetProperty("type").GetString() != "Project")
            .Select(package => $"{package.Name} {package.Value.GetProperty("resolved").GetString()}")];
    }

    private static string NameOf(JsonElement package) =>
        $"{package.GetProperty("pname").GetString()} {package.GetProperty("version").GetString()}";

    [GeneratedRegex(@"\Asha256-[A-Za-z0-9+/]{43}=\z")]
    private static partial Regex Hash();
}
