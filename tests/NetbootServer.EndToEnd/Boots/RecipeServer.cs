namespace NetbootServer.EndToEnd.Boots;

/// <summary>One server for images of several shapes, from the first image on.</summary>
public sealed class RecipeServer : IAsyncDisposable
{
    private readonly HashSet<string> _published = [];
    private ServerProcess? _server;

    public ServerProcess Server => _server ?? throw new InvalidOperationException("No image was published yet.");

    public AdminClient Api => new(Server.Admin);

    /// <summary>The name of the machine with a MAC.</summary>
    public static string NameOf(string mac) => "node-" + mac[^2..];

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    /// <summary>An image with a profile of its name, once.</summary>
    /// <param name="image">The name.</param>
    /// <param name="ct">Stops it.</param>
    /// <param name="parts">Roles with paths of files; <c>kernelArguments</c> with the text.</param>
    public async Task PublishAsync(string image, CancellationToken ct, params (string Role, string Value)[] parts)
    {
        _server ??= await ServerProcess.StartAsync(new ServerSetup(), ct); // keeps its log with the test that runs
        if (!_published.Add(image)) return;
        await Api.PutAsync($"/images/{image}", new { source = new { type = "upload" } }, ct);
        using var form = new MultipartFormDataContent();
        foreach (var (role, value) in parts)
            if (role == "kernelArguments") form.Add(new StringContent(value), $"x86_64-linux/{role}");
            else
                form.Add(new ByteArrayContent(await File.ReadAllBytesAsync(value, ct)), $"x86_64-linux/{role}",
                    Path.GetFileName(value));
        using var answer = await Server.Admin.PostAsync($"/api/v1/images/{image}/versions", form, ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(ct));
        await Api.PutAsync($"/profiles/{image}", new { image }, ct);
    }
}
