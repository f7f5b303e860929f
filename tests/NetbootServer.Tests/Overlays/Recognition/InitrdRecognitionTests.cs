using System.Diagnostics;
using NetbootServer.Archives.Cpio;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Tests.Overlays.Recognition;

/// <summary>Which way an initrd takes files, by the names in it. <c>d/</c> is a folder, <c>a -> b</c> a link.</summary>
public sealed class InitrdRecognitionTests
{
    [Theory]
    [InlineData("systemd of Debian", OverlayKind.Systemd,
        "init -> usr/lib/systemd/systemd", "bin -> usr/bin", "etc/systemd/", "etc/initrd-release", "usr/bin/cp",
        "usr/lib/systemd/libsystemd-core-257.so")]
    [InlineData("systemd of NixOS", OverlayKind.Systemd,
        "init -> /nix/store/x-systemd/lib/systemd/systemd", "nix/store/", "bin/cp",
        "etc/systemd/system -> /nix/store/u")]
    [InlineData("systemd without cp", OverlayKind.Tmpfiles,
        "init -> usr/lib/systemd/systemd", "etc/systemd/", "usr/bin/systemd-tmpfiles")]
    [InlineData("systemd with /etc/systemd as a link", OverlayKind.Tmpfiles,
        "init -> usr/lib/systemd/systemd", "etc/systemd -> /nix/store/e", "usr/bin/cp", "usr/bin/systemd-tmpfiles")]
    [InlineData("systemd 254 with neither", OverlayKind.Creds,
        "init -> usr/lib/systemd/systemd", "usr/lib/systemd/libsystemd-shared-254.so")]
    [InlineData("systemd 252 with neither", OverlayKind.None,
        "init -> usr/lib/systemd/systemd", "usr/lib/systemd/libsystemd-shared-252.so")]
    [InlineData("dracut without systemd", OverlayKind.Dracut,
        "init", "usr/bin/cp", "usr/lib/dracut/hooks -> ../../../var/lib/dracut/hooks",
        "var/lib/dracut/hooks/pre-pivot/")]
    [InlineData("initramfs-tools", OverlayKind.InitramfsTools,
        "init", "usr/bin/busybox", "scripts/functions", "scripts/init-bottom/", "usr/lib/libsystemd-shared-252.so",
        "usr/bin/run-init")]
    [InlineData("Debian's installer", OverlayKind.Plain,
        "init", "bin/busybox", "lib/debian-installer/x", "usr/bin/switch_root -> busybox")]
    [InlineData("a closure", OverlayKind.Plain, "nix/store/x-system/init")]
    [InlineData("an init that stays", OverlayKind.Plain, "init", "bin/busybox", "bin/sh -> busybox")]
    [InlineData("a scripted init with busybox", OverlayKind.Shim,
        "init", "bin/busybox", "bin/switch_root -> busybox")]
    [InlineData("a scripted init of NixOS", OverlayKind.Shim,
        "init -> /nix/store/s-stage-1-init.sh", "nix/store/u/bin/busybox", "nix/store/u/bin/switch_root -> busybox")]
    [InlineData("a scripted init with another switch_root", OverlayKind.None,
        "init", "bin/busybox", "sbin/switch_root")]
    [InlineData("initramfs-tools with nothing that copies", OverlayKind.None,
        "init", "scripts/functions", "scripts/local", "bin/run-init")]
    [InlineData("nothing", OverlayKind.None)]
    public void An_initrd_is_recognized(string what, OverlayKind kind, params string[] entries)
    {
        Assert.NotNull(what);
        var layout = Of(entries);
        Assert.Equal(kind, layout.Kind);
        Assert.NotEmpty(layout.Why);
        Assert.Equal(what.Contains("NixOS", StringComparison.Ordinal) || what == "a closure", layout.IsNixos);
    }

    [Fact]
    public void What_an_archive_depends_on_is_kept()
    {
        var dracut = Of("init", "bin/cp", "var/lib/dracut/hooks/pre-pivot/", "usr/lib/dracut/hooks/pre-pivot/",
            "lib -> usr/lib", "nix/store/a/b -> /c", "a/b/c/d -> /e");
        Assert.Equal("var/lib/dracut/hooks/pre-pivot", dracut.Place);
        Assert.Equal([KeyValuePair.Create("lib", "usr/lib")], dracut.Links);
        var shim = Of("init", "sbin/switch_root -> ../bin/busybox", "usr/bin/busybox", "bin/busybox");
        Assert.Equal(("sbin/switch_root", "/bin/busybox"), (shim.Place, shim.Busybox));
        Assert.Equal(254, Of("init -> lib/systemd/systemd", "usr/lib/systemd/libsystemd-core-254.9.so").Systemd);
        Assert.True(Of("init", "etc/systemd/system/restore-state-from-initrd.service").RestoresState);
        // A later initrd counts.
        Assert.Empty(Of("lib -> usr/lib", "lib/").Links);
    }

    /// <summary>The rules agree with the prototype that was tried on real systems.</summary>
    [Fact]
    public void An_initrd_that_is_made_here_is_recognized_in_the_same_way_after_any_packing()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-recognize-");
        try
        {
            using var process = Process.Start(new ProcessStartInfo("sh",
            [
                "-ec",
                "mkdir -p r/bin r/sbin && cp /bin/true r/bin/busybox && ln -s ../bin/busybox r/sbin/switch_root && " +
                "printf '#!/bin/busybox sh\\n' >r/init && (cd r && find . | cpio -o -H newc --quiet) | zstd -q -c >i",
            ])
            { WorkingDirectory = folder.FullName })!;
            process.WaitForExit();
            using var file = File.OpenRead(Path.Combine(folder.FullName, "i"));
            var recognition = new InitrdRecognition();
            foreach (var entry in new CpioReader(file, CpioLimits.Default, InitrdRecognition.Wants)
                .Entries(TestContext.Current.CancellationToken))
                recognition.Add(entry);
            var layout = recognition.Result();
            Assert.Equal((OverlayKind.Shim, "sbin/switch_root"), (layout.Kind, layout.Place));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    internal static InitrdLayout Of(params string[] entries)
    {
        var recognition = new InitrdRecognition();
        foreach (var entry in entries)
            recognition.Add(entry.Split(" -> ") is [var link, var target]
                ? new(link, 0xA1FF, target.Length) { Text = target }
                : entry.EndsWith('/') ? new(entry[..^1], 0x41ED, 0) : new(entry, 0x81ED, 1));
        return recognition.Result();
    }
}
