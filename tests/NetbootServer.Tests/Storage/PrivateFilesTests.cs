using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Storage;

public sealed class PrivateFilesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-modes-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string Data => Path.Combine(_folder.FullName, "data");

    [Fact]
    public void A_new_data_directory_is_its_owners_alone()
    {
        using var data = DataDirectory.Open(Data);
        Assert.Equal(("700", "600"), (ModeOf(Data), ModeOf(data.DatabaseFile)));
        Assert.Empty(data.Closed);
    }

    [Theory]
    [InlineData("as the umask 022 leaves it", 0755, 0644, "700", "600")]
    [InlineData("as the umask 002 leaves it", 0775, 0664, "700", "600")]
    [InlineData("open to everybody", 0777, 0666, "700", "600")]
    [InlineData("closed already", 0700, 0600, "700", "600")]
    [InlineData("opened to a group on purpose", 0750, 0640, "750", "640")]
    [InlineData("passed through to the blobs on purpose", 0711, 0644, "711", "600")]
    public void An_old_data_directory(string what, int folder, int file, string folderAfter, string fileAfter)
    {
        Assert.NotNull(what);
        string[] names = ["netboot.db", "netboot.db-wal", "netboot.db-shm", "netboot.db.before-upgrade-from-x"];
        Directory.CreateDirectory(Path.Combine(Data, "logs"));
        Directory.CreateDirectory(Path.Combine(Data, "blobs"));
        foreach (var name in names) File.WriteAllText(Path.Combine(Data, name), "");
        foreach (var name in names) SetMode(Path.Combine(Data, name), file);
        SetMode(Path.Combine(Data, "logs"), folder);
        SetMode(Path.Combine(Data, "blobs"), 0755);
        SetMode(Data, folder);
        using (DataDirectory.Open(Data))
        {
            Assert.Equal(folderAfter, ModeOf(Data));
            Assert.Equal(folderAfter, ModeOf(Path.Combine(Data, "logs")));
            Assert.Equal("755", ModeOf(Path.Combine(Data, "blobs"))); // what lies there is everybody's over HTTP, too
            Assert.All(names, name => Assert.Equal(fileAfter, ModeOf(Path.Combine(Data, name))));
        }
        using var again = DataDirectory.Open(Data);
        Assert.Empty(again.Closed);
    }

    [Fact]
    public void An_empty_folder_that_was_made_for_it_is_its_owners_alone_from_the_first_start()
    {
        Directory.CreateDirectory(Data);
        SetMode(Data, 0755);
        using (DataDirectory.Open(Data)) Assert.Equal("700", ModeOf(Data));
    }

    [Fact]
    public void A_folder_that_is_shared_with_other_things_stays_open()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "somebody-elses"), "");
        SetMode(Data, 0755);
        using (DataDirectory.Open(Data)) Assert.Equal("755", ModeOf(Data));
    }

    [Fact]
    public async Task What_the_running_server_writes_is_its_owners_alone()
    {
        await using var app = new NetbootApp();
        (await app.Admin.PutAsync("/api/v1/machines/m", """{"macs":["525400000001"]}""")).Is(System.Net.HttpStatusCode.Created);
        Assert.Equal("700", ModeOf(app.Data));
        var files = Directory.GetFiles(app.Data, "netboot.db*");
        Assert.Contains(files, file => file.EndsWith("-wal", StringComparison.Ordinal));
        Assert.Contains(files, file => file.EndsWith("-shm", StringComparison.Ordinal));
        Assert.All(files, file => Assert.Equal("600", ModeOf(file)));
    }

    private static string ModeOf(string path) => Convert.ToString((int)File.GetUnixFileMode(path), 8);

    /// <param name="path">What.</param>
    /// <param name="digits">The mode's octal digits, read as decimal ones.</param>
    private static void SetMode(string path, int digits) =>
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32($"{digits}", 8));
}
