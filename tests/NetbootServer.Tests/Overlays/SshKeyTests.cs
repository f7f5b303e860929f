using System.Diagnostics;
using NetbootServer.Overlays.Ssh;

namespace NetbootServer.Tests.Overlays;

/// <summary>Keys as OpenSSH's own program makes and reads them.</summary>
public sealed class SshKeyTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-keys-");

    [Theory]
    [InlineData("ed25519", "256", "ssh-ed25519")]
    [InlineData("rsa", "2048", "ssh-rsa")]
    [InlineData("ecdsa", "256", "ecdsa-sha2-nistp256")]
    [InlineData("ecdsa", "384", "ecdsa-sha2-nistp384")]
    [InlineData("ecdsa", "521", "ecdsa-sha2-nistp521")]
    public void A_key_of_ssh_keygen_is_read_with_its_public_half(string type, string bits, string word)
    {
        var path = Make(type, bits, "");
        Assert.True(SshPrivateKey.TryParse(File.ReadAllText(path), out var key, out var fault), fault);
        Assert.Equal(word, key.Type);
        Assert.StartsWith(key.ToString(), File.ReadAllText(path + ".pub"), StringComparison.Ordinal);
        Assert.Contains(key.Fingerprint, Run("-l", "-f", path), StringComparison.Ordinal);
        Assert.Null(AuthorizedKey.Fault(File.ReadAllText(path + ".pub").Trim()));
    }

    [Theory]
    [InlineData("PEM", "rsa", "2048", "-----BEGIN RSA PRIVATE KEY-----")]
    [InlineData("PEM", "rsa", "4096", "-----BEGIN RSA PRIVATE KEY-----")]
    [InlineData("PKCS8", "rsa", "3072", "-----BEGIN PRIVATE KEY-----")]
    [InlineData("PEM", "ecdsa", "256", "-----BEGIN EC PRIVATE KEY-----")]
    [InlineData("PEM", "ecdsa", "521", "-----BEGIN EC PRIVATE KEY-----")]
    [InlineData("PKCS8", "ecdsa", "384", "-----BEGIN PRIVATE KEY-----")]
    public void A_key_in_PEM_is_read_with_its_public_half_and_refused_when_it_is_damaged(
        string format, string type, string bits, string begin)
    {
        var path = Make(type, bits, "", format);
        var text = File.ReadAllText(path);
        Assert.StartsWith(begin, text, StringComparison.Ordinal);
        Assert.True(SshPrivateKey.TryParse(text, out var key, out var fault), fault);
        Assert.StartsWith(key.ToString(), File.ReadAllText(path + ".pub"), StringComparison.Ordinal);
        Assert.False(SshPrivateKey.TryParse(text + "more", out _, out _));
        var lines = text.TrimEnd().Split('\n');
        var der = Convert.FromBase64String(string.Concat(lines[1..^1]));
        for (var i = 0; i < der.Length; i += Math.Max(der.Length / 60, 1))
        {
            der[i] ^= 0x10;
            var changed = $"{lines[0]}\n{Convert.ToBase64String(der)}\n{lines[^1]}\n";
            Assert.False(SshPrivateKey.TryParse(changed, out var other, out _) && other.ToString() == key.ToString()
                && !IsRead(changed), $"byte {i} of {der.Length}");
            der[i] ^= 0x10;
        }
    }

    [Theory]
    [InlineData("a pass phrase, PKCS #1", "PEM", "rsa", "secret words", "ssh-keygen -p")]
    [InlineData("a pass phrase, PKCS #8", "PKCS8", "ecdsa", "secret words", "ssh-keygen -p")]
    [InlineData("a certificate", null, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "",
        "something else")]
    [InlineData("DSA", null, "-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----", "", "no host key")]
    [InlineData("half a key", null, "-----BEGIN RSA PRIVATE KEY-----\nAAAA", "", "is damaged")]
    [InlineData("Ed25519 in PKCS #8", null,
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n-----END PRIVATE KEY-----",
        "", "ssh-keygen -t ed25519")]
    [InlineData("another curve", null,
        "-----BEGIN EC PRIVATE KEY-----\nMC4CAQEEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8goAcGBSuBBAAK\n-----END EC PRIVATE KEY-----",
        "", "curve")]
    public void A_key_in_PEM_that_sshd_could_not_use_is_refused_with_advice(
        string what, string? format, string key, string phrase, string expected)
    {
        var text = format is null ? key : File.ReadAllText(Make(key, key == "rsa" ? "2048" : "256", phrase, format));
        Assert.False(SshPrivateKey.TryParse(text, out _, out var fault), what);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ed25519", "256")]
    [InlineData("rsa", "2048")]
    [InlineData("ecdsa", "256")]
    public void A_key_with_any_byte_changed_is_refused(string type, string bits)
    {
        var text = File.ReadAllText(Make(type, bits, ""));
        var lines = text.Split('\n');
        var bytes = Convert.FromBase64String(string.Concat(lines[1..^2]));
        // The check numbers and the comment prove nothing; the rest is the key.
        var comment = bytes.AsSpan().LastIndexOf("a comment"u8);
        for (var i = 0; i < bytes.Length; i += 7)
        {
            if (i >= comment - 4 && i < comment + 9) continue;
            bytes[i] ^= 0x10;
            var changed = $"{lines[0]}\n{Convert.ToBase64String(bytes)}\n{lines[^2]}\n";
            Assert.False(SshPrivateKey.TryParse(changed, out _, out _), $"byte {i} of {bytes.Length}");
            bytes[i] ^= 0x10;
        }
        Assert.True(SshPrivateKey.TryParse(text, out _, out _));
    }

    [Fact]
    public void A_key_with_a_pass_phrase_is_refused_with_advice()
    {
        Assert.False(SshPrivateKey.TryParse(File.ReadAllText(Make("ed25519", "256", "secret words")), out _,
            out var fault));
        Assert.Contains("ssh-keygen -p", fault, StringComparison.Ordinal);
        Assert.False(SshPrivateKey.TryParse("PuTTY-User-Key-File-3: ssh-ed25519", out _, out fault));
        Assert.Contains("OpenSSH's format", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_made_key_is_read_by_ssh_keygen_and_is_the_same_for_the_same_seed()
    {
        var seed = Enumerable.Range(1, 32).Select(i => (byte)i).ToArray();
        var (file, key) = SshPrivateKey.Ed25519(seed, 7, "node1");
        Assert.Equal((file, key.ToString()), (SshPrivateKey.Ed25519(seed, 7, "node1").File,
            SshPrivateKey.Ed25519(seed, 7, "node1").Public.ToString()));
        var path = Path.Combine(_folder.FullName, "made");
        File.WriteAllText(path, file);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal($"{key} node1", Run("-y", "-f", path).Trim());
        Assert.Equal($"256 {key.Fingerprint} node1 (ED25519)", Run("-l", "-f", path).Trim());
        Assert.True(SshPrivateKey.TryParse(file, out var read, out var fault), fault);
        Assert.Equal(key.ToString(), read.ToString());
    }

    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

    [Theory]
    [InlineData("a plain key", Key, null)]
    [InlineData("with a comment of several words", $"{Key} admin of rack 3", null)]
    [InlineData("with options",
        $"restrict,from=\"10.0.0.0/8,!10.1.0.1\",command=\"echo \\\"hi, you\\\"\" {Key} me", null)]
    [InlineData("nothing", "", "must be a key")]
    [InlineData("a comment only", "# me", "must be a key")]
    [InlineData("no type", "AAAAC3NzaC1lZDI1NTE5", "which sshd does not know")]
    [InlineData("an unknown option", $"restricted {Key}", "'restricted'")]
    [InlineData("an option without quotes", $"from=10.0.0.1 {Key}", "'from=10.0.0.1'")]
    [InlineData("an open quote", $"command=\"ls {Key}", "not closed")]
    [InlineData("no base64", "ssh-ed25519 ?", "no base64")]
    [InlineData("a key that is cut off", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoL", "cut off")]
    [InlineData("another type inside", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
        "another type")]
    [InlineData("a private key", "-----BEGIN OPENSSH PRIVATE KEY-----", "which sshd does not know")]
    public void An_authorized_key_is(string what, string line, string? fault)
    {
        Assert.NotNull(what);
        if (fault is null) Assert.Null(AuthorizedKey.Fault(line));
        else Assert.Contains(fault, AuthorizedKey.Fault(line), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Whether ssh-keygen itself reads it, and says the same public half.</summary>
    private bool IsRead(string text)
    {
        var path = Path.Combine(_folder.FullName, "changed");
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var process = Process.Start(new ProcessStartInfo("ssh-keygen", ["-y", "-P", "", "-f", path])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private string Make(string type, string bits, string phrase, string format = "RFC4716")
    {
        var path = Path.Combine(_folder.FullName, type + bits);
        Run("-q", "-t", type, "-b", bits, "-m", format, "-N", phrase, "-C", "a comment", "-f", path);
        return path;
    }

    private static string Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ssh-keygen", arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output + errors.Result);
        return output;
    }
}
