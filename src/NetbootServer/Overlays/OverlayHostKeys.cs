using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetbootServer.Overlays;

/// <summary>
/// The ssh host keys of an overlay: a list of given ones, or <c>"generate"</c> for keys that the server makes for each
/// machine and that stay the same.
/// </summary>
[JsonConverter(typeof(OverlayHostKeysJson))]
public sealed record OverlayHostKeys
{
    /// <summary>The word for keys that the server makes.</summary>
    public const string Generate = "generate";

    /// <summary>The given keys; none when the server makes them.</summary>
    public ImmutableArray<OverlayHostKey> Given { get; init; } = [];

    /// <summary>Whether the server makes them.</summary>
    public bool AreGenerated { get; init; }

    private sealed class OverlayHostKeysJson : JsonConverter<OverlayHostKeys>
    {
        public override OverlayHostKeys Read(
            ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String ? new() { AreGenerated = true }
                : new() { Given = JsonSerializer.Deserialize<ImmutableArray<OverlayHostKey>>(ref reader, options) };

        public override void Write(Utf8JsonWriter writer, OverlayHostKeys value, JsonSerializerOptions options)
        {
            if (value.AreGenerated) writer.WriteStringValue(Generate);
            else JsonSerializer.Serialize(writer, value.Given, options);
        }
    }
}

/// <summary>A given ssh host key.</summary>
public sealed record OverlayHostKey
{
    /// <summary><c>ed25519</c>, <c>rsa</c> or <c>ecdsa</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The private key in OpenSSH's format, without a pass phrase.</summary>
    public required OverlaySecret Private { get; init; }

    /// <summary>The public key as in a <c>.pub</c> file; may be left out, for the private key has it.</summary>
    public required string Public { get; init; }
}

/// <summary>A machine's ssh host key as <c>known_hosts</c> needs it.</summary>
/// <param name="Type"><c>ed25519</c>, <c>rsa</c> or <c>ecdsa</c>.</param>
/// <param name="Public">The public key as in a <c>.pub</c> file, without a comment.</param>
/// <param name="Fingerprint">As <c>ssh-keygen -l</c> shows it: <c>SHA256:</c> and base64.</param>
public sealed record PublicHostKey(string Type, string Public, string Fingerprint);
