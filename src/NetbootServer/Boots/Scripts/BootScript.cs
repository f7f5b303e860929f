using System.Collections.Immutable;
using System.Globalization;
using NetbootServer.Boots.Planning;
using NetbootServer.Images;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Scripts;

/// <summary>Renders plans as iPXE scripts. Pure: the same plan, links and identity give the same text.</summary>
public static class BootScript
{
    /// <summary>The script that finds out who a machine is and asks for the machine's own.</summary>
    /// <param name="links">This server's URLs.</param>
    /// <param name="labels">Labels to pass on; null for none.</param>
    public static string Start(ScriptLinks links, MachineIdentity? labels) => new ScriptWriter()
        .Line("# NetbootServer: reports this machine's identity to the server and runs the script it answers with")
        .Begin(links, labels is null ? null : labels with { Mac = null })
        .AskAgain().ToString();

    /// <summary>The script of a machine whose record could not be read in time.</summary>
    public static string Away(ScriptLinks links, MachineIdentity identity) => new ScriptWriter()
        .Begin(links, identity)
        .Echo("NetbootServer cannot read its catalog at the moment. Asking again in 5 seconds.")
        .Line("sleep 5").AskAgain().ToString();

    /// <summary>The script of a request that says nothing to know a machine by.</summary>
    public static string Nameless(ScriptLinks links) => new ScriptWriter()
        .Begin(links, null)
        .Echo("NetbootServer was asked for a script without a MAC or UUID, and without a serial number. " +
            "Starting again in 10 seconds.")
        .Line("sleep 10").AskAgain().ToString();

    /// <summary>A machine's script.</summary>
    /// <param name="plan">What it gets.</param>
    /// <param name="links">This server's URLs, with the boot's token when the plan loads a kernel.</param>
    /// <param name="identity">What the machine reported.</param>
    /// <param name="attempt">How often it has asked since it was switched on, as far as it says.</param>
    /// <param name="menuToken">Makes a token for choosing a profile, or the local disk, at the machine.</param>
    public static string Render(
        BootPlan plan, ScriptLinks links, MachineIdentity identity, int attempt, Func<string, string> menuToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(menuToken);
        var script = new ScriptWriter()
            .Line($"# NetbootServer: {IpxeText.Show(Who(plan, identity))}: {IpxeText.Show(plan.Reason)}")
            .Begin(links, identity);
        return (plan.Action switch
        {
            LoadKernel load => ScriptCommandLine.Of(load, links) switch
            {
                { Fault: { } fault } => CannotBoot(script, plan, identity, attempt, menuToken, fault),
                var line => Load(script, plan, load, line, links, identity, attempt),
            },
            BootLocalDisk => script
                .Echo($"NetbootServer: {Who(plan, identity)} boots its local disk: {plan.Reason}")
                .LocalDisk(plan.LocalDisk),
            ShowMenu menu => Menu(script, menu, plan, links, identity, menuToken),
            OpenShell => script.Echo($"NetbootServer: {plan.Reason}. Type exit to go on.").Line("shell ||").AskAgain(),
            WaitForApproval => Wait(script, plan, links, identity, attempt, menuToken),
            WaitForOperator wait => Contradicts(script, plan, wait.Contradiction, links, attempt),
            WaitForImage wait => script
                .Echo($"NetbootServer: {plan.Reason}. Asking again in {wait.Seconds} seconds.")
                .Line($"sleep {wait.Seconds}").AskAgain(),
            _ => CannotBoot(script, plan, identity, attempt, menuToken, plan.Reason),
        }).ToString();
    }

    /// <summary>What the image that is started is called in scripts and URLs.</summary>
    internal static string ProgramName(LoadKernel load) => load.StartsEfi ? Roles.Efi : Roles.Kernel;

