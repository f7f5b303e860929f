using System.ComponentModel.DataAnnotations;
using NetbootServer.Hosting;

namespace NetbootServer.Serving.Bodies;

/// <summary>The <c>Http</c> settings: how file bodies come and go.</summary>
public sealed class BodyOptions
{
    /// <summary>Sends files from the page cache to the socket without copying where that is possible.</summary>
    public bool ZeroCopy { get; set; } = true;

    /// <summary>
    /// A transfer of which the client takes, or in an upload sends, no byte for so long is ended; zero for never.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>All files together leave no faster than so many bytes a second; null for as fast as they can.</summary>
    [Range(1024, long.MaxValue)]
    [Example("1Gbit/s")]
    public long? MaxBytesPerSecond { get; set; }

    /// <summary>A machine gets files no faster than so many bytes a second; null for as fast as it can.</summary>
    [Range(1024, long.MaxValue)]
    [Example("10MB/s")]
    public long? MaxBytesPerSecondPerMachine { get; set; }
}
