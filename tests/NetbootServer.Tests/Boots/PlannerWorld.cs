using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Boots.Planning;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Tests.Boots;

/// <summary>Makes the things that plans are made of.</summary>
internal static class PlannerWorld
{
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch.AddYears(56);

    public static Profile Profile(string name, int priority = 0, string selector = "", string after = "repeat",
        string image = "img",
        string? version = null, string? variant = null, string expects = "auto", params string[] arguments) =>
        new(name, new ProfileSpec
        {
            Image = image, Version = version, Variant = variant, Priority = priority, After = after, Expects = expects,
            Selector = Labels(selector), KernelArguments = [.. arguments],
        }, 1)
        { CreatedAt = At, UpdatedAt = At };

    public static ImageVersion Phoning(this ImageVersion version) => version with { PhonesHome = true };

    public static ImageVersion Version(params string[] systems)
    {
        var all = systems.ToImmutableSortedDictionary(system => system, _ => new SystemRecipe
        {
            Kernel = new(new string('a', 64), 1), Initrds = [new("initrd", new string('b', 64), 1)],
            KernelArguments = ["init=/init"],
            Variants = ImmutableSortedDictionary<string, Recipe>.Empty.Add("web", new()
            {
                Kernel = new(new string('c', 64), 1), Initrds = [new("initrd", new string('d', 64), 1)],
            }),
        });
        return new(ImageVersion.IdOf(all), "img", At, all) { Sequence = 1 };
    }

    public static Image Image(string name, ImageVersion? current) => new(name, new ImageSpec
    {
        Source = JsonDocument.Parse("""{"type":"upload"}""").RootElement, Keep = 3, Systems = ["x86_64-linux"],
    }, 1)
    {
        Id = 1, CreatedAt = At, UpdatedAt = At, Current = current?.Id,
        Versions = (current is null ? [] : new[] { current }).ToFrozenDictionary(version => version.Id),
    };

    public static Machine Machine(string name, MachineState state = MachineState.Registered, string? profile = null,
        string labels = "",
        NextBoot? next = null, string? completed = null, string? arch = null, string? variant = null,
        params string[] arguments) =>
        new(name, new MachineSpec
        {
            Macs = ["52:54:00:aa:bb:01"], Profile = profile, Labels = Labels(labels), Arch = arch, Variant = variant,
            KernelArguments = [.. arguments],
        }, 1)
        {
            Id = 1, State = state, CreatedAt = At, UpdatedAt = At, NextBoot = next,
            Completion = completed is null ? null : new(completed, "boot", At),
        };

    public static NextBoot Next(string? profile = null, string? action = null) => new(profile, action, At);

    public static CatalogView View(Machine? machine, Profile[] profiles, Image[]? images = null,
        string unknown = "wait") =>
        new(machine, ProfileSet.Of(profiles),
            (images ?? [Image("img", Version("x86_64-linux"))]).ToFrozenDictionary(image => image.Name), unknown);

    private static ImmutableSortedDictionary<string, string> Labels(string text) => text
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('='))
        .ToImmutableSortedDictionary(pair => pair[0], pair => pair[1]);
}
