using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Machines.Import;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Inventory;

/// <summary>
/// Answers the catalog as a file of the inventory, machines page by page. Each resource says <c>adopt: true</c>.
/// </summary>
internal sealed class InventoryExport(
    ImageCatalog images, ProfileCatalog profiles, Database database, DateTimeOffset now) : IResult
{
    private const int PageSize = 500;
    private readonly StringBuilder _text = new();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var (response, ct) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = $"{MachineFormats.Yaml}; charset=utf-8";
        response.Headers.ContentDisposition = "attachment; filename=inventory.yaml";
        response.Headers.CacheControl = "no-store";
        _text.Append(Heading());
        var yaml = new YamlText(_text);
        yaml.BeginDocument();
        yaml.BeginMapping();
        Write(yaml, "images", images.Images.Values.OrderBy(image => image.Name, StringComparer.Ordinal)
            .Select(image => (image.Name, Members(image.Spec))));
        Write(yaml, "profiles", profiles.Profiles.Values.OrderBy(profile => profile.Name, StringComparer.Ordinal)
            .Select(profile => (profile.Name, Members(profile.Spec))));
        yaml.Write("machines");
        yaml.BeginMapping();
        var query = MachineQuery.Of(new QueryCollection()).Query! with
        {
            State = MachineState.Registered,
            Sort = "name",
        };
        for (string? after = null; ;)
        {
            var page = await (query with { Paging = new(PageSize, after is null ? null : ("", after)) })
                .ReadAsync(database, MachineView.Of, ct);
            foreach (var machine in page.Items) Write(yaml, machine.Name, MachineExport.Members(machine));
            await SendAsync(response, ct);
            if (page.Next is null) break;
            after = page.Items[^1].Name;
        }
        yaml.EndMapping();
        yaml.EndMapping();
        yaml.EndDocument();
        await SendAsync(response, ct);
    }

    private string Heading() => $"""
        # All images, profiles and registered machines of this server at {now.ToString("u", CultureInfo.InvariantCulture)}.
        # In Inventory:Directory this file takes over what the API has made (adopt), and changes nothing.
        # Secrets are not exported. They stand as secret: true with a fingerprint, by which this server keeps those that
        # it has. For another server, and before they are to change, name files that hold them instead:
        # rootPasswordHashFile, privateFile, contentFile. Versions that were uploaded stay on this server.

        """;

    private static void Write(YamlText yaml, string member, IEnumerable<(string Name, JsonObject Members)> resources)
    {
        yaml.Write(member);
        yaml.BeginMapping();
        foreach (var (name, members) in resources) Write(yaml, name, members);
        yaml.EndMapping();
    }

    private static void Write(YamlText yaml, string name, JsonObject members)
    {
        members.Remove("name");
        members.Insert(0, "adopt", true);
        yaml.Write(name);
        yaml.Write(members);
    }

    /// <summary>What is set, without what is empty.</summary>
    private static JsonObject Members<TSpec>(TSpec spec)
    {
        var members = JsonSerializer.SerializeToNode(spec, JsonBody.Writing)!.AsObject();
        foreach (var name in members.Where(member => member.Value is null or JsonArray { Count: 0 }
            or JsonObject { Count: 0 }).Select(member => member.Key).ToList()) members.Remove(name);
        return members;
    }

    private async Task SendAsync(HttpResponse response, CancellationToken ct)
    {
        await response.WriteAsync(_text.ToString(), ct);
        _text.Clear();
    }
}
