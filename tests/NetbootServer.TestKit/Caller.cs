using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace NetbootServer.TestKit;

/// <summary>Somebody who asks the server: bodies are JSON, as text or as an object.</summary>
public sealed class Caller(HttpClient client) : IDisposable
{
    public HttpClient Client => client;

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> HeadAsync(string path) => SendAsync(HttpMethod.Head, path);

    public Task<Answer> PutAsync(string path, object body, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Put, path, Json(body), headers);

    public Task<Answer> PatchAsync(string path, object body, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Patch, path, Json(body, "application/merge-patch+json"), headers);

    public Task<Answer> PostAsync(string path, object body, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Post, path, Json(body), headers);

    public Task<Answer> DeleteAsync(string path, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Delete, path, null, headers);

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new(answer, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Uploads a version; parts are text or bytes.</summary>
    public Task<Answer> UploadAsync(string image, params (string Name, object Value)[] parts)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in parts)
        {
            if (value is string text) form.Add(new StringContent(text), name);
            else form.Add(new ByteArrayContent((byte[])value), name, name.Replace('/', '-') + ".bin");
        }
        return SendAsync(HttpMethod.Post, $"/api/v1/images/{image}/versions", form);
    }

    public static HttpContent Json(object body, string type = "application/json")
    {
        var bytes = body as byte[] ?? Encoding.UTF8.GetBytes(body as string ?? JsonSerializer.Serialize(body));
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    public void Dispose() => client.Dispose();
}
