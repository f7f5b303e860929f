using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Inventory.Files;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Inventory;

/// <summary>
/// What the files of an inventory declare, each resource checked by itself and against the rest, and every fault of
/// them. Of machines only what is needed to compare them is in memory.
/// </summary>
/// <param name="images">Checks images.</param>
/// <param name="secrets">Reads the files that hold secrets.</param>
/// <param name="keep">Takes each good machine with its number; null when they are only checked.</param>
internal sealed class InventoryContents(
    ImageSpecParser images, SecretFiles secrets, Action<int, DeclaredMachine, MachineSpec>? keep)
{
    private readonly Dictionary<(string Kind, string Name), DeclaredPlace> _places = [];
    private readonly Dictionary<string, DeclaredPlace> _bare = new(StringComparer.Ordinal);
    private readonly List<DeclaredReference> _references = [];

    /// <summary>What is wrong.</summary>
    public InventoryFaults Faults { get; } = new();

    /// <summary>The images.</summary>
    public List<Declared<ImageSpec>> Images { get; } = [];

    /// <summary>The profiles; their secrets are not sealed.</summary>
    public List<Declared<ProfileSpec>> Profiles { get; } = [];

    /// <summary>The machines, by number.</summary>
    public List<DeclaredMachine> Machines { get; } = [];

    /// <summary>Which machine, by number, has a MAC.</summary>
    public Dictionary<MacAddress, int> Macs { get; } = [];

    /// <summary>Which machine, by number, has a UUID; -1 for several.</summary>
    public Dictionary<string, int> Uuids { get; } = new(StringComparer.Ordinal);

    /// <summary>Which machine, by number, has a serial number; -1 for several.</summary>
    public Dictionary<string, int> Serials { get; } = new(StringComparer.Ordinal);

    /// <summary>How much each file declares.</summary>
    public List<FileContents> Files { get; } = [];

    /// <summary>How many resources there are.</summary>
    public int Count => Images.Count + Profiles.Count + Machines.Count;

    /// <summary>Whether a resource of a kind is declared.</summary>
    public bool Has(string kind, string name) => _places.ContainsKey((kind, name));

    /// <summary>Reads a file.</summary>
    /// <param name="name">Its path below the directory.</param>
    /// <param name="content">Its bytes.</param>
    public void Read(string name, Stream content)
    {
        var (i, p, m) = (Images.Count, Profiles.Count, Machines.Count);
        var reading = new FileReading(this, name);
        if (name.EndsWith(".json", StringComparison.Ordinal)) new JsonInventory(reading).Read(content);
        else new YamlInventory(reading).Read(content);
        Files.Add(new(name, Machines.Count - m, Profiles.Count - p, Images.Count - i));
    }

    /// <summary>
    /// Notes what refers to something that neither a file declares nor <paramref name="hasOther"/> knows.
    /// </summary>
    /// <param name="hasOther">Whether there is a resource, by kind and name, that no file declares.</param>
    public void CheckReferences(Func<string, string, bool> hasOther)
    {
        foreach (var (place, member, kind, name) in _references)
            if (!Has(kind, name) && !hasOther(kind, name))
                Faults.Add(place.File, place.LineOf(member), place.Describe($"$.{member}",
                    $"names the {kind} '{JsonFields.Shorten(name)}', which no file declares and the API has not " +
                    $"made: declare it under {kind}s, or correct the name"));
    }

    private void Add(string file, DeclaredValue value)
    {
        if (Faults.Full) return;
        var place = new DeclaredPlace(value.Kind, value.Name, file, value.Line, value.Members());
        var errors = new ValidationErrors();
        CheckName(place, errors);
        NoteReferences(place, value.Body);
        var body = WithoutOwnMembers(value, errors, out var adopts);
        switch (value.Kind)
        {
            case "image":
                if (images.Parse(body, errors) is { } image) Images.Add(new(place, image, adopts));
                break;
            case "profile":
                if (ProfileSpecParser.Parse(secrets.Fill(body, errors), errors) is { } profile)
                    Profiles.Add(new(place, profile, adopts));
                break;
            default:
                if (MachineSpecParser.Parse(secrets.Fill(body, errors), errors) is { } machine)
                    AddMachine(place, machine, adopts, errors);
                break;
        }
        foreach (var (path, faults) in errors.ByPath())
            foreach (var fault in faults) Faults.Add(file, value.LineOf(path), place.Describe(path, fault));
    }

    private void CheckName(DeclaredPlace place, ValidationErrors errors)
    {
        if (!ResourceName.TryParse(place.Name, out _))
            errors.Add("$", $"has no good name: it must be {ResourceName.Expected}");
        else if (place.Kind == "profile" && ProfilesApi.IsReserved(place.Name))
            errors.Add("$", "has a name that the setting Machines:Unknown uses as a word: choose another");
        else if (!_places.TryAdd((place.Kind, place.Name), place))
            errors.Add("$", $"stands in {_places[(place.Kind, place.Name)].Shown} already: keep one of them");
    }

    /// <summary>They are noted of resources with faults, too: all faults are shown at once.</summary>
    private void NoteReferences(DeclaredPlace place, JsonElement body)
    {
        if (place.Kind == "machine") Note(body, "profile", "profile");
        if (place.Kind == "profile") Note(body, "image", "image");
        if (place.Kind == "profile" && body.ValueKind == JsonValueKind.Object
            && body.TryGetProperty("menu", out var menu) && menu.ValueKind == JsonValueKind.Object
            && menu.TryGetProperty("entries", out var entries) && entries.ValueKind == JsonValueKind.Array)
            foreach (var entry in entries.EnumerateArray()) Note(entry, "profile", "menu");

        void Note(JsonElement value, string name, string member)
        {
            if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var other)
                && other.ValueKind == JsonValueKind.String)
                _references.Add(new(place, member, name, string.Intern(other.GetString()!)));
        }
    }

    /// <summary>The resource as PUT takes it.</summary>
    private static JsonElement WithoutOwnMembers(DeclaredValue value, ValidationErrors errors, out bool adopts)
    {
        adopts = false;
        if (value.Body.ValueKind != JsonValueKind.Object) return value.Body;
        if (value.Body.TryGetProperty("name", out var name)
            && (name.ValueKind != JsonValueKind.String || name.GetString() != value.Name))
            errors.Add("$.name", "must be the name that stands before it, or be left out");
        if (!value.Body.TryGetProperty("adopt", out _)) return value.Body;
        adopts = new JsonFields(value.Body, "$", errors).Flag("adopt") ?? false;
        return JsonSerializer.SerializeToElement(value.Body.EnumerateObject()
            .Where(member => member.Name != "adopt").ToDictionary(member => member.Name, member => member.Value));
    }

    private void AddMachine(DeclaredPlace place, MachineSpec spec, bool adopts, ValidationErrors errors)
    {
        foreach (var (i, mac) in spec.Macs.Index())
            if (!Macs.TryAdd(MacAddress.Parse(mac), Machines.Count))
                errors.Add($"$.macs[{i}]", $"{mac} is a MAC of {Owner(mac)}: it belongs to one machine");
        var (uuid, serial) = (MachineKeys.UuidOf(spec, null)?.Key, MachineKeys.SerialOf(spec, null)?.Key);
        if (uuid is not null && !Uuids.TryAdd(uuid, Machines.Count)) Uuids[uuid] = -1;
        if (serial is not null && !Serials.TryAdd(serial, Machines.Count)) Serials[serial] = -1;
        if (spec.Macs.IsEmpty && (uuid ?? serial) is { } key && !_bare.TryAdd(key, place))
            errors.Add("$.macs", $"is required: machine '{_bare[key].Name}' in {_bare[key].Shown} has the same uuid " +
                "or serial");
        var machine = new DeclaredMachine(place, adopts);
        Machines.Add(machine);
        if (!errors.Any) keep?.Invoke(Machines.Count - 1, machine, spec);
    }

    private string Owner(string mac)
    {
        var owner = Macs[MacAddress.Parse(mac)];
        return owner == Machines.Count ? "the same machine"
            : $"machine '{Machines[owner].Place.Name}' in {Machines[owner].Place.Shown}, too";
    }

    /// <summary>What is found in one file.</summary>
    private sealed class FileReading(InventoryContents contents, string file) : IDeclaredValues
    {
        public void Add(DeclaredValue value) => contents.Add(file, value);

        public void Fault(int line, string fault) => contents.Faults.Add(file, line, fault);
    }
}

/// <summary>How much a file declares.</summary>
/// <param name="File">Its path below the directory.</param>
/// <param name="Machines">Machines.</param>
/// <param name="Profiles">Profiles.</param>
/// <param name="Images">Images.</param>
public sealed record FileContents(string File, int Machines, int Profiles, int Images);