    /// <summary>
    /// The initrds in their order, the machine's own files last, under the names that they have in scripts: short ones,
    /// for each stands on the command line.
    /// </summary>
    internal static IEnumerable<(string Name, string Url)> Initrds(LoadKernel load, ScriptLinks links)
    {
        var images = load.Recipe.Initrds.SelectMany((initrd, i) =>
        {
            var file = (Roles.InitrdAt(i), links.Blob(initrd.Sha256, Roles.InitrdAt(i)));
            var padding = load.LoadsOnUefi ? load.Recipe.PaddingBefore(i) : 0;
            return padding == 0 ? new[] { file }
                : [(InitrdPadding.NameAt(i), InitrdPadding.Url(links.Base, padding)), file];
        });
        return load.Overlay is { HasFiles: true }
            ? images.Append((Roles.InitrdAt(load.Recipe.Initrds.Length), links.Overlay)) : images;
    }

    private static ScriptWriter Load(ScriptWriter script, BootPlan plan, LoadKernel load, ScriptCommandLine line,
        ScriptLinks links, MachineIdentity identity, int attempt)
    {
        script.Echo($"NetbootServer: {Who(plan, identity)} boots {load.Image.Name} {load.Version.Id[..8]} (profile " +
            $"{plan.Profile!.Name})");
        return Failed(Fetch(script, load, line, links), links, attempt);
    }

    /// <summary>
    /// Fetches the kernel or EFI program and the initrds, reports, and boots; a failure goes to the label
    /// <c>failed</c>.
    /// </summary>
    internal static ScriptWriter Fetch(ScriptWriter script, LoadKernel load, ScriptCommandLine line,
        ScriptLinks links)
    {
        var program = ProgramName(load);
        script.Line("set nb-step kernel")
            .Line($"kernel --name {program} {links.Blob(load.Program.Sha256, program)} {line.Text} || goto failed");
        if (!load.Recipe.Initrds.IsEmpty) script.Line("set nb-step initrd");
        foreach (var (name, url) in Initrds(load, links))
        {
            if (url == links.Overlay) script.Line("set nb-step overlay");
            script.Line($"initrd --name {name} {url} || goto failed");
        }
        // An iPXE without the command goes on, as does one that needs no shim: without Secure Boot, or on a BIOS.
        if (load is { LoadsOnUefi: true, Recipe.Shim: { } shim })
            script.Line($"iseq ${{platform}} efi && shim {links.Blob(shim.Sha256, Roles.Shim)} ||");
        return script
            .Line("# the beacon: everything is loaded, the kernel is next")
            .Line($"imgfetch --name nb-ready {links.BootUrl}/ready ||")
            .Line("imgfree nb-ready ||")
            .Line("set nb-step boot")
            .Line("boot || goto failed");
    }

    /// <summary>What follows a failure: shown, reported, tried again.</summary>
    internal static ScriptWriter Failed(ScriptWriter script, ScriptLinks links, int attempt)
    {
        var wait = ScriptWriter.Wait(attempt);
        return script
            .Line(":failed")
            .Line("set nb-errno ${errno}")
            .Line("imgfree ||")
            .Line("echo NetbootServer: this boot failed at its ${nb-step} (iPXE error ${nb-errno}, shown above with " +
            "its cause)")
            .Line($"imgfetch --name nb-failed {links.BootUrl}/failed?step=${{nb-step}}&errno=${{nb-errno}} ||")
            .Line("imgfree nb-failed ||")
            .Echo($"The failure is reported. Starting again in {wait} seconds.")
            .Line($"sleep {wait}")
            .AskAgain();
    }

