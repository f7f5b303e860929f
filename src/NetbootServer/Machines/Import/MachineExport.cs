using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>
/// Answers what an import takes: what is set of the machines that a query finds, in order of their names, read and
/// sent page by page.
/// </summary>
internal sealed class MachineExport(Database database, MachineQuery query, MachineFormat format) : IResult
{
    private const int PageSize = 500;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var (response, ct) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = $"{MachineFormats.MediaType(format)}; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=machines.{format.ToString().ToLowerInvariant()}";
        response.Headers.CacheControl = "no-store";
        var writer = MachineListWriter.Of(format);
        writer.Begin();
        for (string? after = null; ;)
        {
            var page = await (query with { Sort = "name", Paging = new(PageSize, after is null ? null : ("", after)) })
                .ReadAsync(database, MachineView.Of, ct);
            foreach (var machine in page.Items) writer.Add(Members(machine));
            await response.WriteAsync(writer.Take(), ct);
            if (page.Next is null) break;
            after = page.Items[^1].Name;
        }
        writer.End();
        await response.WriteAsync(writer.Take(), ct);
    }

    /// <summary>What users set of a machine, without what is unset; its name first.</summary>
    internal static JsonObject Members(MachineView machine)
    {
        var members = new JsonObject { ["name"] = machine.Name };
        foreach (var property in JsonSerializer.SerializeToElement(machine, JsonBody.Writing).EnumerateObject())
        {
            if (MachineSpecParser.ReadOnly.Contains(property.Name) || IsEmpty(property.Value)) continue;
            members[property.Name] = JsonNode.Parse(property.Value.GetRawText());
        }
        return members;
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };
}
