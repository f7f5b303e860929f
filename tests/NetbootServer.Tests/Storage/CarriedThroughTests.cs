using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Storage;

public sealed class CarriedThroughTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_that_is_cancelled_too_late_is_written_and_in_memory()
    {
        await app.Admin.PutAsync("/api/v1/images/late", """{"source":{"type":"upload"}}""");
        using var asker = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var request = new DefaultHttpContext().Request;
        (request.Method, request.ContentType, request.Body) = ("PUT", "application/json",
            new MemoryStream(Encoding.ASCII.GetBytes("{}")));
        var spec = app.Services.GetRequiredService<ImageCatalog>().Images["late"].Spec with { Keep = 7 };
        var (change, _) = await SpecChange<ImageSpec>.ReadAsync(request, (_, _) =>
        {
            asker.Cancel(); // hangs up while the change is made
            return spec;
        }, Ct);
        await app.Services.GetRequiredService<ImageStore>()
            .SaveAsync(ResourceName.Parse("late"), change, Precondition.None, asker.Token);
        Assert.Equal("7", (await app.Admin.GetAsync("/api/v1/images/late"))["keep"]);
    }

    [Fact]
    public async Task A_change_that_is_cancelled_in_time_is_not_written()
    {
        using var asker = new CancellationTokenSource();
        var database = app.Services.GetRequiredService<Database>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.ChangeAsync(async (db, ct) =>
        {
            await ServerValues.SetAsync(db, "in-time", "x", ct);
            await db.SaveChangesAsync(ct);
            await asker.CancelAsync();
            ct.ThrowIfCancellationRequested();
            return true;
        }, asker.Token));
        Assert.Null(await database.FindAsync("in-time", Ct));
    }
}
