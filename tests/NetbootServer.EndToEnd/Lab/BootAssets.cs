using System.Collections.Frozen;

[assembly: System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Scope = "type",
    Target = "~T:NetbootServer.EndToEnd.Lab.BootCollection", Justification = "xUnit's own word for it")]

namespace NetbootServer.EndToEnd.Lab;

/// <summary>The two builds of iPXE that machines in the field run: Debian 12's and Debian 13's.</summary>
public enum IpxeBuild
{
    /// <summary>1.0.0+git-20190125.</summary>
    Of2019,

    /// <summary>1.21.1+git20250501.</summary>
    Of2025,
}

/// <summary>Boots take turns: two QEMUs at once would only slow each other down.</summary>
[CollectionDefinition(Name)]
public sealed class BootCollection : ICollectionFixture<BootAssets>
{
    public const string Name = "Boots";
}

/// <summary>
/// What test machines boot, installed and fetched once by <c>install.sh</c>, <c>assets.sh</c> and <c>initrd.sh</c>.
/// Where that is impossible every test that asks for it fails and says what to install; none is skipped.
/// </summary>
public sealed class BootAssets : IAsyncLifetime
{
    private FrozenDictionary<string, string> paths = FrozenDictionary<string, string>.Empty;

    /// <summary>A Linux kernel (bzImage).</summary>
    public string Kernel => paths["KERNEL"];

    /// <summary>A static busybox.</summary>
    public string Busybox => paths["BUSYBOX"];

    /// <summary>What checks Prometheus' alerts.</summary>
    public string PromTool => paths["PROMTOOL"];

    /// <summary>UEFI firmware, read-only.</summary>
    public string OvmfCode => paths["OVMF_CODE"];

    /// <summary>The template of the UEFI firmware's variables; each machine gets a copy.</summary>
    public string OvmfVars => paths["OVMF_VARS"];

    /// <summary>iPXE as a Linux kernel image, for QEMU's <c>-kernel</c>.</summary>
    public string Lkrn(IpxeBuild build) => Of("LKRN", build);

    /// <summary>iPXE as a UEFI program with its own network drivers.</summary>
    public string Efi(IpxeBuild build) => Of("EFI", build);

    /// <summary>iPXE as a UEFI program that uses the firmware's network driver.</summary>
    public string SnpOnly(IpxeBuild build) => Of("SNPONLY", build);

    /// <summary>iPXE as a BIOS PXE program that uses the firmware's network driver.</summary>
    public string UndiOnly(IpxeBuild build) => Of("UNDIONLY", build);

    /// <summary>iPXE as the option ROM of a virtio network card.</summary>
    public string Rom(IpxeBuild build) => Of("ROM", build);

    /// <summary>
    /// The lab's initrd, with so many MiB of incompressible bytes in it: <c>/extra/pad</c>, whose digest the guest
    /// prints.
    /// </summary>
    /// <param name="mebibytes">MiB of them.</param>
    /// <param name="switches">Whether its system leaves the initramfs for a root of its own.</param>
    public static async Task<LabInitrd> InitrdAsync(int mebibytes = 0, bool switches = false)
    {
        var path = await LabScript.RunAsync("initrd.sh", $"{mebibytes}", switches ? "switch" : "one");
        var sums = await File.ReadAllLinesAsync(Path.ChangeExtension(path, ".sums"));
        return new LabInitrd(path, sums.ToFrozenDictionary(line => "/" + line[66..], line => line[..64]));
    }

    /// <summary>The initrd of the kexec tests, with so many KiB of incompressible bytes in it.</summary>
    public static Task<string> KexecInitrdAsync(int kibibytes) => LabScript.RunAsync("kexec.sh", $"{kibibytes}");

    public async ValueTask InitializeAsync()
    {
        await LabScript.RunAsync("install.sh");
        var lines = await LabScript.RunAsync("assets.sh");
        paths = lines.Split('\n').Select(line => line.Split('=', 2))
            .ToFrozenDictionary(pair => pair[0], pair => pair[1]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string Of(string piece, IpxeBuild build) => paths[$"{piece}_{(build == IpxeBuild.Of2019 ? 2019 : 2025)}"];
}

/// <summary>An initrd and the SHA-256 (hex) of each file under <c>/extra</c> in it.</summary>
public sealed record LabInitrd(string Path, FrozenDictionary<string, string> ExtraDigests)
{
    public long SizeBytes => new FileInfo(Path).Length;

    /// <summary>The console lines in which the guest proves that all of the initrd arrived.</summary>
    public IEnumerable<string> Proofs => ExtraDigests.Select(extra => $"MARKER extra {extra.Key} {extra.Value[..16]}");
}
