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
    [InlineData("a number that is none", "Machines:MaxDiscovered", "many", "for example Machines:MaxDiscovered=10000")]
    [InlineData("a number out of bounds", "Machines:MaxDiscovered", "0", "for example")]
    [InlineData("a word that is none", "Machines:Unknown", "SHOUT", "wait, local, menu")]
    [InlineData("a time that is none", "Boots:CatalogWait", "-00:00:01", "for example Boots:CatalogWait=00:00:01")]
    [InlineData("a URL that is none", "PublicUrl", "boot.lan", "http")]
    [InlineData("a URL that would break scripts", "PublicUrl", "http://a b/${x}", "http")]
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
    [InlineData("--Access:AdminToken=hunter2", "-x", "hunter2")]
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
