using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace NetbootServer.Downloads;

/// <summary>
/// The one way of sources to the network. Follows redirects itself, each time anew: a signed address that has expired
/// is never used again.
/// </summary>
/// <remarks>
/// <code>
/// link → request → connection (address judged) → answer ─ 3xx → SourceRules.Redirected → request → …
///                                                       ├ 200, 206, 304 → SourceAnswer
///                                                       └ others → SourceException
/// </code>
/// </remarks>
public sealed class SourceHttp : IDisposable
{
    private const int MaxRedirects = 10;
    private static readonly ProductInfoHeaderValue Agent = new("netboot-server",
        Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "0");

    private readonly SourceRules _rules;
    private readonly SourcesOptions _options;
    private readonly TimeProvider _time;
    private readonly SourceConnections _connections;

    /// <summary>A client with the rules and patience of the settings.</summary>
    public SourceHttp(SourceRules rules, IOptions<SourcesOptions> options, TimeProvider time)
        : this(rules, options, time, new SourceConnections(options?.Value
            ?? throw new ArgumentNullException(nameof(options))))
    {
    }

    internal SourceHttp(SourceRules rules, IOptions<SourcesOptions> options, TimeProvider time,
        SourceConnections connections) =>
        (_rules, _options, _time, _connections) = (rules, options.Value, time, connections);

    /// <summary>Asks once, following redirects.</summary>
    /// <exception cref="SourceException">
    /// The answer is none of <see cref="SourceAnswer"/>'s, or an address may not be fetched.
    /// </exception>
    public async Task<SourceAnswer> AskAsync(SourceLink link, SourceRequestOptions ask, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(ask);
        var seen = new HashSet<Uri>();
        for (var at = link; ;)
        {
            if (!seen.Add(at.Uri)) throw Loop(link, "in a circle");
            if (seen.Count > MaxRedirects) throw Loop(link, $"more than {MaxRedirects} times");
            var response = await SendAsync(at, ask, ct);
            at = at with { FromPublic = at.FromPublic || _connections.IsPublic(at.Uri) };
            try
            {
                if (!IsRedirect(response.StatusCode)) return await AnswerAsync(response, at, ask, ct);
            }
            catch
            {
                response.Dispose();
                throw;
            }
            using (response) at = _rules.Redirected(at, LocationOf(response, at));
        }
    }

    private async Task<HttpResponseMessage> SendAsync(SourceLink link, SourceRequestOptions ask, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, link.Uri)
        {
            Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher,
        };
        request.Headers.UserAgent.Add(Agent);
        if (ask.Accept is not null) request.Headers.TryAddWithoutValidation("Accept", ask.Accept);
        ask.Unless?.SetCondition(request.Headers);
        if (ask.From > 0)
        {
            request.Headers.Range = new RangeHeaderValue(ask.From, null);
            ask.Of?.SetRange(request.Headers);
        }
        using var patience = new CancellationTokenSource(_options.StallTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
        try
        {
            return await _connections.SendAsync(request, link.FromPublic, either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new SourceException(SourceProblems.TooSlow, $"{link} gave no answer in " +
                $"{_options.StallTimeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s.", e);
        }
        catch (HttpRequestException e) when (e.InnerException is SourceException refused)
        {
            throw new SourceException(refused.Problem, refused.Message, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            throw new SourceException(SourceProblems.Unreachable,
                $"{link} cannot be reached: {PacedStream.Sentence(e)}", e);
        }
    }

    private static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found
        or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private static string LocationOf(HttpResponseMessage response, SourceLink link) =>
        response.Headers.TryGetValues("Location", out var values) && values.FirstOrDefault() is { Length: > 0 } location
            ? location
            : throw new SourceException(SourceProblems.BadAnswer,
                $"{link} answered {(int)response.StatusCode} without a Location.");

    private async Task<SourceAnswer> AnswerAsync(HttpResponseMessage response, SourceLink link,
        SourceRequestOptions ask, CancellationToken ct)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotModified when ask.Unless is not null:
            case HttpStatusCode.OK:
            case HttpStatusCode.PartialContent when ask.From > 0
            && response.Content.Headers.ContentRange?.From == ask.From:
            case HttpStatusCode.RequestedRangeNotSatisfiable when ask.From > 0:
                var body = await response.Content.ReadAsStreamAsync(ct);
                return new SourceAnswer(response, link, new PacedStream(body, link, _options, _time));
            default:
                throw Failure(response, link);
        }
    }

    private SourceException Failure(HttpResponseMessage response, SourceLink link)
    {
        var status = (int)response.StatusCode;
        if (RequestLimit.Of(response, _time) is { } limit)
            return new SourceException(SourceProblems.Unreachable, $"{link} answered {status}: {limit.What}.")
            {
                RetryAfter = limit.Wait, IsLimit = true,
            };
        var problem = response.StatusCode switch
        {
            HttpStatusCode.RequestTimeout => SourceProblems.Unreachable,
            HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized =>
                SourceProblems.Missing,
            >= HttpStatusCode.InternalServerError => SourceProblems.Unreachable,
            _ => SourceProblems.BadAnswer,
        };
        return new SourceException(problem,
            $"{link} answered {status}.")
        { RetryAfter = RequestLimit.RetryAfter(response, _time) };
    }

    private static SourceException Loop(SourceLink link, string how) =>
        new(SourceProblems.Refused, $"{link} redirects {how}.");

    /// <inheritdoc/>
    public void Dispose() => _connections.Dispose();
}
