using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace NetbootServer.Tests.Sources;

/// <summary>
/// A release with nixos-images' files on a <see cref="SourceHost"/>: each name redirects to a signed address, the API
/// lists ids and digests, and a new build replaces the files in place.
/// </summary>
public sealed class FakeRelease
{
    private readonly SourceHost _host;
    private readonly SortedDictionary<string, Asset> _assets = new(StringComparer.Ordinal);
    private long _lastId = 1000;

    public FakeRelease(SourceHost host)
    {
        _host = host;
        host.Route("/api/release", async http =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(Json(), SourceHost.Ct);
        });
    }

    public string Url => _host.Url("/releases/download/nixos-unstable");
    public string Api => _host.Url("/api/release");

    /// <summary>Whether the list has digests; GitHub's has none for files from before 2025.</summary>
    public bool Digests { get; set; } = true;

    public static FakeRelease Of(SourceHost host, int seed = 1, params string[] systems)
    {
        var release = new FakeRelease(host);
        foreach (var system in systems.Length == 0 ? ["x86_64-linux"] : systems) release.Publish(system, seed);
        return release;
    }

    /// <summary>Puts all files of a build, in the order in which they are uploaded.</summary>
    public void Publish(string system, int seed)
    {
        var arm = system.StartsWith("aarch64", StringComparison.Ordinal);
        Put(arm ? $"Image-{system}" : $"bzImage-{system}", arm ? FakeBoot.ArmKernel(seed) : FakeBoot.Kernel(seed));
        Put($"initrd-{system}", FakeBoot.Initrd(seed));
        Put($"netboot-{system}.ipxe", FakeBoot.Script(system, InitOf(seed)));
        Put($"nixos-kexec-installer-{system}.tar.gz", FakeBoot.Tarball(seed));
        Put($"nixos-kexec-installer-noninteractive-{system}.tar.gz", FakeBoot.Tarball(seed + 100));
    }

    public static string InitOf(int seed) => $"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-{seed}/init";

    /// <summary>Puts one file, or replaces it: it gets a new id, and the old address by id is gone.</summary>
    public void Put(string name, byte[] bytes, DateTimeOffset? at = null)
    {
        Remove(name);
        var id = ++_lastId;
        var stored = $"/storage/{id}";
        _host.Put(stored, bytes);
        _host.RedirectSigned($"/releases/download/nixos-unstable/{name}", stored);
        _host.RedirectSigned($"/api/assets/{id}", stored);
        _assets[name] = new(id, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)), at
            ?? DateTimeOffset.UnixEpoch);
    }

    public HostedFile Stored(string name) => _host.File($"/storage/{_assets[name].Id}");

    public void Remove(string name)
    {
        if (!_assets.Remove(name, out var old)) return;
        foreach (var path in new[] { $"/releases/download/nixos-unstable/{name}", $"/api/assets/{old.Id}" })
            _host.Route(path, http =>
            {
                http.Response.StatusCode = 404;
                return Task.CompletedTask;
            });
    }

    public void SetState(string name, string state) => _assets[name] = _assets[name] with { State = state };

    /// <summary>Lies about a digest.</summary>
    public void SetDigest(string name, string digest) => _assets[name] = _assets[name] with { Digest = digest };

    public void SetSize(string name, long size) => _assets[name] = _assets[name] with { Size = size };

    public string Sums() => string.Concat(_assets.Select(asset => $"{asset.Value.Digest}  {asset.Key}\n"));

    /// <summary>The release as its API answers it.</summary>
    public string Json() => JsonSerializer.Serialize(new
    {
        id = 1,
        tag_name = "nixos-unstable",
        assets = _assets.Select(asset => new
        {
            id = asset.Value.Id,
            name = asset.Key,
            state = asset.Value.State,
            size = asset.Value.Size,
            digest = Digests ? $"sha256:{asset.Value.Digest}" : null,
            updated_at = asset.Value.At,
            url = _host.Url($"/api/assets/{asset.Value.Id}"),
            browser_download_url = $"{Url}/{asset.Key}",
        }),
    });

    private sealed record Asset(long Id, long Size, string Digest, DateTimeOffset At, string State = "uploaded");
}
