using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Overlays;
using NetbootServer.Profiles;

namespace NetbootServer.Machines;

/// <summary>Turns a request body into a <see cref="MachineSpec"/>, or into all of its faults.</summary>
internal static class MachineSpecParser
{
    /// <summary>MACs that a machine may have.</summary>
    internal const int MaxMacs = 32;

    internal static readonly string[] ReadOnly = JsonFields.ReadOnlyOf<MachineView, MachineSpec>();

    public static MachineSpec? Parse(JsonElement body, ValidationErrors errors)
    {
        var fields = new JsonFields(body, "$", errors);
        var before = errors.Count;
        var macs = fields.List("macs", MaxMacs, fields.ReadParsed<MacAddress>);
        var hasMacs = macs is not [] || errors.Count > before;
        var spec = new MachineSpec
        {
            Macs = [.. macs.Distinct().Select(mac => mac.ToString())],
            Uuid = fields.Parsed<MachineUuid>("uuid")?.ToString(),
            Serial = fields.Text("serial", 128),
            Asset = fields.Text("asset", 128),
            Arch = fields.Choice("arch", [.. NixSystem.Architectures.Order(StringComparer.Ordinal)]),
            Labels = Labels.Read(fields, "labels"),
            Profile = fields.Parsed<ResourceName>("profile")?.ToString(),
            Variant = ProfileSpecParser.Variant(fields),
            Version = fields.Text("version", ImageVersion.IdLength),
            KernelArguments = KernelArgument.ReadList(fields, "kernelArguments"),
            Overlay = OverlayParser.Read(fields, "overlay"),
            SecretRelease = fields.Choice("secretRelease", SecretReleases.Once, SecretReleases.EveryBoot),
            Notes = fields.Text("notes", 4096, lines: true),
        };
        if (!hasMacs && fields.Element("uuid") is null && !MachineSerial.TryParse(spec.Serial, out _))
            fields.Fault("macs", spec.Serial is null
                ? "is required: at least one MAC, for example [\"52:54:00:aa:bb:01\"], unless there is a uuid or " +
                "serial to know it by"
                : $"is required: '{spec.Serial}' is a factory default that many machines have");
        fields.RefuseOthers(ReadOnly);
        return errors.Any ? null : spec;
    }
}
