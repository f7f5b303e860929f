namespace NetbootServer.Images;

/// <summary>Why refreshes leave an image's current version where it is.</summary>
/// <param name="By">Who asked for it.</param>
/// <param name="At">Since when.</param>
/// <param name="Reason">Why, in their words; missing when they gave none.</param>
public sealed record ImageHold(string By, DateTimeOffset At, string? Reason);
