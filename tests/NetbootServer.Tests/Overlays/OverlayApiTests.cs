using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using NetbootServer.Overlays.Ssh;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Overlays;

/// <summary>Overlays of machines and profiles in the API: what is taken, kept, shown, and never shown.</summary>
public sealed class OverlayApiTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    internal const string Hash = "$6$saltsalt$" +
        "qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
    private readonly Caller _admin = app.Admin;

    [Fact]
    public async Task An_overlay_reads_as_it_was_written_but_for_its_secrets()
    {
        var overlay = new
        {
            hostname = "node1.example.org",
            machineId = "0123456789ABCDEF0123456789abcdef",
            authorizedKeys = new[] { $"{Key} admin" },
            rootPasswordHash = Hash,
            network = new[]
            {
                new
                {
                    mac = "52-54-00-01-00-01", dhcp = false, addresses = new[] { "10.0.0.7/24", "2001:DB8::7/64" },
                    gateway4 = "10.0.0.1", gateway6 = "fe80::1", dns = new[] { "10.0.0.53" },
                    routes = new[] { new { destination = "10.1.0.0/16", gateway = "10.0.0.2" } },
                },
            },
            files = new object[]
            {
                new { path = "/etc/motd", content = "hello\n" },
                new { path = "/etc/app/token", mode = "400", content = "s3cr3t-of-the-app", secret = true },
                new { path = "/etc/blob", mode = "0755", contentBase64 = "AAEC" },
            },
        };
        var saved = (await _admin.PutAsync("/api/v1/machines/reads",
            new { macs = new[] { "52:54:00:01:00:01" }, overlay, secretRelease = "once" })).Is(HttpStatusCode.Created);
        var read = saved.Json.GetProperty("overlay");
        Assert.Equal("once", saved["secretRelease"]);
        Assert.Equal("0123456789abcdef0123456789abcdef", read.GetProperty("machineId").GetString());
        Assert.Equal("""
            [{"mac":"52:54:00:01:00:01","dhcp":false,"addresses":["10.0.0.7/24","2001:db8::7/64"],"gateway4":"10.0.0.1","gateway6":"fe80::1","routes":[{"destination":"10.1.0.0/16","gateway":"10.0.0.2"}],"dns":["10.0.0.53"]}]
            """.Trim(), read.GetProperty("network").GetRawText());
        var files = read.GetProperty("files");
        Assert.Equal("""{"path":"/etc/motd","mode":"0644","content":"hello\n"}""", files[0].GetRawText());
        Assert.Equal("""{"path":"/etc/blob","mode":"0755","contentBase64":"AAEC"}""", files[2].GetRawText());
        Assert.Equal(["path", "mode", "secret", "fingerprint", "setAt"],
            files[1].EnumerateObject().Select(member => member.Name));
        Assert.Equal(["secret", "fingerprint", "setAt"],
            read.GetProperty("rootPasswordHash").EnumerateObject().Select(member => member.Name));

        // Sent back as it was read, nothing changes.
        var again = (await _admin.PutAsync("/api/v1/machines/reads", new
        {
            macs = new[] { "52:54:00:01:00:01" }, overlay = read, secretRelease = "once",
        })).Is(HttpStatusCode.OK);
        Assert.Equal((saved["revision"], read.GetRawText()),
            (again["revision"], again.Json.GetProperty("overlay").GetRawText()));
        // So it does with the same values.
        again = (await _admin.PutAsync("/api/v1/machines/reads",
            new { macs = new[] { "52:54:00:01:00:01" }, overlay, secretRelease = "once" })).Is(HttpStatusCode.OK);
        Assert.Equal(saved["revision"], again["revision"]);
        // A patch of something else keeps them.
        again = (await _admin.PatchAsync("/api/v1/machines/reads", new { notes = "x" })).Is(HttpStatusCode.OK);
        Assert.Equal(read.GetRawText(), again.Json.GetProperty("overlay").GetRawText());
    }

    [Fact]
    public async Task A_secret_sent_back_with_another_fingerprint_is_a_conflict()
    {
        var saved = (await _admin.PutAsync("/api/v1/machines/conflict", new
        {
            macs = new[] { "52:54:00:01:00:02" }, overlay = new { rootPasswordHash = Hash },
        })).Is(HttpStatusCode.Created);
        var other = new { secret = true, fingerprint = "AAAAAAAAAAAAAAAA", setAt = "2026-01-01T00:00:00Z" };
        (await _admin.PatchAsync("/api/v1/machines/conflict",
            new { overlay = new { rootPasswordHash = (object?)null } })).Is(HttpStatusCode.OK);
        // It is gone meanwhile: the old reference keeps nothing.
        var reference = saved.Json.GetProperty("overlay");
        (await _admin.PatchAsync("/api/v1/machines/conflict", new { overlay = reference }))
            .IsProblem(HttpStatusCode.Conflict, "secret-changed");
        (await _admin.PutAsync("/api/v1/profiles/conflict", new
        {
            image = await ImageAsync(), overlay = new { rootPasswordHash = other },
        })).IsProblem(HttpStatusCode.Conflict, "secret-changed");
        // Another machine's reference opens nothing either.
        await _admin.PutAsync("/api/v1/machines/victim", new
        {
            macs = new[] { "52:54:00:01:00:03" }, overlay = new { rootPasswordHash = Hash },
        });
        (await _admin.PutAsync("/api/v1/machines/thief", new
        {
            macs = new[] { "52:54:00:01:00:04" }, overlay = reference,
        })).IsProblem(HttpStatusCode.Conflict, "secret-changed");
    }

    [Fact]
    public async Task No_secret_is_on_the_disk_in_an_answer_in_the_log_or_in_the_audit()
    {
        const string Secret = "k33p-th1s-t0-y0urs3lf";
        var body = new
        {
            macs = new[] { "52:54:00:01:00:05" },
            overlay = new
            {
                rootPasswordHash = Hash, hostKeys = "generate",
                files = new[] { new { path = "/etc/secret", content = Secret, secret = true } },
            },
        };
        (await _admin.PutAsync("/api/v1/machines/silent", body)).Is(HttpStatusCode.Created);
        await _admin.PutAsync("/api/v1/profiles/silent", new { image = await ImageAsync(), body.overlay });
        (await _admin.PostAsync("/api/v1/machines/import", new object[]
        {
            new { name = "silent2", macs = new[] { "52:54:00:01:00:06" }, body.overlay },
        })).Is(HttpStatusCode.OK);
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret));
        foreach (var path in new[]
        {
            "/api/v1/machines", "/api/v1/machines/silent", "/api/v1/machines/silent2", "/api/v1/machines/export",
            "/api/v1/machines/export?format=yaml", "/api/v1/machines/export?format=csv", "/api/v1/profiles",
            "/api/v1/profiles/silent", "/api/v1/audit?limit=1000", "/api/v1/machines/silent/plan",
        })
        {
            var answer = (await _admin.GetAsync(path)).Is(HttpStatusCode.OK);
            foreach (var no in new[] { Secret, base64, Hash, "sealed", "PRIVATE KEY", "CfDJ8" })
                Assert.DoesNotContain(no, answer.Text, StringComparison.Ordinal);
        }
        Assert.All(app.Log.All, line => Assert.DoesNotContain(Secret, line, StringComparison.Ordinal));
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.EnumerateFiles(app.Data, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "server.lock"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, TestContext.Current.CancellationToken);
            foreach (var no in new[] { Secret, base64, Hash })
                Assert.True(bytes.GetBuffer().AsSpan().IndexOf(Encoding.UTF8.GetBytes(no)) < 0, file);
        }
    }

    [Fact]
    public async Task An_import_of_an_export_keeps_secrets_and_changes_nothing()
    {
        (await _admin.PutAsync("/api/v1/machines/exported", new
        {
            macs = new[] { "52:54:00:01:00:07" }, labels = new { set = "exported" },
            overlay = new
            {
                rootPasswordHash = Hash, hostname = "x",
                files = new[] { new { path = "/a", content = "1", mode = "0640", secret = true } },
            },
        })).Is(HttpStatusCode.Created);
        foreach (var format in new[] { "json", "yaml" })
        {
            var export = (await _admin.GetAsync($"/api/v1/machines/export?format={format}&label=set%3Dexported"))
                .Is(HttpStatusCode.OK);
            using var content = new StringContent(export.Text);
            content.Headers.ContentType = new($"application/{format}");
            var report = (await _admin.SendAsync(HttpMethod.Post, "/api/v1/machines/import", content))
                .Is(HttpStatusCode.OK);
            Assert.Equal("1", report["unchanged"]);
            using var changed = new StringContent(System.Text.RegularExpressions.Regex.Replace(export.Text,
                "(fingerprint\"?: ?\"?)...", "$1AAA"));
            changed.Headers.ContentType = new($"application/{format}");
            var refused = (await _admin.SendAsync(HttpMethod.Post, "/api/v1/machines/import", changed))
                .IsProblem(HttpStatusCode.UnprocessableEntity, "invalid");
            Assert.Contains("is not the secret with that fingerprint", refused.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Generated_host_keys_are_each_machine_s_own_and_stay()
    {
        foreach (var (name, mac) in new[] { ("keys1", "52:54:00:01:00:08"), ("keys2", "52:54:00:01:00:09") })
            (await _admin.PutAsync($"/api/v1/machines/{name}", new
            {
                macs = new[] { mac }, overlay = new { hostKeys = "generate" },
            })).Is(HttpStatusCode.Created);
        var first = (await _admin.GetAsync("/api/v1/machines/keys1")).Json.GetProperty("hostKeys");
        var second = (await _admin.GetAsync("/api/v1/machines/keys2")).Json.GetProperty("hostKeys");
        Assert.Equal("ed25519", first[0].GetProperty("type").GetString());
        Assert.StartsWith("ssh-ed25519 AAAA", first[0].GetProperty("public").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("SHA256:", first[0].GetProperty("fingerprint").GetString(), StringComparison.Ordinal);
        Assert.NotEqual(first.GetRawText(), second.GetRawText());
        (await _admin.PatchAsync("/api/v1/machines/keys1", new { name = "keys3", notes = "renamed" }))
            .Is(HttpStatusCode.OK);
        Assert.Equal(first.GetRawText(),
            (await _admin.GetAsync("/api/v1/machines/keys3")).Json.GetProperty("hostKeys").GetRawText());

        // By its profile, too.
        await _admin.PutAsync("/api/v1/profiles/keys",
            new { image = await ImageAsync(), overlay = new { hostKeys = "generate" } });
        var machine = (await _admin.PutAsync("/api/v1/machines/keys4",
            new { macs = new[] { "52:54:00:01:00:0a" }, profile = "keys" })).Is(HttpStatusCode.Created);
        Assert.Equal(1, machine.Json.GetProperty("hostKeys").GetArrayLength());
    }

    [Fact]
    public async Task Four_mebibytes_fit_and_one_byte_more_does_not()
    {
        async Task<Answer> PutAsync(int bytes) => await _admin.PutAsync("/api/v1/machines/large", new
        {
            macs = new[] { "52:54:00:01:00:0b" },
            overlay = new
            {
                files = new[] { new { path = "/f", contentBase64 = Convert.ToBase64String(new byte[bytes]) } },
            },
        });
        (await PutAsync((4 << 20) - 2)).Is(HttpStatusCode.Created);
        (await PutAsync((4 << 20) - 1)).IsInvalidAt("$.overlay");
        (await PutAsync((4 << 20) + 1)).IsInvalidAt("$.overlay.files[0].content");
        var listed = (await _admin.GetAsync("/api/v1/machines?q=large")).Is(HttpStatusCode.OK);
        Assert.InRange(listed.Text.Length, 1, 10_000);
        // What a list left out cannot be sent back by mistake.
        (await _admin.PatchAsync("/api/v1/machines/large", new
        {
            overlay = listed.Json.GetProperty("items")[0].GetProperty("overlay"),
        })).IsInvalidAt("$.overlay.files[0].content");
    }

    [Theory]
    [InlineData("ssh-rsa")]
    [InlineData("rsa")]
    public async Task An_RSA_host_key_in_PEM_is_taken_with_its_own_public_half_only(string type)
    {
        using var rsa = RSA.Create(2048);
        using var other = RSA.Create(2048);
        var pem = rsa.ExportRSAPrivateKeyPem();
        Assert.True(SshPrivateKey.TryParse(pem, out var own, out _));
        Assert.True(SshPrivateKey.TryParse(other.ExportPkcs8PrivateKeyPem(), out var foreign, out _));
        object With(string publicKey) => new
        {
            macs = new[] { "52:54:00:01:00:4a" },
            overlay = new { hostKeys = new[] { new { type, @private = pem, @public = publicKey } } },
        };
        (await _admin.PutAsync("/api/v1/machines/rsa", With(foreign.ToString())))
            .IsInvalidAt("$.overlay.hostKeys[0].public");
        var saved = await _admin.PutAsync("/api/v1/machines/rsa", With($"{own} root@node"));
        var shown = Assert.Single(saved.Json.GetProperty("hostKeys").EnumerateArray());
        Assert.Equal((own.ToString(), own.Fingerprint),
            (shown.GetProperty("public").GetString(), shown.GetProperty("fingerprint").GetString()));
        Assert.Equal("rsa", saved.Json.GetProperty("overlay").GetProperty("hostKeys")[0].GetProperty("type")
            .GetString());
        Assert.DoesNotContain(pem.Split('\n')[3], saved.Text, StringComparison.Ordinal);
        // Sent back as it was read, it stays.
        Assert.Equal(saved["revision"], (await _admin.PutAsync("/api/v1/machines/rsa", new
        {
            macs = new[] { "52:54:00:01:00:4a" }, overlay = saved.Json.GetProperty("overlay"),
        })).Is(HttpStatusCode.OK)["revision"]);
        (await _admin.DeleteAsync("/api/v1/machines/rsa")).Is(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("""{"hostname":"-x"}""", "hostname")]
    [InlineData("""{"hostname":"a b"}""", "hostname")]
    [InlineData("""{"machineId":"123"}""", "machineId")]
    [InlineData("""{"machineId":"00000000000000000000000000000000"}""", "machineId")]
    [InlineData("""{"authorizedKeys":["ssh-ed25519 AAAA"]}""", "authorizedKeys[0]")]
    [InlineData("""{"hostKeys":"make"}""", "hostKeys")]
    [InlineData("""{"hostKeys":[{"type":"dsa","private":"x"}]}""", "hostKeys[0].type", "hostKeys[0].private")]
    [InlineData("""{"hostKeys":[{"type":"rsa"}]}""", "hostKeys[0].private")]
    [InlineData("""{"rootPasswordHash":"hunter2"}""", "rootPasswordHash")]
    [InlineData("""{"rootPasswordHash":{"secret":true}}""", "rootPasswordHash.fingerprint")]
    [InlineData("""{"network":[{"dhcp":true}]}""", "network[0].mac")]
    [InlineData("""{"network":[{"mac":"52:54:00:00:00:01"}]}""", "network[0].addresses")]
    [InlineData("""{"network":[{"mac":"52:54:00:00:00:01","addresses":["10.1/8","10.0.0.1","::1/129"]}]}""",
        "network[0].addresses[0]", "network[0].addresses[1]", "network[0].addresses[2]")]
    [InlineData("""{"network":[{"mac":"52:54:00:00:00:01","dhcp":true,"gateway4":"::1","gateway6":"10.0.0.1"}]}""",
        "network[0].gateway4", "network[0].gateway6")]
    [InlineData("""{"network":[{"mac":"52:54:00:00:00:01","dhcp":true,"routes":[{"destination":"10.1.0.1/16","gateway":"::1"}]}]}""",
        "network[0].routes[0].destination")]
    [InlineData("""{"network":[{"mac":"52:54:00:00:00:01","dhcp":true},{"mac":"52-54-00-00-00-01","dhcp":true}]}""",
        "network")]
    [InlineData("""{"files":[{"path":"etc/x","content":""}]}""", "files[0].path")]
    [InlineData("""{"files":[{"path":"/etc/../x","content":""}]}""", "files[0].path")]
    [InlineData("""{"files":[{"path":"/","content":""}]}""", "files[0].path")]
    [InlineData("""{"files":[{"path":"/run/x","content":""}]}""", "files[0].path")]
    [InlineData("""{"files":[{"path":"/netboot/x","content":""}]}""", "files[0].path")]
    [InlineData("""{"files":[{"path":"/x"}]}""", "files[0].content")]
    [InlineData("""{"files":[{"path":"/x","content":"","mode":"0888"}]}""", "files[0].mode")]
    [InlineData("""{"files":[{"path":"/x","content":"","mode":420}]}""", "files[0].mode")]
    [InlineData("""{"files":[{"path":"/x","contentBase64":"?"}]}""", "files[0].contentBase64")]
    [InlineData("""{"files":[{"path":"/x","content":"","contentBase64":""}]}""", "files[0].contentBase64")]
    [InlineData("""{"files":[{"path":"/x","content":""},{"path":"/x","content":""}]}""", "files")]
    [InlineData("""{"files":[{"path":"/x","content":""},{"path":"/x/y","content":""}]}""", "files")]
    [InlineData("""{"hostName":"x"}""", "hostName")]
    [InlineData("""[]""", "")]
    public async Task A_fault_is_named_by_its_path(string overlay, params string[] paths)
    {
        var answer = await _admin.PutAsync("/api/v1/machines/faulty",
            $$"""{"macs":["52:54:00:01:00:0c"],"overlay":{{overlay}}}""");
        answer.IsInvalidAt([.. paths.Select(path => path.Length == 0 ? "$.overlay" : $"$.overlay.{path}")]);
        Assert.DoesNotContain("hunter2", answer.Text, StringComparison.Ordinal);
    }

    private async Task<string> ImageAsync()
    {
        await _admin.PutAsync("/api/v1/images/overlays", """{"source":{"type":"upload"}}""");
        return "overlays";
    }
}
