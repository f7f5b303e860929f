using System.Diagnostics;
using NetbootServer.Hosting;

namespace NetbootServer.Benchmarks.Files;

/// <summary>The product, as it runs for everybody, on the test file's data directory.</summary>
internal sealed class ProductServer(string name, TestFile file, params (string Name, string Value)[] settings)
    : Server(name)
{
    public override string PathOf(TestFile file) => $"/blobs/{file.Digest}/file";

    public override string PathOfPieces(TestFile file) => $"/blobs/{file.PiecesDigest}/file";

    protected override ProcessStartInfo Command()
    {
        var command = new ProcessStartInfo("dotnet", [typeof(ServerOptions).Assembly.Location]);
        var foreign = command.Environment.Keys.Where(key => key.StartsWith("NETBOOT_", StringComparison.Ordinal));
        foreach (var key in foreign.ToList())
            command.Environment.Remove(key);
        command.Environment["NETBOOT_Urls"] = $"http://127.0.0.1:{Port}";
        command.Environment["NETBOOT_DataDirectory"] = file.Folder;
        command.Environment["NETBOOT_Access__AdminToken"] = "benchmark-only-token";
        foreach (var (key, value) in settings)
            command.Environment["NETBOOT_" + key.Replace(":", "__", StringComparison.Ordinal)] = value;
        return command;
    }
}
