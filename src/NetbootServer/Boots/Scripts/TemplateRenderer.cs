using System.Collections.Immutable;
using NetbootServer.Boots.Planning;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Scripts;

/// <summary>Renders the script of a plan whose profile has a template of its own.</summary>
public static class TemplateRenderer
{
    /// <summary>The profile's own script; null when it has no template, or it failed.</summary>
    /// <param name="plan">What the machine gets.</param>
    /// <param name="links">This server's URLs, with the boot's token.</param>
    /// <param name="identity">What the machine reported.</param>
    /// <param name="attempt">How often it has asked since it was switched on.</param>
    /// <param name="localToken">Makes a token for choosing the local disk.</param>
    /// <param name="fault">Why it failed; null when it did not.</param>
    public static string? TryRender(BootPlan plan, ScriptLinks links, MachineIdentity identity, int attempt,
        Func<string> localToken, out ScriptTemplateException? fault)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(identity);
        fault = null;
        if (plan is not { Action: LoadKernel load, Profile.Spec.Template: { } template }
            || ScriptCommandLine.Of(load, links) is not { Fault: null } line) return null;
        try
        {
            return ScriptTemplate.Of(template).Render(ValuesOf(plan, load, line, links, identity, attempt,
                localToken));
        }
        catch (ScriptTemplateException e)
        {
            fault = e;
            return null;
        }
    }

    /// <summary>
    /// Of the values, <c>load</c> has all that the built-in script loads. A template that loads the initrds itself
    /// knows of no padding between them, so neither may the line that names them.
    /// </summary>
    private static TemplateValues ValuesOf(BootPlan plan, LoadKernel load, ScriptCommandLine line,
        ScriptLinks links, MachineIdentity identity, int attempt, Func<string> localToken)
    {
        var bare = load with { LoadsOnUefi = false };
        return new()
        {
            Name = IpxeText.Show(BootScript.Who(plan, identity)),
            Labels = Encoded(plan.Machine?.Spec.Labels ?? ImmutableSortedDictionary<string, string>.Empty),
            Reported = Encoded(identity.Reported),
            Profile = plan.Profile!.Name,
            Image = load.Image.Name,
            Version = load.Version.Id,
            Variant = IpxeText.Show(load.Variant),
            Kernel = links.Blob(load.Program.Sha256, BootScript.ProgramName(load)),
            Initrds = [.. BootScript.Initrds(bare, links).Select(initrd => initrd.Url)],
            CommandLine = ScriptCommandLine.Of(bare, links).Text,
            KernelArguments = line.Arguments,
            Server = links.Base,
            BootUrl = links.BootUrl,
            Attempt = attempt,
            Begin = Block(script => script.Begin(links, identity)),
            Load = Block(script => BootScript.Fetch(script, load, line, links)),
            Failed = Block(script => BootScript.Failed(script, links, attempt)),
            LocalDisk = Block(script => script.ChosenLocalDisk(plan.LocalDisk, localToken())),
        };
    }

    private static string Block(Func<ScriptWriter, ScriptWriter> write) => write(new("")).ToString().TrimEnd('\n');

    private static Dictionary<string, string> Encoded(IEnumerable<KeyValuePair<string, string>> texts) =>
        texts.ToDictionary(text => text.Key, text => IpxeText.Show(text.Value), StringComparer.Ordinal);
}
