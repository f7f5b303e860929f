using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NetbootServer.Images;
using NetbootServer.Sources.Presets;
using NetbootServer.Sources.Specs;
using NetbootServer.Tests.Sources.Urls;

namespace NetbootServer.Tests.Sources.Presets;

/// <summary>
/// Every preset against a local mirror that is laid out as the preset says: what it names is fetched, pinned, and
/// becomes a version. Whether the real mirrors are laid out so is another matter.
/// </summary>
[Trait("category", "slow")]
public sealed partial class PresetMirrorTests
{
    /// <summary>What each project's page of versions looks like, as far as the preset reads it.</summary>
    private static readonly Dictionary<string, (string Version, string Page)> Pages = new()
    {
        ["alpine"] = ("3.24.1", "---\n-\n  title: \"Netboot\"\n  version: 3.24.1\n  flavor: alpine-netboot\n"),
        ["arch"] = ("2026.11.01", """
            <a href="2026.10.01/">2026.10.01/</a> <a href="2026.11.01/">2026.11.01/</a> <a href="latest/">latest/</a>
            """),
        ["fedora-coreos"] = ("44.20261110.3.0", """{"metal": {"release": "44.20261110.3.0"}}"""),
        ["memtest86plus"] = ("8.10", """
            <a href="/download/v8.9/mt86plus_8.9.binaries.zip">x</a>
            <a href="/download/v8.10/mt86plus_8.10.binaries.zip">binaries</a>
            """),
        ["systemrescue"] = ("13.02", """
            <a href="/releases/12.01/systemrescue-12.01-amd64.iso">old</a>
            <a href="https://fastly-cdn.system-rescue.org/releases/13.02/systemrescue-13.02-amd64.iso">new</a>
            """),
    };

    public static TheoryData<string> Builtin =>
        [.. PresetStore.Read(PresetStore.BuiltinFolder, "builtin").Presets.Keys];

    [Theory]
    [MemberData(nameof(Builtin))]
    public async Task A_preset_s_files_become_a_version(string name)
    {
        var preset = PresetStore.Read(PresetStore.BuiltinFolder, "builtin").Presets[name];
        await using var url = await UrlLab.StartAsync();
        // Every server of the Internet is a folder of the local one.
        var source = Unsigned(Servers().Replace(preset.Source.GetRawText(), "@/"));
        var spec = url.Spec(source, [.. preset.Systems]);
        var version = Pages.GetValueOrDefault(name).Version;
        if (spec.VersionFrom is { } from)
            foreach (var system in preset.Systems)
                url.Host.Put(PathOf(UrlPlaceholders.Fill(from.Url, system, null)),
                    Encoding.UTF8.GetBytes(Pages[name].Page));
        foreach (var system in preset.Systems) PutFiles(url, spec, system, version);
        if (name == "fedora-coreos") url.Wrap("/builds.coreos.fedoraproject.org/streams/stable.json", "[", "{}]");

        var found = await url.FetchAsync(source, [.. preset.Systems]);
        Assert.Equal(version, (string?)found.Provenance["version"]);
        foreach (var system in preset.Systems)
        {
            var recipe = found.Systems[system];
            Assert.Equal(spec.Files.Count(file => file.Role == Roles.Initrd), recipe.Initrds.Length);
            Assert.All(spec.Files.Where(file => file.Name is not null),
                file => Assert.True(recipe.FilesOrNone.ContainsKey(file.Name!)));
            Assert.Equal(spec.KernelArguments.Length, recipe.KernelArguments.Length);
            Assert.All(recipe.KernelArguments, argument => Assert.Null(KernelArgument.Fault(argument)));
            // A file that an argument names is one of the version.
            Assert.All(recipe.KernelArguments.SelectMany(argument => NamedFiles().Matches(argument)),
                match => Assert.True(recipe.FilesOrNone.ContainsKey(match.Groups[1].Value), match.Value));
        }
    }

