using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Nix.Commands;

namespace NetbootServer.Tests.Nix.Commands;

public sealed class InstallableTests
{
    [Theory]
    [InlineData("github:nix-community/nixos-images#netboot-nixos-unstable", null,
        "https://github.com/nix-community/nixos-images")]
    [InlineData("github:me/fleet/main?host=git.example.org#x", null, "https://git.example.org/me/fleet/main")]
    [InlineData("gitlab:a/b#x", null, "https://gitlab.com/a/b")]
    [InlineData("sourcehut:~a/b#x", null, "https://git.sr.ht/~a/b")]
    [InlineData("git+https://example.org/fleet?ref=main#nixosConfigurations.\"web.1\".config.system.build.toplevel",
        null, "https://example.org/fleet?ref=main")]
    [InlineData("https://example.org/fleet.tar.gz#x", null, "https://example.org/fleet.tar.gz")]
    [InlineData("tarball+https://example.org/fleet#x", null, "https://example.org/fleet")]
    [InlineData("nixpkgs#hello", null, null)]
    [InlineData("git+ssh://git@example.org/fleet#x", null, "ssh://git@example.org/fleet")]
    [InlineData("/srv/fleet#x", "/srv/fleet", null)]
    [InlineData("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello", null, null)]
    [InlineData("/srv/fleet/image.nix#netboot", "/srv/fleet/image.nix", null)]
    [InlineData("path:/srv/fleet?dir=hosts#x", "/srv/fleet", null)]
    [InlineData("path:///srv/fleet#x", "/srv/fleet", null)]
    [InlineData("git+file:///srv/fleet?ref=main#x", "/srv/fleet", null)]
    [InlineData("git+file:/srv/fleet#x", "/srv/fleet", null)]
    [InlineData("file:///srv/fleet.tar.gz#x", "/srv/fleet.tar.gz", null)]
    [InlineData("path:/srv/%66leet#x", "/srv/fleet", null)]
    public void An_installable_says_where_it_comes_from(string text, string? path, string? address)
    {
        Assert.True(Installable.TryParse(text, out var installable, out var fault), fault);
        Assert.Equal(path, installable.LocalPath);
        Assert.Equal(address, installable.Address);
        Assert.Equal(text, installable.ToString());
    }

