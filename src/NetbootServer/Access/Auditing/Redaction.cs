using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NetbootServer.Api;

namespace NetbootServer.Access.Auditing;

/// <summary>
/// JSON for the audit: secrets are replaced by a word, long text is cut. Secret are members that are called so, what
/// stands beside <c>"secret": true</c>, and passwords in URLs.
/// </summary>
internal static partial class Redaction
{
    private const string Gone = "(secret)";
    private const int LongestText = 1024;

    private static readonly HashSet<string> SecretMembers = new(StringComparer.OrdinalIgnoreCase)
    {
        "secret", "password", "rootPasswordHash", "private", "privateKey", "token", "csrfToken", "key", "authorization",
    };

    private static readonly string[] Contents = ["content", "contentBase64"];

    /// <summary>The value's JSON without secrets; null for null.</summary>
    public static string? Write(object? value) => value is null ? null
        : Clean(JsonSerializer.SerializeToNode(value, value.GetType(), JsonBody.Writing))?.ToJsonString(
            JsonBody.Writing);

    private static JsonNode? Clean(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                var marked = members["secret"] is JsonValue mark && mark.TryGetValue(out bool secret) && secret;
                foreach (var (name, value) in members.ToList())
                {
                    if (value is JsonValue && !IsFlag(value)
                        && (SecretMembers.Contains(name) || (marked && Contents.Contains(name))))
                        members[name] = Gone;
                    else if (value is not null && Clean(value) is var cleaned && !ReferenceEquals(cleaned, value))
                        members[name] = cleaned;
                }
                return members;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                    if (items[i] is { } item && Clean(item) is var cleaned && !ReferenceEquals(cleaned, item))
                        items[i] = cleaned;
                return items;
            case JsonValue value when value.TryGetValue(out string? text):
                return CleanText(text) is var clean && clean == text ? value : JsonValue.Create(clean);
            default:
                return node;
        }
    }

    private static string CleanText(string text)
    {
        var cut = text.Length <= LongestText ? text : $"{text[..LongestText]}… ({text.Length} characters)";
        return UrlPassword().Replace(cut, "$1(secret)@");
    }

    private static bool IsFlag(JsonNode value) => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False;

    [GeneratedRegex(@"(://[^/\s:@]*:)[^/\s@]+@", RegexOptions.None, 1000)]
    private static partial Regex UrlPassword();
}
