using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Nix.Nars;
using NetbootServer.Serving;

namespace NetbootServer.Compatibility;

/// <summary>
/// nix-netboot-serve's URLs, for its users: a system by its store path, and names that mean one. Off unless
/// <c>Nix:ServeCompatibility</c> names what is served. A request starts no process: it has a job do so, and the machine
/// waits in a script of its own.
/// </summary>
internal static class NixNetbootServeApi
{
    private const int PollSeconds = 3;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(PollSeconds);

    public static void MapNixNetbootServe(this IEndpointRouteBuilder routes)
    {
        routes.MapGetAndHead("/boot/{system}/netboot.ipxe", GetScript).ExcludeFromDescription();
        routes.MapGetAndHead("/boot/{system}/bzImage", GetKernel).ExcludeFromDescription();
        routes.MapGetAndHead("/boot/{system}/initrd", GetInitrd).ExcludeFromDescription();
        routes.MapGetAndHead("/dispatch/profile/{name}", GetProfile).ExcludeFromDescription();
        routes.MapGetAndHead("/dispatch/configuration/{name}", GetConfiguration).ExcludeFromDescription();
        routes.MapGetAndHead("/dispatch/hydra/{host}/{project}/{jobset}/{job}", GetHydra).ExcludeFromDescription();
    }

    private static async Task<IResult> GetScript(
        string system, HttpContext http, NixNetbootServe serve, PublicUrl url, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (Tuned(http, out var tuning) is { } bad) return bad;
        if (!StorePath.TryParseBaseName(system, out var path)) return NotServed(serve);
        var folder = $"{url.For(http)}/boot/{Uri.EscapeDataString(path.BaseName)}";
        var links = new NixNetbootServeLinks(
            $"{folder}/netboot.ipxe{tuning.Query()}", $"{folder}/bzImage", $"{folder}/initrd");
        var found = await serve.FindAsync(path, Records(http), ct);
        return found switch
        {
            null => NotServed(serve),
            { Recipe: { } recipe } => MachineAnswer.Script(
                NixNetbootServeScript.Boot(path, tuning.Around(recipe.KernelArguments), links,
                    url.For(http))),
            { Job: { State: JobStates.Failed, Problem: { } problem } } => MachineAnswer.Script(
                NixNetbootServeScript.Failed(path.BaseName, problem.Detail, links.Again)),
            { Job: var job } => MachineAnswer.Script(
                NixNetbootServeScript.Wait(Waits(path.BaseName, job), PollSeconds, links.Again)),
        };
    }

    private static Task<IResult> GetKernel(
        string system, HttpContext http, NixNetbootServe serve, ImageBytes bytes, CancellationToken ct) =>
        GetBytesAsync(system, recipe => recipe.Kernel, http, serve, bytes, ct);

    private static Task<IResult> GetInitrd(
        string system, HttpContext http, NixNetbootServe serve, ImageBytes bytes, CancellationToken ct) =>
        GetBytesAsync(system, recipe => recipe.Initrds.FirstOrDefault(), http, serve, bytes, ct);

    private static async Task<IResult> GetBytesAsync(string system, Func<Recipe, Artifact?> choose, HttpContext http,
        NixNetbootServe serve, ImageBytes bytes, CancellationToken ct)
    {
        if (!StorePath.TryParseBaseName(system, out var path)) return NotServed(serve);
        return await serve.FindAsync(path, Records(http), ct) switch
        {
            null => NotServed(serve),
            { Image: { } image, Version: { } version, Recipe: { } recipe } when choose(recipe) is { } artifact =>
                await bytes.AnswerAsync(image, version, artifact, version.CreatedAt, ct),
            _ => MachineAnswer.TryAgain("This system is being made bootable.", Soon),
        };
    }

    private static async Task<IResult> GetProfile(string name, HttpContext http, ServedNames names,
        NixNetbootServe serve, PublicUrl url, CancellationToken ct)
    {
        if (Tuned(http, out var tuning) is { } bad) return bad;
        if (!names.Any || !DispatchName.IsName(name) || !names.Allow($"dispatch/profile/{name}")
            || names.FindProfile(name) is not { } system || !await serve.OfferAsync(system, Records(http), ct))
            return NotServed(serve);
        return Redirect(http, url, system, tuning);
    }

