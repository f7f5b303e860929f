using NetbootServer.Machines;

namespace NetbootServer.Tests.Machines;

public sealed class MachineSerialTests
{
    [Theory]
    [InlineData("Default string")]
    [InlineData("To be filled by O.E.M.")]
    [InlineData(" to  be filled\tby o.e.m. ")]
    [InlineData("None")]
    [InlineData("0")]
    [InlineData("00000000")]
    [InlineData("xxxxxxxxxx")]
    [InlineData("System Serial Number")]
    [InlineData("Not Specified")]
    [InlineData("123456789")]
    [InlineData("- . -")]
    [InlineData("   ")]
    [InlineData("")]
    [InlineData(null)]
    public void What_names_no_single_machine_is_refused(string? text) =>
        Assert.False(MachineSerial.TryParse(text, out _));

    [Fact]
    public void Case_and_blanks_make_no_difference()
    {
        Assert.True(MachineSerial.TryParse("VMware-56 4d  a1", out var told));
        Assert.True(MachineSerial.TryParse(" vmware-56 4D A1 ", out var typed));
        Assert.True(MachineSerial.TryParse("VMware-56 4d a2", out var other));
        Assert.Equal(told, typed);
        Assert.Equal((told.Key, told.GetHashCode()), (typed.Key, typed.GetHashCode()));
        Assert.NotEqual(told, other);
        Assert.Equal(("VMware-56 4d  a1", ""), (told.ToString(), default(MachineSerial).ToString()));
    }
}
