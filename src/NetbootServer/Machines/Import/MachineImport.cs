using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Overlays;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>
/// Imports a file of machines: all of it or nothing. Memory does not grow with the file, but for its names and MACs.
/// </summary>
/// <remarks>
/// <code>
/// body ─► file ─► reader, each machine checked by itself ─► rows on disk ─► one transaction, batch by batch ─► report
///         (a slow client delays no other)                                   (a fault rolls it back)
/// </code>
/// </remarks>
internal sealed class MachineImport(Database database, DataDirectory data, MachineJoined joined, References references,
    Audit audit, OverlaySecrets secrets, IOptions<MachinesOptions> options, TimeProvider time)
{
    private const int BatchSize = 500;

    /// <summary>Imports the request's body.</summary>
    /// <returns>The report, to be executed or disposed; or the problem.</returns>
    public async Task<(ImportAnswer? Answer, Problem? Problem)> RunAsync(HttpRequest request, bool dryRun,
        CancellationToken ct)
    {
        if (MachineFormats.OfBody(request.ContentType) is not { } format)
            return (null, new(ProblemTypes.UnsupportedMediaType,
                $"Send Content-Type {MachineFormats.Csv}, {MachineFormats.Json} or {MachineFormats.Yaml}."));
        await using var file = SpoolFile.Create(data);
        if (await ReceiveAsync(request, file, ct) is { } refused) return (null, refused);
        var faults = new ImportFaults();
        using var rows = new ImportRows(data);
        var reader = MachineReader.Of(format, file);
        var (lines, renamed) = Check(reader, rows, faults, ct);
        if (faults.Any) return (null, faults.ToProblem());
        return await WriteAsync(rows, new(dryRun, reader.Columns, lines, time.GetUtcNow(), joined, audit)
        {
            Renamed = renamed,
            References = references,
        }, ct);
    }

    private async Task<Problem?> ReceiveAsync(HttpRequest request, FileStream file, CancellationToken ct)
    {
        var most = options.Value.MaxImportBytes;
        var tooLarge = new Problem(ProblemTypes.TooLarge,
            $"An import has at most {most} bytes (Machines:MaxImportBytes).");
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null; // counted here, so that the answer names the setting
        if (request.ContentLength > most) return tooLarge;
        var buffer = new byte[64 * 1024];
        for (int? read; (read = await ReadAsync(request, buffer, ct)) != 0;)
        {
            if (read is null) return new(ProblemTypes.MalformedRequest, "The body cannot be read to its end.");
            if (file.Length + read > most) return tooLarge;
            await file.WriteAsync(buffer.AsMemory(0, read.Value), ct);
        }
        file.Position = 0;
        return null;
    }

    /// <summary>Null when the request is broken in a way that Kestrel does not call a bad request, such as an endless
    /// chunk.</summary>
    private static async Task<int?> ReadAsync(HttpRequest request, byte[] buffer, CancellationToken ct)
    {
        try
        {
            return await request.Body.ReadAsync(buffer, ct);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Reads all machines and checks each by itself and against the rest of the file.</summary>
    /// <returns>The names with their lines, and those that become free.</returns>
    private (Dictionary<string, long> Lines, HashSet<string> Renamed) Check(
        MachineReader reader, ImportRows rows, ImportFaults faults, CancellationToken ct)
    {
        var (names, macs) = (new Dictionary<string, long>(StringComparer.Ordinal), new Dictionary<MacAddress, long>());
        var bare = new Dictionary<string, long>(StringComparer.Ordinal); // those that are known by nothing else
        var newNames = new Dictionary<string, long>(StringComparer.Ordinal);
        var renamed = new HashSet<string>(StringComparer.Ordinal);
        while (!faults.Full && reader.Next() is { } entry)
        {
            ct.ThrowIfCancellationRequested();
            if (entry.Fault is not null)
            {
                faults.Add(entry.Line, entry.Fault);
                continue;
            }
            var errors = new ValidationErrors();
            var renaming = ImportRename.Of(entry.Body, reader.Columns is null, errors);
            var spec = MachineSpecParser.Parse(renaming.Body, errors);
            var name = Name(entry.Body, errors);
            faults.Add(entry.Line, errors);
            if (spec is null || name is null || errors.Any) continue;
            var newName = renaming.NewName is { } given && given != name ? given : null;
            if (newName is not null) renamed.Add(name);
            if (!names.TryAdd(name, entry.Line)) faults.Add(entry.Line,
                $"$.name '{name}' stands on line {names[name]} already");
            else if (!newNames.TryAdd(newName ?? name, entry.Line))
                faults.Add(entry.Line, $"{(newName is null ? "$.name" : "$.rename")} '{newName ?? name}' " +
                    $"is the name of the machine on line {newNames[newName ?? name]}");
            foreach (var mac in renaming.Left.Contains("macs") || renaming.Left is ["*"] ? [] : spec.Macs)
                if (!macs.TryAdd(MacAddress.Parse(mac), entry.Line))
                    faults.Add(entry.Line, $"$.macs {mac} stands on line {macs[MacAddress.Parse(mac)]} already");
            if (spec.Macs.IsEmpty && (MachineKeys.UuidOf(spec, null)?.Key
                ?? MachineKeys.SerialOf(spec, null)?.Key) is { } key
                && !bare.TryAdd(key, entry.Line))
                faults.Add(entry.Line, $"$.macs is required: line {bare[key]} has the same uuid or serial");
            if (faults.Any) continue;
            spec = spec with { Overlay = secrets.Seal(spec.Overlay) }; // rows are on the disk
            rows.Add(new(entry.Line, name, MachineReading.Write(spec)) { Rename = newName, Left = renaming.Left });
        }
        return (names, renamed);
    }

    private static string? Name(JsonElement body, ValidationErrors errors)
    {
        if (body.ValueKind != JsonValueKind.Object) return null; // noted already
        var before = errors.Count;
        var name = new JsonFields(body, "$", errors).RequiredParsed<ResourceName>("name");
        return errors.Count == before ? name.ToString() : null;
    }

    private async Task<(ImportAnswer?, Problem?)> WriteAsync(ImportRows rows, ImportContext import,
        CancellationToken ct)
    {
        var faults = new ImportFaults();
        var answer = new ImportAnswer(data, import.DryRun);
        try
        {
            // Reading is not cancelled from outside, for it uses files that end with this request.
            if (import.DryRun) await database.ReadAsync((db, _) => CompareAsync(db, ct), CancellationToken.None);
            else await database.ChangeAsync(CompareAsync, ct);
            if (!faults.Any) return (answer, null);
        }
        catch (ConflictException)
        {
            // What is wrong is in the faults.
        }
        catch
        {
            answer.Dispose();
            throw;
        }
        answer.Dispose();
        return (null, faults.ToProblem());

        async Task<bool> CompareAsync(NetbootDb db, CancellationToken token)
        {
            await using var writing = new ImportWriting(db, import, faults, answer);
            await writing.LoadAsync(token);
            foreach (var batch in rows.Batches(BatchSize))
            {
                await writing.WriteAsync(batch, token);
                if (faults.Full) break;
            }
            if (!import.DryRun && !faults.Any) await writing.RenameAsync(token);
            writing.Conclude();
            return import.DryRun || !faults.Any ? true : throw new ConflictException(); // the one way to roll back
        }
    }

    /// <summary>Rolls an import back.</summary>
    private sealed class ConflictException : Exception;
}
