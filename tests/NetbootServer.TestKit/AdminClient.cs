using System.Net.Http.Json;
using System.Text.Json;

namespace NetbootServer.TestKit;

/// <summary>The admin plane as a client outside the product sees it: paths below <c>/api/v1</c> and JSON.</summary>
/// <remarks>Nothing of the product's own types is used: these tests hold the contract, not the code.</remarks>
public sealed class AdminClient(HttpClient http)
{
    /// <summary>A resource, or null when there is none (404).</summary>
    public async Task<JsonElement?> FindAsync(string path, CancellationToken ct)
    {
        using var answer = await http.GetAsync("/api/v1" + path, ct);
        return answer.StatusCode == System.Net.HttpStatusCode.NotFound ? null : await ReadAsync(answer, ct);
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken ct) =>
        await FindAsync(path, ct) ?? throw new InvalidOperationException($"GET {path}: 404");

    /// <summary>The <c>items</c> of a list.</summary>
    public async Task<IReadOnlyList<JsonElement>> ListAsync(string path, CancellationToken ct) =>
        [.. (await GetAsync(path, ct)).GetProperty("items").EnumerateArray()];

    public async Task<JsonElement> PutAsync(string path, object body, CancellationToken ct)
    {
        using var answer = await http.PutAsJsonAsync("/api/v1" + path, body, ct);
        return await ReadAsync(answer, ct);
    }

    public async Task<JsonElement> PostAsync(string path, object body, CancellationToken ct)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1" + path, body, ct);
        return await ReadAsync(answer, ct);
    }

    /// <summary>Refreshes an image; its job, ended.</summary>
    public async Task<JsonElement> RefreshAsync(string image, TimeSpan limit, CancellationToken ct)
    {
        var job = await PostAsync($"/images/{image}/refreshes", new { }, ct);
        return await WaitForAsync($"/jobs/{job.GetProperty("id").GetString()}", HasEnded, limit, ct);
    }

    /// <summary>Whether a job will do no more.</summary>
    public static bool HasEnded(JsonElement job) => job.GetProperty("state")
        .GetString() is "succeeded" or "failed" or "cancelled";

    /// <summary>Creates an image with one uploaded x86_64 version; returns the version.</summary>
    public async Task<JsonElement> UploadAsync(
        string image, string kernel, string initrd, string kernelArguments, CancellationToken ct)
    {
        await PutAsync($"/images/{image}", new { source = new { type = "upload" } }, ct);
        await using var kernelBytes = File.OpenRead(kernel);
        await using var initrdBytes = File.OpenRead(initrd);
        using var parts = new MultipartFormDataContent
        {
            { new StreamContent(kernelBytes), "x86_64-linux/kernel", "bzImage" },
            { new StreamContent(initrdBytes), "x86_64-linux/initrd", "initrd" },
            { new StringContent(kernelArguments), "x86_64-linux/kernelArguments" },
        };
        using var answer = await http.PostAsync($"/api/v1/images/{image}/versions", parts, ct);
        return await ReadAsync(answer, ct);
    }

    /// <summary>The resource as soon as it is as wanted.</summary>
    /// <exception cref="TimeoutException">It never was; the message shows it as it was last.</exception>
    public async Task<JsonElement> WaitForAsync(
        string path, Func<JsonElement, bool> wanted, TimeSpan limit, CancellationToken ct)
    {
        JsonElement? last = null;
        try
        {
            await Until.TrueAsync(async () => (last = await FindAsync(path, ct)) is { } found && wanted(found), path,
                limit);
            return last!.Value;
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} It was last: {last?.GetRawText() ?? "404"}", e);
        }
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        var text = await answer.Content.ReadAsStringAsync(ct);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(
                $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }
}
