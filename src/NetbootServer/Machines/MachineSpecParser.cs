using System.Text.Json;
using NetbootServer.Http;
using NetbootServer.Images;
using NetbootServer.Profiles;

namespace NetbootServer.Machines;

/// <summary>Turns a request body into a <see cref="MachineSpec"/>, or into all of its faults.</summary>
internal static class MachineSpecParser
{
    private const int MaxMacs = 32;

    internal static readonly string[] ReadOnly = JsonFields.ReadOnlyOf<MachineView, MachineSpec>();

    public static MachineSpec? Parse(JsonElement body, ValidationErrors errors)
    {
        var fields = new JsonFields(body, "$", errors);
        var macs = fields.List("macs", MaxMacs, fields.ReadWord<MacAddress>);
        if (fields.Element("macs") is null || (macs is [] && !errors.Any))
            fields.Fault("macs", "is required: at least one MAC, for example [\"52:54:00:aa:bb:01\"]");
        var spec = new MachineSpec
        {
            Macs = [.. macs.Distinct().Select(mac => mac.ToString())],
            Uuid = fields.Word<MachineUuid>("uuid")?.ToString(),
            Serial = fields.Text("serial", 128),
            Asset = fields.Text("asset", 128),
            Arch = fields.Choice("arch", [.. NixSystem.Architectures.Order(StringComparer.Ordinal)]),
            Labels = Labels.Read(fields, "labels"),
            Profile = fields.Word<ResourceName>("profile")?.ToString(),
            Variant = ProfileSpecParser.Variant(fields),
            Version = fields.Text("version", ImageVersion.IdLength),
            KernelArguments = KernelArgument.ReadList(fields, "kernelArguments"),
            Notes = fields.Text("notes", 4096, lines: true),
        };
        fields.RefuseOthers(ReadOnly);
        return errors.Any ? null : spec;
    }
}
