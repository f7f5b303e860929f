using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.AspNetCore.Http;
using NetbootServer.Api;
using NetbootServer.Images;

namespace NetbootServer.Tests.Api;

public sealed partial class ResourceNameTests
{
    [Fact]
    public void It_is_what_the_contract_says() =>
        Gen.String[Gen.OneOf(Gen.Char["abz019.-"], Gen.Char), 0, 66].Sample(text => Assert.Equal(
            Contract().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal)
            && text is not ("import" or "export"),
            ResourceName.TryParse(text, out _)));

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Contract();
}

public sealed class PagingTests
{
    [Fact]
    public void A_cursor_leads_to_where_it_came_from() => Gen.Select(Gen.Int[1, 5], Gen.Int[0, 12])
        .Sample((limit, count) =>
    {
        var all = Enumerable.Range(0, count).Select(i => $"n{i:d2}").ToList();
        var read = new List<string>();
        for (string? after = null; ;)
        {
            var (paging, problem) = Paging.Of($"{limit}", after);
            Assert.Null(problem);
            var page = paging.Cut(all.Where(name => string.CompareOrdinal(name, paging.After?.Name) > 0).Take(limit + 1)
                .ToList(), name => ("", name));
            read.AddRange(page.Items);
            if ((after = page.Next) is null) break;
        }
        Assert.Equal(all, read);
    });

    [Fact]
    public void No_cursor_breaks_it() =>
        Gen.String.Sample(text => Assert.True(Paging.Of(null, text) is var (paging, problem)
        && (problem is null || problem.Type == ProblemTypes.MalformedRequest) && paging.Limit == 100));
}

public sealed class PreconditionTests
{
    [Theory]
    [InlineData("nothing asked, nothing there", null, null, null, null)]
    [InlineData("nothing asked", null, null, 3L, null)]
    [InlineData("the current one", "\"3\"", null, 3L, null)]
    [InlineData("one of several", "\"1\", \"3\"", null, 3L, null)]
    [InlineData("any", "*", null, 3L, null)]
    [InlineData("an old one", "\"2\"", null, 3L, 412)]
    [InlineData("any, nothing there", "*", null, null, 412)]
    [InlineData("a weak one", "W/\"3\"", null, 3L, 412)]
    [InlineData("none, nothing there", null, "*", null, null)]
    [InlineData("none", null, "*", 3L, 412)]
    [InlineData("not this one", null, "\"3\"", 3L, 412)]
    [InlineData("not another", null, "\"2\"", 3L, null)]
    [InlineData("without quotes", "3", null, 3L, 400)]
    [InlineData("empty", "", null, 3L, 400)]
    [InlineData("half a list", "\"3\", x", null, 3L, 400)]
    public void A_state_meets(string demand, string? match, string? noneMatch, long? revision, int? status)
    {
        Assert.NotNull(demand);
        var request = new DefaultHttpContext().Request;
        if (match is not null) request.Headers.IfMatch = match;
        if (noneMatch is not null) request.Headers.IfNoneMatch = noneMatch;
        Assert.Equal(status, Precondition.Of(request).Check(revision)?.Type.Status);
    }
}

public sealed class JsonBodyTests
{
    [Theory] // RFC 7396, Appendix A
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"a":"foo"}""", "null", "null")]
    [InlineData("""{"a":"foo"}""", "\"bar\"", "\"bar\"")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("[1,2]", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void A_merge_patch_is_applied(string target, string patch, string result) => Assert.Equal(result,
        JsonBody.Merge(JsonDocument.Parse(target).RootElement, JsonDocument.Parse(patch).RootElement).GetRawText());

    [Fact]
    public void Every_fault_of_a_body_is_noted_and_good_members_are_read()
    {
        var errors = new ValidationErrors();
        var fields = new JsonFields(JsonDocument.Parse("""{"n":7,"s":"x","f":true,"l":["a",2],"big":99999999999,"m":{"k":"v"},"x":1}""").RootElement, "$", errors);
        Assert.Equal((7, "x", true), (fields.Whole("n", 0, 7), fields.Text("s", 1), fields.Flag("f")));
        Assert.Equal("v", fields.TextMap("m", 1, 1)["k"]);
        Assert.Null(fields.Whole("big", 0, int.MaxValue));
        Assert.Null(fields.Choice("s", "a", "b"));
        Assert.Equal(["a"], fields.TextList("l", 2, 1));
        Assert.Null(fields.Text("nowhere", 1));
        fields.RefuseOthers();
        Assert.Equal(["$.big", "$.l[1]", "$.s", "$.x"], errors.ByPath().Keys.Order(StringComparer.Ordinal));
    }
}

public sealed class KernelArgumentTests
{
    [Theory]
    [InlineData("init=/nix/store/abc/init")]
    [InlineData("console=ttyS0,115200n8")]
    [InlineData("dyndbg=\"file a.c +p; file b.c +p\"")]
    [InlineData("a$b{c}")]
    public void A_good_argument_is_taken(string argument) => Assert.Null(KernelArgument.Fault(argument));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("\"a  b\"")]
    [InlineData("a\tb")]
    [InlineData("a\nb")]
    [InlineData("ä")]
    [InlineData("${a}")]
    [InlineData("a\\")]
    [InlineData("||")]
    [InlineData("#a")]
    [InlineData("x=\"a || b\"")]
    [InlineData("x=\"a #b\"")]
    [InlineData("x=\"a ; b\"")]
    [InlineData("initrd=other")]
    [InlineData("netboot.boot=http://10.0.0.9/boots/x")]
    [InlineData("netboot.boot=")]
    [InlineData("netboot.boot")]
    [InlineData("\"netboot.boot\"")]
    [InlineData("\"initrd=other\"")]
    [InlineData("x=\"a b\" initrd=other")]
    public void An_argument_that_a_script_cannot_carry_is_refused(string argument) =>
        Assert.NotNull(KernelArgument.Fault(argument));

    [Fact]
    public void A_command_line_is_split_where_the_kernel_splits_it() =>
        Assert.Equal(["a", "b=\"c d\"", "e"], KernelArgument.Split("  a\tb=\"c d\"\n e \n"));
}
