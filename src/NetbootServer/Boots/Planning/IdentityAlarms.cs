using NetbootServer.Boots.Scripts;
using NetbootServer.Events;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Planning;

/// <summary>Raises the alarms about who asks.</summary>
internal sealed class IdentityAlarms(AlarmBoard alarms, AddressWatch addresses, ContradictionLimit strays)
{
    private const string Decide = "Say on the dashboard, or with POST /api/v1/alarms/{id}/resolutions, whether it is " +
        "the same machine (take over) or another one (register).";

    /// <summary>Looks at a request and at which machine it was taken for.</summary>
    public void Look(ScriptRequest request, Recognition recognition)
    {
        var identity = request.Identity;
        var who = recognition.Machine?.Name ?? identity.AnyMac?.ToString() ?? "a machine";
        if (recognition.Contradiction is { } contradiction) Contradicts(request, contradiction);
        if (recognition.Difference is { } difference)
            alarms.Raise(AlarmKinds.IdentityContradiction, who,
                $"A machine at {request.Ip} boots from the MAC of '{who}', but one value differs: {difference}. " +
                $"It boots. {Decide}",
                DataOf(identity, recognition.Machine!));
        if (recognition.UuidOf is { } other)
            alarms.Raise(AlarmKinds.IdentityContradiction, identity.Uuid!.Value.ToString(),
                $"Two machines report the UUID {identity.Uuid}: '{who}' at {request.Ip}, and '{other.Name}', " +
                "which stays as it is. Cloned virtual machines often share one: give each its own.");
        if (identity.Mac is { } mac && addresses.Sees(mac, request.Ip) is { } elsewhere)
            alarms.Raise(AlarmKinds.MacOnTwoAddresses,
                recognition.Machine is { State: MachineState.Registered } known ? known.Name
                : AlarmBoard.UnknownMachines,
                $"MAC {mac} asks from {request.Ip} and {elsewhere} in turns. Two machines have it, or one pretends " +
                "to be the other.");
    }

    private void Contradicts(ScriptRequest request, Contradiction contradiction)
    {
        var (subject, machine) = (SubjectOf(request.Identity, contradiction), contradiction.Machine);
        if (strays.HasRoom(machine.Id, subject))
            alarms.Raise(AlarmKinds.IdentityContradiction, subject,
                $"A machine at {request.Ip} contradicts the registration of '{machine.Name}': {contradiction.Text}. " +
                $"{Decide}",
                DataOf(request.Identity, machine));
        else
            alarms.Raise(AlarmKinds.ManyContradictions, machine.Name,
                $"More than {ContradictionLimit.Most} machines contradict the registration of '{machine.Name}'. The " +
                "last one, at " +
                $"{request.Ip}: {contradiction.Text}. Decide about the others first, or find who makes them up.");
    }

    /// <summary>
    /// The name that its discovered record has; where its MAC is another's, what tells it apart from that.
    /// </summary>
    private static string SubjectOf(MachineIdentity identity, Contradiction contradiction) =>
        contradiction.By == Evidence.BootMac
            ? identity.Uuid?.ToString() ?? identity.Serial?.ToString() ?? contradiction.Machine.Name
            : identity.AnyMac?.Hyphened ?? identity.Uuid?.ToString() ?? identity.Serial?.ToString()
                ?? contradiction.Machine.Name;

    private static string DataOf(MachineIdentity identity, Machine named) => MachineReading.Write(new ReportedIdentity(
        named.Name, named.Id, [.. identity.AllMacs.Select(mac => mac.ToString())], identity.Uuid?.ToString(),
        identity.Serial?.ToString()));
}
