namespace NetbootServer.Hosting;

/// <summary>
/// A good value of a setting, for the line that refuses a bad one. Settings without it show their default, so those
/// whose default is nothing need one.
/// </summary>
/// <param name="value">As a user would write it.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ExampleAttribute(string value) : Attribute
{
    /// <summary>The value.</summary>
    public string Value { get; } = value;
}
