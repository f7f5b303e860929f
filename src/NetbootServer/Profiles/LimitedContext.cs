using System.Numerics;
using Scriban;
using Scriban.Runtime;
using Scriban.Syntax;

namespace NetbootServer.Profiles;

/// <summary>
/// A rendering with a budget of memory. Scriban limits single texts, lists and loops; many small steps add up all the
/// same. What the thread allocates is counted before each step, and no single step may make much more than it is given.
/// </summary>
internal sealed class LimitedContext : TemplateContext
{
    /// <summary>What one rendering may allocate, in bytes. Useful scripts take a hundredth of it.</summary>
    public const long MaxBytes = 16 << 20;

    /// <summary>The greatest length of a text in characters.</summary>
    public const int MaxTextLength = 2 * ScriptTemplate.MaxScriptLength;

    private const int MaxNumberBits = 4096;
    private const int MaxSteps = 2000;

    private readonly long _before = GC.GetAllocatedBytesForCurrentThread();

    /// <summary>A context for one rendering on the current thread.</summary>
    /// <param name="builtins">Functions that templates may use.</param>
    /// <param name="maxTime">The longest that a regular expression inside a function may take.</param>
    /// <param name="ct">Ends the rendering.</param>
    public LimitedContext(ScriptObject builtins, TimeSpan maxTime, CancellationToken ct) : base(builtins)
    {
        LoopLimit = MaxSteps;
        RecursiveLimit = 20;
        ObjectRecursionLimit = 20;
        LimitToString = MaxTextLength;
        StrictVariables = true;
        RegexTimeOut = maxTime;
        CancellationToken = ct;
        NewLine = "\n";
    }

    /// <inheritdoc/>
    public override object? Evaluate(ScriptNode? scriptNode, bool aliasReturnedFunction)
    {
        Check();
        return Checked(base.Evaluate(scriptNode, aliasReturnedFunction));
    }

    /// <summary>Ends the rendering when it has used up its memory or its time.</summary>
    public void Check()
    {
        CheckAbort();
        if (GC.GetAllocatedBytesForCurrentThread() - _before > MaxBytes)
            throw new ScriptRuntimeException(CurrentSpan, $"takes more than {MaxBytes >> 20} MiB of memory");
    }

    /// <summary>A value that is small enough to go on with.</summary>
    public object? Checked(object? value) => value switch
    {
        string { Length: > MaxTextLength } =>
            throw new ScriptRuntimeException(CurrentSpan, $"makes a text of more than {MaxTextLength} characters"),
        BigInteger number when number.GetBitLength() > MaxNumberBits =>
            throw new ScriptRuntimeException(CurrentSpan, $"makes a number of more than {MaxNumberBits} bits"),
        _ => value,
    };

    /// <inheritdoc/>
    protected override bool OnStepLoop(ScriptLoopStatementBase loop)
    {
        Check();
        return base.OnStepLoop(loop);
    }
}
