using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using NetbootServer.Storage;

namespace NetbootServer.Access.Keys;

/// <summary>Registers and loads what encrypts secrets at rest.</summary>
/// <remarks>
/// <code>
/// master key (a file) ─wraps─► key ring (database) ─encrypts─► secrets (database)
/// </code>
/// </remarks>
internal static class KeysSetup
{
    public static IServiceCollection AddSecretKeys(this IServiceCollection services)
    {
        // A new key is made at the start alone: where data protection makes one by itself it cannot wait for the disk.
        services.AddDataProtection().SetApplicationName("NetbootServer").DisableAutomaticKeyGeneration();
        return services.AddSingleton<MasterKeyFile>().AddSingleton<KeyRing>().AddSingleton<KeyWrapping>()
            .AddSingleton<SecretBox>()
            .AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
                new ConfigureOptions<KeyManagementOptions>(options =>
                {
                    options.XmlRepository = provider.GetRequiredService<KeyRing>();
                    options.XmlEncryptor = provider.GetRequiredService<KeyWrapping>();
                }));
    }

    /// <summary>Opens the key ring, before anything needs a secret.</summary>
    /// <exception cref="Hosting.StartFailure">The master key does not belong to the database.</exception>
    public static async Task LoadSecretKeysAsync(this IServiceProvider services, CancellationToken ct)
    {
        var ring = services.GetRequiredService<KeyRing>();
        await ring.OpenAsync(ct);
        await ring.EnsureAsync(services.GetRequiredService<IKeyManager>(),
            services.GetRequiredService<TimeProvider>().GetUtcNow(), ct);
        await services.GetRequiredService<SecretBox>().LoadAsync(services.GetRequiredService<Database>(), ct);
    }
}
