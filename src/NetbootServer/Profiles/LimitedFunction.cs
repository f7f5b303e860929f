using Scriban;
using Scriban.Runtime;
using Scriban.Syntax;

namespace NetbootServer.Profiles;

/// <summary>
/// A function of Scriban within the limits of a rendering. Others may call it without a step of the template in
/// between: <c>array.each @string.upcase</c>.
/// </summary>
internal sealed class LimitedFunction(IScriptCustomFunction function) : IScriptCustomFunction
{
    public int RequiredParameterCount => function.RequiredParameterCount;

    public int ParameterCount => function.ParameterCount;

    public ScriptVarParamKind VarParamKind => function.VarParamKind;

    public Type ReturnType => function.ReturnType;

    public ScriptParameterInfo GetParameterInfo(int index) => function.GetParameterInfo(index);

    public object? Invoke(TemplateContext context, ScriptNode? callerContext, ScriptArray arguments,
        ScriptBlockStatement? blockStatement)
    {
        var limits = (LimitedContext)context;
        limits.Check();
        return limits.Checked(function.Invoke(context, callerContext, arguments, blockStatement));
    }

    public ValueTask<object?> InvokeAsync(TemplateContext context, ScriptNode? callerContext, ScriptArray arguments,
        ScriptBlockStatement? blockStatement) =>
        ValueTask.FromResult(Invoke(context, callerContext, arguments, blockStatement));
}
