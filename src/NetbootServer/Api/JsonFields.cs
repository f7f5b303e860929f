using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using NetbootServer.Hosting;

namespace NetbootServer.Api;

/// <summary>
/// Reads one JSON object member by member and notes every fault in <see cref="ValidationErrors"/> instead of stopping
/// at the first. A member that is <c>null</c> counts as missing.
/// </summary>
public sealed class JsonFields
{
    private readonly JsonElement _object;
    private readonly string _path;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <summary>Reads <paramref name="element"/>, found at <paramref name="path"/>.</summary>
    public JsonFields(JsonElement element, string path, ValidationErrors errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        (_object, _path, Errors) = (element, path, errors);
        if (element.ValueKind != JsonValueKind.Object)
            errors.Add(path, $"must be a JSON object, not {Kind(element)}");
    }

    /// <summary>Where faults go.</summary>
    public ValidationErrors Errors { get; }

    /// <summary>The JSON path of a member of this object.</summary>
    public string PathOf(string name) => $"{_path}.{name}";

    /// <summary>Notes a fault of a member.</summary>
    public void Fault(string name, string error) => Errors.Add(PathOf(name), error);

    /// <summary>The member, or null when it is missing or null.</summary>
    public JsonElement? Element(string name)
    {
        _asked.Add(name);
        return _object.ValueKind == JsonValueKind.Object && _object.TryGetProperty(name, out var member)
            && member.ValueKind != JsonValueKind.Null ? member : null;
    }

    /// <summary>Whether the member stands there, even as null.</summary>
    public bool Has(string name) =>
        _object.ValueKind == JsonValueKind.Object && _object.TryGetProperty(name, out _);

    /// <summary>Text of at most <paramref name="maxLength"/> characters without control characters.</summary>
    public string? Text(string name, int maxLength, bool lines = false) =>
        Element(name) is { } member ? ReadText(member, PathOf(name), maxLength, lines) : null;

    /// <summary>A value parsed from text.</summary>
    public T? Parsed<T>(string name) where T : struct, IParsedValue<T> =>
        Element(name) is { } member ? ReadParsed<T>(member, PathOf(name)) : null;

    /// <summary>A value parsed from text, that must be there.</summary>
    public T RequiredParsed<T>(string name) where T : struct, IParsedValue<T>
    {
        if (Element(name) is null) Fault(name, $"is required: {T.Expected}");
        return Parsed<T>(name) ?? default;
    }

    /// <summary>One of the texts in <paramref name="choices"/>.</summary>
    public string? Choice(string name, params ReadOnlySpan<string> choices)
    {
        if (Text(name, 64) is not { } text) return null;
        foreach (var choice in choices)
            if (text == choice) return text;
        Fault(name, $"must be one of {string.Join(", ", choices.ToArray())}, not '{text}'");
        return null;
    }

