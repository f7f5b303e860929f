using System.Collections.Immutable;
using NetbootServer.Images;

namespace NetbootServer.Tests.Images;

public sealed class ArgumentPlaceholdersTests
{
    private static readonly PlaceholderValues Values = new()
    {
        For = "a script", Server = "http://s:8080", Boot = "http://s:8080/boots/T", MachineName = "web-1",
        Labels = new Dictionary<string, string>
        {
            ["rack"] = "r12", ["a/b.c"] = "d", ["empty"] = "", ["blank"] = "two words", ["quote"] = "it's",
            ["double"] = "a\"b", ["dollar"] = "${uuid}", ["back"] = "a\\b", ["control"] = "a\nb", ["accent"] = "é",
            ["or"] = "||", ["initrd"] = "initrd=mine", ["end"] = "#",
        },
        Files = ImmutableSortedDictionary<string, Artifact>.Empty.Add("rootfs", new("ab", 1)),
        UrlOf = (name, file) => $"http://s/{file.Sha256}/{name}", ByIpxe = true,
    };

    [Theory]
    [InlineData("a={{ server }}/x", "a=http://s:8080/x")]
    [InlineData("{{server}}", "http://s:8080")]
    [InlineData("root={{ file \"rootfs\" }}", "root=http://s/ab/rootfs")]
    [InlineData("root={{  file   \"rootfs\"  }}", "root=http://s/ab/rootfs")]
    [InlineData("report={{ boot }}/up", "report=http://s:8080/boots/T/up")]
    [InlineData("a={{ machine.labels.rack }}-{{ machine.labels.a/b.c }}", "a=r12-d")]
    [InlineData("a={{ machine.labels.empty }}", "a=")]
    [InlineData("BOOTIF=01-{{ net.mac }}", "BOOTIF=01-${netX/mac:hexhyp}")]
    [InlineData("ip={{ net.ip }}::{{ net.gateway }}:{{ net.netmask }}:{{ machine.name }}::off:{{net.dns}}",
        "ip=${netX/ip}::${netX/gateway}:${netX/netmask}:web-1::off:${netX/dns}")]
    [InlineData("dyndbg=\"file {{ machine.name }} +p\"", "dyndbg=\"file web-1 +p\"")]
    [InlineData("a={b} c}}", "a={b} c}}")]
    public void A_placeholder_gives_way_to_its_value(string argument, string expected)
    {
        var expanded = ArgumentPlaceholders.Expand(argument, Values);
        Assert.Equal((expected, null), (expanded.Text, expanded.Fault));
        if (argument.Contains("}}", StringComparison.Ordinal) && !argument.Contains(" c}}", StringComparison.Ordinal))
            Assert.Null(KernelArgument.Fault(argument));
    }

    [Fact]
    public void What_iPXE_fills_in_is_counted_by_its_longest_value()
    {
        Assert.Equal(3 + 15, ArgumentPlaceholders.Expand("ip={{ net.ip }}", Values).Bytes);
        Assert.Equal(10 + 59, ArgumentPlaceholders.Expand("BOOTIF=01-{{ net.mac }}", Values).Bytes);
        Assert.Equal(2 + 13, ArgumentPlaceholders.Expand("a={{ server }}", Values).Bytes);
    }

