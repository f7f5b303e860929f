using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Api;
using NetbootServer.Downloads;
using NetbootServer.Inventory.Files;
using NetbootServer.Overlays;

namespace NetbootServer.Inventory;

/// <summary>
/// Puts the content of files into overlays that name them: <c>contentFile</c>, <c>privateFile</c>,
/// <c>rootPasswordHashFile</c>. No secret stands in the inventory itself.
/// </summary>
/// <param name="roots">The only folders whose files may be named.</param>
/// <param name="others">
/// Real paths of files that are no overlay's though they may lie there, such as the server's own master key.
/// </param>
/// <param name="areRead">
/// Whether the files are read; a check in a place that does not have them only looks at what names them.
/// </param>
internal sealed class SecretFiles(
    IEnumerable<string> roots, IReadOnlySet<string> others, bool areRead = true)
{
    private const string Suffix = "File";
    private readonly string[] _roots = [.. roots.Select(Path.GetFullPath)];
    private readonly Dictionary<string, string> _named = new(StringComparer.Ordinal);
    private readonly List<JsonObject> _unread = [];

    /// <summary>The paths that were named, with what each file was before it was read.</summary>
    public IReadOnlyDictionary<string, string> Named => _named;

    /// <summary>The files that settings name: the server's own secrets.</summary>
    public static IReadOnlySet<string> NamedBySettings(IConfiguration settings)
    {
        var files = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in settings.AsEnumerable())
            if (name.EndsWith(Suffix, StringComparison.Ordinal) && value is ['/', ..])
                files.UnionWith([value, RealPath.Of(value)]);
        return files;
    }

    /// <summary>How many were named and not read.</summary>
    public int UnreadCount { get; private set; }

    /// <summary>A machine or a profile with the secrets in place of the files' names.</summary>
    /// <param name="body">As it stands in the inventory.</param>
    /// <param name="errors">Where faults are noted.</param>
    public JsonElement Fill(JsonElement body, ValidationErrors errors)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("overlay", out var overlay)
            || overlay.ValueKind != JsonValueKind.Object || !MayHaveSecrets(overlay)) return body;
        var filled = JsonObject.Create(body)!;
        var target = (JsonObject)filled["overlay"]!;
        FillText(target, "rootPasswordHash", "$.overlay", 64 << 10, errors);
        foreach (var (key, path) in Items(target, "hostKeys")) FillText(key, "private", path, 64 << 10, errors);
        foreach (var (file, path) in Items(target, "files")) FillFile(file, path, errors);
        foreach (var key in _unread) (target["hostKeys"] as JsonArray)?.Remove(key);
        _unread.Clear();
        return JsonSerializer.SerializeToElement(filled);
    }

    private static bool MayHaveSecrets(JsonElement overlay) => overlay.TryGetProperty("rootPasswordHash", out _)
        || overlay.TryGetProperty("rootPasswordHashFile", out _) || overlay.TryGetProperty("hostKeys", out _)
        || overlay.TryGetProperty("files", out _);

    private static IEnumerable<(JsonObject Item, string Path)> Items(JsonObject overlay, string member)
    {
        if (overlay[member] is not JsonArray items) yield break;
        for (var i = 0; i < items.Count; i++)
            if (items[i] is JsonObject item) yield return (item, $"$.overlay.{member}[{i}]");
    }

    private void FillText(JsonObject target, string member, string path, int maxBytes, ValidationErrors errors)
    {
        if (target[member] is JsonValue)
            errors.Add($"{path}.{member}", "is a secret, and these do not stand in the inventory: write it into a " +
                $"file below Inventory:SecretRoots, and name that with {member}{Suffix}");
        if (Take(target, member, path, errors) is not { } name) return;
        if (Read(name, maxBytes, $"{path}.{member}{Suffix}", errors) is { } bytes)
            target[member] = Encoding.UTF8.GetString(bytes);
        else _unread.Add(target);
    }

    private void FillFile(JsonObject file, string path, ValidationErrors errors)
    {
        if (file["secret"] is JsonValue secret && secret.GetValueKind() == JsonValueKind.True
            && (file["content"] ?? file["contentBase64"]) is not null)
            errors.Add(path, "is secret, and secrets do not stand in the inventory: write its content into a file " +
                "below Inventory:SecretRoots, and name that with contentFile");
        if (file["contentBase64"] is not null && file.ContainsKey("contentFile"))
            errors.Add(path, "must have one of contentFile and contentBase64");
        if (Take(file, "content", path, errors) is not { } name) return;
        file["contentBase64"] = Convert.ToBase64String(
            Read(name, Overlay.MaxBytes, $"{path}.contentFile", errors) ?? []);
        file["secret"] ??= true;
    }

    /// <summary>The name of the file that a member's content is in; null without one.</summary>
    private static string? Take(JsonObject target, string member, string path, ValidationErrors errors)
    {
        if (!target.ContainsKey(member + Suffix)) return null;
        var name = target[member + Suffix];
        target.Remove(member + Suffix);
        if (target[member] is not null)
            errors.Add(path, $"must have one of {member} and {member}{Suffix}");
        else if (name is JsonValue text && text.TryGetValue<string>(out var value) && value.Length > 0)
            return value;
        else
            errors.Add($"{path}.{member}{Suffix}", "must be the path of a file below Inventory:SecretRoots");
        return null;
    }

    private byte[]? Read(string name, int maxBytes, string path, ValidationErrors errors)
    {
        if (!areRead)
        {
            UnreadCount++;
            return null;
        }
        var faults = _roots.Length == 0
            ? "names a file, but no folder's files may be named: set Inventory:SecretRoots" : null;
        if (name.Contains('\0', StringComparison.Ordinal)) faults = "must be the path of a file";
        else foreach (var root in _roots)
        {
            var file = Path.GetFullPath(name, root);
            if (!IsBelow(file, root))
            {
                faults ??= $"is not below one of Inventory:SecretRoots ({string.Join(", ", _roots)})";
                continue;
            }
            _named.TryAdd(file, InventoryFile.StampOf(file));
            faults = Read(file, root, maxBytes, out var bytes);
            if (bytes is not null) return bytes;
        }
        errors.Add(path, faults!);
        return null;
    }

    private string? Read(string file, string root, int maxBytes, out byte[]? bytes)
    {
        bytes = null;
        try
        {
            using var open = RegularFile.Open(file);
            // A link that is changed between a look and the opening could lead anywhere: so open, then look.
            var real = RealPath.OfOpen(open);
            if (others.Contains(real)) return "names a file that a setting of the server names: take another";
            if (!IsBelow(real, RealPath.Of(root)))
                return $"names a link that leads out of {root}";
            if (open.Length > maxBytes) return $"names a file of {open.Length} bytes; at most {maxBytes} are allowed";
            var read = new byte[open.Length];
            bytes = read[..open.ReadAtLeast(read, read.Length, throwOnEndOfStream: false)];
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not the path, nor a message that has it: someone may have written the secret itself there.
            return $"names a file that cannot be read below {root}: make it, and let the server's user read it";
        }
    }

    private static bool IsBelow(string path, string root) =>
        root == "/" || path.StartsWith(Path.TrimEndingDirectorySeparator(root) + "/", StringComparison.Ordinal);
}
