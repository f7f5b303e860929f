using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Images;

namespace NetbootServer.Dashboard;

/// <summary>Kernel arguments to try.</summary>
/// <param name="KernelArguments">
/// The arguments as they would be saved; those that would be refused may be there.
/// </param>
/// <param name="Image">The image that they are for.</param>
/// <param name="Version">Which of its versions; missing for the current one.</param>
/// <param name="System">The Nix system; missing for the machine's, else the version's first.</param>
/// <param name="Variant">The variant; missing for none.</param>
/// <param name="Profile">The profile whose arguments come before them.</param>
/// <param name="Machine">The machine to try them for.</param>
public sealed record ArgumentPreviewRequest(ImmutableArray<string> KernelArguments, string? Image, string? Version,
    string? System, string? Variant, string? Profile, string? Machine)
{
    internal static (ArgumentPreviewRequest? Request, Problem? Problem) Parse(JsonElement body)
    {
        var errors = new ValidationErrors();
        var fields = new JsonFields(body, "$", errors);
        var request = new ArgumentPreviewRequest(
            fields.TextList("kernelArguments", 256, KernelArgument.MaxLineBytes - 1), fields.Text("image", 128),
            fields.Text("version", ImageVersion.IdLength), fields.Choice("system", [.. NixSystem.All.Order()]),
            fields.Text("variant", 128), fields.Text("profile", 128), fields.Text("machine", 128));
        if (!fields.Has("kernelArguments"))
            fields.Fault("kernelArguments", "is required; for example [\"console=ttyS0\"], or [] for none");
        fields.RefuseOthers();
        return errors.Any ? (null, Problem.Invalid(errors)) : (request, null);
    }
}

/// <summary>What kernel arguments would become.</summary>
/// <param name="Arguments">One for each argument, in the same order.</param>
/// <param name="Line">The whole line of a script, tokens aside.</param>
/// <param name="Bytes">Bytes that the kernel sees at most.</param>
/// <param name="MaxBytes">Bytes that it takes.</param>
public sealed record ArgumentPreview(
    ImmutableArray<PreviewedArgument> Arguments, string Line, int Bytes, int MaxBytes);

/// <summary>What a kernel argument would become.</summary>
/// <param name="Text">The argument.</param>
/// <param name="Expanded">
/// With values in the place of its placeholders, but for what iPXE fills in; missing when that is not possible.
/// </param>
/// <param name="Fault">
/// Why it would be refused where it is saved, or why no script can have it; missing when it is right.
/// </param>
public sealed record PreviewedArgument(string Text, string? Expanded, string? Fault);
