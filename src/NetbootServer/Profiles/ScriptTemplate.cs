using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Scriban;
using Scriban.Runtime;
using Scriban.Syntax;

namespace NetbootServer.Profiles;

/// <summary>A profile's own script could not be made of its template.</summary>
/// <param name="message">Why, with the line, for the one who wrote the template.</param>
/// <param name="line">The template's line that is to blame, from 1; null when it is none in particular.</param>
public sealed class ScriptTemplateException(string message, int? line = null) : Exception(message)
{
    /// <summary>The template's line that is to blame, from 1; null when it is none in particular.</summary>
    public int? Line { get; } = line;
}

/// <summary>
/// A profile's own iPXE script as a Scriban template. It runs in a sandbox: no files, no include, no regular
/// expressions or time of its own, few steps, little text, little memory, one second.
/// </summary>
public sealed class ScriptTemplate
{
    /// <summary>The greatest length of a template in characters.</summary>
    public const int MaxLength = 32 * 1024;

    /// <summary>The greatest length of a script in characters.</summary>
    public const int MaxScriptLength = 64 * 1024;

    private const string FirstLine = "#!ipxe";
    // Time on the clock, not of the processor: a busy server must not take a good template for a bad one.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);
    private static readonly ImmutableArray<(string Name, ImmutableArray<KeyValuePair<string, object?>> Members)>
        Allowed = [.. new[] { "string", "array", "math" }.Select(name => (name, Limited(name)))];
    private static readonly ConditionalWeakTable<string, ScriptTemplate> Parsed = [];

    private readonly Template _template;

    private ScriptTemplate(Template template) => _template = template;

    /// <summary>The template of a profile, parsed once for as long as the profile stays as it is.</summary>
    /// <exception cref="ScriptTemplateException">It cannot be read; the message has the first fault's line.</exception>
    public static ScriptTemplate Of(string text) => Parsed.GetValue(text, Parse);

    private static ScriptTemplate Parse(string text)
    {
        var template = Template.Parse(text, parserOptions: new() { ExpressionDepthLimit = 50 });
        return template.HasErrors
            ? throw At(template.Messages[0].Span.Start.Line, template.Messages[0].Message)
            : new(template);
    }

    /// <summary>The script.</summary>
    /// <param name="values">What the template may use.</param>
    /// <exception cref="ScriptTemplateException">
    /// It fails with these values, or makes no iPXE script of them.
    /// </exception>
    public string Render(TemplateValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using var limit = new CancellationTokenSource(MaxTime);
        var context = new LimitedContext(Builtins(), MaxTime, limit.Token);
        context.PushGlobal(values.ToScript());
        return Check(Run(context));
    }

    private string Run(LimitedContext context)
    {
        try
        {
            return _template.Render(context).ReplaceLineEndings("\n");
        }
        catch (ScriptAbortException)
        {
            throw new ScriptTemplateException($"takes longer than {MaxTime.TotalSeconds:0} s");
        }
        catch (ScriptRuntimeException e)
        {
            throw At(e.Span.Start.Line, TemplateVariables.Of(e.OriginalMessage));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or OverflowException
            or InvalidCastException or FormatException or OutOfMemoryException)
        {
            throw new ScriptTemplateException($"cannot be rendered: {e.Message}");
        }
    }

    private static string Check(string script)
    {
        if (!script.StartsWith(FirstLine, StringComparison.Ordinal))
            throw At(0, $"the script must begin with {FirstLine}");
        if (script.Length > MaxScriptLength)
            throw new ScriptTemplateException($"makes a script of more than {MaxScriptLength} characters");
        var line = 1;
        foreach (var c in script)
        {
            if (c == '\n') line++;
            else if (c is (< ' ' or > '~') and not '\t')
                throw new ScriptTemplateException($"line {line} of the script has a character that iPXE cannot read " +
                $"(U+{(int)c:X4})");
        }
        return script.EndsWith('\n') ? script : script + "\n";
    }

    private static ScriptTemplateException At(int line, string message) => new($"line {line + 1}: {message}", line + 1);

    /// <summary>Functions of this rendering alone: a template may set members of their objects.</summary>
    private static ScriptObject Builtins()
    {
        var all = new ScriptObject();
        foreach (var (name, members) in Allowed)
        {
            var group = new ScriptObject();
            foreach (var (member, value) in members) group[member] = value;
            all[name] = group;
        }
        return all;
    }

    private static ImmutableArray<KeyValuePair<string, object?>> Limited(string name) =>
    [
        .. from member in (ScriptObject)TemplateContext.GetDefaultBuiltinObject()[name]!
           select KeyValuePair.Create<string, object?>(member.Key,
               member.Value is IScriptCustomFunction function ? new LimitedFunction(function) : member.Value),
    ];
}
