using NetbootServer.Images;

namespace NetbootServer.Profiles;

/// <summary>Looks at the kernel's command lines in a script that was made of a template.</summary>
internal static class ScriptLine
{
    private const string PhoneHome = KernelArgument.PhoneHome, Initrd = KernelArgument.Initrd;

    /// <summary>
    /// What is wrong with them, or null: a line that is not <c>command_line</c> may name the boot's own URL and the
    /// initrds that the script loads, each once.
    /// </summary>
    public static ScriptTemplateException? FaultIn(string script, TemplateValues values)
    {
        foreach (var line in script.Split('\n'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var ours = Array.FindAll(words, word => word.StartsWith(PhoneHome, StringComparison.Ordinal));
            if (ours.Length > 1 || ours.Any(word => word != PhoneHome + values.BootUrl))
                return new($"the script names {PhoneHome} itself: write {{{{ command_line }}}}, which has it, " +
                    $"or {PhoneHome}{{{{ boot_url }}}} once");
            var initrds = Array.FindAll(words, word => word.StartsWith(Initrd, StringComparison.Ordinal));
            if (initrds.Length > initrds.Distinct(StringComparer.Ordinal).Count())
                return new($"the script names {initrds[0]} twice on a line: {{{{ command_line }}}} has it already");
        }
        return null;
    }
}
