using System.ComponentModel.DataAnnotations;
using NetbootServer.Hosting;

namespace NetbootServer.Kexec;

/// <summary>Settings of kexec bundles: <c>Kexec</c>.</summary>
public sealed record KexecOptions
{
    /// <summary>
    /// A folder with static programs for bundles of images that bring none: <c>{system}/kexec</c> and
    /// <c>{system}/ip</c>, such as <c>x86_64-linux/kexec</c>. Without one, a bundle uses those of the machine that it
    /// runs on.
    /// </summary>
    [Example("/etc/netboot-server/programs")]
    public string? Programs { get; init; }

    /// <summary>How long a request waits for a bundle that is prepared for the first time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00", ErrorMessage = "must be from 0 seconds to 10 minutes")]
    public TimeSpan PrepareWait { get; init; } = TimeSpan.FromSeconds(30);
}
