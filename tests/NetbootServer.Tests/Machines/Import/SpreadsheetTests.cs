using System.Net;
using System.Text;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines.Import;

/// <summary>CSV as Excel, LibreOffice and people write it.</summary>
[Trait("category", "slow")]
public sealed class SpreadsheetTests
{
    private const string Csv = "name,macs,labels,notes\nn1,52:54:00:00:00:01,rack=r1 row=2,\"a; b\"\n" +
        "n2,52:54:00:00:00:02 52:54:00:00:00:03,,\n";

    [Theory]
    [InlineData("commas", Csv)]
    [InlineData("semicolons",
        "name;macs;labels;notes\nn1;52:54:00:00:00:01;rack=r1 row=2;\"a; b\"\nn2;52:54:00:00:00:02 " +
        "52:54:00:00:00:03;;\n")]
    [InlineData("tabs",
        "name\tmacs\tlabels\tnotes\r\nn1\t52:54:00:00:00:01\track=r1 row=2\ta; b\r\nn2\t52:54:00:00:00:02 " +
        "52:54:00:00:00:03\t\t\r\n")]
    [InlineData("the separator named as Excel does",
        "sep=;\r\nname;macs;labels;notes\r\nn1;52:54:00:00:00:01;rack=r1 row=2;\"a; b\"\r\nn2;525400000002 " +
        "525400000003;;\r\n")]
    [InlineData("tabs named so",
        "sep=\t\nname\tmacs\tlabels\tnotes\nn1\t52:54:00:00:00:01\track=r1 row=2\ta; b\nn2\t525400000002 " +
        "525400000003\t\t\n")]
    [InlineData("quoted names of columns",
        "\"name\";\"macs\";\"labels\";\"notes\"\nn1;525400000001;\"rack=r1 row=2\";\"a; b\"\nn2;525400000002 " +
        "525400000003;;")]
    [InlineData("blanks around fields",
        " name ; macs ;labels ; notes\nn1 ; 525400000001 ; rack=r1 row=2 ; \"a; b\" \nn2;525400000002 525400000003;;")]
    [InlineData("empty rows everywhere",
        ";;;\n\n  \nname;macs;labels;notes\n;;;\nn1;525400000001;rack=r1 row=2;\"a; b\"\n\n;;;\n;;;\nn2;525400000002 " +
        "525400000003;;\n;;;\n\n")]
    [InlineData("empty cells behind the last column",
        "name,macs,labels,notes,,\nn1,525400000001,rack=r1 row=2,a; b,,\nn2,525400000002 525400000003,,,,\n,,,,,\n")]
    [InlineData("labels with commas in a cell",
        "name;macs;labels;notes\nn1;525400000001;rack=r1,row=2;\"a; b\"\nn2;525400000002,525400000003;;\n")]
    [InlineData("labels with commas in quotes",
        "name,macs,labels,notes\nn1,525400000001,\"rack=r1, row=2\",a; b\nn2,\"525400000002, 525400000003\",,\n")]
    [InlineData("labels with semicolons",
        "name,macs,labels,notes\nn1,525400000001,rack=r1;row=2,a; b\nn2,525400000002;525400000003,,\n")]
    public async Task The_same_machines_come_in_with(string how, string file)
    {
        Assert.NotNull(how);
        await using var app = new NetbootApp();
        using var admin = app.Admin;
        Assert.Equal("2 0 0", (await admin.ImportAsync(file)).Is(HttpStatusCode.OK).Counts());
        var first = (await admin.GetAsync("/api/v1/machines/n1")).Json;
        Assert.Equal(["rack=r1", "row=2"], first.GetProperty("labels").EnumerateObject()
            .Select(l => $"{l.Name}={l.Value}"));
        Assert.Equal("a; b", first.GetProperty("notes").GetString());
        Assert.Equal(["52:54:00:00:00:02", "52:54:00:00:00:03"],
            (await admin.GetAsync("/api/v1/machines/n2")).Json.GetProperty("macs").EnumerateArray()
            .Select(mac => mac.GetString()));
        Assert.Equal("0 0 2", (await admin.ImportAsync(Csv)).Is(HttpStatusCode.OK).Counts());
    }

    [Fact]
    public async Task Excels_Unicode_text_and_lines_of_every_separator_are_read()
    {
        await using var app = new NetbootApp();
        using var admin = app.Admin;
        var bytes = Encoding.Unicode.GetPreamble()
            .Concat(Encoding.Unicode.GetBytes("name\tmacs\tnotes\r\nn1\t525400000001\tRöck\r\n"));
        var answer = await admin.SendAsync(HttpMethod.Post, "/api/v1/machines/import",
            Caller.Json(bytes.ToArray(), "text/csv"));
        Assert.Equal("1 0 0", answer.Is(HttpStatusCode.OK).Counts());
        Assert.Equal("Röck", (await admin.GetAsync("/api/v1/machines/n1"))["notes"]);
    }

    [Fact]
    public async Task Lines_are_counted_past_empty_rows_and_the_separator_s_own()
    {
        await using var app = new NetbootApp();
        using var admin = app.Admin;
        var answer = await admin.ImportAsync("sep=;\nname;macs;labels\n;;\nn1;525400000001;rack\n");
        Assert.Contains("rack", answer.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid").ErrorAt("line 4"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_with_commas_is_JSON_on_the_way_out_and_the_same_on_the_way_in()
    {
        await using var app = new NetbootApp();
        using var admin = app.Admin;
        (await admin.PutAsync("/api/v1/machines/n1",
            """{"macs":["525400000001"],"labels":{"roles":"db,web","x":"a;b=c","plain":"v"},"kernelArguments":["console=ttyS0,115200"]}"""))
            .Is(HttpStatusCode.Created);
        var export = await admin.ExportAsync("csv");
        Assert.Equal("0 0 1", (await admin.ImportAsync(export)).Is(HttpStatusCode.OK).Counts());
        var fault = (await admin.ImportAsync("name,macs,labels\nn1,525400000001,\"roles=db,web\"")).ErrorAt("line 2");
        Assert.Contains("{\"key\": \"a value\"}", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("nonsense")]
    public async Task An_import_of_no_known_type_is_told_the_three(string? type)
    {
        await using var app = new NetbootApp();
        var content = new ByteArrayContent("name,macs\n"u8.ToArray());
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        var answer = await app.Admin.SendAsync(HttpMethod.Post, "/api/v1/machines/import", content);
        answer.IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        foreach (var known in new[] { ImportHost.Csv, ImportHost.Json, ImportHost.Yaml })
            Assert.Contains(known, answer["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_path_says_what_it_takes()
    {
        await using var app = new NetbootApp();
        async Task<string?> AdviceAsync(HttpMethod method, string path) => (await app.Admin.SendAsync(method, path,
            Caller.Json("x", "text/plain")))
            .IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type")["detail"];
        Assert.Contains("application/json", await AdviceAsync(HttpMethod.Put, "/api/v1/machines/m"),
            StringComparison.Ordinal);
        Assert.Contains("application/merge-patch+json", await AdviceAsync(HttpMethod.Patch, "/api/v1/profiles/m"),
            StringComparison.Ordinal);
        Assert.Contains("multipart/form-data", await AdviceAsync(HttpMethod.Post, "/api/v1/images/i/versions"),
            StringComparison.Ordinal);
    }
}
