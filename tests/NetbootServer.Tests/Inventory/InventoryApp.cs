using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Inventory;

/// <summary>A server with a directory of files that declare things; one of them is always there.</summary>
public sealed class InventoryApp : IAsyncDisposable
{
    /// <summary>A file that is always good.</summary>
    public const string Always = """
        images:
          always: {source: {type: upload}}
        profiles:
          always: {image: always, priority: 7}
        machines:
          always: {macs: ["52:54:00:ff:00:01"]}

        """;

    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("netboot-inventory-");

    public InventoryApp() : this("1000")
    {
    }

    internal InventoryApp(string maxRemovals, bool isThere = true)
    {
        System.IO.Directory.CreateDirectory(Secrets);
        if (isThere) System.IO.Directory.CreateDirectory(Directory);
        if (isThere) Write("always.yaml", Always);
        App = new(new Dictionary<string, string?>
        {
            ["Inventory:Directory"] = Directory,
            ["Inventory:MaxRemovals"] = maxRemovals,
            ["Inventory:SecretRoots"] = Secrets,
        });
        Admin = App.Admin;
    }

    public NetbootApp App { get; }

    public Caller Admin { get; }

    public string Folder => _folder.FullName;

    public string Directory => Path.Combine(Folder, "inventory");

    public string Secrets => Path.Combine(Folder, "secrets");

    /// <summary>Writes a file as Git does: beside, then in its place.</summary>
    public void Write(string name, string text)
    {
        var path = Path.Combine(Directory, name);
        File.WriteAllText(path + ".tmp", text);
        File.Move(path + ".tmp", path, overwrite: true);
    }

    public void Delete(string name) => File.Delete(Path.Combine(Directory, name));

    public async Task<JsonElement> GetAsync() =>
        (await Admin.GetAsync("/api/v1/inventory")).Is(HttpStatusCode.OK).Json;

    /// <summary>The inventory as soon as it is as wanted.</summary>
    public Task<JsonElement> UntilAsync(string what, Func<JsonElement, bool> good) =>
        Until.AsAsync(GetAsync, good, what);

    /// <summary>The inventory as soon as it has a state.</summary>
    public Task<JsonElement> UntilAsync(string state) =>
        UntilAsync($"the state {state}", view => view.GetProperty("state").GetString() == state);

    /// <summary>A resource as soon as it is as wanted.</summary>
    public async Task<JsonElement> UntilAsync(string path, Func<Answer, bool> good) =>
        (await Until.AsAsync(() => Admin.GetAsync($"/api/v1/{path}"), good, path)).Json;

    /// <summary>A resource as soon as it is there.</summary>
    public Task<JsonElement> UntilThereAsync(string path) =>
        UntilAsync(path, answer => answer.Status == HttpStatusCode.OK);

    public Task UntilGoneAsync(string path) => UntilAsync(path, answer => answer.Status == HttpStatusCode.NotFound);

    /// <summary>The faults as <c>file:line: fault</c>.</summary>
    public static string[] FaultsOf(JsonElement view) =>
    [
        .. view.GetProperty("faults").EnumerateArray().Select(fault => string.Join(": ", new[]
        {
            string.Join(':', new[] { Text(fault, "file"), Text(fault, "line") }.OfType<string>()),
            Text(fault, "fault"),
        }.Where(part => part?.Length > 0))),
    ];

    private static string? Text(JsonElement value, string member) =>
        value.TryGetProperty(member, out var text) ? text.ToString() : null;

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await App.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
