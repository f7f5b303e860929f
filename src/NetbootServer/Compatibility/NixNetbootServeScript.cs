using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Compatibility;

/// <summary>Scripts under nix-netboot-serve's URLs. They end in the same URL again, never at a prompt.</summary>
internal static class NixNetbootServeScript
{
    /// <summary>Boots a system.</summary>
    /// <param name="system">The system.</param>
    /// <param name="line">The kernel's arguments.</param>
    /// <param name="links">Where kernel and initrd are, and where the script itself is.</param>
    /// <param name="server">Scheme, host and port of this server.</param>
    public static string Boot(StorePath system, IEnumerable<string> line, NixNetbootServeLinks links, string server)
    {
        var arguments = ScriptCommandLine.Expand([.. line],
            new() { For = "a script that is the same for all machines", Server = server, ByIpxe = true },
            out var growth, out var fault);
        var text = string.Join(' ', arguments.Prepend(KernelArgument.Initrd + "initrd"));
        if ((fault ?? ScriptCommandLine.TooLong(text.Length + growth)) is { } wrong)
            return Failed(system.Name, wrong, links.Again);
        return Begin(links.Again)
            .Echo($"NetbootServer: booting NixOS closure {system.BaseName}")
            .Line($"kernel --name bzImage {links.Kernel} {text} || goto failed")
            .Line($"initrd --name initrd {links.Initrd} || goto failed")
            .Line("boot ||")
            .Line(":failed")
            .Line("echo That failed: ${errno}. Trying again in 5 seconds.")
            .Line("sleep 5").AskAgain().ToString();
    }

    /// <summary>Waits for a build.</summary>
    public static string Wait(string text, int seconds, string again) => Begin(again)
        .Echo($"NetbootServer: {text}. Asking again in {seconds} seconds.")
        .Line($"sleep {seconds}").AskAgain().ToString();

    /// <summary>Says why there is nothing to boot, and begins anew.</summary>
    public static string Failed(string what, string why, string again) => Begin(again)
        .Line("echo")
        .Echo($"NetbootServer cannot boot {what}:")
        .Echo($"  {why.TrimEnd('.')}.")
        .Echo("Trying again in 10 seconds.")
        .Line("sleep 10").AskAgain().ToString();

    private static ScriptWriter Begin(string again) => new ScriptWriter().Line("imgfree ||")
        .Line($"set nb-again {again}");
}

/// <summary>URLs in such a script.</summary>
/// <param name="Again">Of the script itself.</param>
/// <param name="Kernel">Of the kernel.</param>
/// <param name="Initrd">Of the initrd.</param>
internal sealed record NixNetbootServeLinks(string Again, string Kernel, string Initrd);
