using System.Net;
using NetbootServer.Profiles;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Profiles;

public sealed class ScriptTemplateTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private const string Plain = "#!ipxe\n{{ begin }}\necho {{ machine.name }} in {{ machine.labels.room }}\n{{ load }}\n{{ failed }}\n";

    private readonly Caller _admin = app.Admin;

    /// <summary>
    /// Has the code of templates compiled: on a busy machine that alone may take longer than a template may.
    /// </summary>
    static ScriptTemplateTests()
    {
        for (var i = 0; i < 3; i++)
            Record.Exception(() => ScriptTemplate.Of("#!ipxe\n{{ begin }}\n{{ for i in 1..3; 'x' | string.upcase; end }}\n{{ load }}\n")
                .Render(TemplateValues.Sample(new() { Image = "i", Priority = 0, After = "repeat", Expects = "auto" })));
    }

    [Fact]
    public async Task A_profile_with_a_template_gives_its_own_script_with_everything_a_boot_needs()
    {
        await RegisterAsync("own", "525400080001", Plain, """ "labels":{"room":"42"}, """);
        var script = await app.Machine.ScriptAsync("525400080001");
        Assert.Contains("\necho own in 42\nset nb-step kernel\nkernel --name kernel http://", script, StringComparison.Ordinal);
        Assert.Contains("inc nb-try ||", script, StringComparison.Ordinal);
        (await app.Machine.GetAsync($"{script.BootPath()}/ready")).Is(HttpStatusCode.OK);
        await _admin.BootWithAsync("own", "ready");
        var plan = await _admin.GetAsync("/api/v1/machines/own/plan");
        Assert.Contains("echo own in 42", plan["script"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_machine_says_stays_text_in_a_template()
    {
        await RegisterAsync("hostile", "525400080002", "#!ipxe\necho {{ told.product }} {{ url told.product }}\n");
        var script = await app.Machine.ScriptAsync("525400080002", "&product=" + Uri.EscapeDataString("a\nshell ${net0/ip} || b"));
        Assert.Equal("#!ipxe\necho a?u000ashell ??net0/ip? ? b a%3Fu000ashell%20%3F%3Fnet0%2Fip%3F%20%3F%20b\n", script);
    }

    [Fact]
    public async Task A_template_that_fails_at_boot_falls_back_to_the_built_in_script_and_raises_an_alarm()
    {
        await RegisterAsync("falls", "525400080003", "#!ipxe\n{{ if told.serial == 'X' }}{{ nowhere }}{{ end }}\nexit\n");
        Assert.Equal("#!ipxe\n\nexit\n", await app.Machine.ScriptAsync("525400080003"));
        var script = await app.Machine.ScriptAsync("525400080003", "&serial=X");
        Assert.Contains("kernel --name kernel", script, StringComparison.Ordinal);
        var alarms = await Until.AsAsync(() => _admin.GetAsync("/api/v1/alarms"),
            answer => answer.Items("kind").Contains("template-failing"), "the alarm");
        Assert.Contains("line 2:", alarms.Text, StringComparison.Ordinal);
        var plan = await _admin.GetAsync("/api/v1/machines/falls/plan?serial=X");
        Assert.Contains("script template fails", plan.Text, StringComparison.Ordinal);
        Assert.Contains("template-fails", plan.Json.GetProperty("warningCodes").EnumerateArray().Select(code => code.GetString()));
    }

    [Theory]
    [InlineData("#!ipxe\nfine\n{{ for i in }}\n", "line 3:")]
    [InlineData("#!ipxe\n{{ kernal }}\n", "line 2:")]
    [InlineData("echo no first line\n", "must begin with #!ipxe")]
    [InlineData("#!ipxe\necho é\n", "line 2 of the script has a character")]
    [InlineData("#!ipxe\n{{ include 'secrets' }}\n", "line 2:")]
    public async Task A_fault_is_told_with_its_line_when_the_profile_is_saved(string template, string why)
    {
        var answer = (await _admin.PutAsync("/api/v1/profiles/faults", new { image = "faults", template })).IsInvalidAt("$.template");
        Assert.Contains(why, answer.ErrorAt("$.template"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ for i in 1..100000000 }}x{{ end }}")]
    [InlineData("{{ for i in 1..999 }}{{ for j in 1..999 }}{{ for k in 1..999 }}x{{ end }}{{ end }}{{ end }}")]
    [InlineData("{{ while true }}x{{ end }}")]
    [InlineData("{{ func f; f; end; f }}")]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{{ 'x' | string.pad_left 1000000000 | string.size }}")]
    [InlineData("{{ a=9; for i in 1..40; a = a*a; end; a }}")]
    [InlineData("{{ (1 << 2000000000) }}")]
    [InlineData("{{ a='0123456789'; for i in 1..40; a = a + a; end; a }}")]
    [InlineData("{{ a='0123456789'; for i in 1..10; a = a + a; end; for i in 1..50; a; end }}")]
    [InlineData("{{ (1..1000000000) | array.size }}")]
    [InlineData("{{ object.eval '1+1' }}")]
    [InlineData("{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' | regex.match '^(a+)+$' }}")]
    [InlineData("{{ date.now }}")]
    public void A_template_that_asks_for_too_much_is_ended(string template)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var values = TemplateValues.Sample(new() { Image = "i", Priority = 0, After = "repeat", Expects = "auto" });
        Assert.Throws<ScriptTemplateException>(() => ScriptTemplate.Of("#!ipxe\n" + template).Render(values));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 20);
    }

    [Fact]
    public async Task A_template_is_previewed_for_a_machine_before_it_is_saved()
    {
        await RegisterAsync("before", "525400080004", Plain, """ "labels":{"room":"9"}, """);
        var answer = (await _admin.PostAsync("/api/v1/profiles/before/preview?machine=before",
            new { image = "before", template = "#!ipxe\necho room {{ machine.labels.room }}\n" })).Is(HttpStatusCode.OK);
        Assert.Equal("#!ipxe\necho room 9\n", answer["script"]);
        Assert.Equal("boot", answer["action"]);
        (await _admin.PostAsync("/api/v1/profiles/before/preview?machine=before", new { image = "before", template = "{{" }))
            .IsInvalidAt("$.template");
        (await _admin.PostAsync("/api/v1/profiles/before/preview?machine=nobody", new { image = "before" }))
            .Is(HttpStatusCode.NotFound);
        Assert.Equal(Plain, (await _admin.GetAsync("/api/v1/profiles/before"))["template"]);
    }

    [Theory]
    [InlineData("525400080011", "{{ if machine.lables.room }}{{ end }}", "line 2: machine.lables is not known here. Did you mean machine.labels?")]
    [InlineData("525400080012", "{{ kernal }}", "line 2: kernal is not known here. Did you mean kernel?")]
    [InlineData("525400080013", "{{ nowhere }}", "line 2: nowhere is not known here")]
    public async Task A_preview_that_is_asked_to_tells_a_templates_fault_beside_the_built_in_script(string mac, string line, string why)
    {
        var tell = $"tell-{mac[^2..]}";
        await RegisterAsync(tell, mac, Plain);
        var answer = (await _admin.PostAsync($"/api/v1/profiles/{tell}/preview?machine={tell}&faults=tell",
            new { image = tell, template = $"#!ipxe\n{line}\n" })).Is(HttpStatusCode.OK);
        Assert.Contains("kernel --name kernel", answer["script"], StringComparison.Ordinal);
        var fault = answer.Json.GetProperty("templateFault");
        Assert.Equal(why, fault.GetProperty("detail").GetString());
        Assert.Equal(2, fault.GetProperty("line").GetInt32());
        Assert.True(fault.GetProperty("refused").GetBoolean());
    }

    [Fact]
    public async Task A_preview_tells_a_fault_that_only_one_machine_meets_and_that_it_could_be_saved()
    {
        await RegisterAsync("one", "525400080006", Plain, """ "labels":{"room":"9"}, """);
        var answer = (await _admin.PostAsync("/api/v1/profiles/one/preview?machine=one",
            new { image = "one", template = "#!ipxe\n{{ if machine.labels.room }}{{ nowhere }}{{ end }}\n" })).Is(HttpStatusCode.OK);
        Assert.False(answer.Json.GetProperty("templateFault").GetProperty("refused").GetBoolean());
        Assert.False((await _admin.GetAsync("/api/v1/machines/one/plan")).Json.TryGetProperty("templateFault", out _));
    }

    private async Task RegisterAsync(string name, string mac, string template, string more = "")
    {
        await _admin.MakeImageAsync(name, seed: name.Sum(letter => letter));
        (await _admin.PutAsync($"/api/v1/profiles/{name}", new { image = name, template })).Is(HttpStatusCode.Created);
        (await _admin.PutAsync($"/api/v1/machines/{name}", $$"""{ {{more}} "macs":["{{mac}}"],"profile":"{{name}}"}"""))
            .Is(HttpStatusCode.Created);
    }
}
