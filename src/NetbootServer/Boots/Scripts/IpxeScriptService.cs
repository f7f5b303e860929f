using NetbootServer.Boots.Planning;

namespace NetbootServer.Boots.Scripts;

/// <summary>
/// Answers script requests, one way: one read of the catalog, a plan and its script, then the record of what was handed
/// out.
/// </summary>
internal sealed partial class IpxeScriptService(
    Catalog catalog, ScriptComposer composer, ScriptRecorder recorder, ILogger<IpxeScriptService> logger)
{
    /// <summary>The script's text; also when the catalog is unavailable, or no machine can be recognised.</summary>
    public async Task<string> AnswerAsync(ScriptRequest request, CancellationToken ct)
    {
        var identity = request.Identity;
        if (!identity.HasEvidence) return BootScript.Nameless(request.Links);
        try
        {
            var (view, recognition) = await catalog.ReadAsync(identity, ct);
            var script = composer.Compose(request, view, recognition);
            if (request.Records) await recorder.RecordAsync(request, script, ct);
            return script.Text;
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            Log.Away(logger, identity.Mac?.ToString(), e);
            return BootScript.Away(request.Links, identity);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The catalog is unavailable; {Mac} is asked to try again")]
        public static partial void Away(ILogger logger, string? mac, Exception e);
    }
}
