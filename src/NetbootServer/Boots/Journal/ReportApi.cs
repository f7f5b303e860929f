using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using NetbootServer.Api;
using NetbootServer.Boots.Scripts;
using NetbootServer.Hosting;
using NetbootServer.Serving;

namespace NetbootServer.Boots.Journal;

/// <summary>What machines report about their boots; the token in the URL is all they need.</summary>
internal static class ReportApi
{
    private const int MaxUpBytes = 64 * 1024;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);
    internal const string UnknownBoot =
        "This boot is not known or is over: its token is good for 24 hours, and after that while the boot is under " +
        "way.";

    public static void MapReports(this IEndpointRouteBuilder routes)
    {
        routes.MapGetAndHead("/boots/{boot}/ready", Ready);
        routes.MapGetAndHead("/boots/{boot}/failed", Failed);
        routes.MapPost("/boots/{boot}/up", Up);
    }

    /// <summary>Fired by the script when everything is loaded, just before <c>boot</c>.</summary>
    private static async Task<IResult> Ready(
        string boot, HttpContext http, OpenBoots boots, BootReports reports, CancellationToken ct)
    {
        var found = await boots.FindAsync(boot, ct);
        if (found.Ticket is not { } ticket) return NotOpen(found);
        http.NoteBoot(ticket.Boot);
        if (HttpMethods.IsHead(http.Request.Method)) return MachineAnswer.Nothing();
        return Noted(await reports.WriteAsync(
            new BootStep(found.Now, ticket, Steps.Ready, FactKinds.Began), ct));
    }

    /// <summary>Fired by the script when it gives up: <c>step</c> and iPXE's <c>errno</c>.</summary>
    private static async Task<IResult> Failed(
        string boot, HttpContext http, OpenBoots boots, BootReports reports, CancellationToken ct)
    {
        var found = await boots.FindAsync(boot, ct);
        if (found.Ticket is not { } ticket) return NotOpen(found);
        http.NoteBoot(ticket.Boot);
        if (HttpMethods.IsHead(http.Request.Method)) return MachineAnswer.Nothing();
        var errno = IpxeText.Show(http.Request.Query["errno"].ToString());
        var step = http.Request.Query["step"].ToString() is Steps.Kernel or Steps.Initrd or Steps.Overlay or "boot"
            ? http.Request.Query["step"].ToString() : null;
        var detail = JsonSerializer.SerializeToElement(
            new { step, errno = errno.Length == 0 ? null : errno, reason = IpxeErrors.Explain(errno) },
            JsonBody.Writing);
        return Noted(await reports.WriteAsync(
            new BootStep(found.Now, ticket, Steps.Failed, FactKinds.Began, Detail: detail), ct));
    }

    private static MachineAnswer NotOpen(OpenBoot found) => found.Away
        ? MachineAnswer.TryAgain("The server cannot look this boot up at the moment; send it again.", RetryAfter)
        : MachineAnswer.NotFound(UnknownBoot);

    /// <summary>
    /// A script has better things to do than wait for our disk; but what we cannot even keep, it sends again.
    /// </summary>
    private static MachineAnswer Noted(ReportState state) =>
        state == ReportState.Refused ? SendAgain() : MachineAnswer.Nothing();

    private static MachineAnswer SendAgain() =>
        MachineAnswer.TryAgain("The server cannot write this down at the moment; send it again.", RetryAfter);

    /// <summary>The booted system phones home.</summary>
    private static async Task<IResult> Up(
        string boot, HttpContext http, OpenBoots boots, BootReports reports, CancellationToken ct)
    {
        var found = await boots.FindAsync(boot, ct);
        if (found.Ticket is not { } ticket) return NotOpen(found);
        http.NoteBoot(ticket.Boot);
        var (report, fault) = await ReadAsync(http.Request, ct);
        if (report is null) return MachineAnswer.Refused(fault!.Type.Status, fault.Detail);
        var entry = new BootStep(found.Now, ticket, Steps.Up, FactKinds.Began,
            Detail: JsonSerializer.SerializeToElement(report, JsonBody.Writing));
        return await reports.WriteAsync(entry, ct) == ReportState.Written ? MachineAnswer.Script("") : SendAgain();
    }

    /// <summary>The report, or what is wrong with it. An empty body is a report that says only "up".</summary>
    private static async Task<(UpReport? Report, Problem? Fault)> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength == 0 || !request.CanHaveBody()) return (new(default, [], [], null), null);
        request.ContentType = "application/json"; // busybox wget and others cannot set it
        var (body, problem) = await JsonBody.ReadAsync(request, ct, MaxUpBytes);
        if (problem is not null) return (null, problem);
        var errors = new ValidationErrors();
        var fields = new JsonFields(body, "$", errors);
        var report = new UpReport(default, fields.TextList("addresses", 256, 128),
            fields.TextList("sshHostKeys", 64, 4096), fields.Element("facts"));
        return errors.Any ? (null, Problem.Invalid(errors)) : (report, null);
    }

    /// <summary>False for curl -X POST without data, which sends no Content-Length either.</summary>
    private static bool CanHaveBody(this HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false;
}
