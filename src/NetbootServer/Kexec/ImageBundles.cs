using System.Text;
using Microsoft.Net.Http.Headers;
using NetbootServer.Images;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Kexec;

/// <summary>Answers for bundles of images, which are the same for everyone and never change.</summary>
internal sealed class ImageBundles(NamedVersions versions, PreparedKexec prepared)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>The bundle of an image, or of a version of it, under a file's name.</summary>
    /// <param name="image">The image's name; <c>{image}@{version}</c> for another version than the current one.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task<IResult> AnswerAsync(string image, string file, CancellationToken ct)
    {
        if (versions.Find(image) is not var (_, version, _, refusal))
            return MachineAnswer.NotFound("There is no machine or image of that name.");
        if (version is null) return refusal!;
        return await MadeAsync(version, file, ct) ?? MachineAnswer.NotFound("This version has no such file.");
    }

    /// <summary>The bundle of a version; null when the name is none of its bundles'.</summary>
    public async Task<IResult?> MadeAsync(ImageVersion version, string file, CancellationToken ct)
    {
        if (KexecFileName.Parse(file) is not var (system, isSum)
            || KexecTarget.Of(version, system, variant: null) is not { HasKernel: true } target) return null;
        var answer = await prepared.GetAsync(target, ct);
        if (answer.Fault is { } fault) return MachineAnswer.NotFound($"There is no kexec bundle: the image {fault}.");
        if (answer.Parts is not { } found) return NotReady();
        if (found.KernelArguments.Any(ArgumentPlaceholders.Any))
            return MachineAnswer.NotFound("The image's kernel arguments have placeholders, which stand for something " +
                "else on each machine: fetch a machine's bundle, at /kexec/{machine}/….");
        if (isSum)
            return MachineAnswer.Plain($"{found.Sha256}  {file[..file.LastIndexOf('.')]}\n");
        if (await prepared.BodiesAsync(found, ct) is not { } blobs) return NotReady();
        var pieces = KexecBundle.Compose(found, Encoding.UTF8.GetBytes(found.Run), KexecPreparation.CarrierOf(found));
        return new BodyResult(new ServableBody(new EntityTagHeaderValue($"\"{found.Sha256}\""),
            KexecBundle.Segments(pieces, blobs)), "application/gzip")
        {
            ReprDigest = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(found.Sha256))}:",
        };
    }

    /// <summary>The answer while a bundle is prepared.</summary>
    public static MachineAnswer NotReady() =>
        MachineAnswer.TryAgain("The kexec bundle is being prepared; ask again.", Soon);
}
