using System.Collections.Immutable;
using NetbootServer.Images;

namespace NetbootServer.Tests.Images;

/// <summary>Versions' ids: those of before stay, and what a machine loads otherwise has another.</summary>
public sealed class RecipeTests
{
    private static string Sha(char digit) => new(digit, 64);

    private static Artifact Of(char digit) => new(Sha(digit), 1);

    private static NamedArtifact Initrd(char digit, string name = "initrd") => new(name, Sha(digit), 1);

    private static ImmutableSortedDictionary<string, SystemRecipe> X86(SystemRecipe recipe) =>
        ImmutableSortedDictionary<string, SystemRecipe>.Empty.Add("x86_64-linux", recipe);

    private static ImmutableSortedDictionary<string, Artifact> Files(params (string Name, char Digit)[] files) =>
        files.ToImmutableSortedDictionary(file => file.Name, file => Of(file.Digit), StringComparer.Ordinal);

    [Fact]
    public void A_version_of_one_kernel_and_one_initrd_has_the_id_that_it_always_had()
    {
        Assert.Equal("c1e694e6769d59c145a8d2ac4963aed8", ImageVersion.IdOf(X86(new()
        {
            Kernel = Of('a'), Initrds = [Initrd('b')], KernelArguments = ["init=/init", "quiet"],
        })));
        Assert.Equal("ba88c45ec9f000b911ca1f7ff07c6bf9", ImageVersion.IdOf(X86(new()
        {
            Kernel = Of('a'), Initrds = [Initrd('b')], Kexec = Of('c'), KexecNoninteractive = Of('d'), Iso = Of('f'),
            KernelArguments = ["init=/init"],
            Variants = ImmutableSortedDictionary<string, Recipe>.Empty
                .Add("db", new() { Kernel = Of('1'), Initrds = [Initrd('2')], KernelArguments = ["a", "b"] })
                .Add("web", new() { Kernel = Of('3'), Initrds = [Initrd('4')] }),
        }).Add("aarch64-linux", new() { KexecNoninteractive = Of('e') })));
        Assert.Equal("0183c09640e04e8744d70b739030c914",
            ImageVersion.IdOf(X86(new()), """{"x86_64-linux":{"toplevel":"/nix/store/x"}}"""));
    }

    private static List<(string What, SystemRecipe Recipe)> Others()
    {
        var recipe = new SystemRecipe { Kernel = Of('a'), Initrds = [Initrd('b')] };
        return
        [
            ("as it is", recipe),
            ("no initrd", recipe with { Initrds = [] }),
            ("another name", recipe with { Initrds = [Initrd('b', "other")] }),
            ("two", recipe with { Initrds = [Initrd('b'), Initrd('c', "initrd2")] }),
            ("the other order", recipe with { Initrds = [Initrd('c'), Initrd('b', "initrd2")] }),
            ("the names exchanged", recipe with { Initrds = [Initrd('b', "initrd2"), Initrd('c')] }),
            ("the same twice", recipe with { Initrds = [Initrd('b'), Initrd('b', "initrd2")] }),
            ("as the EFI program", recipe with { Kernel = null, Efi = Of('a') }),
            ("as both", recipe with { Efi = Of('a') }),
            ("as shim", recipe with { Shim = Of('a') }),
            ("a file", recipe with { Files = Files(("root", 'c')) }),
            ("a file of another name", recipe with { Files = Files(("Root", 'c')) }),
            ("two files", recipe with { Files = Files(("root", 'c'), ("boot", 'd')) }),
            ("two files exchanged", recipe with { Files = Files(("root", 'd'), ("boot", 'c')) }),
            ("files called like roles", recipe with { Files = Files(("kernel", 'c'), ("initrd", 'd')) }),
            (
                "a variant called files", recipe with
                {
                    Variants = ImmutableSortedDictionary<string, Recipe>.Empty
                        .Add("files", new() { Kernel = Of('c'), Initrds = [Initrd('d')] }),
                }
            ),
            (
                "a variant's file", recipe with
                {
                    Variants = ImmutableSortedDictionary<string, Recipe>.Empty
                        .Add("web", new() { Efi = Of('c'), Files = Files(("root", 'c')) }),
                }
            ),
        ];
    }

    [Fact]
    public void What_a_machine_loads_otherwise_has_another_id()
    {
        var ids = Others().ConvertAll(other => ImageVersion.IdOf(X86(other.Recipe)));
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void What_is_stored_is_read_as_it_was()
    {
        foreach (var (_, recipe) in Others())
        {
            var systems = X86(recipe with { Iso = new(Sha('9'), 9_000_000_000_000) });
            var json = StoredSystems.Write(systems);
            if (recipe.Files is null) Assert.DoesNotContain("\"initrd\":", json, StringComparison.Ordinal);
            Assert.Equal(ImageVersion.IdOf(systems), ImageVersion.IdOf(StoredSystems.Read(json)));
            Assert.Equal(json, StoredSystems.Write(StoredSystems.Read(json)));
        }
    }

    [Theory]
    [InlineData("initrd", 0)]
    [InlineData("initrd2", 1)]
    [InlineData("initrd16", 15)]
    [InlineData("initrd17", null)]
    [InlineData("initrd1", null)]
    [InlineData("initrd0", null)]
    [InlineData("initrd02", null)]
    [InlineData("initrd+2", null)]
    [InlineData("initrd ", null)]
    [InlineData("initrd99999999999999999999", null)]
    [InlineData("kernel", null)]
    [InlineData("", null)]
    public void Initrds_are_called_by_their_place(string name, int? index) =>
        Assert.Equal(index, Roles.InitrdIndex(name));

    [Theory]
    [InlineData("root.squashfs", true)]
    [InlineData("0_a-B.c", true)]
    [InlineData("a..b", true)]
    [InlineData("..", false)]
    [InlineData(".hidden", false)]
    [InlineData("-n", false)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("a%2Fb", false)]
    [InlineData("ä", false)]
    [InlineData("a\n", false)]
    [InlineData("", false)]
    public void A_file_is_called(string name, bool valid) => Assert.Equal(valid, ArtifactName.IsValid(name));

    [Fact]
    public void A_name_has_at_most_64_characters()
    {
        Assert.True(ArtifactName.IsValid(new('a', 64)));
        Assert.False(ArtifactName.IsValid(new('a', 65)));
    }

    [Fact]
    public void Recipes_are_numbered_alike_whatever_is_beside_them()
    {
        var web = new Recipe { Kernel = Of('c'), Initrds = [Initrd('d')] };
        var version = new ImageVersion("id", "img", default, X86(new()
        {
            Kexec = Of('1'), Variants = ImmutableSortedDictionary<string, Recipe>.Empty.Add("b", web)
                .Add("B", new() { Efi = Of('e') }),
        }).Add("aarch64-linux", new() { Kernel = Of('a') }))
        { Sequence = 1 };
        Assert.Equal(["a", "e", "c"], version.Recipes.Select(recipe => (recipe.Kernel ?? recipe.Efi)!.Sha256[..1]));
        Assert.Equal(2, version.NumberOf(web));
        Assert.Null(version.NumberOf(web with { }));
    }
}
