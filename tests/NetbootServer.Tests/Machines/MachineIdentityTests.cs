using CsCheck;
using NetbootServer.Machines;

namespace NetbootServer.Tests.Machines;

public sealed class MachineIdentityTests
{
    [Fact]
    public void A_query_of_iPXE_is_read()
    {
        var identity = MachineIdentity.FromQuery("?mac=52-54-00-aa-bb-01&macs=52-54-00-aa-bb-01,52-54-00-aa-bb-02,,,&" +
            "uuid=4C4C4544-0042-3510-8052-b4c04f564433&serial=SER%20123&arch=i386&platform=pcbios&try=3&menu=x&room=cellar");
        Assert.Equal("52:54:00:aa:bb:01", identity.Mac.ToString());
        Assert.Equal(["52:54:00:aa:bb:01", "52:54:00:aa:bb:02"], identity.OtherMacs.Select(mac => mac.ToString()));
        Assert.Equal("4c4c4544-0042-3510-8052-b4c04f564433", identity.Uuid.ToString());
        Assert.Equal(("x86_64", "pcbios", "SER 123"), (identity.Arch, identity.Platform, identity.Reported["serial"]));
        Assert.Equal(["room"], identity.Labels.Keys);
    }

    [Theory]
    [InlineData("named twice", "mac=52-54-00-aa-bb-01&mac=52-54-00-aa-bb-02")]
    [InlineData("in one value", "mac=52-54-00-aa-bb-01,52-54-00-aa-bb-02")]
    [InlineData("as PXELINUX writes them", "mac=01-52-54-00-aa-bb-01&macs=01-52-54-00-aa-bb-02")]
    [InlineData("behind one that is none", "mac=none,52-54-00-aa-bb-01&macs=,,52-54-00-aa-bb-02,junk")]
    public void MACs_are_read(string how, string query)
    {
        Assert.NotNull(how);
        var identity = MachineIdentity.FromQuery(query);
        Assert.Equal("52:54:00:aa:bb:01", identity.Mac.ToString());
        Assert.Equal(["52:54:00:aa:bb:02"], identity.OtherMacs.Where(mac => mac != identity.Mac)
            .Select(mac => mac.ToString()));
    }

    [Fact]
    public void Any_number_of_interfaces_is_read_up_to_a_bound_and_what_is_kept_of_them_is_whole()
    {
        var all = Enumerable.Range(1, 1000).Select(i => $"52-54-00-00-{i / 256:x2}-{i % 256:x2}").ToList();
        var identity = MachineIdentity.FromQuery($"mac={all[0]}&macs={string.Join(',', all)}");
        Assert.Equal(all.Take(MachineIdentity.MaxMacs), identity.OtherMacs.Select(mac => mac.Hyphened));
        Assert.All(identity.Reported["macs"].Split(','), text => Assert.Contains(text, all));
    }

    [Theory]
    [InlineData("serial=SRV%2042", true)]
    [InlineData("serial=Default%20string", false)]
    [InlineData("macs=,52-54-00-aa-bb-01", true)]
    [InlineData("uuid=4C4C4544-0042-3510-8052-b4c04f564433", true)]
    [InlineData("uuid=20202020-2020-2020-2020-202020202020&asset=1", false)]
    public void There_is_something_to_know_a_machine_by(string query, bool expected) =>
        Assert.Equal(expected, MachineIdentity.FromQuery(query).HasEvidence);

    [Theory]
    [InlineData("the sign-extended bytes of 2019", "product=%FFFFFFC3%FFFFFFA9", "é")]
    [InlineData("in lower case", "product=%ffffffc3%ffffffa9", "é")]
    [InlineData("as they should be", "product=%C3%A9", "é")]
    [InlineData("a line break", "product=a%0Ab", "a\\u000ab")]
    [InlineData("NUL and escape", "product=%00%1B[2J", "\\u0000\\u001b[2J")]
    [InlineData("a mark that turns the line around", "product=a%E2%80%AEb", "a\\u202eb")]
    [InlineData("a plus", "product=a+b", "a b")]
    [InlineData("a broken escape", "product=50%", "50%")]
    [InlineData("said twice", "product=a&product=b", "a,b")]
    public void A_value_with(string what, string query, string expected)
    {
        Assert.NotNull(what);
        Assert.Equal(expected, MachineIdentity.FromQuery(query).Reported["product"]);
    }

    [Theory]
    [InlineData("i386", "pcbios", "x86_64")]
    [InlineData("i386", null, "x86_64")]
    [InlineData("i386", "efi", "i386")]
    [InlineData("x86_64", "efi", "x86_64")]
    [InlineData("ARM64", "efi", "aarch64")]
    [InlineData("riscv64", "sbi", "riscv64")]
    [InlineData("loong64", "efi", "loong64")]
    [InlineData(null, "efi", null)]
    public void An_architecture_is_put_in_our_words(string? arch, string? platform, string? expected) =>
        Assert.Equal(expected, MachineIdentity.FromQuery($"arch={arch}&platform={platform}").Arch);

    [Fact]
    public void Whatever_is_asked_it_reads_something_bounded_without_control_characters()
    {
        var nasty = Gen.OneOf("%", "%0A", "&", "=", "mac", "%FFFFFFC3", "%C3", "\ud83d\ude00", "\ud800", "${", "||",
            new string('x', 10_000), "%00");
        var query = Gen.OneOf(Gen.String, nasty.Array[0, 40].Select(parts => string.Concat(parts)),
            Gen.Select(Gen.OneOf("product=", "serial=", "room="), nasty.Array[0, 300], (name, parts) => name +
                string.Concat(parts)));
        query.Sample(text =>
        {
            var identity = MachineIdentity.FromQuery(text);
            // Of half a character, or of bytes that are no text, there comes the mark that stands for such.
            var isText = !text.Contains('%') && !text.EnumerateRunes().Contains(System.Text.Rune.ReplacementChar);
            Assert.True(identity.Labels.Count <= 64);
            foreach (var (name, value) in identity.Reported.Concat(identity.Labels))
            {
                Assert.True(name.Length <= 128 && value.Length is > 0 and <= MachineIdentity.MaxValueLength);
                Assert.DoesNotContain(value, char.IsControl);
                Assert.False(isText && value.EnumerateRunes().Contains(System.Text.Rune.ReplacementChar));
                // no half character
                Assert.Equal(value, new string(value.EnumerateRunes().SelectMany(rune => rune.ToString()).ToArray()));
            }
        });
    }
}
