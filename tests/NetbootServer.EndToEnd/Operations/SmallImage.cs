using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace NetbootServer.EndToEnd.Operations;

/// <summary>Images of a few bytes that are what they claim by their first ones: enough for boots up to the
/// script.</summary>
internal static class SmallImage
{
    /// <summary>An image, a profile of the same name and a version.</summary>
    public static async Task MakeAsync(AdminClient api, HttpClient admin, string name, int initrdBytes,
        CancellationToken ct)
    {
        await api.PutAsync($"/images/{name}", new { source = new { type = "upload" } }, ct);
        using var answer = await UploadAsync(admin, name, BootFiles.Kernel(seed: 1),
            BootFiles.Initrd(seed: 2, initrdBytes), ct);
        answer.EnsureSuccessStatusCode();
        await api.PutAsync($"/profiles/{name}", new { image = name }, ct);
    }

    public static async Task<HttpResponseMessage> UploadAsync(
        HttpClient admin, string name, byte[] kernel, byte[] initrd, CancellationToken ct)
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(kernel), "x86_64-linux/kernel", "bzImage" },
            { new ByteArrayContent(initrd), "x86_64-linux/initrd", "initrd" },
        };
        return await admin.PostAsync($"/api/v1/images/{name}/versions", form, ct);
    }

    /// <summary>A sample of <c>/metrics</c>.</summary>
    public static async Task<double> MetricAsync(HttpClient client, string name, CancellationToken ct)
    {
        var text = await client.GetStringAsync("/metrics", ct);
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)
            && line.Length > name.Length && line[name.Length] is ' ' or '{');
        return line is null ? double.NaN : double.Parse(line[(line.LastIndexOf(' ') + 1)..],
            CultureInfo.InvariantCulture);
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage answer, CancellationToken ct) =>
        await answer.Content.ReadFromJsonAsync<JsonElement>(ct);
}
