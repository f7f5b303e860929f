namespace NetbootServer.TestKit;

/// <summary>How the product is started.</summary>
public sealed record ServerSetup
{
    /// <summary>
    /// Settings by their names in <c>appsettings.json</c>, e.g. <c>Machines:Unknown</c>. A data directory that is named
    /// here is the test's own and stays.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Variables of its environment beside the settings.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>A setup with some settings.</summary>
    public static ServerSetup With(params (string Name, string Value)[] settings) =>
        new() { Settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value) };
}
