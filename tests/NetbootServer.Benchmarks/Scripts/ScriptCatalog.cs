using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Benchmarks.Scripts;

/// <summary>A catalog of the size of a large site, written straight into a fresh database.</summary>
internal static class ScriptCatalog
{
    /// <summary>Fills a data directory.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="machines">How many machines.</param>
    /// <param name="profiles">How many profiles; every machine matches one of them.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="files">Bytes of the kernel and the initrd; null when nobody will ask for them.</param>
    public static async Task MakeAsync(string directory, int machines, int profiles, CancellationToken ct,
        (long Kernel, long Initrd)? files = null)
    {
        using var data = DataDirectory.Open(directory);
        await using var services = new ServiceCollection()
            .AddLogging().AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddStorage(data).AddBlobs().BuildServiceProvider();
        await using var db = services.GetRequiredService<IDbContextFactory<NetbootDb>>().CreateDbContext();
        await db.Database.MigrateAsync(ct);
        var blobs = services.GetRequiredService<BlobStore>();
        Artifact kernel = new(new string('a', 64), 14_000_000), initrd = new(new string('b', 64), 600_000_000);
        if (files is { } lengths)
            (kernel, initrd) = (await StoreAsync(blobs, lengths.Kernel, ct),
                await StoreAsync(blobs, lengths.Initrd, ct));
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        var now = DateTimeOffset.UtcNow;
        AddImage(db, now, kernel, initrd);
        for (var i = 0; i < profiles; i++)
        {
            var spec = new ProfileSpec
            {
                Image = "bench", Priority = i, After = "repeat", Expects = "auto", KernelArguments = ["console=ttyS0"],
                Selector = ImmutableSortedDictionary<string, string>.Empty.Add("rack", $"r{i}").Add("role", "compute"),
            };
            db.Add(new ProfileRow
            {
                Name = $"profile-{i:00}", Image = "bench", Spec = Json(spec), Revision = 1, CreatedAt = now,
                UpdatedAt = now,
            });
        }
        for (var i = 1; i <= machines; i++)
        {
            var row = new MachineRow
            {
                Id = i, Name = $"node-{i:000000}", State = MachineState.Registered, Revision = 1, Spec = "",
                Search = "",
                CreatedAt = now, UpdatedAt = now,
            };
            row.WriteSpec(new()
            {
                Macs = [MacOf(i).ToString()],
                Labels = ImmutableSortedDictionary<string, string>.Empty.Add("rack", $"r{i % profiles}")
                .Add("role", "compute"),
            });
            db.Add(row);
            db.Add(new MachineMacRow { Mac = MacOf(i).ToString(), MachineId = i });
            if (i % 5000 != 0) continue;
            await db.SaveChangesAsync(ct);
            db.ChangeTracker.Clear();
        }
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>The MAC of the i-th machine.</summary>
    public static MacAddress MacOf(int i) => MacAddress.Parse($"5254{i:x8}");

    /// <summary>What the i-th machine tells, all that iPXE fills in.</summary>
    public static string QueryOf(int i) => $"?mac={MacOf(i).Hyphened}&macs={MacOf(i).Hyphened},,,,,,,"
        + $"&uuid={new Guid(i, 0x4a5b, 0x4c6d, 0x8e, 1, 2, 3, 4, 5, 6, 7)}&serial=SN{i}&asset=&arch=x86_64&platform=efi"
        + "&manufacturer=Dell%20Inc.&product=PowerEdge%20R640&hostname=&ip=10.1.2.3&version=1.21.1&chip=virtio-net"
        + "&mem=262144&sb=00";

    /// <summary>Adds an image whose current version has a kernel and an initrd.</summary>
    public static void AddImage(NetbootDb db, DateTimeOffset now, Artifact kernel, Artifact initrd)
    {
        var systems = ImmutableSortedDictionary<string, SystemRecipe>.Empty.Add("x86_64-linux", new()
        {
            Kernel = kernel, Initrds = [initrd.Named("initrd")],
            KernelArguments = ["init=/nix/store/00000000000000000000000000000000-nixos-system/init", "loglevel=4"],
        });
        var id = ImageVersion.IdOf(systems);
        db.Add(new ImageRow
        {
            Id = 1, Name = "bench", Revision = 1, Current = id, CreatedAt = now, UpdatedAt = now,
            Spec = """{"source":{"type":"upload"},"keep":3,"systems":["x86_64-linux"]}""",
        });
        db.Add(new ImageVersionRow { Sequence = 1, ImageId = 1, Id = id, Systems = Json(systems), CreatedAt = now });
        foreach (var artifact in new[] { kernel, initrd })
            db.Add(new VersionBlobRow { VersionSequence = 1, Sha256 = artifact.Sha256 });
    }

    private static async Task<Artifact> StoreAsync(BlobStore blobs, long length, CancellationToken ct)
    {
        var bytes = new byte[length];
        new Random((int)length).NextBytes(bytes);
        var blob = await blobs.AddAsync(new MemoryStream(bytes), BlobLimits.None, ct);
        return new(blob.Digest.ToString(), length);
    }

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, JsonBody.Writing);
}
