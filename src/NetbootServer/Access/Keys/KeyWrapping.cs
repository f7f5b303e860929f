using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace NetbootServer.Access.Keys;

/// <summary>Wraps the secret part of each key of the ring with the master key.</summary>
/// <param name="file">The master key.</param>
internal sealed class KeyWrapping(MasterKeyFile file) : IXmlEncryptor
{
    /// <summary>The element that stands in the place of the secret part.</summary>
    internal const string Element = "wrappedKey";

    private const string MasterKeyId = "masterKey";

    /// <inheritdoc/>
    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        ArgumentNullException.ThrowIfNull(plaintextElement);
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        return new(Wrapped(file.Current, plain), typeof(KeyUnwrapping));
    }

    /// <summary>The wrapped parts of a key as the ring stores it.</summary>
    public static IEnumerable<XElement> In(XElement key) => key.Descendants(Element);

    /// <summary>The <see cref="MasterKey.Id"/> that a wrapped part names.</summary>
    public static string MasterKeyOf(XElement wrapped) => (string?)wrapped.Attribute(MasterKeyId) ?? "";

    /// <summary>Wraps a part with another master key.</summary>
    /// <exception cref="CryptographicException">The old one does not open it.</exception>
    public static void Rewrap(XElement wrapped, MasterKey from, MasterKey to) =>
        wrapped.ReplaceWith(Wrapped(to, Open(wrapped, from)));

    /// <exception cref="CryptographicException">The key does not open it.</exception>
    internal static byte[] Open(XElement wrapped, MasterKey key) =>
        key.Unwrap(Convert.FromBase64String(wrapped.Value));

    private static XElement Wrapped(MasterKey key, byte[] plain) =>
        new(Element, new XAttribute(MasterKeyId, key.Id), Convert.ToBase64String(key.Wrap(plain)));
}

/// <summary>Opens what <see cref="KeyWrapping"/> wrapped; the ring makes it by the name of its type.</summary>
internal sealed class KeyUnwrapping(IServiceProvider services) : IXmlDecryptor
{
    /// <inheritdoc/>
    public XElement Decrypt(XElement encryptedElement) => XElement.Parse(Encoding.UTF8.GetString(
        KeyWrapping.Open(encryptedElement, services.GetRequiredService<MasterKeyFile>().Current)));
}
