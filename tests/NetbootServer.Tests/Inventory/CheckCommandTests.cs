namespace NetbootServer.Tests.Inventory;

/// <summary><c>netboot-server check DIR</c> finds every fault without a server.</summary>
public sealed class CheckCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-check-");

    [Fact]
    public async Task Good_files_are_good_and_the_exit_code_says_so()
    {
        Write("good.yaml", """
            # Values that YAML itself would take for numbers are text where text belongs.
            images:
              debian: {source: {type: upload}, keep: 5}
            profiles:
              rescue:
                image: debian
                priority: -3
                selector: {rack: 3}
                overlay: {network: [{mac: "52:54:00:ff:10:01", dhcp: true}]}
            machines:
              node1:
                serial: 0012345
                labels: {rack: 3, on: yes}
                profile: rescue
                overlay: {rootPasswordHashFile: root, files: [{path: /etc/a, mode: 0640, contentFile: a}]}
            """);
        Write("more.json", """{"machines": {"node2": {"macs": ["52:54:00:ff:10:02"], "profile": "elsewhere"}}}""");
        Write("other/export.yml", "profiles: {elsewhere: {image: any}}\n");
        Write(".hidden.yaml", "nonsense");
        Write("swap.yaml~", "nonsense");
        Write("README.md", "nonsense");
        Directory.Move(Path.Combine(_folder.FullName, "other"), _folder.FullName + "-other");
        try
        {
            var (code, output, errors) = await RunAsync(_folder.FullName, _folder.FullName + "-other");
            Assert.Equal((0, ""), (code, errors));
            Assert.Equal("No faults. Machines: 2, profiles: 1, images: 1, files: 2. Files of secrets that were not " +
                "read: 2; set Inventory:SecretRoots for that.\n", output);
        }
        finally
        {
            Directory.Delete(_folder.FullName + "-other", recursive: true);
        }
    }

    [Fact]
    public async Task Every_fault_is_shown_with_its_file_and_line()
    {
        Write("a.yaml", """
            machines:
              node1: {macs: ["52:54:00:ff:11:01"], profile: nowhere}
              Node2: {macs: ["52:54:00:ff:11:02"]}
              node3: {macs: ["52:54:00:ff:11:01"]}
              node4: []
            racks: {}
            profiles: {wait: {image: any}, two: {image: any, priority: high}}
            """);
        Write("anchors.yaml", "machines:\n  a: &a {macs: [\"52:54:00:ff:11:05\"]}\n  b: *a\n");
        Write("b.json", """
            {
              "machines": {"node1": {"macs": ["52:54:00:ff:11:06"]},
                "x": {"uuid": 3}
              }
            }
            """);
        Write("broken.json", "{\"machines\": {\n\n \"a\": [}");
        Write("empty.yaml", "# nothing\n");
        Write("keys.yaml", "machines:\n  a: {macs: []}\n  a: {macs: []}\n");
        Write("tabs.yaml", "machines:\n\ta: {}\n");
        Write("two.yaml", "machines: {}\n---\nmachines: {}\n");
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "gone.yaml"), "nowhere");
        var (code, output, errors) = await RunAsync(_folder.FullName, "Inventory:SecretRoots=/nowhere");
        Assert.Equal(1, code);
        Assert.Equal("Faults: 20, files: 9. A server would not apply them.\n", errors);
        string[] expected =
        [
            "a.yaml:2: machines.node1.profile names the profile 'nowhere'", "a.yaml:3: machines.Node2 has no good name",
            "a.yaml:4: machines.node3.macs[0] 52:54:00:ff:11:01 is a MAC of machine 'node1' in a.yaml:2, too",
            "a.yaml:5: machines.node4 must be a JSON object, not a list", "a.yaml:5: machines.node4.macs is required",
            "a.yaml:6: 'racks' is not a member", "a.yaml:7: profiles.wait has a name that the setting",
            "a.yaml:7: profiles.two.priority must be a whole number",
            "a.yaml:7: profiles.two.image names the image 'any'", "a.yaml:7: profiles.wait.image names the image 'any'",
            "anchors.yaml:2: is not acceptable YAML: anchors and aliases are not allowed",
            "b.json:2: machines.node1 stands in a.yaml:2 already", "b.json:3: machines.x.uuid must be",
            "broken.json:3: is not valid JSON", "empty.yaml:2: must have images, profiles or machines by name",
            "gone.yaml: cannot be read", "keys.yaml:3: is not acceptable YAML: the key 'a' stands twice",
            "two.yaml:2: begins a second document",
        ];
        Assert.All(expected, fault => Assert.Contains(fault, output, StringComparison.Ordinal));
        Assert.Contains("tabs.yaml:2: is not acceptable YAML", output, StringComparison.Ordinal);
        Assert.Contains("(YAML is indented by spaces, not by tabs)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_is_not_there_or_empty_is_a_fault()
    {
        var (code, _, errors) = await RunAsync(_folder.FullName);
        Assert.Equal(1, code);
        Assert.Contains("has no files", errors, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync(_folder.FullName + "/nowhere")).Code);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        await using var run = ServerRun.Start(Path.GetTempPath(), new Dictionary<string, string>(),
            ["check", .. arguments]);
        return (await run.ExitAsync(), run.Output, run.Errors);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
