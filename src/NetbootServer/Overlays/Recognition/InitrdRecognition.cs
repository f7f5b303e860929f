using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using NetbootServer.Archives.Cpio;

namespace NetbootServer.Overlays.Recognition;

/// <summary>
/// Tells by the names in initrds how they take a machine's files. Entries go through it one by one, the initrds in
/// their order; of what stands there twice the later counts, as for the kernel.
/// </summary>
public sealed partial class InitrdRecognition
{
    private const int MaxLinks = 512, MaxLinkDepth = 3;
    private readonly SortedDictionary<string, string> _links = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _hooks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CpioEntry> _switchers = new(StringComparer.Ordinal);
    private CpioEntry? _init, _etcSystemd;
    private string? _busybox, _order;
    private int? _version;
    private bool _any, _release, _systemd, _cp, _tmpfiles, _shell, _functions, _bottom, _installer, _nix, _restores;

    /// <summary>Files whose content decides, too.</summary>
    public static bool Wants(string path) => path == OrderPath;

    /// <summary>Takes an entry.</summary>
    public void Add(CpioEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var path = entry.Path;
        _any |= path.Length > 0;
        switch (path)
        {
            case "init": _init = entry; break;
            case "etc/systemd": _etcSystemd = entry; break;
            case "etc/initrd-release" or "usr/lib/initrd-release": _release = true; break;
            case "scripts/functions": _functions = true; break;
            case "scripts/init-bottom" or "scripts/local": _bottom = true; break;
            case OrderPath: _order = entry.Text; break;
            case "var/lib/dpkg/info/preseed-common.postinst": _installer = true; break;
        }
        _nix |= path.StartsWith("nix/store", StringComparison.Ordinal);
        Look(path, entry);
        if (entry is { IsSymlink: true, Text: { } target } && !path.StartsWith("nix/", StringComparison.Ordinal)
            && path.AsSpan().Count('/') < MaxLinkDepth && (_links.Count < MaxLinks || _links.ContainsKey(path)))
            _links[path] = target;
        else if (entry.IsDirectory) _links.Remove(path);
    }

    /// <summary>What the entries amount to.</summary>
    public InitrdLayout Result()
    {
        var layout = Decide();
        return layout with
        {
            Systemd = layout.Kind is OverlayKind.Systemd or OverlayKind.Tmpfiles or OverlayKind.Creds ? _version : null,
            IsNixos = _nix,
            RestoresState = _restores,
            HasShell = _shell,
            IsDebianInstaller = _installer,
            Links = _links.ToImmutableSortedDictionary(StringComparer.Ordinal),
        };
    }

    private const string OrderPath = "scripts/init-bottom/ORDER";

    private void Look(string path, CpioEntry entry)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        var isProgram = path.EndsWith($"bin/{name}", StringComparison.Ordinal);
        switch (name)
        {
            case "cp" when isProgram: _cp = true; break;
            case "systemd-tmpfiles" when isProgram: _tmpfiles = true; break;
            case "sh" when path is "bin/sh" or "usr/bin/sh": _shell = true; break;
            case "systemd" when path.EndsWith("lib/systemd/systemd", StringComparison.Ordinal): _systemd = true; break;
            case "busybox" when entry.IsFile || path == "bin/busybox":
                if (_busybox is null || path == "bin/busybox") _busybox = path;
                break;
            case "switch_root" or "run-init": _switchers[path] = entry; break;
            case "pre-pivot" when entry.IsDirectory
                && path.EndsWith("dracut/hooks/pre-pivot", StringComparison.Ordinal):
                _hooks.Add(path);
                break;
        }
        if (path.Contains("lib/debian-installer", StringComparison.Ordinal)) _installer = true;
        if (name.StartsWith("restore-state-from-initrd", StringComparison.Ordinal)) _restores = true;
        if (Library().Match(name) is { Success: true } library)
            _version = int.Parse(library.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    private InitrdLayout Decide()
    {
        if (!_any) return InitrdLayout.Without("is empty");
        var init = _init?.Text ?? "";
        if (init.Contains("systemd", StringComparison.Ordinal) || (_release && _systemd)) return OfSystemd();
        if (_hooks.Count > 0)
            return new()
            {
                Kind = OverlayKind.Dracut, Why = "is one of dracut without systemd",
                Place = _hooks.FirstOrDefault(path => path.StartsWith("var/", StringComparison.Ordinal)) ?? _hooks.Min,
            };
        if (_functions && _bottom && !_cp && _busybox is null)
            return InitrdLayout.Without("is one of initramfs-tools without busybox, which has nothing that copies");
        if (_functions && _bottom)
            return new() { Kind = OverlayKind.InitramfsTools, Why = "is one of initramfs-tools", Order = _order };
        if (_installer) return new() { Kind = OverlayKind.Plain, Why = "is Debian's installer" };
        if (_init is null) return new() { Kind = OverlayKind.Plain, Why = "has no /init: its system runs in it" };
        if (_switchers.Count == 0)
            return new() { Kind = OverlayKind.Plain, Why = "has nothing that leaves it: its system runs in it" };
        var places = _switchers.Where(link => link.Value.Text?.Contains("busybox", StringComparison.Ordinal) == true);
        if (_busybox is { } busybox && places.Select(link => link.Key).Order(StringComparer.Ordinal).FirstOrDefault()
            is { } place)
            return new()
            {
                Kind = OverlayKind.Shim, Why = $"switches to its system by busybox ({place})", Place = place,
                Busybox = "/" + busybox,
            };
        return InitrdLayout.Without("switches to its system in a way that is not known");
    }

    private InitrdLayout OfSystemd()
    {
        var version = _version is { } number ? $" {number}" : "";
        if (_cp && _etcSystemd is not { IsSymlink: true })
            return new() { Kind = OverlayKind.Systemd, Why = $"runs systemd{version} and has cp" };
        if (_tmpfiles)
            return new() { Kind = OverlayKind.Tmpfiles, Why = $"runs systemd{version} and has systemd-tmpfiles" };
        return _version is null or >= CredentialsSince
            ? new() { Kind = OverlayKind.Creds, Why = $"runs systemd{version}, which takes credentials" }
            : InitrdLayout.Without($"runs systemd{version}, which takes no credentials yet, and has no cp");
    }

    /// <summary>The first version that takes over <c>/run/credentials/@initrd</c>.</summary>
    private const int CredentialsSince = 254;

    [GeneratedRegex(@"\Alibsystemd-(?:core|shared)-(\d{1,4})")]
    private static partial Regex Library();
}
