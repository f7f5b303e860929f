using System.Security.Cryptography;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Boots.Scripts;

namespace NetbootServer.Tests.Boots.Scripts;

public sealed class BootTokensTests
{
    private const string Version = "0123456789abcdef0123456789abcdef";
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(56));
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    private BootTokens Tokens => new(_key, _time);

    [Fact]
    public void A_token_says_what_it_was_made_of_also_to_a_restarted_server()
    {
        var (token, ticket) = Tokens.Mint(42, Version, tookNextBoot: true);
        Assert.Equal(BootTokens.Length, token.Length);
        Assert.True(token.Length <= 80);
        Assert.Matches("^[A-Za-z0-9_-]+$", token);
        Assert.DoesNotContain(ticket.Boot, token, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ticket, new BootTokens(_key, _time).Verify(token));
        Assert.Equal((42, Version[..16], true, _time.GetUtcNow()),
            (ticket.Machine, ticket.Version, ticket.TookNextBoot, ticket.StartedAt));
        Assert.False(Tokens.Verify(Tokens.Mint(0, Version, false).Token)!.TookNextBoot);
    }

    [Fact]
    public void No_two_tokens_are_alike() =>
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => Tokens.Mint(1, Version, false).Token).Distinct()
            .Count());

    [Fact]
    public void A_token_lives_for_a_day_and_a_choice_for_an_hour()
    {
        var (token, choice) = (Tokens.Mint(1, Version, false).Token, Tokens.MintMenuChoice(1, "p"));
        _time.Advance(BootTokens.MenuLife);
        Assert.True(Tokens.AllowsMenuChoice(choice, 1, "p"));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(Tokens.AllowsMenuChoice(choice, 1, "p"));
        _time.Advance(BootTokens.Life - BootTokens.MenuLife - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(Tokens.Verify(token));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(Tokens.Verify(token));
    }

    [Fact]
    public void No_altered_token_is_believed()
    {
        var token = Tokens.Mint(1, Version, false).Token;
        Gen.Select(Gen.Int[0, token.Length - 1],
            Gen.Char["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]).Sample((i, c) =>
            Assert.Equal(token[i] == c, Tokens.Verify(token[..i] + c + token[(i + 1)..]) is not null));
        Gen.String.Sample(text => Assert.Null(Tokens.Verify(text)));
        foreach (var other in new[] { token + "A", token[..^1], " " + token[1..], token + "=", "" })
            Assert.Null(Tokens.Verify(other));
        Assert.Null(new BootTokens(RandomNumberGenerator.GetBytes(32), _time).Verify(token));
    }

    [Fact]
    public void A_token_of_one_kind_is_none_of_the_other()
    {
        var choice = Tokens.MintMenuChoice(1, "p");
        Assert.Null(Tokens.Verify(choice));
        Assert.False(Tokens.AllowsMenuChoice(Tokens.Mint(1, Version, false).Token, 1, "p"));
        Assert.True(Tokens.AllowsMenuChoice(choice, 1, "p"));
        Assert.False(Tokens.AllowsMenuChoice(choice, 2, "p"));
        Assert.False(Tokens.AllowsMenuChoice(choice, 1, "q"));
    }
}
