using System.Net;
using System.Text.Json;

namespace NetbootServer.Tests.Inventory;

/// <summary>Files that are away remove nothing, and much is removed only after a word.</summary>
public sealed class InventoryRemovalTests
{
    [Fact]
    public async Task A_directory_that_is_away_or_empty_is_a_fault_and_removes_nothing()
    {
        await using var inventory = new InventoryApp("1000", isThere: false);
        Assert.Contains("is not there", Assert.Single(InventoryApp.FaultsOf(await inventory.UntilAsync("faulty"))),
            StringComparison.Ordinal);
        Directory.CreateDirectory(inventory.Directory);
        await inventory.UntilAsync("an empty directory", view => InventoryApp.FaultsOf(view) is [var only]
            && only.Contains("has no files", StringComparison.Ordinal));
        inventory.Write("always.yaml", InventoryApp.Always);
        await inventory.UntilThereAsync("machines/always");
        Directory.Move(inventory.Directory, inventory.Directory + "-unmounted");
        await inventory.UntilAsync("faulty");
        await UntilAlarmsAsync(inventory, 1);
        (await inventory.Admin.GetAsync("/api/v1/machines/always")).Is(HttpStatusCode.OK);
        Directory.Move(inventory.Directory + "-unmounted", inventory.Directory);
        Assert.Equal("""{"machines":1,"profiles":1,"images":1}""",
            (await inventory.UntilAsync("applied")).GetProperty("managed").GetRawText());
        await UntilAlarmsAsync(inventory, 0);
    }

