using System.Diagnostics.CodeAnalysis;

namespace NetbootServer.Api;

/// <summary>A value that is text outside and cannot be wrong inside.</summary>
/// <typeparam name="T">The value's own type.</typeparam>
public interface IParsedValue<T> : IParsable<T> where T : struct, IParsedValue<T>
{
    /// <summary>What good text looks like, to complete "must be …".</summary>
    static abstract string Expected { get; }

    /// <summary>Parses <paramref name="text"/> or says no.</summary>
    static abstract bool TryParse([NotNullWhen(true)] string? text, out T value);

    /// <inheritdoc/>
    static T IParsable<T>.Parse(string s, IFormatProvider? provider) =>
        T.TryParse(s, out var value) ? value : throw new FormatException($"must be {T.Expected}");

    /// <inheritdoc/>
    static bool IParsable<T>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out T result) =>
        T.TryParse(s, out result);
}
