using System.Collections.Immutable;
using NetbootServer.Api;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Dashboard;

/// <summary>Tries kernel arguments by the code that makes scripts.</summary>
internal sealed class ArgumentPreviews(Catalog catalog)
{
    private static readonly string Token = new('T', BootTokens.Length);

    /// <summary>What they would become; a problem when something that they name is not there.</summary>
    public (ArgumentPreview? Preview, Problem? Problem) Of(
        ArgumentPreviewRequest request, Machine? machine, ScriptLinks links)
    {
        var view = catalog.ViewOf(machine);
        var profile = request.Profile is { } name ? view.Profiles.ByName.GetValueOrDefault(name)
            : request.Image is null && machine is not null
                ? ProfileChoice.Choose(view.Profiles, machine, MachineIdentity.ExpectedOf(machine))?.Profile : null;
        if (request.Profile is not null && profile is null) return (null, Problem.NotFound("profile", request.Profile));
        var (recipe, missing) = RecipeOf(request, view, profile, machine);
        if (missing is not null) return (null, missing);

        links = links with { Boot = Token };
        var values = ValuesOf(recipe, machine, links);
        var arguments = request.KernelArguments.Select(argument => Try(argument, values)).ToImmutableArray();
        var all = ScriptCommandLine.Expand(
            [
                .. KernelArgument.WithoutOurs(recipe?.KernelArguments ?? []),
                .. KernelArgument.WithoutOurs(profile?.Spec.KernelArguments ?? []),
                .. KernelArgument.WithoutOurs(request.KernelArguments),
            ], values, out var growth, out _);
        var line = LineOf(all, recipe, links);
        var bytes = Roles.Kernel.Length + " ".Length + line.Length + growth;
        return (new(arguments, Shown(line), bytes, KernelArgument.MaxLineBytes - 1), null);
    }

    private static PreviewedArgument Try(string argument, PlaceholderValues values)
    {
        if (KernelArgument.Fault(argument) is { } refused) return new(argument, null, refused);
        var expanded = ArgumentPlaceholders.Expand(argument, values);
        return new(argument, expanded.Fault is null ? Shown(expanded.Text) : null, expanded.Fault);
    }

    private static string Shown(string text) => text.Replace(Token, GivenScript.Token, StringComparison.Ordinal);

    private static string LineOf(ImmutableArray<string> arguments, Recipe? recipe, ScriptLinks links) => string.Join(
        ' ',
        [
            .. (recipe?.Initrds ?? []).Select((_, i) => KernelArgument.Initrd + Roles.InitrdAt(i)),
            .. ScriptCommandLine.WithOurs(arguments, [$"{KernelArgument.PhoneHome}{links.BootUrl}"]),
        ]);

    private static (Recipe? Recipe, Problem? Problem) RecipeOf(
        ArgumentPreviewRequest request, CatalogView view, Profile? profile, Machine? machine)
    {
        if ((request.Image ?? profile?.Spec.Image) is not { } name) return (null, null);
        if (!view.Images.TryGetValue(name, out var image))
            return request.Image is null ? (null, null) : (null, Problem.NotFound("image", name));
        var version = request.Version is { } id ? image.Versions.GetValueOrDefault(id)
            : profile is not null ? BootPlanner.Version(image, machine, profile.Spec) : image.CurrentVersion;
        if (version is null) return request.Version is null ? (null, null)
            : (null, Problem.NotFound("version", request.Version));
        var system = request.System
            ?? (machine is null ? null : NixSystem.Of(machine.Spec.Arch ?? MachineIdentity.ExpectedOf(machine).Arch
                ?? "x86_64"))
            ?? version.Systems.Keys.First();
        var variant = request.Variant ?? (profile is null ? null : BootPlanner.Variant(machine, profile.Spec));
        return (version.Systems.GetValueOrDefault(system)?.Bootable(variant), null);
    }

    private static PlaceholderValues ValuesOf(Recipe? recipe, Machine? machine, ScriptLinks links) => new()
    {
        For = "a machine's script", Server = links.Base, Boot = links.BootUrl,
        MachineName = machine?.Name ?? "machine-name",
        Labels = machine is null ? null : machine.State == MachineState.Registered ? machine.Spec.Labels
            : MachineIdentity.ExpectedOf(machine).Labels,
        Files = recipe?.FilesOrNone, UrlOf = (name, file) => links.File(file.Sha256, name),
        ByIpxe = true, Examples = true,
    };
}
