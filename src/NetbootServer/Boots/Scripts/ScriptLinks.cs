using System.Collections.Immutable;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Scripts;

/// <summary>The absolute URLs in a machine's script.</summary>
/// <param name="Base">Scheme, host and port of this server.</param>
public sealed record ScriptLinks(string Base)
{
    /// <summary>
    /// What a script adds to <c>/boot/script</c> so that iPXE itself fills in the identity. Free text goes through
    /// <c>:uristring</c>; values that are hexadecimal by nature do not need it.
    /// </summary>
    private const string Identity =
        "&uuid=${uuid}&serial=${serial:uristring}&asset=${asset:uristring}&arch=${buildarch:uristring}" +
        "&platform=${platform:uristring}&manufacturer=${manufacturer:uristring}&product=${product:uristring}" +
        "&hostname=${hostname:uristring}&ip=${netX/ip}&version=${version:uristring}&chip=${netX/chip:uristring}" +
        "&mem=${memsize}&sb=${efi/SecureBoot}";

    private const string Macs = "&macs=${nb-macs}";

    /// <summary>Token of the boot that this script starts; empty when it starts none.</summary>
    public string Boot { get; init; } = "";

    /// <summary>Opens the boot's overlay; in no log, and in no answer but this script.</summary>
    public string Key { get; init; } = "";

    /// <summary>The machine's own files.</summary>
    public string Overlay => $"{BootUrl}/overlay.cpio?key={Key}";

    /// <summary>The boot's own URL: the base of its reports.</summary>
    public string BootUrl => $"{Base}/boots/{Boot}";

    /// <summary>The dashboard.</summary>
    public string Dashboard => $"{Base}/";

    /// <summary>Base URL of a cache in front of this server's blobs (<c>Blobs:PublicUrl</c>); null for none.</summary>
    public string? Cache { get; init; }

    /// <summary>
    /// A blob's URL that ties the transfer to the boot. In a cache it is the same for all boots, so that it is there
    /// once.
    /// </summary>
    public string Blob(string sha256, string file) => Cache is null
        ? $"{Base}/blobs/{sha256}/{file}?boot={Boot}" : $"{Cache}/blobs/{sha256}/{file}";

    /// <summary>
    /// The URL of a further file of the image, for the booted system: it counts for the boot, too, but for one in a
    /// cache.
    /// </summary>
    public string File(string sha256, string name) =>
        Cache is null ? $"{BootUrl}/files/{name}" : $"{Cache}/blobs/{sha256}/{name}";

    /// <summary>Where the machine asks for its script.</summary>
    /// <param name="identity">Whose MAC stays fixed and whose labels are repeated; null: iPXE fills in all.</param>
    public string Script(MachineIdentity? identity)
    {
        var mac = identity?.Mac?.Hyphened ?? "${netX/mac:hexhyp}";
        return $"{Base}/boot/script?mac={mac}{Macs}{Identity}{Labels(identity?.Labels)}";
    }

    private static string Labels(ImmutableSortedDictionary<string, string>? labels) => labels is null
        ? "" : string.Concat(labels.Select(label => $"&{IpxeText.Url(label.Key)}={IpxeText.Url(label.Value)}"));
}
