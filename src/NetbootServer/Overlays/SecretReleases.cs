namespace NetbootServer.Overlays;

/// <summary>When a machine's secrets leave.</summary>
public static class SecretReleases
{
    /// <summary>In one boot for each time that they were armed.</summary>
    public const string Once = "once";

    /// <summary>In every boot.</summary>
    public const string EveryBoot = "every-boot";
}
