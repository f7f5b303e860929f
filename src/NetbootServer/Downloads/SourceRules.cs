using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetbootServer.Hosting;

namespace NetbootServer.Downloads;

/// <summary>
/// Which addresses may be fetched: those in an image's source and in documents must begin with one of
/// <c>Images:AllowedSources</c>; redirects may leave those, but not https, nor the Internet.
/// </summary>
public sealed class SourceRules
{
    private readonly ImmutableArray<Uri> _allowed;

    /// <summary>The rules that the settings make.</summary>
    public SourceRules(IOptions<SourcesOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _allowed = [.. options.Value.AllowedSources.Select(Prefix)];
    }

    private static Uri Prefix(string text) =>
        Uri.TryCreate(WithoutFetcher(text), UriKind.Absolute, out var uri) && (IsWeb(uri) || IsRepository(uri))
            ? uri
            : throw new StartFailure("Images:AllowedSources", text, "is no http, https, ssh or git URL; for example " +
                "Images:AllowedSources:0=https://github.com/nix-community/");

    /// <summary>Flakes write <c>git+ssh://…</c> for what Git fetches from <c>ssh://…</c>.</summary>
    private static string WithoutFetcher(string url) =>
        url.IndexOf("://", StringComparison.Ordinal) is var end and > 0 && url.IndexOf('+', 0, end) is var plus and > 0
            ? url[(plus + 1)..] : url;

    private static bool IsWeb(Uri uri) => uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps;

    private static bool IsRepository(Uri uri) => uri.Scheme is "ssh" or "git";

    /// <summary>Whether sources may only come from certain addresses.</summary>
    public bool AreLimited => !_allowed.IsEmpty;

    /// <summary>The prefixes that sources may come from; empty for any.</summary>
    public ImmutableArray<Uri> Allowed => _allowed;

    /// <summary>An address that an admin named.</summary>
    /// <exception cref="SourceException">It may not be fetched.</exception>
    public SourceLink Root(string url) =>
        Checked(Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri : throw NoUrl(url), quote: false);

    /// <summary>An address that stands in a document, absolute or relative to it.</summary>
    /// <exception cref="SourceException">It may not be fetched.</exception>
    public SourceLink Found(SourceLink document, string reference)
    {
        ArgumentNullException.ThrowIfNull(document);
        return Below(document, Checked(Resolve(document, reference), quote: true).Uri);
    }

    /// <summary>An address that an answer redirects to.</summary>
    /// <exception cref="SourceException">It may not be fetched.</exception>
    public SourceLink Redirected(SourceLink answer, string location)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return Below(answer, Plain(Resolve(answer, location), quote: true));
    }

    /// <summary>Whether text is an address that an image's source may name; otherwise what is wrong with it.</summary>
    public string? Fault(string url)
    {
        try
        {
            Root(url);
            return null;
        }
        catch (SourceException e)
        {
            return e.Message;
        }
    }

    /// <summary>
    /// Whether text is an address that others, such as Nix, may fetch from, also by ssh and git; otherwise what is
    /// wrong with it.
    /// </summary>
    public string? FaultOfRepository(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)) return NoUrl(url).Message;
        if (!IsRepository(uri)) return Fault(url);
        return _allowed.IsEmpty || _allowed.Any(prefix => Covers(prefix, uri)) ? null : Outside(SourceText.Quote(url))
            .Message;
    }

    private SourceException Outside(string shown) =>
        new(SourceProblems.Refused, $"'{shown}' is outside of Images:AllowedSources ({string.Join(", ", _allowed)}).");

    private static Uri Resolve(SourceLink from, string reference) =>
        Uri.TryCreate(from.Uri, reference, out var uri) ? uri : throw NoUrl(reference);

    private static SourceLink Below(SourceLink from, Uri uri)
    {
        var secure = from.FromSecure || from.Uri.Scheme == Uri.UriSchemeHttps;
        if (secure && uri.Scheme != Uri.UriSchemeHttps)
            throw new SourceException(SourceProblems.Refused,
                $"{from} leads from https to http, at '{Shown(uri)}'. Anybody on the way could change what comes.");
        return new SourceLink(uri) { FromSecure = secure, FromPublic = from.FromPublic };
    }

    private SourceLink Checked(Uri uri, bool quote)
    {
        uri = Plain(uri, quote);
        if (!_allowed.IsEmpty && !_allowed.Any(prefix => Covers(prefix, uri)))
            throw Outside(quote ? Shown(uri) : uri.ToString());
        return new SourceLink(uri);
    }

    private static Uri Plain(Uri uri, bool quote)
    {
        var shown = quote ? Shown(uri) : uri.ToString();
        if (!IsWeb(uri))
            throw new SourceException(SourceProblems.Refused, $"'{shown}' is neither http nor https.");
        if (uri.UserInfo.Length > 0)
            throw new SourceException(SourceProblems.Refused,
                $"A URL of {uri.Host} has a user name or password in it; that is not supported.");
        return uri.Fragment.Length == 0 ? uri : new UriBuilder(uri) { Fragment = "" }.Uri;
    }

    private static bool Covers(Uri prefix, Uri uri)
    {
        if (prefix.Scheme != uri.Scheme || PortOf(prefix) != PortOf(uri)) return false;
        if (!prefix.Host.Equals(uri.Host, StringComparison.OrdinalIgnoreCase)) return false;
        if (prefix.UserInfo.Length > 0 && prefix.UserInfo != uri.UserInfo) return false;
        var (wanted, path) = (prefix.AbsolutePath, uri.AbsolutePath);
        // A server may take %2f for a slash, after which /../ leads out of the prefix.
        if (Uri.UnescapeDataString(path).Split('/', '\\').Contains("..")) return false;
        return path.StartsWith(wanted, StringComparison.Ordinal)
            && (wanted.EndsWith('/') || path.Length == wanted.Length || path[wanted.Length] == '/');
    }

    private static int PortOf(Uri uri) => (uri.Port, uri.Scheme) switch
    {
        (-1, "ssh") => 22,
        (-1, "git") => 9418,
        var (port, _) => port,
    };

    private static string Shown(Uri uri) => SourceText.Quote(uri.GetLeftPart(UriPartial.Path));

    private static SourceException NoUrl(string text) =>
        new(SourceProblems.Refused, $"'{SourceText.Quote(text)}' is no URL; for example https://example.org/nixos.");
}
