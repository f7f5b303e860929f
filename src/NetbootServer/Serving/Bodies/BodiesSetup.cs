using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using NetbootServer.Hosting;
using NetbootServer.Serving.ZeroCopy;

namespace NetbootServer.Serving.Bodies;

/// <summary>Registers what sends file bodies.</summary>
public static class BodiesSetup
{
    /// <summary>Adds what <see cref="BodyResult"/> needs.</summary>
    public static IServiceCollection AddBodies(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Readiness>();
        services.TryAddSingleton<WorkerServices>();
        return services
            .AddFeatureOptions<BodyOptions>("Http")
            // On Linux a socket's events come on pool threads already; one more hop for each request buys nothing and
            // costs a third of the processor at many connections asking for ranges.
            .Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true)
            .AddSingleton<PublicUrl>()
            .AddSingleton<Pacing>()
            .AddSingleton<BodySender>()
            .AddSingleton<TransferWatch>()
            .AddHostedService(all => all.GetRequiredService<TransferWatch>());
    }

    /// <summary>
    /// Lets every listener that is configured afterwards answer half-closed connections, and send files without
    /// copying unless that is switched off.
    /// </summary>
    public static void UseZeroCopy(this KestrelServerOptions kestrel)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        var options = kestrel.ApplicationServices.GetRequiredService<IOptions<BodyOptions>>();
        kestrel.ConfigureEndpointDefaults(listen =>
        {
            HostZone.UseOn(listen); // ConfigureEndpointDefaults keeps only its last call
            HalfClose.UseOn(listen);
            if (options.Value.ZeroCopy) ZeroCopyConnection.UseOn(listen);
        });
    }
}
