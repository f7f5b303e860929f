using System.Diagnostics;
using System.Globalization;

namespace NetbootServer.Benchmarks.Files;

/// <summary>
/// nginx with what its documentation recommends for large files, one worker per core. It writes a line per request, as
/// the product does, behind a buffer, as the product does.
/// </summary>
/// <param name="root">The folder that it serves.</param>
internal sealed class NginxServer(string root) : Server("nginx")
{
    private readonly string _folder = Directory.CreateTempSubdirectory("netboot-nginx-").FullName;

    public override string PathOf(TestFile file) => "/" + file.RelativePath;

    protected override ProcessStartInfo Command()
    {
        var config = Path.Combine(_folder, "nginx.conf");
        File.WriteAllText(config, string.Create(CultureInfo.InvariantCulture, $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            worker_processes auto;
            daemon off;
            pid {{_folder}}/nginx.pid;
            error_log stderr error;
            # One accept between two rounds of a thousand 2 MiB chunks would take minutes for a thousand clients.
            events { worker_connections 15000; multi_accept on; }
            http {
                access_log {{_folder}}/access.log combined buffer=64k;
                sendfile on;
                tcp_nopush on;
                sendfile_max_chunk 2m;
                keepalive_requests 1000000000;
                open_file_cache max=1000;
                client_body_temp_path {{_folder}}; proxy_temp_path {{_folder}}; fastcgi_temp_path {{_folder}};
                uwsgi_temp_path {{_folder}}; scgi_temp_path {{_folder}};
                server {
                    listen 127.0.0.1:{{Port}} backlog=4096;
                    root {{root}};
                }
            }
            """));
        return new ProcessStartInfo("nginx", ["-e", "stderr", "-p", _folder, "-c", config]);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
