using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Sources;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Tests.Sources.Urls;

/// <summary>A mirror and all that a <c>url</c> source needs to fetch from it.</summary>
internal sealed class UrlLab : IAsyncDisposable
{
    public const string X86 = "x86_64-linux", Arm = "aarch64-linux";

    private UrlLab(SourceHost host, SourceLab lab) => (Host, Lab) = (host, lab);

    public SourceHost Host { get; }
    public SourceLab Lab { get; }

    public static async Task<UrlLab> StartAsync(SourceLab? lab = null) =>
        new(await SourceHost.StartAsync(), lab ?? await SourceLab.StartAsync());

    /// <summary>A kernel and an initrd of a build below a folder of the mirror.</summary>
    public void Publish(string folder, int seed = 1)
    {
        Host.Put($"{folder}/linux", FakeBoot.Kernel(seed));
        Host.Put($"{folder}/initrd.gz", FakeBoot.Initrd(seed));
    }

    /// <summary>Puts a list of the SHA-256 of files; names are relative to its folder.</summary>
    public HostedFile PutSums(string path, params string[] names) =>
        Host.Put(path, Encoding.UTF8.GetBytes(string.Concat(names.Select(name =>
            $"{Sha256(path[..(path.LastIndexOf('/') + 1)] + name)} *./{name}\n"))));

    /// <summary>Adds text to a file of the mirror, unless it has that already.</summary>
    public void PutMore(string path, string text)
    {
        var had = _texts.GetValueOrDefault(path, "");
        if (had.Contains(text, StringComparison.Ordinal)) return;
        Host.Put(path, Encoding.UTF8.GetBytes(_texts[path] = had + text));
    }

    /// <summary>Puts text around a file of the mirror.</summary>
    public void Wrap(string path, string before, string after) =>
        Host.Put(path, Encoding.UTF8.GetBytes(before + Encoding.UTF8.GetString(Host.File(path).Bytes) + after));

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    public string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(Host.File(path).Bytes));

    public string Sha512(string path) => Convert.ToHexStringLower(SHA512.HashData(Host.File(path).Bytes));

    /// <summary>Reads a source; <c>@</c> stands for the mirror's address.</summary>
    public UrlSpec Spec(string json, params string[] systems)
    {
        var errors = new ValidationErrors();
        using var document = JsonDocument.Parse(json.Replace("@", Host.Url("").TrimEnd('/'),
            StringComparison.Ordinal));
        var parser = new SourceSpecParser(Lab.Rules.Fault, _ => null, _ => null);
        var spec = parser.Parse(document.RootElement.Clone(), "$.source", SystemsOf(systems), errors);
        Assert.False(errors.Any, errors.Any ? $"{errors.First().Path} {errors.First().Error}" : "");
        return Assert.IsType<UrlSpec>(spec);
    }

    private static ImmutableArray<string> SystemsOf(string[] systems) => systems.Length == 0 ? [X86] : [.. systems];

    public SourceRequest Request(string json, params string[] systems) =>
        SourceLab.Request(Spec(json, systems), [.. SystemsOf(systems)]);

    public Task<SourcedVersion> FetchAsync(SourceRequest request, SourcedVersion? previous = null) =>
        Lab.Url.FetchAsync(previous is null ? request
            : request with { Previous = JsonSerializer.SerializeToElement(previous.Provenance) },
            Lab.Progress, SourceLab.Ct);

    public Task<SourcedVersion> FetchAsync(string json, params string[] systems) =>
        FetchAsync(Request(json, systems));

    /// <summary>How often bodies of a file were sent.</summary>
    public int Bodies(string path) => Host.File(path) is var file && _bodies.TryGetValue(path, out var count)
        ? count : Watch(path, file);

    private readonly Dictionary<string, int> _bodies = new(StringComparer.Ordinal);

    /// <summary>Counts the bodies of a file from now on.</summary>
    public int Watch(string path, HostedFile? file = null)
    {
        _bodies[path] = 0;
        (file ?? Host.File(path)).Write = async (http, rest) =>
        {
            _bodies[path]++;
            await http.Response.Body.WriteAsync(rest, SourceLab.Ct);
        };
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Lab.DisposeAsync();
    }
}
