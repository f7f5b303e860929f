using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace NetbootServer.TestKit;

/// <summary>
/// The folder that keeps what a test saw, consoles and the server's log: <c>artifacts/e2e/{test}</c> for tests from end
/// to end, <c>artifacts/unit/{test}</c> for others.
/// </summary>
public sealed partial class TestArtifacts
{
    private static readonly ConcurrentDictionary<string, TestArtifacts> Known = new();

    private TestArtifacts(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>The folder of the running test, emptied of what an earlier run left.</summary>
    public static TestArtifacts OfThisTest()
    {
        var test = TestContext.Current.Test ?? throw new InvalidOperationException("No test is running.");
        return Known.GetOrAdd(test.UniqueID, _ => Create(test.TestDisplayName));
    }

    /// <summary>The path of a new file: <c>serial.txt</c>, then <c>serial-2.txt</c> and so on.</summary>
    public string NewFile(string name)
    {
        var path = Path.Combine(Folder, name);
        for (var i = 2; File.Exists(path); i++)
            path = Path.Combine(Folder, $"{Path.GetFileNameWithoutExtension(name)}-{i}{Path.GetExtension(name)}");
        File.Create(path).Dispose();
        return path;
    }

    private static TestArtifacts Create(string test)
    {
        var (prefix, kind) = test.StartsWith("NetbootServer.EndToEnd.", StringComparison.Ordinal)
            ? ("NetbootServer.EndToEnd.", "e2e") : ("NetbootServer.Tests.", "unit");
        var name = test.StartsWith(prefix, StringComparison.Ordinal) ? test[prefix.Length..] : test;
        name = Unsafe().Replace(name, "_").Trim('_');
        var folder = Path.Combine(Repository.Root, "artifacts", kind, name.Length > 120 ? name[..120] : name);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        return new TestArtifacts(folder);
    }

    [GeneratedRegex("[^A-Za-z0-9._-]+")]
    private static partial Regex Unsafe();
}
