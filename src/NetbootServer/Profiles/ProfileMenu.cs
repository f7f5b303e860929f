using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using NetbootServer.Api;

namespace NetbootServer.Profiles;

/// <summary>What a person at the machine may choose, instead of booting the profile's image at once.</summary>
public sealed record ProfileMenu
{
    /// <summary>The greatest number of entries.</summary>
    public const int MostEntries = 50;

    /// <summary>The heading; missing: the machine's name.</summary>
    public string? Title { get; init; }

    /// <summary>The choices in order.</summary>
    public required ImmutableArray<MenuEntry> Entries { get; init; }

    /// <summary>The profile or action of the entry that is selected at first; missing: the first entry.</summary>
    public string? Default { get; init; }

    /// <summary>After so many seconds without a key the default is taken; 0: a person must choose.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>Reads a profile's <c>menu</c>; null when it has none, or after faults were noted.</summary>
    internal static ProfileMenu? Read(JsonFields profile)
    {
        if (profile.Element("menu") is not { } element) return null;
        var fields = new JsonFields(element, profile.PathOf("menu"), profile.Errors);
        var entries = fields.List<MenuEntry>("entries", MostEntries, (item, path) =>
            MenuEntry.Read(item, path, profile.Errors));
        if (fields.Element("entries") is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
            fields.Fault("entries", """is required: a list such as [{"profile": "rescue"}, {"action": "local"}]""");
        foreach (var twice in entries.CountBy(entry => entry.Target).Where(entry => entry.Value > 1))
            fields.Fault("entries", $"has '{twice.Key}' {twice.Value} times");
        var selected = fields.Text("default", 128);
        if (selected is not null && entries.All(entry => entry.Target != selected))
            fields.Fault("default", $"must be the profile or action of one of the entries, not '{selected}'");
        var menu = new ProfileMenu
        {
            Title = fields.Text("title", 64), Entries = entries, Default = selected,
            TimeoutSeconds = fields.Whole("timeoutSeconds", 0, 86_400) ?? 0,
        };
        fields.RefuseOthers();
        return menu;
    }
}

/// <summary>A choice of a menu: a profile, or an action.</summary>
/// <param name="Label">What the machine's screen shows; missing: the profile's name, or what the action does.</param>
/// <param name="Profile">The profile to boot; the menu's own profile boots its image.</param>
/// <param name="Action"><c>local</c> or <c>shell</c>.</param>
public readonly record struct MenuEntry(string? Label, string? Profile, string? Action)
{
    /// <summary>The profile or the action.</summary>
    [JsonIgnore]
    public string Target => Profile ?? Action ?? "";

    internal static MenuEntry? Read(JsonElement item, string path, ValidationErrors errors)
    {
        var fields = new JsonFields(item, path, errors);
        var entry = new MenuEntry(fields.Text("label", 64), fields.Parsed<ResourceName>("profile")?.ToString(),
            fields.Choice("action", "local", "shell"));
        if (fields.Has("profile") == fields.Has("action"))
            errors.Add(path, "must have either a profile or an action");
        fields.RefuseOthers();
        return entry;
    }
}
