using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using NetbootServer.Api;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Images.Isos;
using NetbootServer.Nix.Stores;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Images;

/// <summary>
/// Receives a version as multipart/form-data. Each part streams through its check into the blob store while it
/// arrives; memory does not grow with its size. The version appears when all of it is there, or not at all.
/// </summary>
internal sealed class VersionUpload(BlobStore blobs, SourceBlobs stored, VersionStore versions, Retention retention,
    ImportGate gate, IsoOpener isos, IOptions<BodyOptions> options, TimeProvider time)
{
    private const int MaxParts = 256, MaxArgumentsBytes = 16 * 1024;

    /// <summary>Of a form's length so much may be something else than files.</summary>
    private const int FormBytes = 64 * 1024;

    /// <summary>RFC 2046 §5.1.1.</summary>
    private const int MaxBoundary = 70;

    /// <summary>Reads the request and publishes the version.</summary>
    public async Task<Saved<ImageVersion>> ReceiveAsync(ResourceName image, HttpContext http, CancellationToken ct)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = null;
        http.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type)
            || type.MediaType != "multipart/form-data" || HeaderUtilities.RemoveQuotes(type.Boundary)
            .Value is not { Length: > 0 and <= MaxBoundary } boundary)
            return new Problem(ProblemTypes.UnsupportedMediaType,
                $"Send multipart/form-data with a boundary of at most {MaxBoundary} characters, as curl -F does.");
        try
        {
            using var import = await gate.ImportAsync(ct);
            await using var body = new UploadBody(http.Request.Body, options.Value.StallTimeout, time);
            return await ReceiveAsync(image, new MultipartReader(boundary, body), http, ct);
        }
        finally
        {
            retention.RequestCleanup(); // what it replaces, or has left when it was refused
        }
    }

    private async Task<Saved<ImageVersion>> ReceiveAsync(
        ResourceName image, MultipartReader reader, HttpContext http, CancellationToken ct)
    {
        var parts = new UploadParts();
        try
        {
            if (http.Request.ContentLength is { } length and > FormBytes)
                await blobs.CheckCapacityAsync(length - FormBytes, here: 0, ct); // before the first byte
            while (await reader.ReadNextSectionAsync(ct) is { } section)
            {
                if (parts.Count >= MaxParts)
                    return parts.Errors.Any ? Problem.Invalid(parts.Errors)
                        : new Problem(ProblemTypes.MalformedRequest, $"An upload has at most {MaxParts} parts.");
                await ReceivePartAsync(section, parts, ct);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            return new Problem(ProblemTypes.MalformedRequest, $"The multipart body cannot be read: {e.Message}");
        }
        catch (BlobRefusedException e) when (e.Refusal is BlobRefusal.DiskFull or BlobRefusal.StoreFull)
        {
            return new Problem(ProblemTypes.StorageFull, e.Message);
        }
        catch (BlobRefusedException e) when (e.Refusal is BlobRefusal.StoreAway)
        {
            return new Problem(ProblemTypes.StorageAway, e.Message);
        }
        if (parts.Finish() is not { } systems) return Problem.Invalid(parts.Errors);
        var found = new UploadNotes();
        foreach (var (system, recipe) in systems.Where(pair => IsoOpener.IsToBeOpened(pair.Value)))
            try
            {
                systems = systems.SetItem(system, await isos.OpenAsync(system, recipe, found, ct));
            }
            catch (SourceException e) when (e.Problem == SourceProblems.NotBootable
                || e.Problem == SourceProblems.Damaged)
            {
                parts.Errors.Add($"{system}/{Roles.Iso}", e.Message);
            }
            catch (SourceException e)
            {
                return new Problem(e.Problem, e.Message);
            }
        if (parts.Errors.Any) return Problem.Invalid(parts.Errors);
        var provenance = JsonSerializer.SerializeToElement(
            new
            {
                type = "upload", by = http.User.Identity?.Name, files = parts.FileNames, notes = found.Lines,
            }, JsonBody.Writing);
        return await versions.PublishAsync(image, new() { Systems = systems, Provenance = provenance }, ct);
    }

    private async Task ReceivePartAsync(MultipartSection section, UploadParts parts, CancellationToken ct)
    {
        var disposition = section.GetContentDispositionHeader();
        var name = disposition is null ? "" : HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
        if (parts.Begin(name) is not { } part) return; // its fault is noted; the reader skips its bytes
        if (part.Role == UploadParts.ArgumentsRole)
        {
            parts.AddArguments(part, await ReadTextAsync(section.Body, ct));
            return;
        }
        var fileName = HeaderUtilities.RemoveQuotes(disposition!.FileName).Value;
        var isEmpty = false;
        try
        {
            var blob = await blobs.AddAsync(section.Body, new() { Judge = Judge }, ct);
            if (part.Role == Roles.Kernel) blob = await stored.UnpackKernelAsync(blob, part.System, ct);
            parts.AddArtifact(part, blob, fileName);
        }
        catch (BlobRefusedException e) when (e.Refusal is BlobRefusal.WrongKind or BlobRefusal.TooLong
            or BlobRefusal.Truncated)
        {
            // A field of a form without a file says that there is none.
            if (!isEmpty || part.Role != Roles.Initrd || !string.IsNullOrEmpty(fileName))
                parts.Errors.Add(part.Name, e.Message);
        }

        string? Judge(BootFile file)
        {
            isEmpty = file.Kind == BootFileKind.Empty;
            return part.Complaint(file);
        }
    }

    private static async Task<string?> ReadTextAsync(Stream body, CancellationToken ct)
    {
        var buffer = new byte[MaxArgumentsBytes + 1];
        var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        return read > MaxArgumentsBytes ? null : System.Text.Encoding.UTF8.GetString(buffer, 0, read);
    }
}
