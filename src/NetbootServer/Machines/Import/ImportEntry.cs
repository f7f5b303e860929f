using System.Text.Json;
using NetbootServer.Overlays;

namespace NetbootServer.Machines.Import;

/// <summary>One machine of a file as it stands there, or what is wrong with that place.</summary>
/// <param name="Line">Where it begins; the first line is 1.</param>
/// <param name="Body">The machine with its name as JSON; undefined with a fault.</param>
/// <param name="Fault">What is wrong; null for a readable machine.</param>
internal sealed record ImportEntry(long Line, JsonElement Body, string? Fault = null)
{
    /// <summary>A place that cannot be read.</summary>
    public static ImportEntry Broken(long line, string fault) => new(line, default, fault);
}

/// <summary>Reads the machines of a file one after the other.</summary>
internal abstract class MachineReader
{
    /// <summary>The greatest length of one machine, in bytes or characters.</summary>
    public const int MaxMachineLength = OverlayParser.MaxBodyBytes;

    /// <summary>
    /// The members that the file sets of every machine, others stay as they are; null: a machine in the file is whole,
    /// and what it leaves out is unset.
    /// </summary>
    public virtual IReadOnlySet<string>? Columns => null;

    /// <summary>The next machine; null at the end, and after a fault that nothing can be read behind.</summary>
    public abstract ImportEntry? Next();

    /// <summary>The reader for a format.</summary>
    public static MachineReader Of(MachineFormat format, Stream file) => format switch
    {
        MachineFormat.Csv => new CsvMachines(new StreamReader(file, leaveOpen: true)),
        MachineFormat.Yaml => new YamlMachines(new StreamReader(file, leaveOpen: true)),
        _ => new JsonMachines(file),
    };
}
