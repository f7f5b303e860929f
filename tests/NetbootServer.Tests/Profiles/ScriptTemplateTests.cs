using System.Net;
using NetbootServer.Profiles;
using NetbootServer.Tests.Access;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Profiles;

public sealed class ScriptTemplateTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private const string Plain = "#!ipxe\n{{ begin }}\necho {{ machine.name }} in {{ machine.labels.room }}\n{{ load " +
        "}}\n{{ failed }}\n";

    private readonly Caller _admin = app.Admin;

    /// <summary>
    /// Has the code of templates compiled: on a busy machine that alone may take longer than a template may.
    /// </summary>
    static ScriptTemplateTests()
    {
        for (var i = 0; i < 3; i++)
            Record.Exception(() => ScriptTemplate.Of("#!ipxe\n{{ begin }}\n{{ for i in 1..3; 'x' | string.upcase; " +
            "end }}\n{{ load }}\n")
                .Render(TemplateValues.Sample(
                    new() { Image = "i", Priority = 0, After = "repeat", Expects = "auto" })));
    }

    [Fact]
    public async Task A_profile_with_a_template_gives_its_own_script_with_everything_a_boot_needs()
    {
        await RegisterAsync("own", "525400080001", Plain, """ "labels":{"room":"42"}, """);
        var script = await app.Machine.ScriptAsync("525400080001");
        Assert.Contains("\necho own in 42\nset nb-step kernel\nkernel --name kernel http://", script,
            StringComparison.Ordinal);
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
        var script = await app.Machine.ScriptAsync("525400080002", "&product=" +
            Uri.EscapeDataString("a\nshell ${net0/ip} || b"));
        Assert.Equal("#!ipxe\necho a?u000ashell ??net0/ip? ? b a%3Fu000ashell%20%3F%3Fnet0%2Fip%3F%20%3F%20b\n",
            script);
    }

    [Fact]
    public async Task A_template_that_fails_at_boot_falls_back_to_the_built_in_script_and_raises_an_alarm()
    {
        await RegisterAsync("falls", "525400080003",
            "#!ipxe\n{{ if told.serial == 'X' }}{{ nowhere }}{{ end }}\nexit\n");
        Assert.Equal("#!ipxe\n\nexit\n", await app.Machine.ScriptAsync("525400080003"));
        var script = await app.Machine.ScriptAsync("525400080003", "&serial=X");
        Assert.Contains("kernel --name kernel", script, StringComparison.Ordinal);
        var alarms = await Until.AsAsync(() => _admin.GetAsync("/api/v1/alarms"),
            answer => answer.Items("kind").Contains("template-failing"), "the alarm");
        Assert.Contains("line 2:", alarms.Text, StringComparison.Ordinal);
        var plan = await _admin.GetAsync("/api/v1/machines/falls/plan?serial=X");
        Assert.Contains("script template fails", plan.Text, StringComparison.Ordinal);
        Assert.Contains("template-fails", plan.Json.GetProperty("warningCodes").EnumerateArray()
            .Select(code => code.GetString()));
    }

    [Theory]
    [InlineData("#!ipxe\nfine\n{{ for i in }}\n", "line 3:")]
    [InlineData("#!ipxe\n{{ kernal }}\n", "line 2:")]
    [InlineData("echo no first line\n", "must begin with #!ipxe")]
    [InlineData("#!ipxe\necho é\n", "line 2 of the script has a character")]
    [InlineData("#!ipxe\n{{ include 'secrets' }}\n", "line 2:")]
    public async Task A_fault_is_told_with_its_line_when_the_profile_is_saved(string template, string why)
    {
        var answer = (await _admin.PutAsync("/api/v1/profiles/faults", new { image = "faults", template }))
            .IsInvalidAt("$.template");
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
    [InlineData("{{ x='a'*130000; y=[$$x+1,$$]; y.size }}")]
    [InlineData("{{ x='a'*130000; y={$$k#:x+1,$$}; y.k1 | string.size }}")]
    [InlineData("{{ x='a'*130000; $$y#=x+1;$$ }}")]
    [InlineData("{{ x='a'*130000; y=$\"$${x}$$\"; y | string.size }}")]
    [InlineData("{{ x='a'*60000; y=x; $$y=y+x;$$ y | string.size }}")]
    [InlineData("{{ x='a'*130000; y=[x]*1900; y | array.each @string.upcase | array.sort | array.size }}")]
    [InlineData("{{ x='a'*130000; y=[x]*1900; for z in y | array.each @string.upcase; end }}")]
    [InlineData("{{ x='a'*130000; y=[]; for i in 1..60; y[i] = x + i; end; for i in 1..60; y[i] = x + i + i; end }}")]
    [InlineData("{{ x='a'*130000; for i in 1..1900; x | string.upcase | string.size; end }}")]
    [InlineData("{{ x='a'*130000; func f(n); n > 15 ? x : (f (n+1)) + 1; end; $$y#=f 0;$$ }}")]
    [InlineData("{{ x='a'*130000; func f; ret x + 1; end; y=[]; for i in 1..1900; y[i] = f; end }}")]
    [InlineData("{{ x='a,'*65000; for i in 1..100; y = x | string.split ','; end }}")]
    [InlineData("{{ for i in 1..40; y = (1..1900) | array.concat [i] | array.sort; end; y.size }}")]
    [InlineData("{{ (1 << 1000000) | array.add }}")]
    [InlineData("{{ 1 << 1000000 }}")]
    [InlineData("{{ y='x' | string.append (1 << 1000000) }}")]
    public void A_template_that_asks_for_too_much_is_ended(string template)
    {
        var values = TemplateValues.Sample(new() { Image = "i", Priority = 0, After = "repeat", Expects = "auto" });
        var parsed = Parsed("#!ipxe\n" + Repeated(template));
        var before = GC.GetAllocatedBytesForCurrentThread();
        if (parsed is not null) Assert.Throws<ScriptTemplateException>(() => parsed.Render(values));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 24 << 20);
    }

    [Fact]
    public void A_template_may_do_what_scripts_need_two_thousand_times()
    {
        var values = TemplateValues.Sample(new() { Image = "i", Priority = 0, After = "repeat", Expects = "auto" });
        var script = ScriptTemplate.Of("#!ipxe\n{{ for i in 1..2000; machine.name | string.upcase | string.pad_left " +
            "10; \"\\n\"; end }}")
            .Render(values);
        Assert.Equal(2001, script.Count(letter => letter == '\n'));
    }

    /// <summary>A template that is refused when it is parsed gives none.</summary>
    private static ScriptTemplate? Parsed(string text)
    {
        try
        {
            return ScriptTemplate.Of(text);
        }
        catch (ScriptTemplateException)
        {
            return null;
        }
    }

    /// <summary>What stands between <c>$$</c> as often as a template may be long; <c>#</c> counts.</summary>
    private static string Repeated(string template)
    {
        if (template.Split("$$") is not [var before, var again, var after]) return template;
        var all = new System.Text.StringBuilder(before);
        for (var i = 0; all.Length < ScriptTemplate.MaxLength - 200; i++)
            all.Append(again.Replace("#", $"{i}", StringComparison.Ordinal));
        return all.Append(after).ToString();
    }

    [Fact]
    public async Task Previews_are_for_operators_and_each_caller_gets_one_at_a_time()
    {
        await RegisterAsync("turns", "525400080021", Plain);
        var (viewer, _, _) = await app.WithTokenAsync("viewer");
        (await viewer.PostAsync("/api/v1/profiles/turns/preview", new { image = "turns" }))
            .IsProblem(HttpStatusCode.Forbidden, "forbidden");
        var (caller, _, _) = await app.WithTokenAsync("operator");
        var slow = new
        {
            image = "turns",
            template = "#!ipxe\n{{ func f; if $0 < 18; f ($0+1); f ($0+1); end; end; f 0 }}\n"
        };
        var all = Enumerable.Range(0, 16)
            .Select(_ => caller.PostAsync("/api/v1/profiles/turns/preview?faults=tell", slow)).ToList();
        (await _admin.PostAsync("/api/v1/profiles/turns/preview", new { image = "turns" })).Is(HttpStatusCode.OK);
        var answers = await Task.WhenAll(all);
        var refused = answers.First(answer => answer.Status == HttpStatusCode.TooManyRequests);
        refused.IsProblem(HttpStatusCode.TooManyRequests, "too-many-previews");
        Assert.Equal("1", refused.Header("Retry-After"));
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_preview_with_a_list_of_eight_thousand_long_texts_takes_no_memory()
    {
        await RegisterAsync("greedy", "525400080022", Plain);
        var template = "#!ipxe\n{{x=\"a\"*130000;y=[" + string.Join(',', Enumerable.Repeat("x+1", 8000)) + "]}}\n";
        var before = GC.GetTotalAllocatedBytes();
        (await _admin.PostAsync("/api/v1/profiles/greedy/preview", new { image = "greedy", template }))
            .IsInvalidAt("$.template");
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 200 << 20);
    }

    [Fact]
    public async Task A_template_is_previewed_for_a_machine_before_it_is_saved()
    {
        await RegisterAsync("before", "525400080004", Plain, """ "labels":{"room":"9"}, """);
        var answer = (await _admin.PostAsync("/api/v1/profiles/before/preview?machine=before",
            new { image = "before", template = "#!ipxe\necho room {{ machine.labels.room }}\n" }))
            .Is(HttpStatusCode.OK);
        Assert.Equal("#!ipxe\necho room 9\n", answer["script"]);
        Assert.Equal("boot", answer["action"]);
        (await _admin.PostAsync("/api/v1/profiles/before/preview?machine=before",
            new { image = "before", template = "{{" }))
            .IsInvalidAt("$.template");
        (await _admin.PostAsync("/api/v1/profiles/before/preview?machine=nobody", new { image = "before" }))
            .Is(HttpStatusCode.NotFound);
        Assert.Equal(Plain, (await _admin.GetAsync("/api/v1/profiles/before"))["template"]);
    }

    [Theory]
    [InlineData("525400080011", "{{ if machine.lables.room }}{{ end }}",
        "line 2: machine.lables is not known here. Did you mean machine.labels?")]
    [InlineData("525400080012", "{{ kernal }}", "line 2: kernal is not known here. Did you mean kernel?")]
    [InlineData("525400080013", "{{ nowhere }}", "line 2: nowhere is not known here")]
    public async Task A_preview_that_is_asked_to_tells_a_templates_fault_beside_the_built_in_script(string mac,
        string line, string why)
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
            new { image = "one", template = "#!ipxe\n{{ if machine.labels.room }}{{ nowhere }}{{ end }}\n" }))
            .Is(HttpStatusCode.OK);
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
