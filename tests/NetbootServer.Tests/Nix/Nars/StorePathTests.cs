using NetbootServer.Nix.Nars;

namespace NetbootServer.Tests.Nix.Nars;

public sealed class StorePathTests
{
    private const string Hello = "/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello";

    [Fact]
    public void A_store_path_has_a_hash_and_a_name()
    {
        var path = StorePath.Parse(Hello);
        Assert.Equal("gmra35yzn94c5y4wk7y0lm5d57j0q0ql", path.HashPart);
        Assert.Equal("hello", path.Name);
        Assert.Equal("gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello", path.BaseName);
        Assert.Equal(Hello, path.ToString());
    }

    [Theory]
    [InlineData("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello/bin")]
    [InlineData("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-")]
    [InlineData("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql")]
    [InlineData("/nix/store/emra35yzn94c5y4wk7y0lm5d57j0q0ql-hello")]
    [InlineData("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-..")]
    [InlineData("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-he llo")]
    [InlineData("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello\n")]
    [InlineData("/gnu/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello")]
    [InlineData("gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello")]
    [InlineData("")]
    public void What_is_no_store_path_is_refused(string text)
    {
        Assert.False(StorePath.TryParse(text, out _));
        Assert.Throws<FormatException>(() => StorePath.Parse(text));
    }

    [Theory]
    [InlineData(Hello, "")]
    [InlineData(Hello + "/", "")]
    [InlineData(Hello + "/bin/hello", "bin/hello")]
    public void The_path_of_a_file_splits_into_store_path_and_the_rest(string file, string below)
    {
        Assert.True(StorePath.TrySplit(file, out var path, out var rest));
        Assert.Equal(Hello, path.ToString());
        Assert.Equal(below, rest);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/nix/store")]
    [InlineData("/nix/store/")]
    [InlineData("/nix/store/../../etc/passwd")]
    public void A_file_outside_of_the_store_does_not_split(string file) =>
        Assert.False(StorePath.TrySplit(file, out _, out _));
}
