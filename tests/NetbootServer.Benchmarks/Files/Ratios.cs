namespace NetbootServer.Benchmarks.Files;

/// <summary>How one server did against another over several rounds.</summary>
/// <param name="Middle">Median of the rounds' ratios.</param>
/// <param name="Lowest">The lowest.</param>
/// <param name="Highest">The highest.</param>
internal sealed record Ratios(double Middle, double Lowest, double Highest)
{
    public static Ratios Of<T>(IReadOnlyList<T> ours, IReadOnlyList<T> theirs, Func<T, double> value)
    {
        var ratios = ours.Zip(theirs, (our, their) => value(our) / value(their)).ToList();
        return new(ratios.Median(), ratios.Min(), ratios.Max());
    }
}

internal static class Statistics
{
    public static double Median(this IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[sorted.Count / 2] + sorted[(sorted.Count - 1) / 2]) / 2;
    }
}
