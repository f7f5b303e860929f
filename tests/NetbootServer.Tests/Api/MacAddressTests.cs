using System.Globalization;
using CsCheck;
using NetbootServer.Api;

namespace NetbootServer.Tests.Api;

public sealed class MacAddressTests
{
    [Theory]
    [InlineData("colons", "52:54:00:AA:bb:01")]
    [InlineData("hyphens", "52-54-00-aa-bb-01")]
    [InlineData("nothing between", "525400aabb01")]
    [InlineData("Cisco's dots", "5254.00aa.bb01")]
    [InlineData("pairs with dots", "52.54.00.aa.bb.01")]
    [InlineData("PXELINUX's, with the hardware type", "01-52-54-00-aa-bb-01")]
    public void Every_common_form_is_read(string form, string text)
    {
        Assert.NotNull(form);
        var mac = MacAddress.Parse(text);
        Assert.Equal(("52:54:00:aa:bb:01", "52-54-00-aa-bb-01"), (mac.ToString(), mac.Hyphened));
    }

    [Theory]
    [InlineData("a GUID", "00:02:c9:03:00:0a:11:22")]
    [InlineData("a GUID of digits alone", "0002c903000a1122")]
    [InlineData("groups of four", "0002.c903.000a.1122")]
    [InlineData("as Linux shows it", "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:11:22")]
    [InlineData("the same with hyphens", "A0-00-03-00-FE-80-00-00-00-00-00-00-00-02-C9-03-00-0A-11-22")]
    [InlineData("PXELINUX's", "20-80-00-02-08-fe-80-00-00-00-00-00-00-00-02-c9-03-00-0a-11-22")]
    public void An_InfiniBand_address_is_the_MAC_that_iPXE_makes_of_it(string form, string text)
    {
        Assert.NotNull(form);
        Assert.Equal("00:02:c9:0a:11:22", MacAddress.Parse(text).ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00:00:00:00:00:00")]
    [InlineData("ff:ff:ff:ff:ff:ff")]
    [InlineData("01:00:5e:00:00:01")]
    [InlineData("52:54:00:aa:bb")]
    [InlineData("52:54:00:aa:bb:01:02")]
    [InlineData("01525400aabb01")]
    [InlineData("01-01-00-5e-00-00-01")]
    [InlineData("52:54:00:aa:bb:01:")]
    [InlineData("5254.00aa.bb0")]
    [InlineData("00:00:00:00:00:00:00:00")]
    [InlineData("52:54-00:aa-bb:01")]
    [InlineData("52:54:00:aa:bb:0g")]
    [InlineData("52 54 00 aa bb 01")]
    [InlineData("52:54:00:aa:bb:01\n")]
    [InlineData("５２:54:00:aa:bb:01")]
    [InlineData(":525400aabb01")]
    [InlineData("+25400aabb01")]
    public void Anything_else_is_refused(string? text) => Assert.False(MacAddress.TryParse(text, out _));

    [Fact]
    public void What_is_written_is_read_back() => Gen.ULong[1, 0xFFFF_FFFF_FFFF].Where(bits => (bits >> 40 & 1) == 0)
        .Sample(bits =>
    {
        var mac = MacAddress.Parse(bits.ToString("x12", CultureInfo.InvariantCulture));
        Assert.Equal(mac, MacAddress.Parse(mac.ToString()));
        Assert.Equal(mac, MacAddress.Parse(mac.Hyphened.ToUpperInvariant()));
    });

    [Fact]
    public void No_text_breaks_it() => Gen.String.Sample(text =>
    {
        if (MacAddress.TryParse(text, out var mac)) Assert.Equal(17, mac.ToString().Length);
    });
}
