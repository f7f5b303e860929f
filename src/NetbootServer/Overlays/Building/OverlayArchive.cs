using System.Collections.Immutable;
using System.Text;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Overlays.Building;

/// <summary>
/// Makes the archive that a machine's initrd takes its files from, in the way that the image understands. The same
/// files give the same bytes.
/// </summary>
internal static class OverlayArchive
{
    /// <summary>Where files lie that are copied to the new root.</summary>
    internal const string Root = "netboot/overlay";

    private const string Units = "etc/systemd/system.control/", Service = "netboot-overlay.service";

    /// <summary>The archive, uncompressed; null when nothing of the overlay goes that way.</summary>
    /// <param name="layout">The image's initrd.</param>
    /// <param name="contents">The overlay.</param>
    /// <param name="withSecrets">Whether what is secret goes with it.</param>
    /// <param name="networks">The interfaces in it.</param>
    /// <param name="carries">
    /// Whether a further archive adds files (<see cref="OverlayPlaces"/>): then what carries them over is there without
    /// any of the overlay, too.
    /// </param>
    public static byte[]? Make(InitrdLayout layout, IEnumerable<OverlayContent> contents, bool withSecrets,
        ImmutableArray<OverlayNetwork> networks, bool carries = false)
    {
        var all = contents.Where(content => content.Item.Delivered == Delivery.Initrd
            && (withSecrets || !(content.Item.Secret || content.GoesWithSecrets))).ToList();
        if (all.Count == 0 && !(carries && (layout.RestoresState || new OverlayPlaces(layout).TakesFiles))) return null;
        var files = all.Where(content => !content.IsPassword)
            .Select(content => (content.Item.Path, content.ModeBits, Content: content.Content())).ToList();
        var password = all.Find(content => content.IsPassword)?.Content();
        var tree = new InitramfsTree(layout);
        switch (layout.Kind)
        {
            case OverlayKind.Systemd: AddUnit(tree, layout, files, password); break;
            case OverlayKind.Tmpfiles when all.Count > 0: AddTmpfiles(tree, files); break;
            case OverlayKind.Creds when all.Count > 0: AddCredentials(tree, files); break;
            case OverlayKind.Dracut:
                AddCopied(tree, layout, files, password);
                tree.Text($"{layout.Place}/99-netboot.sh", Executable,
                    InitrdScripts.Hook("NEWROOT", password is not null));
                break;
            case OverlayKind.InitramfsTools:
                AddCopied(tree, layout, files, password);
                tree.Text("scripts/init-bottom/netboot", Executable,
                    "#!/bin/sh\n" + InitrdScripts.Hook("rootmnt", password is not null));
                tree.Text("scripts/init-bottom/ORDER", Readable, InitrdScripts.Order(layout.Order));
                break;
            case OverlayKind.Shim:
                AddCopied(tree, layout, files, password);
                tree.Text(layout.Place!, Executable, InitrdScripts.Shim(layout.Busybox!, password is not null));
                break;
            case OverlayKind.Plain:
                foreach (var (path, mode, content) in files) tree.File(path[1..], mode, content);
                break;
            default:
                if (!layout.RestoresState) return null;
                break;
        }
        if (layout.RestoresState) AddState(tree, files, networks);
        return tree.ToCpio();
    }

    /// <summary>What an initrd needs so that a further archive can add files; null when it takes none.</summary>
    public static byte[]? Carrier(InitrdLayout layout) => Make(layout, [], withSecrets: false, [], carries: true);

    /// <summary>The first systemd that takes parts of units as credentials (systemd.system-credentials(7)).</summary>
    internal const int DropInsSince = 256;

    private const int Executable = 0x1ED, Readable = 0x1A4, Private = 0x180; // 0755, 0644, 0600

    private static void AddUnit(InitramfsTree tree, InitrdLayout layout,
        List<(string Path, int Mode, byte[] Content)> files, byte[]? password)
    {
        AddCopied(tree, layout, files, password);
        List<string> commands = [InitrdScripts.UnitCopy];
        if (password is not null) commands.Add(InitrdScripts.UnitPassword);
        AddService(tree, InitrdScripts.Unit(commands));
    }

