using System.Diagnostics;

namespace NetbootServer.Tests.Nix.Commands;

/// <summary>A folder with shell scripts that play <c>nix</c> and <c>nix-store</c>.</summary>
internal sealed class FakeNix : IDisposable
{
    private readonly DirectoryInfo _bin = Directory.CreateTempSubdirectory("netboot-nix-");

    public string Folder => _bin.FullName;

    /// <summary>The command for <c>Nix:Path</c>.</summary>
    public string Command => Path.Combine(Folder, "nix");

    /// <summary>What the script has left in a file beside it.</summary>
    public string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    public void Play(string script)
    {
        foreach (var name in new[] { "nix", "nix-store" })
        {
            // Installed by another program: what this process writes may still be open in a child that another test is
            // just starting, and a program that is open for writing cannot be started ("text file busy").
            var source = Path.Combine(Folder, name + ".sh");
            File.WriteAllText(source, "#!/bin/sh\n" + script + "\n");
            using var install = Process.Start("install", ["-m", "700", source, Path.Combine(Folder, name)]);
            install.WaitForExit();
            Assert.Equal(0, install.ExitCode);
        }
    }

    public void Dispose() => _bin.Delete(recursive: true);
}
