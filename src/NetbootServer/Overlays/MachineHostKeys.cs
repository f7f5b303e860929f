using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NetbootServer.Access.Keys;
using NetbootServer.Overlays.Ssh;

namespace NetbootServer.Overlays;

/// <summary>Which machine keys are generated for; another id or another time of registration gives others.</summary>
/// <param name="Id">Row key of the machine.</param>
/// <param name="CreatedAt">When its record was made.</param>
public readonly record struct HostKeyOwner(long Id, DateTimeOffset CreatedAt);

/// <summary>A host key on its way into an overlay.</summary>
/// <param name="Type"><c>ed25519</c>, <c>rsa</c> or <c>ecdsa</c>.</param>
/// <param name="SizeBytes">Bytes of the private key's file.</param>
/// <param name="Private">That file; opens the secret only when it is called.</param>
/// <param name="Public">The line of the <c>.pub</c> file.</param>
internal sealed record HostKeyFile(string Type, int SizeBytes, Func<byte[]> Private, string Public);

/// <summary>A machine's ssh host keys.</summary>
/// <remarks>
/// Keys that the server makes are derived from its secret root and the machine, so that they are known before the
/// machine's first boot, stay the same for ever, and need no write when it boots. A machine that is removed and
/// registered again gets others.
/// </remarks>
/// <param name="box">Derives keys.</param>
/// <param name="secrets">Opens given ones.</param>
public sealed class MachineHostKeys(SecretBox box, OverlaySecrets secrets)
{
    private const int SeedBytes = 32, CheckBytes = 4;

    /// <summary>The public halves.</summary>
    /// <param name="keys">What the merged overlay says; null for none.</param>
    /// <param name="owner">The machine.</param>
    public ImmutableArray<PublicHostKey>? PublicOf(OverlayHostKeys? keys, HostKeyOwner owner) => keys switch
    {
        null => null,
        { AreGenerated: true } => [Shown("ed25519", Make(owner).Public)],
        _ => [.. keys.Given.Select(key => Shown(key.Type, Public(key.Public)))],
    };

    /// <summary>The files <c>/etc/ssh/ssh_host_*_key</c>, by type.</summary>
    internal IEnumerable<HostKeyFile> FilesOf(OverlayHostKeys keys, HostKeyOwner owner)
    {
        if (keys.AreGenerated)
        {
            var (file, key) = Make(owner);
            yield return new("ed25519", file.Length, () => Encoding.UTF8.GetBytes(file), key.ToString());
        }
        foreach (var key in keys.Given)
            yield return new(key.Type, key.Private.SizeBytes, () => secrets.Open(key.Private), key.Public);
    }

    private (string File, SshPublicKey Public) Make(HostKeyOwner owner)
    {
        var derived = box.Derive(string.Create(CultureInfo.InvariantCulture,
            $"ssh-host-key ed25519 {owner.Id} {owner.CreatedAt.ToUnixTimeMilliseconds()}"), SeedBytes + CheckBytes);
        return SshPrivateKey.Ed25519(derived.AsSpan(0, SeedBytes),
            BinaryPrimitives.ReadUInt32BigEndian(derived.AsSpan(SeedBytes)), comment: "");
    }

    private static SshPublicKey Public(string text) => text.Split(' ') is [var type, var base64, ..]
        && SshPublicKey.TryParse(type, base64, out var key, out _) ? key
            : throw new InvalidDataException("A stored public key is none.");

    private static PublicHostKey Shown(string type, SshPublicKey key) => new(type, key.ToString(), key.Fingerprint);
}
