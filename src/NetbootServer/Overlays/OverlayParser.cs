using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.Api;
using NetbootServer.Overlays.Ssh;

namespace NetbootServer.Overlays;

/// <summary>
/// Turns the member <c>overlay</c> of a request into an <see cref="Overlay"/>, or into all of its faults.
/// </summary>
internal static partial class OverlayParser
{
    private const int MaxKeys = 1000, MaxFiles = 1000, MaxHostKeys = 3;

    /// <summary>Bytes of a body that has one: 4 MiB in base64, and the rest.</summary>
    public const int MaxBodyBytes = 8 << 20;

    /// <summary>Members by which a secret that was read is sent back.</summary>
    private static readonly string[] Reference = ["secret", "fingerprint", "setAt"];

    /// <summary>The overlay; null when there is none, or nothing in it.</summary>
    public static Overlay? Read(JsonFields fields, string name)
    {
        if (fields.Element(name) is not { } member) return null;
        var inner = new JsonFields(member, fields.PathOf(name), fields.Errors);
        var overlay = new Overlay
        {
            Hostname = Hostname(inner),
            MachineId = MachineId(inner),
            AuthorizedKeys = AuthorizedKeys(inner),
            HostKeys = HostKeys(inner),
            RootPasswordHash = RootPasswordHash(inner),
            Network = NetworkParser.Read(inner, "network"),
            Files = Files(inner),
        };
        inner.RefuseOthers();
        return overlay.IsEmpty ? null : overlay;
    }

    private static string? Hostname(JsonFields fields)
    {
        var name = fields.Text("hostname", 64);
        if (name is not null && !HostnameShape().IsMatch(name))
            fields.Fault("hostname", $"must be a host name of at most 64 letters, digits, '-' and '.', for example " +
                "node7.example.org");
        return name;
    }

    private static string? MachineId(JsonFields fields)
    {
        var id = fields.Text("machineId", 64)?.ToLowerInvariant();
        if (id is not null && (id.Length != 32 || !id.All(char.IsAsciiHexDigit) || id.All(c => c == '0')))
            fields.Fault("machineId", "must be 32 hexadecimal digits, not all of them 0, as systemd-id128 new makes " +
                "them");
        return id;
    }

    private static ImmutableArray<string>? AuthorizedKeys(JsonFields fields)
    {
        var before = fields.Errors.Count;
        var keys = fields.TextList("authorizedKeys", MaxKeys, AuthorizedKey.MaxLength);
        if (fields.Errors.Count == before)
            foreach (var (i, key) in keys.Index())
                if (AuthorizedKey.Fault(key) is { } fault)
                    fields.Errors.Add($"{fields.PathOf("authorizedKeys")}[{i}]", fault);
        return keys.IsEmpty ? null : [.. keys.Select(key => key.Trim()).Distinct(StringComparer.Ordinal)];
    }

    private static OverlayHostKeys? HostKeys(JsonFields fields)
    {
        if (fields.Element("hostKeys") is not { } member) return null;
        if (member.ValueKind == JsonValueKind.String && member.GetString() == OverlayHostKeys.Generate)
            return new() { AreGenerated = true };
        if (member.ValueKind != JsonValueKind.Array)
        {
            fields.Fault("hostKeys", $"must be \"{OverlayHostKeys.Generate}\" or a list of keys");
            return null;
        }
        var keys = ImmutableArray.CreateBuilder<OverlayHostKey>();
        if (member.GetArrayLength() > MaxHostKeys)
            fields.Fault("hostKeys", $"has {member.GetArrayLength()} items; at most one of each type is allowed");
        else
            foreach (var (i, item) in member.EnumerateArray().Index())
                if (HostKey(new(item, $"{fields.PathOf("hostKeys")}[{i}]", fields.Errors)) is { } key) keys.Add(key);
        foreach (var twice in keys.CountBy(key => key.Type).Where(count => count.Value > 1))
            fields.Fault("hostKeys", $"has two keys of type {twice.Key}");
        return keys.Count == 0 ? null : new() { Given = keys.DrainToImmutable() };
    }

