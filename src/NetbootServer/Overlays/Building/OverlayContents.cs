using System.Collections.Immutable;
using System.Text;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Overlays.Building;

/// <summary>What a machine's overlay consists of, on an image whose initrd is known.</summary>
/// <param name="secrets">Opens secrets.</param>
/// <param name="hostKeys">Makes host keys.</param>
public sealed class OverlayContents(OverlaySecrets secrets, MachineHostKeys hostKeys)
{
    /// <summary>Where root's keys are.</summary>
    internal const string AuthorizedKeysPath = "/root/.ssh/authorized_keys";

    private const string Shadow = "/etc/shadow";

    /// <summary>
    /// Folders that are links to the store in a NixOS: a folder in their place would take all units away (nixpkgs
    /// setup-etc.pl).
    /// </summary>
    private static readonly string[] StoreFolders =
        ["/etc/systemd/system/", "/etc/systemd/user/", "/etc/udev/rules.d/"];

    /// <summary>Files that NixOS makes of its users.</summary>
    private static readonly string[] UserFiles = ["/etc/passwd", Shadow, "/etc/group"];

    /// <summary>What the API shows.</summary>
    /// <param name="overlay">The merged overlay.</param>
    /// <param name="layout">The image's initrd.</param>
    /// <param name="owner">The machine.</param>
    public ImmutableArray<OverlayItem> ItemsOf(Overlay? overlay, InitrdLayout layout, HostKeyOwner owner) =>
        [.. Of(overlay, layout, owner).Select(content => content.Item)];

    /// <summary>Kernel arguments that deliver parts of it.</summary>
    public static ImmutableArray<string> ArgumentsOf(Overlay? overlay, InitrdLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var arguments = ImmutableArray.CreateBuilder<string>();
        if (overlay?.Hostname is { } name && NeedsArgument(layout)) arguments.Add($"systemd.hostname={name}");
        if (overlay?.MachineId is { } id && IsTooLate(layout)) arguments.Add($"systemd.machine_id={id}");
        return arguments.DrainToImmutable();
    }

    /// <summary>Whether the initrd takes something of it, secret or not.</summary>
    public static bool HasFiles(Overlay? overlay, InitrdLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return overlay is not null && layout.Kind != OverlayKind.None && (overlay.AuthorizedKeys is { IsEmpty: false }
            || overlay.HostKeys is not null || overlay.RootPasswordHash is not null
            || overlay.Network is { IsEmpty: false } || overlay.Files is { IsEmpty: false }
            || (overlay.MachineId is not null && !IsTooLate(layout))
            || (overlay.Hostname is not null && !NeedsArgument(layout)));
    }

    /// <summary>All of it.</summary>
    internal IEnumerable<OverlayContent> Of(Overlay? overlay, InitrdLayout layout, HostKeyOwner owner)
    {
        if (overlay is null) yield break;
        if (overlay.Hostname is { } name)
            yield return NeedsArgument(layout)
                ? Argued("/etc/hostname", name, $"systemd.hostname={name}", layout.IsNixos
                    ? "NixOS writes /etc/hostname itself; systemd.hostname= comes over it" : NoFiles(layout))
                : Plain("/etc/hostname", "0644", name + "\n", layout);
        if (overlay.MachineId is { } id)
            yield return IsTooLate(layout)
                ? Argued("/etc/machine-id", id, $"systemd.machine_id={id}", NoFiles(layout))
                : Plain("/etc/machine-id", "0444", id + "\n", layout);
        if (overlay.AuthorizedKeys is { IsEmpty: false } keys)
            yield return Plain(AuthorizedKeysPath, "0600", string.Concat(keys.Select(key => key + "\n")),
                layout);
        if (overlay.HostKeys is { } wanted)
            foreach (var key in hostKeys.FilesOf(wanted, owner))
            {
                var path = $"/etc/ssh/ssh_host_{key.Type}_key";
                yield return new(ItemOf(path, "0600", key.SizeBytes, true, layout), key.Private);
                yield return Plain(path + ".pub", "0644", key.Public + "\n", layout) with { GoesWithSecrets = true };
            }
        if (overlay.RootPasswordHash is { } hash) yield return Password(hash, layout);
        foreach (var network in overlay.Network ?? [])
            yield return Plain(NetworkUnit.PathOf(network), "0644", NetworkUnit.Text(network), layout,
                "read by systemd-networkd, where that runs");
        foreach (var file in overlay.Files ?? [])
            yield return new(ItemOf(file.Path, file.Mode, file.SizeBytes, file.Hidden is not null, layout),
                () => file.Hidden is { } hidden ? secrets.Open(hidden) : file.Bytes());
    }

