using System.Net;
using System.Text.Json.Nodes;
using NetbootServer.Api;
using NetbootServer.Tests.Boots;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

public sealed class DocumentTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static int _contradictions;

    [Fact]
    public async Task Every_operation_says_what_it_does_who_may_and_how_to_prove_it()
    {
        var operations = await ApiDocument.OperationsAsync(app);
        Assert.Distinct(operations.Select(operation => operation.Description.GetProperty("operationId").GetString()));
        foreach (var operation in operations)
        {
            Assert.False(string.IsNullOrWhiteSpace(operation.Description.GetProperty("summary").GetString()),
                $"{operation} has no summary");
            Assert.Contains(operation.Role, new[] { "anyone", "viewer", "operator", "admin" });
            var schemes = Schemes(operation);
            string[] expected = operation switch
            {
                { Role: "anyone" } => [],
                { Changes: true } => ["bearer", "session+csrf"],
                _ => ["bearer", "session"],
            };
            Assert.Equal(expected, schemes);
        }
    }

    [Fact]
    public async Task No_operation_names_a_parameter_twice()
    {
        foreach (var operation in await ApiDocument.OperationsAsync(app))
        {
            if (!operation.Description.TryGetProperty("parameters", out var parameters)) continue;
            Assert.Distinct(parameters.EnumerateArray().Select(parameter =>
                $"{operation}: {parameter.GetProperty("name").GetString()} in " +
                $"{parameter.GetProperty("in").GetString()}"));
        }
    }

    [Fact]
    public async Task Every_JSON_body_has_an_example_that_the_operation_takes()
    {
        await app.Admin.MakeImageAsync("nixos-unstable");
        await app.Admin.MakeImageAsync("example", seed: 8);
        await app.Admin.PutAsync("/api/v1/machines/example", """{"macs":["52:54:00:00:00:99"]}""");
        await app.Admin.PutAsync("/api/v1/profiles/example", """{"image":"example"}""");
        foreach (var operation in (await ApiDocument.OperationsAsync(app)).Where(operation => operation.TakesJson))
        {
            Assert.True(operation.Example is not null, $"{operation} has no example");
            if (operation.Role == "anyone") continue; // no example can be the right password
            var path = await PathOfAsync(operation);
            Assert.DoesNotContain('{', path);
            var answer = await app.Admin.SendAsync(new(operation.Method), path,
                Caller.Json(operation.Example!.Value.GetRawText()));
            Assert.True((int)answer.Status is 200 or 201 or 202 or 204, $"{operation}: {answer.Text}");
        }
    }

    [Fact]
    public async Task Required_members_are_those_without_which_a_body_is_refused()
    {
        var document = await ApiDocument.ReadAsync(app);
        await app.Admin.MakeImageAsync("nixos-unstable", seed: 17);
        await app.Admin.MakeImageAsync("example", seed: 7);
        foreach (var operation in (await ApiDocument.OperationsAsync(app))
            .Where(operation => operation is { TakesJson: true, Method: "PUT" or "POST", Role: not "anyone" }))
        {
            if (operation.JsonSchema is not { } reference) continue; // a list; each of its items is like a PUT
            var schema = document.GetProperty("components").GetProperty("schemas")
                .GetProperty(reference.Split('/')[^1]);
            string[] required = schema.TryGetProperty("required", out var list)
                ? [.. list.EnumerateArray().Select(name => name.GetString()!)] : [];
            var path = await PathOfAsync(operation);
            foreach (var member in required)
            {
                var body = JsonNode.Parse(operation.Example!.Value.GetRawText())!.AsObject();
                Assert.True(body.Remove(member), $"The example of {operation} lacks {member}");
                var answer = await app.Admin.SendAsync(new(operation.Method), path, Caller.Json(body.ToJsonString()));
                answer.Is(HttpStatusCode.UnprocessableEntity);
            }
            if (required.Length == 0) continue;
            var least = new JsonObject(operation.Example!.Value.EnumerateObject()
                .Where(member => required.Contains(member.Name))
                .Select(member => KeyValuePair.Create(member.Name, JsonNode.Parse(member.Value.GetRawText()))));
            var taken = await app.Admin.SendAsync(new(operation.Method), path, Caller.Json(least.ToJsonString()));
            Assert.True((int)taken.Status is 200 or 201,
                $"{operation} refuses a body with all it requires: {taken.Text}");
        }
    }

    /// <summary>The operation's path, on things that are there.</summary>
    private async Task<string> PathOfAsync(Operation operation)
    {
        var path = operation.Path.Replace("{name}", "example", StringComparison.Ordinal);
        return path.EndsWith("/alarms/{id}/resolutions", StringComparison.Ordinal)
            ? path.Replace("{id}", $"{await ContradictAsync()}", StringComparison.Ordinal) : path;
    }

    /// <summary>A clone of a registered machine asks; the alarm about it.</summary>
    private async Task<long> ContradictAsync()
    {
        var number = Interlocked.Increment(ref _contradictions);
        var (name, uuid) = ($"original-{number}", $"4c4c4544-0042-3510-8052-b4c04f56{number:x4}");
        await app.Admin.PutAsync($"/api/v1/machines/{name}", $$"""{"macs":["5254000919{{number:x2}}"],"uuid":"{{uuid}}"}""");
        await app.Machine.ScriptAsync($"525400091a{number:x2}", $"&uuid={uuid}");
        return await app.Admin.ContradictionAsync(name);
    }

    [Fact]
    public async Task The_document_and_the_pages_know_the_same_problems()
    {
        var used = (await ApiDocument.OperationsAsync(app)).SelectMany(operation => operation.Problems).ToHashSet();
        // What the framework answers for a path or method that is no operation.
        used.UnionWith(["method-not-allowed", "not-found"]);
        Assert.Equal(ProblemTypes.All.Keys.Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
        foreach (var (name, type) in ProblemTypes.All)
        {
            var page = (await app.Machine.GetAsync($"/problems/{name}")).Is(HttpStatusCode.OK);
            Assert.Equal("text/html", page.MediaType);
            Assert.Contains(WebUtility.HtmlEncode(type.Explanation), page.Text, StringComparison.Ordinal);
        }
        (await app.Machine.GetAsync("/problems/nothing")).Is(HttpStatusCode.NotFound);
    }

    private static string[] Schemes(Operation operation) =>
    [
        .. (operation.Description.TryGetProperty("security", out var security) ? security.EnumerateArray().ToArray()
            : [])
            .Select(needed => string.Join('+', needed.EnumerateObject().Select(scheme => scheme.Name))),
    ];
}
