using System.Text.Json;
using NetbootServer.Nix.Nars;
using NetbootServer.Tests.Nix.Nars;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Initrds;

/// <summary>The closure of a NixOS system, as far as booting it as an initrd looks at it.</summary>
/// <param name="cache">The cache that it is put into.</param>
/// <param name="name">The system's name.</param>
internal sealed class FakeSystem(FakeCache cache, string name = "web")
{
    private static readonly string[] Tools = ["chroot", "ln", "mkdir", "rm"];

    public StorePath Bash { get; } = cache.Add("bash", Node.Folder(("bin", Node.Folder(
        ("bash", Node.File("bash", executable: true)), ("sh", Node.Link("bash"))))));

    /// <summary>One program under many names, as coreutils and busybox are.</summary>
    public StorePath Coreutils { get; } = cache.Add("coreutils", Node.Folder(("bin", Node.Folder(
        [.. Tools.Select(tool => (tool, (Node)Node.Link("coreutils"))).Append(
            ("coreutils", Node.File("coreutils", executable: true))).OrderBy(entry => entry.Item1,
            StringComparer.Ordinal)]))));

    public StorePath UtilLinux { get; } = cache.Add("util-linux", Node.Folder(
        ("bin", Node.Folder(("mount", Node.File("mount", executable: true)),
            ("umount", Node.File("umount", executable: true)))),
        ("sbin", Node.Link("bin"))));

    public StorePath Kernel { get; } = cache.Add("linux", Node.Folder(
        ("bzImage", new FileNode(FakeBoot.Kernel(), false)), ("lib", Node.Folder())));

    /// <summary>Puts the system into the cache.</summary>
    /// <param name="prepareRoot">Its file <c>prepare-root</c>; null without one.</param>
    /// <param name="init">Its file <c>init</c>.</param>
    /// <param name="specialisations">Names of specialisations, each with an argument of that name.</param>
    /// <param name="further">Store paths that it needs, too.</param>
    public StorePath Add(string? prepareRoot = null, string? init = null, string[]? specialisations = null,
        StorePath[]? further = null)
    {
        var sw = cache.Add($"system-path-{name}", Node.Folder(("bin", Node.Folder(
            ("mkdir", Node.Link($"{Coreutils}/bin/mkdir"))))), Coreutils, UtilLinux);
        StorePath[] needs = [sw, Kernel, Bash, .. further ?? []];
        init ??= $"#! {Bash}/bin/bash -e\necho stage 2\n";
        var others = (specialisations ?? []).ToDictionary(other => other, other => new Dictionary<string, object>
        {
            ["org.nixos.bootspec.v1"] = Spec(Top($"{name}-{other}", sw, prepareRoot, init, null, needs), other),
        });
        return Top(name, sw, prepareRoot, init, toplevel => JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["org.nixos.bootspec.v1"] = Spec(toplevel, "console=ttyS0"),
            ["org.nixos.specialisation.v1"] = others,
            ["org.example.extension"] = 1,
        }), [.. needs, .. (specialisations ?? []).Select(other => PathOf($"{name}-{other}"))]);
    }

    private StorePath Top(string system, StorePath sw, string? prepareRoot, string init,
        Func<StorePath, string>? bootJson, StorePath[] needs)
    {
        var files = new SortedDictionary<string, Node>(StringComparer.Ordinal)
        {
            ["boot.json"] = Node.File(bootJson?.Invoke(PathOf(system)) ?? "{}"),
            ["init"] = Node.File(init, executable: true),
            ["kernel"] = Node.Link($"{Kernel}/bzImage"),
            ["kernel-params"] = Node.File("root=fstab loglevel=4 console=ttyS0"),
            ["sw"] = Node.Link(sw.ToString()),
        };
        if (prepareRoot is not null) files["prepare-root"] = Node.File(prepareRoot, executable: true);
        return cache.Add(PathOf(system).Name, Node.Folder([.. files.Select(file => (file.Key, file.Value))]), needs);
    }

    private object Spec(StorePath toplevel, string argument) => new
    {
        system = "x86_64-linux", label = "NixOS", toplevel = $"{toplevel}", init = $"{toplevel}/init",
        kernel = $"{Kernel}/bzImage", kernelParams = new[] { "root=fstab", "loglevel=4", argument },
    };

    private static StorePath PathOf(string system) => FakeCache.PathOf($"nixos-system-{system}-26.05");
}
