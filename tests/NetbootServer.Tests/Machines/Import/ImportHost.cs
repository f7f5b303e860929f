using System.Text;
using System.Text.Json;

namespace NetbootServer.Tests.Machines.Import;

/// <summary>Sends and fetches lists of machines.</summary>
internal static class ImportHost
{
    public const string Csv = "text/csv", Json = "application/json", Yaml = "application/yaml";

    public static Task<Answer> ImportAsync(this Caller admin, string file, string type = Csv, bool dryRun = false) =>
        admin.SendAsync(HttpMethod.Post, "/api/v1/machines/import" + (dryRun ? "?dryRun=true" : ""),
            Caller.Json(Encoding.UTF8.GetBytes(file), type));

    public static async Task<string> ExportAsync(this Caller admin, string format, string more = "") =>
        (await admin.GetAsync($"/api/v1/machines/export?format={format}{more}")).Is(System.Net.HttpStatusCode.OK).Text;

    /// <summary>created, changed, unchanged.</summary>
    public static string Counts(this Answer report) =>
        string.Join(' ', new[] { "created", "changed", "unchanged" }.Select(count => report.Json.GetProperty(count)
            .GetInt64()));

    /// <summary>Each row as <c>line name action</c>.</summary>
    public static IEnumerable<string> Rows(this Answer report) => report.Json.GetProperty("rows").EnumerateArray()
        .Select(row => $"{row.GetProperty("line")} {row.GetProperty("name")} {row.GetProperty("action")}");

    public static JsonElement Row(this Answer report, string name) => report.Json.GetProperty("rows").EnumerateArray()
        .Single(row => row.GetProperty("name").GetString() == name);

    public static string TypeOf(string format) => format switch { "csv" => Csv, "yaml" => Yaml, _ => Json };
}