    private static Task<IResult> GetConfiguration(string name, HttpContext http, ServedNames names,
        Dispatcher dispatcher, NixNetbootServe serve, PublicUrl url, CancellationToken ct) =>
        DispatchAsync(DispatchName.IsName(name) && names.FindConfiguration(name) is not null
            ? new ConfigurationName(name) : null, http, names, dispatcher, serve, url, ct);

    private static Task<IResult> GetHydra(string host, string project, string jobset, string job, HttpContext http,
        ServedNames names, Dispatcher dispatcher, NixNetbootServe serve, PublicUrl url, CancellationToken ct) =>
        DispatchAsync(DispatchName.TryParse($"hydra/{host}/{project}/{jobset}/{job}", out var name) ? name : null,
            http, names, dispatcher, serve, url, ct);

    private static async Task<IResult> DispatchAsync(DispatchName? name, HttpContext http, ServedNames names,
        Dispatcher dispatcher, NixNetbootServe serve, PublicUrl url, CancellationToken ct)
    {
        if (Tuned(http, out var tuning) is { } bad) return bad;
        if (name is null || !names.Allow($"dispatch/{name}")) return NotServed(serve);
        http.Response.Headers.CacheControl = "no-store";
        var here = $"{url.For(http)}/dispatch/{name}";
        if (!Records(http)) return MachineAnswer.Script(Wait($"{name} is looked up when it is asked for"));
        return await dispatcher.AskAsync(name, http.Request.Query["job"], http.Request.Query["after"], ct) switch
        {
            DispatchedTo { System: var system } when await serve.OfferAsync(system, records: true, ct) =>
                Redirect(http, url, system, tuning),
            DispatchWaits { IsEarlier: true, Job: var job } =>
                MachineAnswer.Script(Wait($"an earlier build of {name} runs", ("after", job.Id))),
            DispatchWaits { Job: var job } => MachineAnswer.Script(Wait(Waits(name.Path, job), ("job", job.Id))),
            DispatchFailed { Why: var why } =>
                MachineAnswer.Script(NixNetbootServeScript.Failed(name.Path, why, here + tuning.Query())),
            _ => NotServed(serve),
        };

        string Wait(string text, params (string, string)[] more) =>
            NixNetbootServeScript.Wait(text, PollSeconds, here + tuning.Query(more));
    }

    private static IResult Redirect(HttpContext http, PublicUrl url, StorePath system, CommandLineTuning tuning)
    {
        http.Response.Headers.CacheControl = "no-store";
        MachineAnswer.Harden(http.Response);
        return Results.Redirect(
            $"{url.For(http)}/boot/{Uri.EscapeDataString(system.BaseName)}/netboot.ipxe{tuning.Query()}");
    }

    private static string Waits(string what, Job? job) => job switch
    {
        null or { State: JobStates.Queued, Problem: null } => $"{what} waits for its build to begin",
        { State: JobStates.Queued, Problem: { } problem } =>
            $"building {what} is tried again; it failed: {problem.Detail.TrimEnd('.')}",
        { Progress: { DoneSteps: { } done, TotalSteps: { } total } progress } =>
            $"building {what}: {progress.Phase}, {done} of {total}",
        _ => $"building {what}: {job.Progress?.Phase ?? "begins"}",
    };

    private static MachineAnswer? Tuned(HttpContext http, out CommandLineTuning tuning)
    {
        tuning = CommandLineTuning.Read(http.Request.Query, out var fault);
        return fault is null ? null : MachineAnswer.Refused(StatusCodes.Status400BadRequest, fault);
    }

    private static bool Records(HttpContext http) => !HttpMethods.IsHead(http.Request.Method);

    private static MachineAnswer NotServed(NixNetbootServe serve) => MachineAnswer.NotFound(serve.IsOn
        ? "There is no such system, or Nix:ServeCompatibility does not name it."
        : "These URLs are off: Nix:ServeCompatibility turns them on.");
}
