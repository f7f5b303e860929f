using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Nix.Nars;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Initrds;
using NetbootServer.Tests.Nix.Commands;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Compatibility;

/// <summary>
/// The product with a program that plays Nix, whose store has made-up systems. A configuration is a file with the store
/// path that it builds; while <see cref="Hold"/> holds, builds have read theirs and do not end.
/// </summary>
internal sealed class NixServeHost : IAsyncDisposable
{
    private readonly FakeNix _nix = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-serve-");
    private readonly SourceHost _host;
    private readonly FakeCache _cache;

    private NixServeHost(SourceHost host, Dictionary<string, string?> settings, SetClock? clock)
    {
        (_host, _cache) = (host, new FakeCache(host));
        Directory.CreateDirectory(Profiles);
        Directory.CreateDirectory(Configurations);
        _nix.Play(Script.Replace("URL", _cache.Url, StringComparison.Ordinal));
        App = new(new(settings)
        {
            ["Nix:Path"] = _nix.Command, ["Nix:Store"] = Store, ["Nix:ProfileDirectory"] = Profiles,
            ["Nix:ConfigurationDirectory"] = Configurations, ["Nix:HttpHydras:0"] = Hydra,
            ["Jobs:RetryAfter"] = "00:00:01",
        }, services => services.AddSingleton<TimeProvider>(clock ?? new SetClock()));
    }

    public static Task<NixServeHost> StartAsync(params string[] served) => StartAsync(null, null, served);

    public static async Task<NixServeHost> StartAsync(SetClock? clock, int? keep, params string[] served)
    {
        var settings = served
            .Select((pattern, i) => KeyValuePair.Create($"Nix:ServeCompatibility:{i}", (string?)pattern))
            .ToDictionary();
        if (keep is not null) settings["Nix:KeepServed"] = $"{keep}";
        return new(await SourceHost.StartAsync(), settings, clock);
    }

    public NetbootApp App { get; }

    private string Profiles => Path.Combine(_folder.FullName, "profiles");

    private string Configurations => Path.Combine(_folder.FullName, "configurations");

    private string Store => Path.Combine(_folder.FullName, "store");

    /// <summary>Host and port of the Hydra.</summary>
    public string Hydra => new Uri(_host.Url("/")).Authority;

    /// <summary>Puts a system into the store.</summary>
    public StorePath Add(string name)
    {
        var system = new FakeSystem(_cache, name).Add();
        Unpack(_cache.Nars[system], Store + system);
        return system;
    }

    /// <summary>What is on the disk is what Nix has registered.</summary>
    private static void Unpack(byte[] nar, string path)
    {
        var reader = new NarReader(nar.Length, entry =>
        {
            var place = entry.Path.Length == 0 ? path : Path.Combine(path, entry.Path);
            if (entry.Kind == NarKind.Folder) Directory.CreateDirectory(place);
            else if (entry.Kind == NarKind.Link) File.CreateSymbolicLink(place, entry.Target!);
            else File.WriteAllBytes(place, nar[(int)entry.Offset..(int)(entry.Offset + entry.Size)]);
            if (entry.Kind == NarKind.Executable)
                File.SetUnixFileMode(place, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        });
        reader.Push(nar);
    }

    public void Link(string profile, string target)
    {
        var link = Path.Combine(Profiles, profile);
        File.Delete(link);
        File.CreateSymbolicLink(link, target);
    }

    public void Configure(string name, string text)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Configurations, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "default.nix"), text);
    }

    /// <summary>Gives the Hydra a build.</summary>
    public void Build(string job, StorePath output) => _host.Put($"/job/{job}/latest-finished",
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            id = 7, finished = 1, buildstatus = 0, buildoutputs = new { @out = new { path = $"{output}" } },
        }));

    public void Hold() => File.WriteAllText(Path.Combine(_nix.Folder, "hold"), "");

    public void LetGo() => File.Delete(Path.Combine(_nix.Folder, "hold"));

    /// <summary>How many builds have read their configuration.</summary>
    public int Builds => File.Exists(Path.Combine(_nix.Folder, "read")) ? _nix.Read("read").Count(c => c == '\n') : 0;

    public Task<Answer> GetAsync(string path) => App.Machine.GetAsync(path);

    public async Task<byte[]> BytesAsync(string path) =>
        await (await GetAsync(path)).Is(HttpStatusCode.OK).Message.Content.ReadAsByteArrayAsync();

    /// <summary>Asks again as the scripts say, until one does not wait.</summary>
    public Task<Answer> FollowAsync(string path)
    {
        return Until.AsAsync(async () =>
        {
            var answer = await GetAsync(path);
            if (answer.Status == HttpStatusCode.OK) path = Again(answer);
            return answer;
        }, answer => answer.Status != HttpStatusCode.OK
            || !answer.Text.Contains("Asking again in", StringComparison.Ordinal), $"{path} to be there");
    }

    /// <summary>Where a script asks again.</summary>
    public static string Again(Answer script) => new Uri(script.Text.Split('\n')
        .First(line => line.StartsWith("set nb-again ", StringComparison.Ordinal))["set nb-again ".Length..])
        .PathAndQuery;

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _cache.Dispose();
        await _host.DisposeAsync();
        _nix.Dispose();
        _folder.Delete(recursive: true);
    }

    private const string Script = """
        d=$(dirname "$0"); echo "$(basename "$0") $*" >>"$d/calls"
        narinfo() { curl -sSf "URL/$(basename "$1" | cut -c1-32).narinfo"; }
        nar() { curl -sSf "URL/nar/$(basename "$1" | cut -c1-32).nar"; }
        needs() { narinfo "$1" | sed -n 's/^References: *//p' | tr ' ' '\n' | sed '/^$/d; s#^#/nix/store/#'; }
        all() {
            grep -qx "$1" "$seen" && return
            echo "$1" >>"$seen"
            for p in $(needs "$1"); do all "$p"; done
        }
        case "$*" in
        --version) echo 'nix (Nix) 2.34.8';;
        build*)
            if [ "$2" = --file ]; then
                out=$(cat "$3"); echo "$3" >>"$d/read"
                while [ -e "$d/hold" ]; do sleep 0.05; done
                case $out in /nix/store/*) ;; *) echo "error: $out" >&2; exit 1;; esac
            else out=$2; fi
            while [ "$1" != --out-link ]; do shift; done
            ln -s "$out" "$2"
            echo "[{\"drvPath\":\"$out.drv\",\"outputs\":{\"out\": \"$out\"} }]";;
        --query*) seen=$(mktemp); all "$3"; cat "$seen"; rm "$seen";;
        --dump-db*)
            shift
            for p; do
                case $p in --store) break;; esac
                nar "$p" >"$d/nar.$$"
                printf '%s\n' "$p" "$(sha256sum <"$d/nar.$$" | cut -c1-64)" "$(wc -c <"$d/nar.$$")" ''
                needs "$p" | wc -l; needs "$p"
                rm "$d/nar.$$"
            done;;
        --dump\ *) nar "$2";;
        *) exit 9;;
        esac
        """;
}
