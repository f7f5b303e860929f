using System.Net;
using System.Text.RegularExpressions;

namespace NetbootServer.Tests.Fixtures;

/// <summary>Short ways to things that most tests need first.</summary>
internal static partial class Scenery
{
    /// <summary>An image with one bootable version; its id.</summary>
    public static async Task<string> MakeImageAsync(this Caller admin, string name, int seed = 0,
        string? arguments = null)
    {
        Assert.True((await admin.PutAsync($"/api/v1/images/{name}", """{"source":{"type":"upload"}}""")).Status
            is HttpStatusCode.Created or HttpStatusCode.OK);
        return await admin.AddVersionAsync(name, seed, arguments);
    }

    /// <summary>One more version; its id.</summary>
    public static async Task<string> AddVersionAsync(this Caller admin, string image, int seed,
        string? arguments = null)
    {
        List<(string, object)> parts = [("x86_64-linux/kernel", BootFiles.Kernel(seed)),
            ("x86_64-linux/initrd", BootFiles.Initrd(seed))];
        if (arguments is not null) parts.Add(("x86_64-linux/kernelArguments", arguments));
        var answer = await admin.UploadAsync(image, [.. parts]);
        return answer.Is(HttpStatusCode.Created)["id"]!;
    }

    /// <summary>A machine's script.</summary>
    public static async Task<string> ScriptAsync(this Caller machine, string mac, string more = "")
    {
        var answer = (await machine.GetAsync($"/boot/script?mac={mac}&arch=x86_64&platform=efi{more}"))
            .Is(HttpStatusCode.OK);
        Assert.StartsWith("#!ipxe\n", answer.Text, StringComparison.Ordinal);
        return answer.Text;
    }

    /// <summary>The boot's URL in a script that loads a kernel, as a path.</summary>
    public static string BootPath(this string script)
    {
        var match = BootUrl().Match(script);
        Assert.True(match.Success, $"The script starts no boot:\n{script}");
        return new Uri(match.Groups[1].Value).AbsolutePath;
    }

    /// <summary>Where a script loads its kernel from, with the boot's token.</summary>
    public static string KernelPath(this string script) => script.PathIn("kernel ");

    /// <summary>Where a script loads its first initrd from, with the boot's token.</summary>
    public static string InitrdPath(this string script) => script.PathIn("initrd ");

    private static string PathIn(this string script, string command) => new Uri(script.Split('\n')
        .First(line => line.StartsWith(command, StringComparison.Ordinal)).Split(' ')
        .First(word => word.StartsWith("http://", StringComparison.Ordinal))).PathAndQuery;

    /// <summary>The newest boot of a machine, once it has this outcome.</summary>
    public static async Task<Answer> BootWithAsync(this Caller admin, string machine, string outcome)
    {
        var list = await Until.AsAsync(() => admin.GetAsync($"/api/v1/machines/{machine}/boots"),
            boots => boots.Status == HttpStatusCode.OK && boots.Json.GetProperty("items") is var items
                && items.GetArrayLength() > 0 && items[0].GetProperty("outcome").GetString() == outcome,
            $"the newest boot of {machine} to be {outcome}");
        return await admin.GetAsync($"/api/v1/boots/{list.Items("id")[0]}");
    }

    /// <summary>The machine, once a condition holds.</summary>
    public static Task<Answer> MachineWhenAsync(this Caller admin, string name, Func<Answer, bool> good, string what) =>
        Until.AsAsync(() => admin.GetAsync($"/api/v1/machines/{name}"), good, what);

    [GeneratedRegex(@"netboot\.boot=(\S+)")]
    private static partial Regex BootUrl();
}