    [Theory]
    [InlineData("a={{ machine.labels.blank }}", "has a blank")]
    [InlineData("a={{ machine.labels.quote }}", "has a quote")]
    [InlineData("a={{ machine.labels.double }}", "has a quote")]
    [InlineData("a={{ machine.labels.dollar }}", "has a '$'")]
    [InlineData("a={{ machine.labels.back }}", "has a backslash")]
    [InlineData("a={{ machine.labels.control }}", "printable ASCII")]
    [InlineData("a={{ machine.labels.accent }}", "printable ASCII")]
    [InlineData("{{ machine.labels.or }}", "must not have the word '||'")]
    [InlineData("{{ machine.labels.end }}", "must not have the word '#'")]
    [InlineData("{{ machine.labels.initrd }}", "must not name initrd= itself")]
    [InlineData("{{ machine.labels.empty }}", "must not be empty")]
    [InlineData("a={{ machine.labels.other }}", "no such label")]
    [InlineData("a={{ file \"other\" }}", "it has rootfs")]
    [InlineData("a={{ serevr }}", "which is no placeholder")]
    public void A_value_that_no_argument_can_have_is_a_fault(string argument, string fault) =>
        Assert.Contains(fault, ArgumentPlaceholders.Expand(argument, Values).Fault, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ net.gateway }}||", "must not have the word '||'")]
    [InlineData("{{ net.dns }}#", "must not have the word '#'")]
    [InlineData("|{{ net.dns }}|{{ net.gateway }}", "must not have the word '||'")]
    [InlineData("{{ net.dns }}initrd=evil", "must not name initrd= itself")]
    [InlineData("netboot.boot{{ net.dns }}", "must not name")]
    [InlineData("a=${{ net.dns }}{net0/ip}", "must not contain '${'")]
    [InlineData("{{ machine.labels.empty }}||", "must not have the word '||'")]
    public void What_an_empty_value_makes_of_an_argument_is_a_fault(string argument, string fault)
    {
        Assert.Contains(fault, KernelArgument.Fault(argument), StringComparison.Ordinal);
        Assert.Contains(fault, ArgumentPlaceholders.Expand(argument, Values).Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ server }}")]
    [InlineData("{{ boot }}")]
    [InlineData("{{ machine.name }}")]
    [InlineData("{{ machine.labels.rack }}")]
    [InlineData("{{ file \"rootfs\" }}")]
    [InlineData("{{ net.ip }}")]
    public void What_is_not_known_is_a_fault(string argument)
    {
        var expanded = ArgumentPlaceholders.Expand("a=" + argument, new() { For = "this place" });
        Assert.Equal("a=" + argument, expanded.Text);
        Assert.Contains("this place", expanded.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a={{ serevr }}")]
    [InlineData("a={{ }}")]
    [InlineData("a={{}}")]
    [InlineData("a={{ file }}")]
    [InlineData("a={{ file rootfs }}")]
    [InlineData("a={{ file \"../x\" }}")]
    [InlineData("a={{ file \"a\" \"b\" }}")]
    [InlineData("a={{ machine.labels }}")]
    [InlineData("a={{ machine.labels. }}")]
    [InlineData("a={{ machine.labels.a b }}")]
    [InlineData("a={{ net.mtu }}")]
    [InlineData("a={{ NET.MAC }}")]
    [InlineData("a={{{ server }}}")]
    [InlineData("a={{ server")]
    public void What_is_no_placeholder_is_refused_with_the_list(string argument)
    {
        var fault = KernelArgument.Fault(argument);
        Assert.NotNull(fault);
        Assert.All(Placeholder.All, placeholder =>
            Assert.Contains(placeholder.Text, fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{{ server }}\\", "must not end with")]
    [InlineData("#{{ server }}", "must not have the word")]
    [InlineData("netboot.boot={{ boot }}", "must not name netboot.boot= itself")]
    [InlineData("a b={{ server }}", "has a blank")]
    [InlineData("${x}{{ server }}", "must not contain '${'")]
    public void The_rest_of_an_argument_follows_the_same_rules(string argument, string fault) =>
        Assert.Contains(fault, KernelArgument.Fault(argument), StringComparison.Ordinal);

    [Theory]
    [InlineData("a root={{ file \"r\" }} b", "a|root={{ file \"r\" }}|b")]
    [InlineData("{{ server }}{{ boot }} c", "{{ server }}{{ boot }}|c")]
    [InlineData("a={{ server }}b=\"x y\" z", "a={{ server }}b=\"x y\"|z")]
    [InlineData("  {{ net.ip }}  ", "{{ net.ip }}")]
    [InlineData("a={{ b c", "a={{|b|c")]
    [InlineData("\"{{ server }} x\" y", "\"{{ server }} x\"|y")]
    public void Blanks_inside_of_the_braces_do_not_separate_arguments(string line, string expected) =>
        Assert.Equal(expected.Split('|'), KernelArgument.Split(line));

    [Fact]
    public void An_example_is_what_its_placeholder_would_become() => Assert.All(Placeholder.All, placeholder =>
    {
        Assert.Null(KernelArgument.Fault($"a={placeholder.Text}"));
        Assert.Equal(placeholder.Setting is null ? "server" : "ipxe", placeholder.By);
        Assert.Null(KernelArgument.Fault($"a={placeholder.Example}"));
    });
}
