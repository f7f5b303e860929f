using NetbootServer.Sources.Urls;

namespace NetbootServer.Tests.Sources.Urls;

public sealed class VersionOrderTests
{
    [Theory]
    [InlineData("1.9", "1.10")]
    [InlineData("26.05", "26.11")]
    [InlineData("42.20250901.3.0", "42.20251012.3.0")]
    [InlineData("2026.11.01", "2026.12.01")]
    [InlineData("1.0-rc1", "1.0")]
    [InlineData("1.0-alpha.2", "1.0-beta.1")]
    [InlineData("2.0.0-rc.2", "2.0.0-rc.10")]
    [InlineData("1.0~beta1", "1.0")]
    [InlineData("1.0~~", "1.0~")]
    [InlineData("6.12", "6.12-2")]
    [InlineData("6.12", "6.12a")]
    [InlineData("6.12a", "6.12.1")]
    [InlineData("9", "99999999999999999999999999999999")]
    [InlineData("99999999999999999999999999999998", "99999999999999999999999999999999")]
    [InlineData("v1.10.0-RC1", "v1.10.0")]
    [InlineData("1.0a1", "1.0")]
    [InlineData("1.0a2", "1.0b1")]
    [InlineData("1.0-M3", "1.0-RC1")]
    [InlineData("1.0-milestone.1", "1.0")]
    [InlineData("1.0-test1", "1.0")]
    [InlineData("1.0-testing", "1.0")]
    [InlineData("1.0-nightly", "1.0")]
    [InlineData("1.0-devel", "1.0")]
    [InlineData("1.0-RC1", "1.0-rc2")]
    [InlineData("1.0-rc1", "1.0-RC2")]
    [InlineData("6.12A", "6.12b")]
    public void The_left_is_older(string left, string right)
    {
        Assert.True(VersionOrder.Instance.Compare(left, right) < 0, $"{left} < {right}");
        Assert.True(VersionOrder.Instance.Compare(right, left) > 0, $"{right} > {left}");
        Assert.Equal(0, VersionOrder.Instance.Compare(left, left));
    }

    [Fact]
    public void Sorting_any_versions_comes_to_an_end_that_is_the_same()
    {
        string[] all =
        [
            "1", "1.0", "1.0~", "1.0-rc", "01", "1a", "1-", "a", "~", "", "1.0.0", "1..0", "rc", "beta2", "1a1", "1B",
            "1b", "M2", "RC", "1.0-RC",
        ];
        var sorted = all.Order(VersionOrder.Instance).ToList();
        Assert.Equal(sorted, all.Reverse().Order(VersionOrder.Instance));
    }
}
