using System.Collections.Immutable;
using NetbootServer.Api;
using NetbootServer.Downloads;
using NetbootServer.Storage;
using YamlDotNet.Core;

namespace NetbootServer.Sources.Presets;

/// <summary>
/// The known systems: those that come with the server, in <c>images.d</c> beside the program, and this server's own in
/// <c>images.d</c> of its data directory. An own one takes the place of a builtin one of the same name. The files are
/// read when they are asked for, so a change counts at once.
/// </summary>
/// <param name="data">The data directory.</param>
/// <param name="logger">Receives the faults of files.</param>
internal sealed partial class PresetStore(DataDirectory data, ILogger<PresetStore> logger)
{
    private const string Folder = "images.d";
    private const int MaxFileBytes = 1 << 20;
    private const int MaxFiles = 1000;

    private static readonly Lazy<PresetFiles> Builtin = new(() => Read(BuiltinFolder, "builtin"));

    /// <summary>The folder that comes with the program.</summary>
    internal static string BuiltinFolder => Path.Combine(AppContext.BaseDirectory, Folder);

    /// <summary>Every preset by name, and the files that cannot be used: these hide no other.</summary>
    public PresetFiles Read()
    {
        var all = Of(data.Path);
        foreach (var fault in all.Faults) Log.Unusable(logger, fault.File, fault.Line, fault.Fault);
        return all;
    }

    /// <summary>The presets of a server with a data directory; null: those that come with the program alone.</summary>
    internal static PresetFiles Of(string? dataDirectory)
    {
        if (dataDirectory is null) return Builtin.Value;
        var own = Read(Path.Combine(dataDirectory, Folder), "own");
        return new(Builtin.Value.Presets.SetItems(own.Presets), Builtin.Value.Faults.AddRange(own.Faults));
    }

    /// <summary>Reads the files of a folder; a missing one has none.</summary>
    internal static PresetFiles Read(string folder, string origin)
    {
        var presets = ImmutableSortedDictionary.CreateBuilder<string, Preset>(StringComparer.Ordinal);
        var faults = ImmutableArray.CreateBuilder<PresetFault>();
        if (!Directory.Exists(folder)) return new(presets.ToImmutable(), []);
        foreach (var file in Directory.EnumerateFiles(folder).Where(IsYaml).Order(StringComparer.Ordinal).Take(MaxFiles))
        {
            var (preset, fault) = ReadFile(file, origin);
            if (preset is not null) presets[preset.Name] = preset;
            if (fault is not null) faults.Add(fault);
        }
        return new(presets.ToImmutable(), faults.ToImmutable());
    }

    private static bool IsYaml(string file) => Path.GetExtension(file) is ".yaml" or ".yml";

    private static (Preset? Preset, PresetFault? Fault) ReadFile(string file, string origin)
    {
        try
        {
            if (new FileInfo(file).Length > MaxFileBytes)
                return (null, new(file, 1, $"has more than {SourceText.Bytes(MaxFileBytes)}"));
            var (document, lineOf) = PresetYaml.Read(File.ReadAllText(file));
            var errors = new ValidationErrors();
            var preset = PresetParser.Parse(Path.GetFileNameWithoutExtension(file), origin, document, errors);
            return preset is not null ? (preset, null)
                : (null, new(file, lineOf(errors.First().Path), $"{errors.First().Path} {errors.First().Error}"));
        }
        catch (YamlException e)
        {
            return (null, new(file, Math.Max(1, e.Start.Line), $"is not acceptable YAML: {e.Message}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, new(file, 1, $"cannot be read: {e.Message}"));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The preset {File} cannot be used: line {Line}: {Fault}")]
        public static partial void Unusable(ILogger logger, string file, long line, string fault);
    }
}

/// <summary>What the files of a folder have.</summary>
/// <param name="Presets">The presets by name.</param>
/// <param name="Faults">The files that cannot be used.</param>
internal sealed record PresetFiles(ImmutableSortedDictionary<string, Preset> Presets,
    ImmutableArray<PresetFault> Faults);
