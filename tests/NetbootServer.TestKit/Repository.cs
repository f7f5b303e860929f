namespace NetbootServer.TestKit;

/// <summary>Where things are in the repository that these tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The lab's shell scripts.</summary>
    public static string LabScripts => Path.Combine(Root, "tests", "lab");

    /// <summary>The product project's folder.</summary>
    public static string Product => Path.Combine(Root, "src", "NetbootServer");

    /// <summary>The product as built together with these tests: same configuration, same framework.</summary>
    public static string ProductAssembly
    {
        get
        {
            var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
            return Path.Combine(Product, "bin", framework.Parent!.Name, framework.Name, "NetbootServer.dll");
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "NetbootServer.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds NetbootServer.sln.");
    }
}
