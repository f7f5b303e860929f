using NetbootServer.Machines;

namespace NetbootServer.Tests.Machines;

public sealed class MachineUuidTests
{
    [Fact]
    public void It_is_written_in_lower_case()
    {
        Assert.True(MachineUuid.TryParse("4C4C4544-0042-3510-8052-B4C04F564433", out var uuid));
        Assert.Equal("4c4c4544-0042-3510-8052-b4c04f564433", uuid.ToString());
    }

    [Theory]
    [InlineData("all zeros", "00000000-0000-0000-0000-000000000000")]
    [InlineData("all ones", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF")]
    [InlineData("a board maker's default", "03000200-0400-0500-0006-000700080009")]
    [InlineData("another's", "00010203-0405-0607-0809-0a0b0c0d0e0f")]
    [InlineData("the same with its bytes swapped", "03020100-0504-0706-0809-0a0b0c0d0e0f")]
    [InlineData("blanks for bytes", "20202020-2020-2020-2020-202020202020")]
    [InlineData("ones for bytes", "01010101-0101-0101-0101-010101010101")]
    [InlineData("another maker's", "6AB5B300-538D-1014-9FB5-B0684D007B53")]
    [InlineData("no hyphens", "4c4c4544004235108052b4c04f564433")]
    [InlineData("braces", "{4c4c4544-0042-3510-8052-b4c04f564433}")]
    [InlineData("blanks", " 4c4c4544-0042-3510-8052-b4c04f564433")]
    [InlineData("nothing", null)]
    public void What_names_no_single_machine_is_refused(string what, string? text)
    {
        Assert.NotNull(what);
        Assert.False(MachineUuid.TryParse(text, out _));
    }

    [Fact]
    public void Both_orders_of_bytes_are_one_machine()
    {
        Assert.True(MachineUuid.TryParse("4c4c4544-0042-3510-8052-b4c04f564433", out var smbios));
        Assert.True(MachineUuid.TryParse("44454C4C-4200-1035-8052-B4C04F564433", out var redfish));
        Assert.True(MachineUuid.TryParse("44454C4C-4200-1035-8052-B4C04F564434", out var other));
        Assert.Equal(smbios, redfish);
        Assert.Equal((smbios.GetHashCode(), smbios.Key), (redfish.GetHashCode(), redfish.Key));
        Assert.Equal("44454c4c-4200-1035-8052-b4c04f564433", redfish.ToString());
        Assert.NotEqual(redfish, other);
        Assert.NotEqual(redfish.Key, other.Key);
    }
}