    /// <summary>A whole number within bounds.</summary>
    public int? Whole(string name, int min, int max)
    {
        if (Element(name) is not { } member) return null;
        if (member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var number)
            && number >= min && number <= max) return number;
        Fault(name, $"must be a whole number from {min} to {max}");
        return null;
    }

    /// <summary>True or false.</summary>
    public bool? Flag(string name)
    {
        if (Element(name) is not { } member) return null;
        if (member.ValueKind is JsonValueKind.True or JsonValueKind.False) return member.GetBoolean();
        Fault(name, $"must be true or false, not {Kind(member)}");
        return null;
    }

    /// <summary>A list of at most <paramref name="max"/> values; empty when missing.</summary>
    /// <param name="name">The member.</param>
    /// <param name="max">The greatest number of items.</param>
    /// <param name="read">Reads an item at its path; null after it has noted a fault.</param>
    public ImmutableArray<T> List<T>(string name, int max, Func<JsonElement, string, T?> read) where T : struct
    {
        ArgumentNullException.ThrowIfNull(read);
        var items = ImmutableArray.CreateBuilder<T>();
        foreach (var (item, path) in Items(name, max))
            if (read(item, path) is { } value) items.Add(value);
        return items.DrainToImmutable();
    }

    /// <summary>A list of texts; empty when missing.</summary>
    public ImmutableArray<string> TextList(string name, int max, int maxLength, bool lines = false)
    {
        var items = ImmutableArray.CreateBuilder<string>();
        foreach (var (item, path) in Items(name, max))
            if (ReadText(item, path, maxLength, lines) is { } text) items.Add(text);
        return items.DrainToImmutable();
    }

    /// <summary>A flat object of texts; empty when missing.</summary>
    public ImmutableSortedDictionary<string, string> TextMap(string name, int max, int maxLength)
    {
        var map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (Element(name) is not { } member) return map.ToImmutable();
        if (member.ValueKind != JsonValueKind.Object)
            Fault(name, $"must be an object of texts, not {Kind(member)}");
        else if (member.GetPropertyCount() > max)
            Fault(name, $"has {member.GetPropertyCount()} members; at most {max} are allowed");
        else
            foreach (var property in member.EnumerateObject())
                if (ReadText(property.Value, $"{PathOf(name)}.{property.Name}", maxLength, lines: false) is { } text)
                    map[property.Name] = text;
        return map.ToImmutable();
    }

    /// <summary>The members that a resource's view has beyond what users set, under their JSON names.</summary>
    /// <typeparam name="TView">What is read.</typeparam>
    /// <typeparam name="TSpec">What is written.</typeparam>
    public static string[] ReadOnlyOf<TView, TSpec>() =>
    [
        .. typeof(TView).GetProperties().Select(member => member.Name)
            .Except(typeof(TSpec).GetProperties().Select(member => member.Name), StringComparer.Ordinal)
            .Select(JsonNamingPolicy.CamelCase.ConvertName),
    ];

    /// <summary>Notes a fault for every member that is neither known nor read-only.</summary>
    public void RefuseOthers(params ReadOnlySpan<string> readOnly)
    {
        if (_object.ValueKind != JsonValueKind.Object) return;
        foreach (var property in _object.EnumerateObject())
            if (!_asked.Contains(property.Name) && !readOnly.Contains(property.Name))
                Fault(property.Name, $"is not a member of this resource; it has " +
                $"{string.Join(", ", _asked.Order(StringComparer.Ordinal))}");
    }

    /// <summary>Reads a word from one element.</summary>
    public T? ReadParsed<T>(JsonElement element, string path) where T : struct, IParsedValue<T>
    {
        if (element.ValueKind == JsonValueKind.String && T.TryParse(element.GetString(), out var value)) return value;
        var seen = element.ValueKind == JsonValueKind.String ? $"'{Shorten(element.GetString()!)}'" : Kind(element);
        Errors.Add(path, $"must be {T.Expected}; {seen} is not");
        return null;
    }

    private IEnumerable<(JsonElement Item, string Path)> Items(string name, int max)
    {
        if (Element(name) is not { } member) yield break;
        if (member.ValueKind != JsonValueKind.Array)
        {
            Fault(name, $"must be a list, not {Kind(member)}");
            yield break;
        }
        if (member.GetArrayLength() > max)
        {
            Fault(name, $"has {member.GetArrayLength()} items; at most {max} are allowed");
            yield break;
        }
        var index = 0;
        foreach (var item in member.EnumerateArray()) yield return (item, $"{PathOf(name)}[{index++}]");
    }

    private string? ReadText(JsonElement element, string path, int maxLength, bool lines)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            Errors.Add(path, $"must be text, not {Kind(element)}");
            return null;
        }
        var text = element.GetString()!;
        if (text.Length > maxLength)
            Errors.Add(path, $"has {text.Length} characters; at most {maxLength} are allowed");
        else if (text.Any(c => char.IsControl(c) && !(lines && c is '\n' or '\t')))
            Errors.Add(path, "must not have control characters such as a line break");
        else
            return text;
        return null;
    }

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    /// <summary>
    /// Text from outside as a fault quotes it: at most 64 characters, with nothing unfit for a terminal.
    /// </summary>
    internal static string Shorten(string text)
    {
        var shown = text.Length <= 64 ? text : text[..64] + "…";
        return string.Concat(
            shown.EnumerateRunes().Select(rune => SafeText.IsUnfit(rune) ? Rune.ReplacementChar : rune));
    }
}
