using System.Diagnostics.Metrics;

namespace NetbootServer.Hosting;

/// <summary>The meter that all of the server's own measurements go through.</summary>
/// <param name="meters">Makes it.</param>
internal sealed class ServerMeter(IMeterFactory meters)
{
    /// <summary>Its name.</summary>
    public const string Name = "NetbootServer";

    /// <summary>The meter.</summary>
    public Meter Meter { get; } = meters.Create(Name);
}