    /// <summary>What only the real signers can make is left out; signatures have tests of their own.</summary>
    private static string Unsigned(string source)
    {
        var without = JsonNode.Parse(source)!.AsObject();
        without.Remove("signature");
        return without.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private static void PutFiles(UrlLab url, UrlSpec spec, string system, string? version)
    {
        var arm = system == UrlLab.Arm;
        byte[] BytesOf(int i, UrlFileSpec file) => file.Role switch
        {
            Roles.Kernel => arm ? FakeBoot.ArmKernel(i) : FakeBoot.Kernel(i),
            Roles.Efi => BootFiles.Efi(i, arm ? (ushort)0xAA64 : (ushort)0x8664),
            Roles.Initrd => FakeBoot.Initrd(i),
            Roles.Iso => Iso(),
            _ => [.. "hsqs"u8, .. BootFiles.Noise(1000, i)],
        };
        foreach (var files in spec.Files.Index().GroupBy(file => UrlPlaceholders.Fill(file.Item.Url, system, version)))
        {
            var members = files.Where(file => file.Item.Member is not null).ToDictionary(
                file => file.Item.Member!.Replace("*", "810", StringComparison.Ordinal),
                file => BytesOf(file.Index, file.Item));
            url.Host.Put(PathOf(files.Key), members.Count == 0 ? BytesOf(files.First().Index, files.First().Item)
                : files.Key.EndsWith(".zip", StringComparison.Ordinal) ? FakeArchive.Zip(members)
                : FakeArchive.TarGzip(members));
        }
        PutSums(url, spec, system, version);
    }

    /// <summary>The lists, the last of files, those before it of the next list.</summary>
    private static void PutSums(UrlLab url, UrlSpec spec, string system, string? version)
    {
        var of = spec.Files.Where(file => !file.AsFetched).Select(file => file.Url).Distinct().ToList();
        if (spec.SumsFiles is [var own] && UrlPlaceholders.HasFile(own))
        {
            foreach (var file in of.Select(file => UrlPlaceholders.Fill(file, system, version)))
                url.Host.Put(PathOf(UrlPlaceholders.Fill(own, system, version, file)),
                    Encoding.UTF8.GetBytes($"{url.Sha256(PathOf(file))}  {file[(file.LastIndexOf('/') + 1)..]}\n"));
            return;
        }
        if (spec.SumsFiles is [var json] && json.EndsWith(".json", StringComparison.Ordinal))
        {
            url.PutMore(PathOf(json), string.Concat(of.Select(file => UrlPlaceholders.Fill(file, system, version))
                .Select(file => $$"""
                {"release": "{{version}}", "location": "{{file}}", "sha256": "{{url.Sha256(PathOf(file))}}"},
                """)));
            return;
        }
        foreach (var sums in spec.SumsFiles.Reverse())
        {
            var path = PathOf(UrlPlaceholders.Fill(sums, system, version));
            var folder = path[..(path.LastIndexOf('/') + 1)];
            var hash512 = path.EndsWith("sha512", StringComparison.Ordinal);
            var list = new StringBuilder(path.EndsWith("InRelease", StringComparison.Ordinal) ? "SHA256:\n" : "");
            foreach (var file in of.Select(file => PathOf(UrlPlaceholders.Fill(file, system, version))))
            {
                var bytes = url.Host.File(file).Bytes;
                var digest = Convert.ToHexStringLower(hash512 ? SHA512.HashData(bytes) : SHA256.HashData(bytes));
                var name = file.StartsWith(folder, StringComparison.Ordinal) ? file[folder.Length..]
                    : file[(file.LastIndexOf('/') + 1)..];
                list.Append(list.Length > 0 && list[0] == 'S' ? $" {digest} {bytes.Length} {name}\n"
                    : $"{digest}  {name}\n");
            }
            // Systems share some lists.
            url.PutMore(path, list.ToString());
            of = [sums];
        }
    }

    private static byte[] Iso()
    {
        var image = new byte[0x9000];
        "CD001"u8.CopyTo(image.AsSpan(0x8001));
        return image;
    }

    private static string PathOf(string url) => new Uri(url).AbsolutePath;

    [GeneratedRegex("https://")]
    private static partial Regex Servers();

    [GeneratedRegex("\\{\\{ file \"([^\"]+)\" \\}\\}")]
    private static partial Regex NamedFiles();
}