    private static OverlayHostKey? HostKey(JsonFields fields)
    {
        var type = KeyType(fields);
        var given = fields.Text("public", SshPrivateKey.MaxLength)?.Trim();
        var secret = Secret(fields, "private", SshPrivateKey.MaxLength, out var text);
        fields.RefuseOthers();
        SshPublicKey? known = null;
        if (given is not null && (given.Split(' ') is not [var word, var base64, ..]
            || !SshPublicKey.TryParse(word, base64, out known, out _)))
            fields.Fault("public", "must be a public key as in a .pub file: 'ssh-ed25519 AAAA…'");
        if (text is not null)
        {
            if (!SshPrivateKey.TryParse(text, out var own, out var fault)) fields.Fault("private", fault);
            else if (type is not null && TypeWord(own.Type) is var ownType && ownType != type)
                fields.Fault("private", $"is of type {ownType}, not {type}");
            else if (known is not null && !known.Blob.AsSpan().SequenceEqual(own.Blob))
                fields.Fault("public", "is not the public half of the private key");
            else known = own;
        }
        else if (secret is not null && known is null)
        {
            fields.Fault("public", "is required where the private key is sent back by its fingerprint");
        }
        if (fields.Element("private") is null) fields.Fault("private", "is required: the private key");
        return type is null || secret is null || known is null ? null
            : new() { Type = type, Private = secret, Public = known.ToString() };
    }

    /// <summary>
    /// The type as it stands in the name of the key's file. Written as in the key (<c>ssh-rsa</c>) it is taken, too.
    /// </summary>
    private static string? KeyType(JsonFields fields)
    {
        const string Expected = "ed25519, rsa or ecdsa";
        if (fields.Element("type") is null) fields.Fault("type", $"is required: {Expected}");
        if (fields.Text("type", 64) is not { } type) return null;
        if (SshPublicKey.IsType(type) && !type.StartsWith("sk-", StringComparison.Ordinal)) type = TypeWord(type);
        if (type is "ed25519" or "rsa" or "ecdsa") return type;
        fields.Fault("type", $"must be {Expected}");
        return null;
    }

    private static string TypeWord(string type) =>
        type == "ssh-ed25519" ? "ed25519" : type == "ssh-rsa" ? "rsa" : "ecdsa";

    private static OverlaySecret? RootPasswordHash(JsonFields fields)
    {
        var secret = Secret(fields, "rootPasswordHash", 512, out var hash);
        if (hash is not null && !PasswordHash.IsOne(hash))
            fields.Fault("rootPasswordHash",
                "must be a hash as crypt(3) makes it, for example from mkpasswd -m yescrypt; never the password " +
                "itself");
        return secret;
    }

    /// <summary>A secret that is text, or the reference by which it is kept.</summary>
    /// <param name="fields">The object that it is in.</param>
    /// <param name="name">Its member.</param>
    /// <param name="maxLength">Characters at most.</param>
    /// <param name="text">The text; null for a reference and for a fault.</param>
    private static OverlaySecret? Secret(JsonFields fields, string name, int maxLength, out string? text)
    {
        text = null;
        if (fields.Element(name) is not { } member) return null;
        if (member.ValueKind == JsonValueKind.Object)
        {
            var reference = new JsonFields(member, fields.PathOf(name), fields.Errors);
            var secret = ReferenceIn(reference);
            reference.RefuseOthers(Reference);
            return secret;
        }
        text = fields.Text(name, maxLength, lines: true);
        if (text is null) return null;
        text = text.TrimEnd('\n');
        // ssh reads no key whose last line does not end.
        return OverlaySecret.Of(Encoding.UTF8.GetBytes(text.Contains('\n', StringComparison.Ordinal) ? text + "\n"
            : text));
    }

