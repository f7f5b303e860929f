using NetbootServer.Compatibility;

namespace NetbootServer.Tests.Compatibility;

public sealed class DispatchNameTests
{
    [Theory]
    [InlineData("configuration/m1.small")]
    [InlineData("hydra/hydra.nixos.org/nixos/release-26.05/nixos.closures.kde.x86_64-linux")]
    [InlineData("hydra/hydra.lan:3000/p/j/a+b")]
    public void Names_read_back_as_they_are(string path)
    {
        Assert.True(DispatchName.TryParse(path, out var name));
        Assert.Equal(path, $"{name}");
    }

    [Theory]
    [InlineData("configuration/..")]
    [InlineData("configuration/.hidden")]
    [InlineData("configuration/a/b")]
    [InlineData("configuration/")]
    [InlineData("configuration/a b")]
    [InlineData("configuration/-x")]
    [InlineData("profile/web")]
    [InlineData("hydra/user@host/p/j/x")]
    [InlineData("hydra/host:99999999/p/j/x")]
    [InlineData("hydra/host/p/j")]
    [InlineData("hydra/ho%st/p/j/x")]
    [InlineData("")]
    [InlineData(null)]
    public void What_could_name_something_else_is_none(string? path) =>
        Assert.False(DispatchName.TryParse(path, out _));
}
