using System.ComponentModel.DataAnnotations;
using System.Net;
using NetbootServer.Access;
using NetbootServer.Hosting;

namespace NetbootServer.Machines;

/// <summary>Settings of machines: <c>Machines</c>.</summary>
public sealed record MachinesOptions : IValidatableObject
{
    /// <summary>
    /// What a machine without a profile gets: <c>wait</c>, <c>local</c>, <c>menu</c>, or a profile's name.
    /// </summary>
    [RegularExpression("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?",
        ErrorMessage = "must be wait, local, menu or the name of a profile")]
    public string Unknown { get; init; } = "wait";

    /// <summary>
    /// What a machine gets that contradicts a registration: with <c>wait</c> it waits until an operator has decided,
    /// with <c>warn</c> it boots; an alarm is raised either way.
    /// </summary>
    [RegularExpression("wait|warn", ErrorMessage = "must be wait or warn")]
    public string OnContradiction { get; init; } = "wait";

    /// <summary>Networks in CIDR whose machines may receive secrets; empty: any.</summary>
    [Example("10.0.0.0/16")]
    public IList<string> Networks { get; init; } = [];

    /// <summary>Discovered machines kept at most; those not seen for longest are forgotten first.</summary>
    [Range(1, 10_000_000)]
    public int MaxDiscovered { get; init; } = 10_000;

    /// <summary>The greatest body of an import in bytes; about 150 a machine in CSV, twice that in YAML.</summary>
    [Range(1, long.MaxValue)]
    public long MaxImportBytes { get; init; } = 256L << 20;

    /// <summary><see cref="Networks"/> as values.</summary>
    internal IEnumerable<IPNetwork> ParsedNetworks => Networks.Select(text => IPNetwork.Parse(Network(text)));

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var network in Networks.Where(text => !IPNetwork.TryParse(Network(text), out _)))
            yield return new($"'{network}' must be a network in CIDR, such as 10.0.0.0/16, or an address",
                [nameof(Networks)]);
    }

    private static string Network(string text) => AccessOptions.Network(text);
}