    private static void AddTmpfiles(InitramfsTree tree, List<(string Path, int Mode, byte[] Content)> files)
    {
        tree.Text("netboot/tmpfiles.conf", Private, Tmpfiles.Lines("/sysroot", files));
        AddService(tree, InitrdScripts.Unit(InitrdScripts.UnitTmpfiles));
    }

    private static void AddService(InitramfsTree tree, string unit)
    {
        tree.Text(Units + Service, Readable, unit);
        tree.Link($"{Units}initrd.target.wants/{Service}", $"../{Service}");
    }

    private static void AddCredentials(InitramfsTree tree, List<(string Path, int Mode, byte[] Content)> files)
    {
        tree.Folder(".extra", 0x16D); // 0555
        tree.Folder(".extra/credentials", 0x140); // 0500
        void Add(string name, byte[] content) =>
            tree.File($".extra/credentials/{name}.cred", 0x100, NullCredential.Of(name, content)); // 0400
        foreach (var (path, _, content) in files)
            if (path == "/root/.ssh/authorized_keys") Add("ssh.authorized_keys.root", content);
        // The files are made by systemd-tmpfiles, for which networkd does not wait by itself.
        if (files.Exists(file => file.Path.StartsWith(NetworkUnit.Folder, StringComparison.Ordinal)))
            Add("systemd.unit-dropin.systemd-networkd.service",
                "[Unit]\nAfter=systemd-tmpfiles-setup.service\n"u8.ToArray());
        Add("tmpfiles.extra", Encoding.UTF8.GetBytes(Tmpfiles.Lines("", files)));
    }

    private static void AddCopied(InitramfsTree tree, InitrdLayout layout,
        List<(string Path, int Mode, byte[] Content)> files, byte[]? password)
    {
        tree.Folder("netboot", InitramfsTree.FolderMode("netboot"));
        tree.Folder(Root, InitramfsTree.FolderMode(Root));
        foreach (var (path, mode, content) in files) tree.File(Root + InNewRoot(path, layout), mode, content);
        if (password is null) return;
        tree.File("netboot/password", Private, password);
        tree.Text("netboot/password.sh", Executable, InitrdScripts.Password);
    }

    /// <summary>
    /// A folder cannot be copied over a link: where the initrd has <c>/lib</c> and the like as links below
    /// <c>/usr</c>, its system has, too.
    /// </summary>
    internal static string InNewRoot(string path, InitrdLayout layout)
    {
        var end = path.IndexOf('/', 1);
        return end > 0 && layout.Links.GetValueOrDefault(path[1..end])?.TrimStart('/') is { } target
            && target == $"usr/{path[1..end]}" ? $"/{target}{path[end..]}" : path;
    }

    /// <summary>
    /// What <c>restore-state-from-initrd.service</c> of nixos-images takes from the initramfs's root. It needs the
    /// three files of networks, whatever is in them.
    /// </summary>
    private static void AddState(InitramfsTree tree, List<(string Path, int Mode, byte[] Content)> files,
        ImmutableArray<OverlayNetwork> networks)
    {
        foreach (var (path, mode, content) in files)
        {
            if (path == "/root/.ssh/authorized_keys") tree.File("ssh/authorized_keys", mode, content);
            if (path.StartsWith("/etc/ssh/ssh_host_", StringComparison.Ordinal))
                tree.File($"ssh/{path["/etc/ssh/".Length..]}", mode, content);
            if (path == "/etc/machine-id") tree.File("machine-id", mode, content);
        }
        tree.Text("addrs.json", Readable, NetworkUnit.Addresses(networks));
        tree.Text("routes-v4.json", Readable, NetworkUnit.Routes(networks, v6: false));
        tree.Text("routes-v6.json", Readable, NetworkUnit.Routes(networks, v6: true));
    }
}
