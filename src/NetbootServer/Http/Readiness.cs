using System.Security.Cryptography;

namespace NetbootServer.Http;

/// <summary>Whether the server has warmed up; until then <c>/readyz</c> says that it is not ready.</summary>
internal sealed class Readiness
{
    private volatile bool _isWarm;

    /// <summary>The warm-up's User-Agent, which nobody else can know: its requests are no business of the log.</summary>
    public string WarmUpAgent { get; } = "NetbootServer-warm-up/" + RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>The warm-up is over.</summary>
    public bool IsWarm => _isWarm;

    /// <summary>Ends the warm-up.</summary>
    public void Warm() => _isWarm = true;

    /// <summary>Whether the server asks itself.</summary>
    public bool IsWarmUp(HttpContext http) => !_isWarm && http.Request.Headers.UserAgent == WarmUpAgent;
}
