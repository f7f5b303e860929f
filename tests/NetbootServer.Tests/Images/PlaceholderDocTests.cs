using NetbootServer.Images;

namespace NetbootServer.Tests.Images;

public sealed class PlaceholderDocTests
{
    [Fact]
    public void The_page_has_every_placeholder_in_the_words_of_the_code()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "images.md"));
        Assert.All(Placeholder.All, placeholder => Assert.Contains(
            $"| `{placeholder.Text}` | {placeholder.By} | {placeholder.Meaning} |\n", page, StringComparison.Ordinal));
    }
}
