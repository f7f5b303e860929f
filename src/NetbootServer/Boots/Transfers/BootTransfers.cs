using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Boots.Transfers;

/// <inheritdoc/>
internal sealed class BootTransfers(LiveBoots live, BootTokens tokens, ImageCatalog images, EventHub events)
    : IBootTransfers
{
    /// <inheritdoc/>
    public TransferMeter? Begin(
        HttpContext http, string boot, string file, Sha256Digest digest, long offset, long length) =>
        live.Begin(http, boot, Steps.OfFile(file) is null ? FurtherFile(boot, file, digest) : file, offset, length);

    /// <summary>
    /// A further file of what the boot loads, under the name that it has there; else the name as it is.
    /// </summary>
    private string FurtherFile(string boot, string file, Sha256Digest digest)
    {
        if (tokens.Verify(boot) is not { } ticket || images.FindVersion(ticket.Version) is not var (_, version))
            return file;
        var sha256 = digest.ToString();
        var found = version.Recipes.Where((_, number) => ticket.Recipe is not { } own || own == number)
            .SelectMany(recipe => recipe.FilesOrNone).Where(pair => pair.Value.Sha256 == sha256)
            .OrderByDescending(pair => pair.Key == file).Select(pair => pair.Key).FirstOrDefault();
        return found is null ? file : Steps.FilePrefix + found;
    }

    /// <inheritdoc/>
    public RecognizedBoot? Recognize(string boot, string file) =>
        Steps.OfFile(file) is Steps.Kernel or Steps.Initrd && tokens.Verify(boot) is { } ticket
            ? new RecognizedBoot(ticket.Boot, ticket.Machine) : null;

    /// <inheritdoc/>
    public void Queued(RecognizedBoot boot, int place, TimeSpan retryAfter) => events.Changed("boot", boot.Id);
}
