using System.Runtime.CompilerServices;

namespace NetbootServer.Tests.Fixtures;

/// <summary>
/// Tests run side by side on one thread pool, and some of them hold up a dozen of its threads on purpose. It has enough
/// of them from the start, so that the others, and their deadlines, do not wait until it makes more.
/// </summary>
internal static class Threads
{
    private const int Enough = 48;

    [ModuleInitializer]
    public static void Prepare()
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Enough), ports);
    }
}
