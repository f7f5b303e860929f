using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;
using NetbootServer.Hosting;

namespace NetbootServer.Serving.Bodies;

/// <summary>
/// Caps on how fast bodies leave, for each machine and in total. Some network cards' iPXE drivers hang when a fast
/// network fills them faster than they are emptied (iPXE issues 1023 and 1545).
/// </summary>
internal sealed class Pacing(IOptions<BodyOptions> options, TimeProvider time)
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int MaxPacingRate = 47; // SO_MAX_PACING_RATE

    private readonly BodyOptions _options = options.Value;
    private readonly Dictionary<object, PacedMachine> _machines = [];
    private readonly Lock _lock = new();
    private int _transfers;

    /// <summary>The cap on all transfers together.</summary>
    public TokenBucket? Total { get; } = options.Value.MaxBytesPerSecond is { } rate ? new(rate, time) : null;

    /// <summary>How many transfers share it.</summary>
    public int Sharers => Volatile.Read(ref _transfers);

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>How many machines are paced at the moment.</summary>
    public int MachineCount
    {
        get { lock (_lock) return _machines.Count; }
    }

    /// <summary>A transfer begins; null when nothing is capped.</summary>
    public Pace? Begin(HttpContext http, object? machine)
    {
        if (Total is null && _options.MaxBytesPerSecondPerMachine is null) return null;
        Interlocked.Increment(ref _transfers);
        if (_options.MaxBytesPerSecondPerMachine is not { } rate) return new Pace(this, null);
        SmoothOut(http, rate);
        var key = machine ?? ClientAddress.Of(http) ?? IPAddress.None;
        lock (_lock)
        {
            if (!_machines.TryGetValue(key, out var found))
                _machines[key] = found = new PacedMachine(key, new TokenBucket(rate, time));
            found.Transfers++;
            return new Pace(this, found);
        }
    }

    /// <summary>
    /// Lets the kernel space the packets of the connection: the buckets alone would let each portion leave at the speed
    /// of the wire.
    /// </summary>
    private static void SmoothOut(HttpContext http, long rate)
    {
        if (!OperatingSystem.IsLinux()) return;
        if (http.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket) return;
        try
        {
            socket.SetRawSocketOption(SocketLevel, MaxPacingRate, BitConverter.GetBytes(rate));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // not this kind of socket: the buckets still keep the rate
        }
    }

    /// <summary>A transfer has ended.</summary>
    public void End(PacedMachine? machine)
    {
        Interlocked.Decrement(ref _transfers);
        if (machine is null) return;
        lock (_lock)
        {
            if (--machine.Transfers == 0) _machines.Remove(machine.Key);
        }
    }
}