    private static OverlaySecret? ReferenceIn(JsonFields fields)
    {
        var fingerprint = fields.Text("fingerprint", 64);
        if (fingerprint is null) fields.Fault("fingerprint", "is required where the secret itself is not sent");
        return fingerprint is null ? null : new() { Fingerprint = fingerprint };
    }

    private static ImmutableArray<OverlayFile>? Files(JsonFields fields)
    {
        if (fields.Element("files") is not { } member) return null;
        var files = ImmutableArray.CreateBuilder<OverlayFile>();
        if (member.ValueKind != JsonValueKind.Array) fields.Fault("files", "must be a list");
        else if (member.GetArrayLength() > MaxFiles)
            fields.Fault("files", $"has {member.GetArrayLength()} items; at most {MaxFiles} are allowed");
        else
            foreach (var (i, item) in member.EnumerateArray().Index())
                if (ReadFile(new(item, $"{fields.PathOf("files")}[{i}]", fields.Errors)) is { } file) files.Add(file);
        foreach (var (path, fault) in FilePaths.Clashes(files.Select(file => file.Path)))
            fields.Fault("files", $"has '{JsonFields.Shorten(path)}' {fault}");
        return files.Count == 0 ? null : files.DrainToImmutable();
    }

    private static OverlayFile? ReadFile(JsonFields fields)
    {
        var before = fields.Errors.Count;
        var path = fields.Text("path", FilePaths.MaxLength);
        if (path is null ? fields.Element("path") is null : FilePaths.Fault(path) is not null)
            fields.Fault("path", path is null ? "is required, for example /etc/motd" : FilePaths.Fault(path)!);
        var mode = fields.Text("mode", 8) ?? OverlayFile.DefaultMode;
        if (!ModeShape().IsMatch(mode)) fields.Fault("mode", "must be permission bits in octal, for example \"0640\"");
        var secret = fields.Flag("secret") ?? false;
        var (content, base64) = (RawText(fields, "content"), RawText(fields, "contentBase64"));
        var bytes = content is not null ? Encoding.UTF8.GetBytes(content) : null;
        if (base64 is not null)
        {
            if (content is not null) fields.Fault("contentBase64", "stands beside content: send one of them");
            if (!Base64.IsValid(base64)) fields.Fault("contentBase64", "must be base64");
            else bytes = Convert.FromBase64String(base64);
        }
        OverlaySecret? hidden = null;
        if (bytes is not null) hidden = secret ? OverlaySecret.Of(bytes) : null;
        else if (secret && fields.Element("fingerprint") is not null) hidden = ReferenceIn(fields);
        else if (fields.Errors.Count == before) fields.Fault("content", "is required: content or contentBase64");
        if (bytes?.Length > Overlay.MaxBytes)
            fields.Fault("content", $"has {bytes.Length} bytes; at most {Overlay.MaxBytes} are allowed (4 MiB)");
        fields.RefuseOthers(Reference);
        return fields.Errors.Count > before ? null : new()
        {
            Path = path!,
            Mode = OverlayFile.ModeText(Convert.ToInt32(mode, 8)),
            Content = hidden is null ? content : null,
            ContentBase64 = hidden is null ? base64 : null,
            Secret = hidden is null ? null : true,
            Hidden = hidden,
        };
    }

    /// <summary>Text that may have anything in it.</summary>
    private static string? RawText(JsonFields fields, string name)
    {
        if (fields.Element(name) is not { } member) return null;
        if (member.ValueKind == JsonValueKind.String) return member.GetString();
        fields.Fault(name, "must be text");
        return null;
    }

    [GeneratedRegex(@"\A(?=.{1,64}\z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\z")]
    private static partial Regex HostnameShape();

    [GeneratedRegex(@"\A[0-7]{3,5}\z")]
    private static partial Regex ModeShape();
}
