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
    [InlineData("no hyphens", "4c4c4544004235108052b4c04f564433")]
    [InlineData("braces", "{4c4c4544-0042-3510-8052-b4c04f564433}")]
    [InlineData("blanks", " 4c4c4544-0042-3510-8052-b4c04f564433")]
    [InlineData("nothing", null)]
    public void What_names_no_single_machine_is_refused(string what, string? text)
    {
        Assert.NotNull(what);
        Assert.False(MachineUuid.TryParse(text, out _));
    }
}