    [Fact]
    public async Task A_part_of_the_directory_that_is_away_removes_nothing()
    {
        await using var inventory = new InventoryApp("1000");
        await inventory.UntilThereAsync("machines/always");
        var (folder, real) = (Path.Combine(inventory.Directory, "rack"), Path.Combine(inventory.Folder, "rack"));
        Directory.CreateDirectory(real);
        await File.WriteAllTextAsync(Path.Combine(real, "one.yaml"), "machines: {one: {serial: S-1}}\n",
            TestContext.Current.CancellationToken);
        Directory.CreateSymbolicLink(folder, real);
        await inventory.UntilThereAsync("machines/one");
        Directory.Move(real, real + "-away");
        await inventory.UntilAsync("a fault of the link", view => InventoryApp.FaultsOf(view) is [var only]
            && only.Contains("the link rack leads to nothing", StringComparison.Ordinal));
        // Empty, as a mount point is whose file system is away.
        Directory.CreateDirectory(real);
        var waiting = (await inventory.UntilAsync("waiting")).GetProperty("removals");
        Assert.Equal((1, "machine one"), (waiting.GetProperty("count").GetInt32(),
            waiting.GetProperty("names")[0].GetString()));
        Directory.Delete(real);
        Directory.Move(real + "-away", real);
        await inventory.UntilAsync("applied");
        await UntilAlarmsAsync(inventory, 0);
        var deep = Path.Combine([inventory.Directory, .. Enumerable.Repeat("d", 9)]);
        Directory.CreateDirectory(deep);
        await inventory.UntilAsync("a fault of the depth", view => InventoryApp.FaultsOf(view) is [var only]
            && only.Contains("more than 8 folders deep", StringComparison.Ordinal));
        (await inventory.Admin.GetAsync("/api/v1/machines/one")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Faults_of_a_change_that_would_wait_are_shown_at_once()
    {
        await using var inventory = new InventoryApp("0");
        inventory.Write("two.yaml", "machines: {one: {serial: S-1}, two: {serial: S-2}}\n");
        await inventory.UntilThereAsync("machines/two");
        (await inventory.Admin.PutAsync("/api/v1/machines/mine", """{"serial": "S-3"}""")).Is(HttpStatusCode.Created);
        inventory.Write("two.yaml", "machines: {one: {serial: S-1}, mine: {serial: S-3}}\n");
        var faulty = await inventory.UntilAsync("faulty");
        Assert.Contains("machines.mine was made by the API", Assert.Single(InventoryApp.FaultsOf(faulty)),
            StringComparison.Ordinal);
        (await inventory.Admin.DeleteAsync("/api/v1/machines/mine")).Is(HttpStatusCode.NoContent);
        inventory.Write("two.yaml", "machines: {one: {serial: S-1}, mine: {serial: S-3}}  # again\n");
        await inventory.UntilAsync("waiting");
        // It is declared by its serial number, and so has another name only.
        inventory.Write("two.yaml", "machines: {one: {serial: S-1}, second: {serial: S-2}}\n");
        await inventory.UntilThereAsync("machines/second");
        Assert.Equal("applied", (await inventory.GetAsync()).GetProperty("state").GetString());
    }

    private static Task UntilAlarmsAsync(InventoryApp inventory, int count) =>
        Until.AsAsync(() => inventory.Admin.GetAsync("/api/v1/alarms"), answer => answer.Json.GetProperty("items")
            .EnumerateArray().Count(alarm => alarm.GetProperty("kind").GetString()!
                .StartsWith("inventory-", StringComparison.Ordinal)) == count, $"{count} alarms");

    [Fact]
    public async Task A_change_that_removes_more_than_the_setting_allows_waits_for_a_confirmation()
    {
        await using var inventory = new InventoryApp("10%");
        var many = Enumerable.Range(1, 40).Select(i => $"  n{i}: {{macs: [\"52:54:00:ff:08:{i:x2}\"]}}\n").ToArray();
        inventory.Write("many.yaml", "machines:\n" + string.Concat(many));
        await inventory.UntilThereAsync("machines/n40");
        (await inventory.Admin.PostAsync("/api/v1/inventory/confirmations", "{}"))
            .IsProblem(HttpStatusCode.Conflict, "nothing-waits");
        // 43 resources: five may go by themselves.
        inventory.Write("many.yaml", "machines:\n" + string.Concat(many[..35]));
        await inventory.UntilGoneAsync("machines/n36");
        // One of these has another name only.
        inventory.Write("many.yaml", "machines:\n" + string.Concat(many[..29]) + many[30].Replace("n31:", "m31:",
            StringComparison.Ordinal));
        var waiting = (await inventory.UntilAsync("waiting")).GetProperty("removals");
        // Five went a moment ago: four of the 43 that there were in the last hour are not left to go.
        Assert.Equal((5, 38, 0, "machine n30"), (waiting.GetProperty("count").GetInt32(),
            waiting.GetProperty("of").GetInt32(), waiting.GetProperty("allowed").GetInt32(),
            waiting.GetProperty("names")[0].GetString()));
        (await inventory.Admin.GetAsync("/api/v1/machines/n31")).Is(HttpStatusCode.OK);
        await Until.AsAsync(() => inventory.Admin.GetAsync("/api/v1/alarms?kind=inventory-removals"),
            answer => answer.Items("kind").Count == 1, "the alarm");
        (await inventory.Admin.PostAsync("/api/v1/inventory/confirmations", """{"id": "another"}"""))
            .IsProblem(HttpStatusCode.Conflict, "nothing-waits");
        var confirmed = (await inventory.Admin.PostAsync("/api/v1/inventory/confirmations",
            new { id = waiting.GetProperty("id").GetString() })).Is(HttpStatusCode.OK);
        Assert.Equal(("applied", 31), (confirmed["state"],
            confirmed.Json.GetProperty("managed").GetProperty("machines").GetInt32()));
        (await inventory.Admin.GetAsync("/api/v1/machines/n30")).Is(HttpStatusCode.NotFound);
        (await inventory.Admin.GetAsync("/api/v1/machines/m31")).Is(HttpStatusCode.OK);
        // Everything goes after a word only, however few these are.
        inventory.Delete("many.yaml");
        inventory.Write("always.yaml", "machines: {}\n");
        await inventory.UntilAsync("all to wait", view => view.TryGetProperty("removals", out var removals)
            && removals.GetProperty("count").GetInt32() == 33);
        (await inventory.Admin.SendAsync(HttpMethod.Post, "/api/v1/inventory/confirmations")).Is(HttpStatusCode.OK);
        (await inventory.Admin.GetAsync("/api/v1/images/always")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_went_while_the_server_was_stopped_is_removed_and_without_a_directory_all_is_the_API_s_again()
    {
        var ct = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("netboot-inventory-");
        var data = Directory.CreateTempSubdirectory("netboot-data-");
        var settings = new Dictionary<string, string>
        {
            ["DataDirectory"] = data.FullName, ["Inventory:Directory"] = folder.FullName,
            ["Access:AdminToken"] = "a-token-for-this-test-only",
        };
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "always.yaml"), InventoryApp.Always, ct);
            var gone = Path.Combine(folder.FullName, "gone.yaml");
            await File.WriteAllTextAsync(gone, "machines: {gone: {macs: [\"52:54:00:ff:09:01\"]}}\n", ct);
            await using (var server = await ServerProcess.StartAsync(new() { Settings = settings }, ct))
            {
                var admin = new AdminClient(server.Admin);
                await admin.WaitForAsync("/machines/gone", _ => true, Limit, ct);
                await server.StopAsync();
                File.Delete(gone);
                await server.StartAgainAsync(ct);
                await Until.TrueAsync(async () => await admin.FindAsync("/machines/gone", ct) is null, "it to be gone");
                await server.StopAsync();
                // Nothing has changed: nothing is applied again.
                await server.StartAgainAsync(ct);
                var same = await admin.WaitForAsync("/inventory", view => State(view) == "applied", Limit, ct);
                Assert.Equal(1, same.GetProperty("managed").GetProperty("machines").GetInt32());
                Assert.DoesNotContain("Applied the inventory", server.Output, StringComparison.Ordinal);
            }
            settings.Remove("Inventory:Directory");
            await using (var server = await ServerProcess.StartAsync(new() { Settings = settings }, ct))
            {
                var admin = new AdminClient(server.Admin);
                await admin.WaitForAsync("/inventory", view => State(view) == "off", Limit, ct);
                var free = await admin.PutAsync("/machines/always",
                    new { macs = new[] { "52:54:00:ff:00:01" }, notes = "free" }, ct);
                Assert.False(free.TryGetProperty("managedBy", out _));
            }
            // The same directory again: its files take back what was theirs.
            settings["Inventory:Directory"] = folder.FullName;
            await using (var server = await ServerProcess.StartAsync(new() { Settings = settings }, ct))
            {
                var admin = new AdminClient(server.Admin);
                await admin.WaitForAsync("/inventory", view => State(view) == "applied", Limit, ct);
                Assert.True((await admin.FindAsync("/machines/always", ct))!.Value.TryGetProperty("managedBy", out _));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
            data.Delete(recursive: true);
        }

        static string? State(JsonElement view) => view.GetProperty("state").GetString();
    }

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
}
