using NetbootServer.Boots.Planning;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// What a boot teaches about its machine once it has fetched its files and reported ready: the values that the machine
/// is compared with from then on, and the MAC of one that has none.
/// </summary>
/// <param name="Mac">The MAC that it boots from; null when the machine has MACs.</param>
/// <param name="Uuid">Its UUID; null when the machine has one.</param>
/// <param name="Serial">Its serial number; null when the machine has one.</param>
internal sealed record ObservedIdentity(string? Mac, string? Uuid, string? Serial)
{
    /// <summary>
    /// What a request teaches; null when it is nothing, or when there is any doubt which machine it is.
    /// </summary>
    public static ObservedIdentity? Of(Recognition recognition, MachineIdentity identity)
    {
        if (!recognition.IsSure) return null;
        var machine = recognition.Machine!;
        var lesson = new ObservedIdentity(
            machine.Spec.Macs.IsEmpty ? identity.Mac?.ToString() : null,
            machine.KnownUuid is null ? identity.Uuid?.ToString() : null,
            machine.KnownSerial is null ? identity.Serial?.ToString() : null);
        return lesson is { Mac: null, Uuid: null, Serial: null } ? null : lesson;
    }
}
