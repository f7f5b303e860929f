using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Access;
using NetbootServer.Blobs;
using NetbootServer.Boots;
using NetbootServer.Http;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Startup;
using NetbootServer.Storage;

namespace NetbootServer.Tests.Startup;

public sealed class SettingsCheckTests
{
    private static void Check(params (string Key, string? Value)[] settings)
    {
        var services = new ServiceCollection().AddFeatureOptions<ServerOptions>("").AddAccess().AddBlobs().AddImages().AddMachines().AddBoots();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value))).Build();
        SettingsCheck.Run(configuration, services.FeatureSections());
    }

    [Fact]
    public void Every_default_is_good_and_keys_are_taken_in_any_case()
    {
        Check();
        Check(("urls", "http://*:1"), ("MACHINES:UNKNOWN", "local"), ("Kestrel:Limits:MaxConcurrentConnections", "9"), ("environment", "Production"));
    }

    [Theory]
    [InlineData("an unknown setting of a feature", "Machines:Unknow", "wait", "Machines:Unknown")]
    [InlineData("a number that is none", "Machines:MaxDiscovered", "many", "for example Machines:MaxDiscovered=10000")]
    [InlineData("a number out of bounds", "Machines:MaxDiscovered", "0", "for example")]
    [InlineData("a word that is none", "Machines:Unknown", "SHOUT", "wait, local, menu")]
    [InlineData("a time that is none", "Boots:CatalogWait", "-00:00:01", "for example Boots:CatalogWait=00:00:01")]
    [InlineData("a URL that is none", "PublicUrl", "boot.lan", "http")]
    [InlineData("a URL that would break scripts", "PublicUrl", "http://a b/${x}", "http")]
    [InlineData("a cache without a scheme", "Blobs:PublicUrl", "cache.lan", "such as http://cache.example:8081")]
    [InlineData("a cache of another scheme", "Blobs:PublicUrl", "ftp://cache.lan", "http or https")]
    [InlineData("a cache with a query", "Blobs:PublicUrl", "http://cache.lan/x?y=z", "without a query")]
    [InlineData("a cache that would break scripts", "Blobs:PublicUrl", "http://cache.lan/${x}", "http or https")]
    [InlineData("a cache at no port", "Blobs:PublicUrl", "http://cache.lan:99999", "http or https")]
    [InlineData("a way to the disk that is none", "Boots:LocalDisk", "exit", "exit-error, exit-ok or sanboot")]
    [InlineData("a release that cannot be an image", "Images:DefaultReleases", "nixos-26.05,../x", "'../x' must be")]
    [InlineData("a release twice", "Images:DefaultReleases", "nixos-26.05,nixos-26.05", "twice")]
    [InlineData("no data directory", "DataDirectory", "", "for example DataDirectory=data")]
    public void A_setting_that_is(string what, string key, string value, string advice)
    {
        Assert.NotNull(what);
        var failure = Assert.Throws<StartFailure>(() => Check((key, value)));
        Assert.Equal(key, failure.Setting);
        Assert.StartsWith($"Cannot start: {key}={value} — ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(advice, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Theory]
    [InlineData("/dev/null/data")]
    [InlineData("/proc/self")]
    public void A_data_directory_that_cannot_be_written_is_named(string path)
    {
        var failure = Assert.Throws<StartFailure>(() => DataDirectory.Open(path));
        Assert.StartsWith($"Cannot start: DataDirectory={path} — cannot be written", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_database_is_named_without_its_password()
    {
        var failure = Assert.Throws<StartFailure>(() => Settings.RefuseOtherDatabases(new() { Database = "postgres://user:secret@host/db" }));
        Assert.StartsWith("Cannot start: Database=postgres://… — ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
        Settings.RefuseOtherDatabases(new());
    }
}