    [Theory]
    [InlineData("-f#x", "must not begin with '-'")]
    [InlineData("--option#x", "must not begin with '-'")]
    [InlineData("nixpkgs", "needs a '#'")]
    [InlineData("/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-hello.drv", "is a derivation")]
    [InlineData("#x", "must not be relative")]
    [InlineData(".#x", "must not be relative")]
    [InlineData("./fleet#x", "must not be relative")]
    [InlineData("../fleet#x", "must not be relative")]
    [InlineData("~/fleet#x", "must not be relative")]
    [InlineData("path:fleet#x", "by its absolute path")]
    [InlineData("path:./fleet#x", "by its absolute path")]
    [InlineData("path:/srv/../etc#x", "without '..'")]
    [InlineData("path:/srv/%2e%2e/etc#x", "without '..'")]
    [InlineData("/srv/../etc#x", "without '..'")]
    [InlineData("/srv/a.nix#", "needs an attribute of the file")]
    [InlineData("github:a/b#x y", "must not have blanks")]
    [InlineData("github:a/b#x\n--option", "must not have blanks")]
    [InlineData("github:a/b#x;y", "has an attribute that is none")]
    [InlineData("github:a/b#${x}", "has an attribute that is none")]
    [InlineData("github:a/b#-x", "has an attribute that is none")]
    [InlineData("ext::sh#x", "is of a kind that is not known")]
    [InlineData("PATH:/etc#x", "is of a kind that is not known")]
    [InlineData("github:a/b#\u00e9", "nor anything but ASCII")]
    public void What_is_no_installable_is_refused(string text, string message)
    {
        Assert.False(Installable.TryParse(text, out _, out var fault));
        Assert.Contains(message, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("github:nix-community/*", "github:nix-community/nixos-images#x", true)]
    [InlineData("github:nix-community/*", "github:evil/nix-community/nixos-images#x", false)]
    [InlineData("*#netboot", "github:a/b#netboot", true)]
    [InlineData("*#netboot", "github:a/b#netboot2", false)]
    [InlineData("github:*/fleet#*.netboot", "github:a/fleet#x.y.netboot", true)]
    [InlineData("github:*/fleet#*.netboot", "github:a/other#x.y.netboot", false)]
    [InlineData("a*a", "a", false)]
    [InlineData("*", "anything", true)]
    [InlineData("exact", "exact", true)]
    [InlineData("exact", "exactly", false)]
    public void A_pattern_matches_the_whole_text(string pattern, string text, bool matches) =>
        Assert.Equal(matches, InstallableRules.Matches(pattern, text));

    [Theory]
    [InlineData("github:nix-community/nixos-images#x", null)]
    [InlineData("github:evil/fleet#x",
        "is not allowed: 'https://github.com/evil/fleet' is outside of Images:AllowedSources")]
    [InlineData("nixpkgs#x", "matches none of Nix:AllowedInstallables")]
    [InlineData("path:/etc#x", "is not below one of Images:DirectoryRoots")]
    [InlineData("path:/srv-more#x", "is not below one of Images:DirectoryRoots")]
    [InlineData("path:/srv/fleet#x", null)]
    public void The_settings_say_what_may_be_built(string text, string? message)
    {
        var sources = new SourcesOptions();
        sources.AllowedSources.Add("https://github.com/nix-community/");
        sources.DirectoryRoots.Add("/srv");
        var nix = new NixOptions();
        nix.AllowedInstallables.Add("github:*");
        nix.AllowedInstallables.Add("path:*");
        var rules = new InstallableRules(Options.Create(nix), new SourceRules(Options.Create(sources)),
            new DirectoryRoots(Options.Create(sources)));
        var fault = rules.Fault(text);
        if (message is null) Assert.Null(fault);
        else Assert.Contains(message, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("github:nix-community/nixos-images#x", null)]
    [InlineData("https://github.com/nix-community/x.tar.gz#x", null)]
    [InlineData("git+ssh://git@git.example.org/fleet#x", null)]
    [InlineData("git+ssh://git@git.example.org:22/fleet/hosts#x", null)]
    [InlineData("git+ssh://other@git.example.org/fleet#x", "is outside of Images:AllowedSources")]
    [InlineData("git+ssh://git@git.example.org:2222/fleet#x", "is outside of Images:AllowedSources")]
    [InlineData("git+ssh://git@git.example.org/fleet-evil#x", "is outside of Images:AllowedSources")]
    [InlineData("git+ssh://git@git.example.org/fleet/../evil#x", "is outside of Images:AllowedSources")]
    [InlineData("git+ssh://evil.example/fleet#x", "'ssh://evil.example/fleet' is outside of Images:AllowedSources")]
    [InlineData("hg+ssh://evil.example/fleet#x", "'ssh://evil.example/fleet' is outside of Images:AllowedSources")]
    [InlineData("git://git.example.org/open/fleet#x", null)]
    [InlineData("git://evil.example/fleet#x", "'git://evil.example/fleet' is outside of Images:AllowedSources")]
    [InlineData("git+http://github.com/nix-community/x#x", "is outside of Images:AllowedSources")]
    [InlineData("hg+https://evil.example/fleet#x", "is outside of Images:AllowedSources")]
    [InlineData("file+https://evil.example/flake.nix#x", "is outside of Images:AllowedSources")]
    [InlineData("tarball+https://evil.example/fleet#x", "is outside of Images:AllowedSources")]
    [InlineData("gitlab:nix-community/x#x", "is outside of Images:AllowedSources")]
    [InlineData("sourcehut:~nix-community/x#x", "is outside of Images:AllowedSources")]
    [InlineData("github:nix-community/x?host=evil.example#x", "is outside of Images:AllowedSources")]
    [InlineData("github:nix-community/x?host=%65vil.example#x", "is outside of Images:AllowedSources")]
    [InlineData("github:nix-community/x?h%6fst=evil.example#x", "is outside of Images:AllowedSources")]
    [InlineData("github:nix-community/x?host=github.com&host=evil.example#x", "has the parameter 'host' twice")]
    [InlineData("github:nix-community/x?host=github.com/evil#x", "is no host name")]
    [InlineData("git+https://github.com/nix-community/x?submodules=1#x", "takes submodules or large files")]
    [InlineData("git+https://github.com/nix-community/x?lfs=true#x", "takes submodules or large files")]
    [InlineData("git+https://github.com/nix-community/x?submodules=0#x", null)]
    [InlineData("nixpkgs#x", "is a name of Nix's registry")]
    [InlineData("nixpkgs/nixos-unstable#x", "is a name of Nix's registry")]
    [InlineData("flake:nixpkgs#x", "is a name of Nix's registry")]
    [InlineData("/srv/fleet#x", null)]
    [InlineData("git+file:///srv/fleet#x", null)]
    public void Where_sources_are_limited_no_kind_of_flake_leads_past_that(string text, string? message)
    {
        var sources = new SourcesOptions();
        foreach (var prefix in new[] { "https://github.com/nix-community/", "ssh://git@git.example.org/fleet",
            "git://git.example.org/open/" })
            sources.AllowedSources.Add(prefix);
        sources.DirectoryRoots.Add("/srv");
        var rules = new InstallableRules(Options.Create(new NixOptions()), new SourceRules(Options.Create(sources)),
            new DirectoryRoots(Options.Create(sources)));
        var fault = rules.Fault(text);
        if (message is null) Assert.Null(fault);
        else Assert.Contains(message, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1fleet#x"), InlineData("srv/+fleet#x"), InlineData("_etc/nixos#x")]
    public void What_Nix_would_look_for_in_the_working_directory_is_refused(string text)
    {
        Assert.False(Installable.TryParse(text, out _, out var fault));
        Assert.Contains("must not be relative", fault, StringComparison.Ordinal);
    }
}
