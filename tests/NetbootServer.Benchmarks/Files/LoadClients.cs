namespace NetbootServer.Benchmarks.Files;

/// <summary>
/// Keep-alive connections that ask again and again and throw the bodies away. They cost as little as possible of the
/// processor that they share with the server: as in wrk, a thread for each core waits by epoll(7) for its share of them
/// and serves whichever is ready. (.NET's asynchronous sockets would wake two threads for each read, which slows the
/// server of a single connection.)
/// </summary>
/// <param name="port">The server's, on loopback.</param>
/// <param name="path">What is asked for.</param>
/// <param name="counters">Count what comes.</param>
/// <param name="range">What a request, counted over all connections, asks for; null for the whole.</param>
internal sealed class LoadClients(int port, string path, LoadCounters counters, Func<long, string?> range)
{
    private const int Turn = 4 << 20; // then the others are looked after

    /// <summary>Goes on with so many connections until <paramref name="ct"/> ends it.</summary>
    /// <exception cref="InvalidDataException">The server's answer is not a success.</exception>
    /// <exception cref="EndOfStreamException">The server hung up.</exception>
    public Task RunAsync(int connections, CancellationToken ct)
    {
        var threads = Math.Min(connections, Environment.ProcessorCount);
        return Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(
            () => Run((connections + thread) / threads, ct),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    private void Run(int count, CancellationToken ct)
    {
        var connections = new List<LoadConnection>();
        using var ready = new Epoll(count);
        try
        {
            while (connections.Count < count && !ct.IsCancellationRequested)
            {
                var connection = new LoadConnection(port);
                connections.Add(connection);
                ready.Add(connection.Handle, connections.Count - 1);
                Ask(connection);
            }
            while (!ct.IsCancellationRequested)
            {
                foreach (var index in ready.Wait()) Serve(connections[index]);
            }
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    private void Ask(LoadConnection connection)
    {
        var extra = range(counters.NextRequest()) is { } value ? $"Range: {value}\r\n" : "";
        connection.Ask($"GET {path} HTTP/1.1\r\nHost: bench\r\n{extra}\r\n");
    }

    private void Serve(LoadConnection connection)
    {
        for (var turn = 0; turn < Turn;)
        {
            var answered = connection.IsAnswered;
            var read = connection.Read();
            if (read == 0) return;
            turn += read;
            counters.Received(read);
            if (!answered && connection is { IsAnswered: true, Requests: 1 }) counters.ServedFirst();
            if (!connection.IsComplete) continue;
            counters.Answered();
            Ask(connection);
        }
    }
}