    private static ScriptWriter Wait(ScriptWriter script, BootPlan plan, ScriptLinks links, MachineIdentity identity,
        int attempt, Func<string, string> menuToken)
    {
        var reported = identity.Reported;
        var wait = ScriptWriter.Wait(attempt);
        var registered = plan.Machine is { State: MachineState.Registered };
        return script.Line("echo")
            .Echo(registered
                ? $"NetbootServer has no profile for the machine {plan.Machine!.Name}."
                : "NetbootServer does not know this machine.")
            .Echo($"  MAC {identity.Mac?.ToString() ?? "not reported"}  UUID " +
            $"{reported.GetValueOrDefault("uuid", "not reported")}")
            .Echo($"  {reported.GetValueOrDefault("manufacturer")} {reported.GetValueOrDefault("product")} serial " +
            $"{reported.GetValueOrDefault("serial", "not reported")}")
            .Echo($"{(registered ? "Give it a profile" : "Approve it")} at {links.Dashboard} or over REST; then it " +
            "boots by itself.")
            .Echo($"Asking again in {wait} seconds. Press L for the local disk.")
            .Line(string.Create(CultureInfo.InvariantCulture,
                $"prompt --key l --timeout {wait * 1000} && goto local ||"))
            .AskAgain().Line(":local").ChosenLocalDisk(plan.LocalDisk, menuToken(BootPlanner.LocalChoice));
    }

    private static ScriptWriter Contradicts(
        ScriptWriter script, BootPlan plan, Contradiction contradiction, ScriptLinks links, int attempt)
    {
        var wait = ScriptWriter.Wait(attempt);
        script.Line("echo").Echo("NetbootServer: this machine contradicts a registration, so it boots nothing yet:");
        foreach (var finding in contradiction.Findings) script.Echo($"  {finding}");
        return script
            .Echo($"Say at {links.Dashboard} or over REST whether it is '{contradiction.Machine.Name}' or another " +
            "machine.")
            .Echo($"Asking again in {wait} seconds. Press L for the local disk.")
            .Line(string.Create(CultureInfo.InvariantCulture,
                $"prompt --key l --timeout {wait * 1000} && goto local ||"))
            .AskAgain().Line(":local").LocalDisk(plan.LocalDisk);
    }

    private static ScriptWriter CannotBoot(ScriptWriter script, BootPlan plan, MachineIdentity identity, int attempt,
        Func<string, string> menuToken, string reason)
    {
        var wait = ScriptWriter.Wait(attempt);
        return script.Line("echo")
            .Echo($"NetbootServer cannot boot {Who(plan, identity)}:")
            .Echo($"  {reason}.")
            .Echo($"Asking again in {wait} seconds. Press L for the local disk.")
            .Line(string.Create(CultureInfo.InvariantCulture,
                $"prompt --key l --timeout {wait * 1000} && goto local ||"))
            .AskAgain().Line(":local").ChosenLocalDisk(plan.LocalDisk, menuToken(BootPlanner.LocalChoice));
    }

    private static ScriptWriter Menu(ScriptWriter script, ShowMenu menu, BootPlan plan, ScriptLinks links,
        MachineIdentity identity, Func<string, string> menuToken)
    {
        script.Line(":menu").Line($"menu {IpxeText.Show(menu.Title ?? $"NetbootServer: {Who(plan, identity)}")}");
        foreach (var choice in menu.Choices) script.Line($"item {choice.Key} {IpxeText.Show(choice.Label)}");
        var timeout = menu.TimeoutSeconds > 0
            ? string.Create(CultureInfo.InvariantCulture, $"--timeout {menu.TimeoutSeconds * 1000L} ") : "";
        script.Line($"choose --default {menu.Default} {timeout}nb-choice || goto again").Line("goto ${nb-choice}");
        foreach (var (key, profile) in menu.Choices.Select(choice => (choice.Key, choice.Profile)))
            if (profile is not null)
                script.Line($":{key}").Line("chain --replace --autofree ${nb-again}&menu=" +
                    $"{profile},{menuToken(profile)} || goto menu");
        return script.Line(":shell").Line("shell ||").Line("goto menu")
            .Line(":local").ChosenLocalDisk(plan.LocalDisk, menuToken(BootPlanner.LocalChoice)).AskAgain();
    }

    internal static string Who(BootPlan plan, MachineIdentity identity) => plan.Machine?.Name
        ?? identity.Mac?.ToString() ?? identity.Uuid?.ToString() ?? "this machine";
}