    /// <summary>
    /// A hostname that NixOS would replace, or that no file can bring, stands on the kernel's command line: it is no
    /// secret.
    /// </summary>
    private static bool NeedsArgument(InitrdLayout layout) => layout.IsNixos || IsTooLate(layout);

    /// <summary>
    /// Whether files come after systemd has read what names the machine, or not at all: it makes files of credentials
    /// when it has started already.
    /// </summary>
    private static bool IsTooLate(InitrdLayout layout) => layout.Kind is OverlayKind.None or OverlayKind.Creds;

    private static OverlayContent Argued(string path, string value, string argument, string why) =>
        new(new(path, "0644", value.Length + 1, false, Delivery.Argument, why), () => Bytes(value + "\n"), argument);

    private static OverlayContent Plain(string path, string mode, string text, InitrdLayout layout, string? why = null)
    {
        var bytes = Bytes(text);
        return new(ItemOf(path, mode, bytes.Length, false, layout, why), () => bytes);
    }

    private OverlayContent Password(OverlaySecret hash, InitrdLayout layout)
    {
        var why = layout switch
        {
            { Kind: OverlayKind.None } => NoFiles(layout),
            { IsNixos: true } => "NixOS writes /etc/shadow itself: give root keys (authorizedKeys), or set the " +
                "password in its configuration",
            { Kind: OverlayKind.Plain } => "the system runs in the initrd, whose own /etc/shadow nothing can change",
            { Kind: OverlayKind.Tmpfiles or OverlayKind.Creds } or { Kind: OverlayKind.Systemd, HasShell: false } =>
                "the initrd has no shell that could change the system's /etc/shadow",
            _ => null,
        };
        return new(new(Shadow, "0600", hash.SizeBytes, true, why is null ? Delivery.Initrd : Delivery.No,
            why ?? "only root's password in it is changed"), () => secrets.Open(hash))
        { IsPassword = true };
    }

    private static OverlayItem ItemOf(
        string path, string mode, int size, bool secret, InitrdLayout layout, string? why = null)
    {
        var no = layout.Kind == OverlayKind.None ? NoFiles(layout)
            : layout is { Kind: OverlayKind.Creds, Systemd: < OverlayArchive.DropInsSince }
                && path.StartsWith(NetworkUnit.Folder, StringComparison.Ordinal)
                ? $"systemd {layout.Systemd} writes the file of a credential after systemd-networkd has read its " +
                    $"units; since {OverlayArchive.DropInsSince} that can be put in order"
            : !layout.IsNixos ? null
            : StoreFolders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal))
                ? "NixOS has a link to its store there, and a folder in its place would take everything else in it " +
                    "away: put units in /etc/systemd/system.control"
            : UserFiles.Contains(path) ? "NixOS makes it of its configuration"
            : null;
        return new(path, mode, size, secret, no is null ? Delivery.Initrd : Delivery.No, no ?? why);
    }

    private static string NoFiles(InitrdLayout layout) => layout.Kind == OverlayKind.Creds
        ? "the system writes the file of a credential, after it has read what it is called"
        : $"the initrd takes no files: it {layout.Why}";

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
