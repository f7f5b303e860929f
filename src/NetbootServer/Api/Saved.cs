namespace NetbootServer.Api;

/// <summary>
/// What became of a change: the resource as it is now, or the problem that left everything as it was.
/// </summary>
/// <typeparam name="T">The resource.</typeparam>
/// <param name="Resource">The resource; null with a problem.</param>
/// <param name="Created">Whether it is new.</param>
/// <param name="Problem">Why nothing changed.</param>
public readonly record struct Saved<T>(T? Resource, bool Created, Problem? Problem) where T : class
{
    /// <summary>A refusal.</summary>
    public static implicit operator Saved<T>(Problem problem) => new(null, false, problem);
}

/// <summary>Makes <see cref="Saved{T}"/> values.</summary>
public static class Saved
{
    /// <summary>A resource that was there before.</summary>
    public static Saved<T> Changed<T>(T resource) where T : class => new(resource, false, null);

    /// <summary>A new resource.</summary>
    public static Saved<T> Made<T>(T resource) where T : class => new(resource, true, null);
}
