using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using NetbootServer.Archives.Tar;

namespace NetbootServer.Tests.Archives.Tar;

/// <summary>Composed tarballs, read by the programs that people have.</summary>
public sealed class TarGzipTests : IDisposable
{
    private static readonly byte[] Large = BootFiles.Noise(300_001, 7);

    private static readonly (string Name, int Mode, byte[] Content)[] Files =
    [
        ("kexec/run", 0x1ED, "#!/bin/sh\nexit 0\n"u8.ToArray()),
        ("kexec/empty", 0x1A4, []),
        ("kexec/one", 0x1A4, Large[..1]),
        ("kexec/block", 0x1A4, Large[..65_535]),
        ("kexec/more", 0x1A4, Large[..65_536]),
        ("kexec/initrd", 0x1A4, [.. Large, .. "0707"u8, .. Large[..70_000]]),
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-tar-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("tar", "-xzf-")]
    [InlineData("busybox", "tar", "-xzf-")]
    [InlineData("bsdtar", "-xzf-")]
    public async Task Each_tar_unpacks_it_from_a_pipe(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, [.. arguments, "-C", _folder.FullName])
        {
            RedirectStandardInput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.BaseStream.WriteAsync(Compose(), TestContext.Current.CancellationToken);
        process.StandardInput.Close();
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (process.ExitCode, errors));
        foreach (var (name, mode, content) in Files)
        {
            var path = Path.Combine(_folder.FullName, name);
            Assert.Equal(content, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
            Assert.Equal(mode, (int)File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public void Entries_belong_to_root_and_have_a_fixed_time()
    {
        using var gzip = new GZipStream(new MemoryStream(Compose()), CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        var names = new List<string>();
        while (tar.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
            Assert.Equal((0, 0, 1L), (entry.Uid, entry.Gid, entry.ModificationTime.ToUnixTimeSeconds()));
            Assert.Equal(TarEntryFormat.Ustar, entry.Format);
        }
        Assert.Equal(["kexec/", .. Files.Select(file => file.Name)], names);
        using var rest = new MemoryStream();
        gzip.CopyTo(rest);
        Assert.All(rest.ToArray(), value => Assert.Equal(0, value)); // nothing behind the end of the archive
    }

    [Fact]
    public void A_source_that_changed_is_noticed()
    {
        var bytes = Compose();
        bytes[^1000] ^= 1;
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        Assert.Throws<InvalidDataException>(() => gzip.CopyTo(Stream.Null));
    }

    [Fact]
    public void Long_names_and_files_of_8_GiB_are_refused()
    {
        var tar = new TarGzip<byte[]>();
        Assert.Throws<ArgumentOutOfRangeException>(() => tar.AddFolder(new string('x', 100), 0x1ED));
        Assert.Throws<InvalidDataException>(() => tar.AddFile("large", 0x1A4, TarPart<byte[]>.Of([], 1L << 33, 0)));
    }

    /// <summary>The large files are sources, cut so that blocks of both kinds come up.</summary>
    private static byte[] Compose()
    {
        var tar = new TarGzip<byte[]>();
        tar.AddFolder("kexec", 0x1ED);
        foreach (var (name, mode, content) in Files)
        {
            if (name != "kexec/initrd")
                tar.AddFile(name, mode, content.Length < 100 ? TarPart<byte[]>.Of(content) : SourceOf(content));
            else
                tar.AddFile(name, mode, SourceOf(Large), TarPart<byte[]>.Of("0707"u8.ToArray()),
                    SourceOf(Large[..70_000]));
        }
        using var stream = new MemoryStream();
        foreach (var piece in tar.Finish())
        {
            Assert.Equal(piece.Length, piece.IsLiteral ? piece.Bytes.Length : piece.Length);
            stream.Write(piece.IsLiteral ? piece.Bytes.Span
                : piece.Source.AsSpan((int)piece.Offset, (int)piece.Length));
        }
        return stream.ToArray();
    }

    private static TarPart<byte[]> SourceOf(byte[] bytes) =>
        TarPart<byte[]>.Of(bytes, bytes.Length, Crc32.Append(0, bytes));
}
