using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines;

public sealed class MachinesApiTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;
    private readonly Caller _machine = app.Machine;

    [Fact]
    public async Task A_machine_is_made_shown_changed_and_removed()
    {
        var made = (await _admin.PutAsync("/api/v1/machines/life", new { macs = new[] { "52-54-00-00-00-01" } }))
            .Is(HttpStatusCode.Created);
        Assert.Equal("/api/v1/machines/life", made.Message.Headers.Location?.ToString());
        Assert.Equal("\"1\"", made.ETag);
        Assert.Equal("registered", made["state"]);
        Assert.Equal("52:54:00:00:00:01", made.Json.GetProperty("macs")[0].GetString());

        var shown = (await _admin.GetAsync("/api/v1/machines/life")).Is(HttpStatusCode.OK);
        Assert.Equal(made.Text, shown.Text);
        Assert.Equal("no-store", shown.Header("Cache-Control"));

        var body = new { macs = new[] { "525400000001" }, serial = "S1", notes = "line\nline" };
        Assert.Equal("\"2\"", (await _admin.PutAsync("/api/v1/machines/life", body)).Is(HttpStatusCode.OK).ETag);
        Assert.Equal("\"2\"", (await _admin.PutAsync("/api/v1/machines/life", body)).Is(HttpStatusCode.OK).ETag);
        (await _admin.DeleteAsync("/api/v1/machines/life")).Is(HttpStatusCode.NoContent);
        (await _admin.GetAsync("/api/v1/machines/life")).IsProblem(HttpStatusCode.NotFound, "not-found");
        (await _admin.DeleteAsync("/api/v1/machines/life")).IsProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task What_the_server_answers_can_be_sent_back_unchanged()
    {
        var made = await _admin.PutAsync("/api/v1/machines/echo",
            new { macs = new[] { "525400000002" }, labels = new { rack = "7" } });
        await _machine.ScriptAsync("525400000002");
        var seen = await _admin.MachineWhenAsync("echo", machine => machine["lastSeenAt"] is not null,
            "echo to be seen");
        var again = (await _admin.PutAsync("/api/v1/machines/echo", seen.Text)).Is(HttpStatusCode.OK);
        Assert.Equal(made.ETag, again.ETag);
    }

    [Fact]
    public async Task All_faults_are_told_at_once_by_their_paths()
    {
        var answer = await _admin.PutAsync("/api/v1/machines/faulty", """
            {"macs":["nonsense","525400000003"],"uuid":"00000000-0000-0000-0000-000000000000","arch":"sparc","serial":7,
             "labels":{"rack":1,"a b":"x"},"kernelArguments":["good","two words","${evil}",""],"colour":"red","profile":"NO"}
            """);
        answer.IsInvalidAt("$.macs[0]", "$.uuid", "$.arch", "$.serial", "$.labels.rack", "$.labels",
            "$.kernelArguments[1]", "$.kernelArguments[2]", "$.kernelArguments[3]", "$.colour", "$.profile");
        (await _admin.GetAsync("/api/v1/machines/faulty")).Is(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("no members", "{}", "$.macs")]
    [InlineData("no macs", """{"macs":[]}""", "$.macs")]
    [InlineData("a null", """{"macs":null}""", "$.macs")]
    [InlineData("a list", "[]", "$", "$.macs")]
    [InlineData("text", "\"x\"", "$", "$.macs")]
    [InlineData("an unknown profile", """{"macs":["525400000004"],"profile":"nowhere"}""", "$.profile")]
    [InlineData("a line break", """{"macs":["525400000004"],"serial":"a\nb"}""", "$.serial")]
    public async Task A_body_with(string what, string body, params string[] paths)
    {
        Assert.NotNull(what);
        (await _admin.PutAsync("/api/v1/machines/bad", body)).IsInvalidAt(paths);
    }

    [Theory]
    [InlineData("nothing", "")]
    [InlineData("no JSON", "{macs}")]
    [InlineData("a member twice", """{"macs":["525400000005"],"macs":[]}""")]
    [InlineData("half", """{"macs":["52540""")]
    [InlineData("two documents", "{}{}")]
    [InlineData("half a surrogate pair", """{"macs":["525400000004"],"serial":"\ud800"}""")]
    public async Task A_body_that_is(string what, string body)
    {
        Assert.NotNull(what);
        (await _admin.PutAsync("/api/v1/machines/bad", body)).IsProblem(HttpStatusCode.BadRequest, "malformed-request");
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF_8_are_refused()
    {
        var body = """{"macs":["525400000006"],"serial":"?"}"""u8.ToArray();
        body[Array.IndexOf(body, (byte)'?')] = 0xC3;
        (await _admin.PutAsync("/api/v1/machines/bad", body)).IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        (await _admin.PutAsync("/api/v1/machines/bad", """{"\ud800":1}""")).IsProblem(HttpStatusCode.BadRequest, "malformed-request");
    }

    [Fact]
    public async Task Deep_long_and_foreign_bodies_are_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100)) + string.Concat(Enumerable.Repeat("]", 100));
        (await _admin.PutAsync("/api/v1/machines/bad", deep)).IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        var big = $$"""{"macs":["525400000007"],"notes":"{{new string('x', 8 << 20)}}"}""";
        (await _admin.PutAsync("/api/v1/machines/bad", big))
            .IsProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");
        (await _admin.SendAsync(HttpMethod.Put, "/api/v1/machines/bad", Caller.Json("<x/>", "text/xml")))
            .IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
    }

    [Theory]
    [InlineData("UPPER")]
    [InlineData("a..b")]
    [InlineData("-a")]
    [InlineData("import")]
    [InlineData("a%20b")]
    [InlineData("a%0Ab")]
    [InlineData("%2e%2e")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        var answer = await _admin.PutAsync($"/api/v1/machines/{name}", """{"macs":["525400000008"]}""");
        Assert.True(answer.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.NotFound
            or HttpStatusCode.MethodNotAllowed, answer.Text);
    }

    [Fact]
    public async Task A_MAC_belongs_to_one_machine()
    {
        await _admin.PutAsync("/api/v1/machines/owner", """{"macs":["525400000010"]}""");
        var taken = await _admin.PutAsync("/api/v1/machines/thief", """{"macs":["52:54:00:00:00:10","525400000011"]}""");
        Assert.Contains("owner", taken.IsProblem(HttpStatusCode.Conflict, "mac-taken")["detail"],
            StringComparison.Ordinal);
        (await _admin.GetAsync("/api/v1/machines/thief")).Is(HttpStatusCode.NotFound);

        await _admin.PutAsync("/api/v1/machines/owner", """{"macs":["525400000012"]}""");
        (await _admin.PutAsync("/api/v1/machines/thief", """{"macs":["525400000010"]}""")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_machine_found_by_its_old_MAC_is_not_found_there_after_a_change()
    {
        await _admin.PutAsync("/api/v1/machines/moves", """{"macs":["525400000013"]}""");
        Assert.Contains("no profile for the machine moves", await _machine.ScriptAsync("525400000013"),
            StringComparison.Ordinal);
        await _admin.PutAsync("/api/v1/machines/moves", """{"macs":["525400000014"]}""");
        Assert.Contains("does not know this machine", await _machine.ScriptAsync("525400000013"),
            StringComparison.Ordinal);
        Assert.Contains("no profile for the machine moves", await _machine.ScriptAsync("525400000014"),
            StringComparison.Ordinal);
        await _admin.DeleteAsync("/api/v1/machines/moves");
        Assert.Contains("does not know this machine", await _machine.ScriptAsync("525400000014"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preconditions_hold_a_change_back()
    {
        const string Body = """{"macs":["525400000020"]}""";
        (await _admin.PutAsync("/api/v1/machines/pre", Body, ("If-Match", "\"1\"")))
            .IsProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
        (await _admin.PutAsync("/api/v1/machines/pre", Body, ("If-Match", "*"))).Is(HttpStatusCode.PreconditionFailed);
        (await _admin.PutAsync("/api/v1/machines/pre", Body, ("If-None-Match", "*"))).Is(HttpStatusCode.Created);
        (await _admin.PutAsync("/api/v1/machines/pre", Body, ("If-None-Match", "*")))
            .Is(HttpStatusCode.PreconditionFailed);
        (await _admin.PatchAsync("/api/v1/machines/pre", """{"serial":"a"}""", ("If-Match", "\"1\""))).Is(HttpStatusCode.OK);
        (await _admin.PatchAsync("/api/v1/machines/pre", """{"serial":"b"}""", ("If-Match", "\"1\""))).Is(HttpStatusCode.PreconditionFailed);
        (await _admin.PatchAsync("/api/v1/machines/pre", """{"serial":"b"}""", ("If-Match", "\"7\", \"2\""))).Is(HttpStatusCode.OK);
        (await _admin.DeleteAsync("/api/v1/machines/pre", ("If-Match", "\"2\""))).Is(HttpStatusCode.PreconditionFailed);
        (await _admin.DeleteAsync("/api/v1/machines/pre", ("If-Match", "\"3\""))).Is(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("If-Match", "1")]
    [InlineData("If-None-Match", "nonsense")]
    public async Task A_precondition_that_cannot_be_read_changes_nothing(string header, string value)
    {
        await _admin.PutAsync("/api/v1/machines/unread", """{"macs":["525400000021"]}""");
        (await _admin.PutAsync("/api/v1/machines/unread", """{"macs":["525400000021"],"serial":"x"}""", (header, value)))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        Assert.Null((await _admin.GetAsync("/api/v1/machines/unread"))["serial"]);
    }

    [Fact]
    public async Task A_merge_patch_changes_only_what_it_names()
    {
        await _admin.PutAsync("/api/v1/machines/patch",
            """{"macs":["525400000022"],"serial":"s","labels":{"a":"1","b":"2"},"kernelArguments":["x"]}""");
        var patched = (await _admin.PatchAsync("/api/v1/machines/patch", """{"labels":{"a":null,"c":"3"},"serial":null,"notes":"n"}"""))
            .Is(HttpStatusCode.OK);
        Assert.Equal("""{"b":"2","c":"3"}""", patched.Json.GetProperty("labels").GetRawText());
        Assert.Null(patched["serial"]);
        Assert.Equal("n", patched["notes"]);
        Assert.Equal("x", patched.Json.GetProperty("kernelArguments")[0].GetString());
        (await _admin.PatchAsync("/api/v1/machines/patch", """{"macs":null}""")).IsInvalidAt("$.macs");
        (await _admin.PatchAsync("/api/v1/machines/patch", "[]")).IsInvalidAt("$", "$.macs");
        (await _admin.PatchAsync("/api/v1/machines/nobody", "{}")).IsProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task A_next_boot_is_set_shown_and_taken_back_without_a_new_revision()
    {
        await _admin.PutAsync("/api/v1/machines/next", """{"macs":["525400000023"]}""");
        var set = (await _admin.PutAsync("/api/v1/machines/next/next-boot", """{"action":"local"}""")).Is(HttpStatusCode.OK);
        Assert.Equal("local", set.Json.GetProperty("nextBoot").GetProperty("action").GetString());
        Assert.Equal("\"1\"", set.ETag);
        (await _admin.DeleteAsync("/api/v1/machines/next/next-boot")).Is(HttpStatusCode.NoContent);
        Assert.Null((await _admin.GetAsync("/api/v1/machines/next"))["nextBoot"]);
        (await _admin.PutAsync("/api/v1/machines/next/next-boot", "{}")).IsInvalidAt("$");
        (await _admin.PutAsync("/api/v1/machines/next/next-boot", """{"action":"local","profile":"p"}""")).IsInvalidAt("$");
        (await _admin.PutAsync("/api/v1/machines/next/next-boot", """{"action":"explode"}""")).IsInvalidAt("$.action");
        (await _admin.PutAsync("/api/v1/machines/next/next-boot", """{"profile":"nowhere"}""")).IsInvalidAt("$.profile");
        (await _admin.PutAsync("/api/v1/machines/nobody/next-boot", """{"action":"local"}""")).IsProblem(HttpStatusCode.NotFound, "not-found");
    }
}
