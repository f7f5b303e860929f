using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Profiles;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Images.Layouts;

/// <summary>Arguments that only the script may name.</summary>
public sealed class KernelLineTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;

    [Theory]
    [InlineData("netboot.boot=http://elsewhere/boots/x", "must not name netboot.boot= itself: the script does")]
    [InlineData("initrd=other", "must not name initrd= itself: the script does")]
    public async Task A_profile_a_machine_and_an_import_that_name_them_are_refused(string argument, string why)
    {
        await _admin.PutAsync("/api/v1/images/named", """{"source":{"type":"upload"}}""");
        var body = JsonSerializer.Serialize(new { image = "named", kernelArguments = new[] { "quiet", argument } });
        var profile = (await _admin.PutAsync("/api/v1/profiles/named", body)).IsInvalidAt("$.kernelArguments[1]");
        Assert.Contains(why, profile.Text, StringComparison.Ordinal);
        (await _admin.PutAsync("/api/v1/machines/named",
            new { macs = new[] { "525400120001" }, kernelArguments = new[] { argument } }))
            .IsInvalidAt("$.kernelArguments[0]");
        var import = await _admin.PostAsync("/api/v1/machines/import", JsonSerializer.Serialize(new[]
        {
            new { name = "named", macs = new[] { "525400120001" }, kernelArguments = new[] { argument } },
        }));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, import.Status);
        Assert.Contains(why, import.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kernel {{ kernel }} {{ command_line }} netboot.boot=http://elsewhere", "names netboot.boot= itself")]
    [InlineData("kernel {{ kernel }} netboot.boot={{ server }}/x", "names netboot.boot= itself")]
    [InlineData("kernel {{ kernel }} {{ command_line }} netboot.boot={{ boot_url }}", "names netboot.boot= itself")]
    [InlineData("kernel {{ kernel }} {{ command_line }} initrd=initrd", "names initrd=initrd twice")]
    [InlineData("kernel {{ kernel }} initrd=initrd netboot.boot={{ boot_url }} quiet", null)]
    [InlineData("kernel {{ kernel }} {{ command_line }}", null)]
    public async Task A_template_may_name_the_boots_own_url_once(string line, string? why)
    {
        await _admin.PutAsync("/api/v1/images/lines", """{"source":{"type":"upload"}}""");
        var answer = await _admin.PutAsync("/api/v1/profiles/lines",
            new { image = "lines", template = $"#!ipxe\n{line} || goto failed\n{{{{ failed }}}}\n" });
        if (why is null) Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Text);
        else Assert.Contains(why, answer.IsInvalidAt("$.template").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_stored_before_they_were_refused_boots_and_names_ours_alone()
    {
        await _admin.MakeImageAsync("stored", seed: 3);
        await _admin.PutAsync("/api/v1/profiles/stored", """{"image":"stored","kernelArguments":["quiet"]}""");
        await _admin.PutAsync("/api/v1/machines/stored", """{"macs":["525400120002"],"profile":"stored"}""");
        await app.Services.GetRequiredService<Database>().WriteAsync(async (db, ct) =>
        {
            var row = await db.Set<ProfileRow>().SingleAsync(profile => profile.Name == "stored", ct);
            row.Spec = row.Spec.Replace("[\"quiet\"]", "[\"quiet\",\"netboot.boot=http://old\",\"initrd=old\"]",
                StringComparison.Ordinal);
            return true;
        }, TestContext.Current.CancellationToken);
        await app.Services.GetRequiredService<ProfileCatalog>().ReloadAsync(TestContext.Current.CancellationToken);
        Assert.Contains("initrd=old", (await _admin.GetAsync("/api/v1/profiles/stored")).Text,
            StringComparison.Ordinal);
        var line = (await app.Machine.ScriptAsync("525400120002")).Split('\n')
            .Single(line => line.StartsWith("kernel ", StringComparison.Ordinal));
        Assert.Matches(@" initrd=initrd quiet netboot\.boot=http://localhost(:[0-9]+)?/boots/\S+ \|\| goto failed$",
            line);
    }
}
