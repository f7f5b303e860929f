using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NetbootServer.Access;
using NetbootServer.Blobs;
using NetbootServer.Boots;
using NetbootServer.Downloads;
using NetbootServer.Hosting;
using NetbootServer.Hosting.Logging;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Machines;
using NetbootServer.Serving.Bodies;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Hosting;

public sealed class SettingsCheckTests
{
    private static void Check(params (string Key, string? Value)[] settings)
    {
        var services = new ServiceCollection().AddFeatureOptions<ServerOptions>("").AddAccess().AddBlobs().AddImages()
            .AddMachines().AddBoots().AddBodies();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value))).Build();
        SettingsCheck.Run(configuration, services.FeatureSections());
    }

    [Fact]
    public void Every_default_is_good_and_keys_are_taken_in_any_case()
    {
        Check();
        Check(("urls", "http://*:1"), ("MACHINES:UNKNOWN", "local"), ("Kestrel:Limits:MaxConcurrentConnections", "9"),
            ("environment", "Production"));
    }

    [Theory]
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
    [InlineData("a size that is none", "Blobs:MaxBytes", "much", "for example Blobs:MaxBytes=500GiB")]
    [InlineData("a size with a unit of none", "Blobs:MinFreeBytes", "5GX", "for example Blobs:MinFreeBytes=1GiB")]
    [InlineData("a size beyond all numbers", "Blobs:MaxBytes", "9999999EiB", "for example Blobs:MaxBytes=500GiB")]
    [InlineData("a size that is a rate", "Blobs:MaxBytes", "5GiB/s", "for example Blobs:MaxBytes=500GiB")]
    [InlineData("a rate that is none", "Http:MaxBytesPerSecond", "fast", "for example Http:MaxBytesPerSecond=1Gbit/s")]
    [InlineData("a rate of bits or bytes", "Http:MaxBytesPerSecond", "10Mb/s", "for example")]
    [InlineData("a number with a unit", "Blobs:MaxBootDownloads", "8k", "for example Blobs:MaxBootDownloads=64")]
    [InlineData("a list of networks", "Access:TrustedProxies", "lan", "for example Access:TrustedProxies=10.0.0.0/8")]
    [InlineData("a flag that is none", "Images:Defaults", "maybe", "for example Images:Defaults=true")]
    public void A_setting_that_is(string what, string key, string value, string advice)
    {
        Assert.NotNull(what);
        var failure = Assert.Throws<StartFailure>(() => Check((key, value)));
        Assert.Equal(key, failure.Setting);
        Assert.StartsWith($"Cannot start: {key}={value} — ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(advice, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public async Task Every_setting_has_an_example_and_each_is_good()
    {
        await using var app = new NetbootApp();
        var features = app.Services.GetServices<FeatureSection>().ToList();
        foreach (var feature in features)
            foreach (var property in feature.Options.GetProperties()
                .Where(p => p.Name is not ("Database" or "ScrubSchedule")))
            {
                var (key, example) = (feature.KeyOf(property.Name), SettingsCheck.Example(feature, property));
                Assert.True(example.Length > 0,
                    $"{key} has no example for those who write something wrong: add [Example]");
                SettingsCheck.Run(new ConfigurationBuilder().AddInMemoryCollection([new(key, example)]).Build(),
                    features);
            }
    }

    [Fact]
    public async Task An_empty_cache_URL_means_none()
    {
        await using var app = new NetbootApp(new() { ["Blobs:PublicUrl"] = "" });
        Assert.Null(app.Services.GetRequiredService<IOptions<BlobsOptions>>().Value.CacheUrl());
    }

    [Fact]
    public async Task Sizes_and_rates_take_units_in_every_feature_and_plain_numbers_go_on_working()
    {
        await using var app = new NetbootApp(new()
        {
            ["Blobs:MaxBytes"] = "5GiB", ["Http:MaxBytesPerSecond"] = "10MB/s",
            ["Http:MaxBytesPerSecondPerMachine"] = "100Mbit/s", ["Jobs:MaxLogBytes"] = "2 MiB",
            ["Images:MinBytesPerSecond"] = "4KiB/s", ["Images:MaxArtifactBytes"] = "1000000",
            ["Machines:MaxImportBytes"] = "64M",
            ["log:maxfilebytes"] = "1.5MB",
        });
        T Of<T>() where T : class => app.Services.GetRequiredService<IOptions<T>>().Value;
        Assert.Equal(5L << 30, Of<BlobsOptions>().MaxBytes);
        Assert.Equal(10_000_000, Of<BodyOptions>().MaxBytesPerSecond);
        Assert.Equal(12_500_000, Of<BodyOptions>().MaxBytesPerSecondPerMachine);
        Assert.Equal(2 << 20, Of<JobsOptions>().MaxLogBytes);
        Assert.Equal(4096, Of<SourcesOptions>().MinBytesPerSecond);
        Assert.Equal(1_000_000, Of<SourcesOptions>().MaxArtifactBytes);
        Assert.Equal(64 << 20, Of<MachinesOptions>().MaxImportBytes);
        Assert.Equal(1_500_000, Of<LogOptions>().MaxFileBytes);
    }

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("5GiB", 5L << 30)]
    [InlineData("5 gib", 5L << 30)]
    [InlineData("5GB", 5_000_000_000L)]
    [InlineData("5gb", 5_000_000_000L)]
    [InlineData("5G", 5L << 30)]
    [InlineData("64k", 64L << 10)]
    [InlineData("12B", 12L)]
    [InlineData("1.5KiB", 1536L)]
    [InlineData("7EiB", 7L << 60)]
    [InlineData("8EiB", null)]
    [InlineData("5Gb", null)]
    [InlineData("5GiB/s", null)]
    [InlineData("1Gbit", null)]
    [InlineData("-5GiB", null)]
    [InlineData("5 Gi B", null)]
    [InlineData("1,5GiB", null)]
    [InlineData("GiB", null)]
    [InlineData("", null)]
    public void A_size_is(string text, long? bytes) => Assert.Equal(bytes, ByteSize.Parse(text, isRate: false));

    [Theory]
    [InlineData("10MB/s", 10_000_000L)]
    [InlineData("10MiB/s", 10L << 20)]
    [InlineData("10MB", 10_000_000L)]
    [InlineData("1Gbit/s", 125_000_000L)]
    [InlineData("100Mbit", 12_500_000L)]
    [InlineData("1024", 1024L)]
    [InlineData("10Mb/s", null)]
    [InlineData("10MB/min", null)]
    public void A_rate_is(string text, long? bytes) => Assert.Equal(bytes, ByteSize.Parse(text, isRate: true));

    [Theory]
    [InlineData("Machines:Unknow", "Machines:Unknown")]
    [InlineData("Access:AdminTokn", "Access:AdminToken")]
    [InlineData("AdminToken", "Access:AdminToken")]
    [InlineData("Access_AdminToken", "Access:AdminToken")]
    public void The_value_of_a_mistyped_setting_is_not_shown(string key, string meant)
    {
        var failure = Assert.Throws<StartFailure>(() => Check((key, "hunter2hunter2hunter2")));
        Assert.StartsWith($"Cannot start: {key}=(hidden) — ", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"did you mean {meant}?", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PublicUrl", "http://user:hunter2@boot.lan", "http://user:(hidden)@boot.lan")]
    [InlineData("PublicUrl", "http://user:hun/ter@hunter2@boot.lan:8080", "hidden")]
    [InlineData("Machines:Unknown", "a\u202Eb\nCannot start: x", "Machines:Unknown=a\\u202eb\\u000aCannot")]
    public void A_bad_value_is_shown_without_passwords_and_in_one_line(string key, string value, string shown)
    {
        var failure = Assert.Throws<StartFailure>(() => Check((key, value)));
        Assert.Contains(shown, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-Access:AdminToken=hunter2")]
    [InlineData("--Access:AdminToken=hunter2", "-x=hunter2")]
    public void A_command_line_that_cannot_be_read_is_not_shown(params string[] arguments)
    {
        var failure = Assert.Throws<StartFailure>(() => Settings.Read(arguments));
        Assert.StartsWith("Cannot start: command line=-", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev/null/data")]
    [InlineData("/proc/self")]
    public void A_data_directory_that_cannot_be_written_is_named(string path)
    {
        var failure = Assert.Throws<StartFailure>(() => DataDirectory.Open(path));
        Assert.StartsWith($"Cannot start: DataDirectory={path} — cannot be written", failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_database_is_named_without_its_password()
    {
        var failure = Assert.Throws<StartFailure>(() =>
            Settings.RefuseOtherDatabases(new() { Database = "postgres://user:secret@host/db" }));
        Assert.StartsWith("Cannot start: Database=postgres://… — ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
        Settings.RefuseOtherDatabases(new());
    }
}
