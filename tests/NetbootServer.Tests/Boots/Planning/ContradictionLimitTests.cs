using Microsoft.Extensions.Time.Testing;
using NetbootServer.Boots.Planning;

namespace NetbootServer.Tests.Boots.Planning;

public sealed class ContradictionLimitTests
{
    [Fact]
    public void A_client_that_makes_up_identities_gets_a_bounded_number_of_alarms_and_those_that_leave_make_room()
    {
        var time = new FakeTimeProvider();
        using var strays = new ContradictionLimit(time);
        Assert.Equal(ContradictionLimit.Most, Enumerable.Range(0, 1000).Count(i => strays.HasRoom(1, $"stray-{i}")));
        Assert.True(strays.HasRoom(1, "stray-0"));
        Assert.True(strays.HasRoom(2, "stray-1000"));
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(strays.HasRoom(1, "stray-0"));
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(strays.HasRoom(1, "stray-1000"));
        Assert.True(strays.HasRoom(1, "stray-0"));
    }
}
