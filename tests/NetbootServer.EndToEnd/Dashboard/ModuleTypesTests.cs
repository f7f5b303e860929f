using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>
/// The TypeScript compiler checks the dashboard's modules as they are, by their JSDoc: it only looks, nothing of it is
/// served.
/// </summary>
public sealed class ModuleTypesTests
{
    private static readonly string Source =
        Path.Combine(Repository.Root, "tests", "NetbootServer.EndToEnd", "Dashboard", "types");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_types_of_all_modules_fit_and_an_undefined_name_is_a_fault()
    {
        var project = await NodeProject.InstallAsync("dashboard-types", Source, Ct);
        var copy = Path.Combine(project.Folder, "wwwroot");
        CopyModules(copy);
        await project.SucceedAsync("node_modules/.bin/tsc", ["--project", "."], Ct);

        // The same again with two faults, or the check could look at nothing.
        await File.AppendAllTextAsync(Path.Combine(copy, "core", "api.js"), "undefinedFunction();\n", Ct);
        await File.AppendAllTextAsync(Path.Combine(copy, "parts", "basics.js"),
            "export const Wrong = () => html`<b>${undefinedValue}</b>`;\n", Ct);
        var (exitCode, output) = await project.RunAsync("node_modules/.bin/tsc", ["--project", "."], Ct);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Cannot find name 'undefinedFunction'", output, StringComparison.Ordinal);
        Assert.Contains("Cannot find name 'undefinedValue'", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ModulesTests.Modules), MemberType = typeof(ModulesTests))]
    public async Task A_module_is_checked_in_editors_too_and_leaves_nothing_out(string module)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(ModulesTests.Root, module), Ct);
        Assert.StartsWith("// @ts-check\n", text, StringComparison.Ordinal);
        Assert.DoesNotMatch("@ts-(ignore|nocheck|expect-error)", text);
    }

    [Fact]
    public async Task The_libraries_types_are_those_of_the_vendored_versions()
    {
        var vendored = await File.ReadAllTextAsync(Path.Combine(ModulesTests.Root, "vendor", "VENDOR.md"), Ct);
        await using var file = File.OpenRead(Path.Combine(Source, "package.json"));
        using var package = await JsonDocument.ParseAsync(file, cancellationToken: Ct);
        foreach (var library in package.RootElement.GetProperty("devDependencies").EnumerateObject())
            if (library.Name != "typescript")
                Assert.Matches($@"\| `{library.Name}` [^|]*\| {library.Value.GetString()} \|", vendored);
    }

    private static void CopyModules(string to)
    {
        if (Directory.Exists(to)) Directory.Delete(to, recursive: true);
        foreach (var row in ModulesTests.Modules)
        {
            var target = Path.Combine(to, row.Data);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Path.Combine(ModulesTests.Root, row.Data), target);
        }
    }
}
