using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using NetbootServer.Hosting;
using NetbootServer.Serving;

namespace NetbootServer.Access.Listening;

/// <summary>
/// The listeners of <c>Urls</c> and <c>Access:AdminUrls</c>. Every connection knows which listener accepted it: that,
/// never a header, decides the plane.
/// </summary>
internal sealed class Listeners
{
    private const string AdminKey = "Access:AdminUrls";
    private readonly IReadOnlyList<Address> _addresses;
    private readonly List<ListenOptions> _boot = [], _admin = [];
    private readonly AdminCertificate? _certificate;

    private Listeners(IReadOnlyList<Address> addresses, AdminCertificate? certificate) =>
        (_addresses, _certificate) = (addresses, certificate);

    /// <param name="urls">The setting <c>Urls</c>.</param>
    /// <param name="options">Name the admin plane's own.</param>
    /// <param name="sockets">
    /// What systemd listens on for this server: those named admin are for the admin plane alone, the others in the
    /// place of <paramref name="urls"/>.
    /// </param>
    /// <exception cref="StartFailure">An address is none, or https has no certificate.</exception>
    public static Listeners Of(string urls, AccessOptions options, IReadOnlyList<SystemdSocket> sockets)
    {
        var (admin, boot) = (sockets.Where(socket => socket.IsAdmin), sockets.Where(socket => !socket.IsAdmin));
        var separate = options.AdminUrls.Count > 0 || admin.Any();
        var others = boot.Select(socket => Address.Of(socket, separate ? false : null)).ToList();
        if (others.Count == 0)
            others.AddRange(urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(url => Address.Parse("Urls", url, separate ? false : null)));
        var addresses = others
            .Concat(options.AdminUrls.Select(url => Address.Parse(AdminKey, url, admin: true)))
            .Concat(admin.Select(socket => Address.Of(socket, admin: true))).ToList();
        if (options.CertificateFile is not null) return new(addresses, AdminCertificate.Open(options));
        if (addresses.FirstOrDefault(address => address.Https) is { } secured)
            throw new StartFailure(secured.Setting, secured.Text,
                "https needs a certificate: name its PEM file with Access:CertificateFile " +
                "(and that of its key with Access:CertificateKeyFile)");
        return new(addresses, null);
    }

    /// <summary>
    /// What Kestrel listens on without us: all of it, while there is neither a plane to tell apart nor https.
    /// </summary>
    public string KestrelsOwn => AllPlain ? string.Join(';', _addresses.Select(address => address.Text)) : "";

    private bool AllPlain => _addresses.All(address => address is { Admin: null, Https: false, Socket: null });

    /// <summary>Opens the others; Kestrel binds them at the start.</summary>
    public void Open(KestrelServerOptions kestrel)
    {
        if (AllPlain) return;
        if (_certificate is not null)
            _certificate.Logger = kestrel.ApplicationServices.GetRequiredService<ILogger<AdminCertificate>>();
        foreach (var address in _addresses) address.Listen(kestrel, listener => Configure(listener, address));
    }

    /// <summary>Starts the server, which listens here from then on.</summary>
    /// <param name="app">The built server.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="StartFailure">The addresses cannot be had.</exception>
    public async Task StartAsync(WebApplication app, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Asked to stop while it started: the wait for its end, which comes next, ends at once.
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await EndWorkersAsync(app);
            var (setting, value) = SettingIn(e.Message);
            throw new StartFailure(setting, value,
                "the port is in use: stop the program that has it, or choose another, such as http://*:8081");
        }
        catch (Exception e) when (e is IOException or FormatException or InvalidOperationException or SocketException)
        {
            await EndWorkersAsync(app);
            var (setting, value) = SettingIn(e.Message);
            throw new StartFailure(setting, value,
                $"cannot listen there ({e.Message.TrimEnd('.')}); for example Urls=http://*:8080");
        }
    }

    /// <summary>
    /// Ends the workers, which began before the listeners; a second is plenty, they have nothing to do yet.
    /// </summary>
    private static async Task EndWorkersAsync(WebApplication app)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The process ends now in any case.
        }
    }

    /// <summary>The setting that an error of listening speaks of.</summary>
    private (string Key, string Value) SettingIn(string message)
    {
        var at = _addresses.FirstOrDefault(address => address.Setting == AdminKey
            && message.Contains($":{address.Binding.Port}", StringComparison.Ordinal)) ?? _addresses[0];
        return (at.Setting, at.Text);
    }

    private void Configure(ListenOptions listener, Address address)
    {
        if (address.Admin is { } own) (own ? _admin : _boot).Add(listener);
        if (address.Admin is { } admin)
        {
            var plane = new ListenerPlane(admin, admin ? BootPort : null);
            listener.Use(next => connection =>
            {
                connection.Features.Set(plane);
                return next(connection);
            });
        }
        if (!address.Https) return;
        listener.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(
                new SslServerAuthenticationOptions { ServerCertificateContext = _certificate!.Current() }),
        });
    }

    /// <summary>The ports that the admin plane alone has, as bound.</summary>
    public IReadOnlySet<int> AdminPorts =>
        _admin.Select(listener => listener.IPEndPoint?.Port).OfType<int>().ToHashSet();

    /// <summary>The port that machines use, as bound.</summary>
    private int? BootPort() =>
        _boot.Select(listener => listener.IPEndPoint?.Port).FirstOrDefault(port => port is not null);

    /// <summary>One address of a setting.</summary>
    /// <param name="Setting">Its key.</param>
    /// <param name="Text">As written.</param>
    /// <param name="Admin">Whether it is for the admin plane alone; null: for both.</param>
    /// <param name="Binding">As parsed.</param>
    private sealed record Address(string Setting, string Text, bool? Admin, BindingAddress Binding)
    {
        public bool Https => Binding.Scheme.Equals("https", StringComparison.OrdinalIgnoreCase);

        /// <summary>The socket that is listening already; null: one is opened here.</summary>
        public SystemdSocket? Socket { get; private init; }

        public static Address Of(SystemdSocket socket, bool? admin) =>
            new(SystemdSocket.Variable, socket.Name, admin, BindingAddress.Parse($"{socket.Scheme}://systemd"))
            {
                Socket = socket,
            };

        public static Address Parse(string setting, string text, bool? admin)
        {
            try
            {
                var binding = BindingAddress.Parse(text);
                if (binding.Scheme is "http" or "https" && binding.PathBase.Length == 0)
                    return new(setting, text, admin, binding);
            }
            catch (FormatException)
            {
                // Said below.
            }
            throw new StartFailure(setting, text,
                $"cannot listen there; for example {setting}=http://{(admin == true ? "10.0.0.1:8081" : "*:8080")}");
        }

        /// <summary>
        /// As Kestrel itself reads addresses: what is neither an address nor localhost means every address.
        /// </summary>
        public void Listen(KestrelServerOptions kestrel, Action<ListenOptions> configure)
        {
            if (Socket is { } socket)
            {
                kestrel.ListenHandle((ulong)socket.Handle, configure);
                return;
            }
            var (host, port) = (Binding.Host.Trim('[', ']'), Binding.Port);
            if (Binding.IsUnixPipe) kestrel.ListenUnixSocket(Binding.UnixPipePath, configure);
            else if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
                kestrel.ListenLocalhost(port, configure);
            else if (IPAddress.TryParse(host, out var address)) kestrel.Listen(address, port, configure);
            else kestrel.ListenAnyIP(port, configure);
        }
    }
}
