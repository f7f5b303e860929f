using System.Collections.Frozen;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>
/// A plain Debian 13 on a disk with several initrds, made once by <c>debian-root.sh</c>: nothing in it knows of the
/// server. Its sshd and systemd-networkd run; it has no key and no password by which to log in.
/// </summary>
public sealed class DebianRoot : IAsyncLifetime
{
    private FrozenDictionary<string, string> paths = FrozenDictionary<string, string>.Empty;

    /// <summary>The image of its disk, one ext4.</summary>
    public string Disk => paths["DISK"];

    /// <summary>Its kernel.</summary>
    public string Kernel => paths["KERNEL"];

    /// <summary>One of its initrds: <c>SYSTEMD</c>, <c>TMPFILES</c>, <c>DRACUT</c> or <c>TOOLS</c>.</summary>
    public string Initrd(string name) => paths[name];

    public async ValueTask InitializeAsync()
    {
        await LabScript.RunAsync("install.sh");
        var lines = await LabScript.RunAsync("debian-root.sh");
        paths = lines.Split('\n').Select(line => line.Split('=', 2))
            .ToFrozenDictionary(pair => pair[0], pair => pair[1]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
