using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Events;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Boots.Transfers;

/// <inheritdoc/>
internal sealed class BootTransfers(LiveBoots live, BootTokens tokens, EventHub events) : IBootTransfers
{
    /// <inheritdoc/>
    public TransferMeter? Begin(
        HttpContext http, string boot, string file, Sha256Digest digest, long offset, long length) =>
        live.Begin(http, boot, file, offset, length);

    /// <inheritdoc/>
    public RecognizedBoot? Recognize(string boot, string file) =>
        Steps.OfFile(file) is Steps.Kernel or Steps.Initrd && tokens.Verify(boot) is { } ticket
            ? new RecognizedBoot(ticket.Boot, ticket.Machine) : null;

    /// <inheritdoc/>
    public void Queued(RecognizedBoot boot, int place, TimeSpan retryAfter) => events.Changed("boot", boot.Id);
}
