using System.Diagnostics;

namespace NetbootServer.Tests.Sources.Urls;

/// <summary>Signs with the real tools: gpg, minisign and signify-openbsd of Debian.</summary>
internal sealed class Signer : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-signer-");

    public Signer() => File.SetUnixFileMode(_folder.FullName,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Makes an OpenPGP key.</summary>
    /// <param name="name">Of the user.</param>
    /// <param name="expires">When, as gpg writes it: <c>0</c> never.</param>
    /// <param name="at">When it is made, as <c>--faked-system-time</c> takes it; null: now.</param>
    /// <returns>The public key, armoured.</returns>
    public string GpgKey(string name, string expires = "0", string? at = null)
    {
        Gpg(at, "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", expires);
        return GpgExport(name);
    }

    public string GpgExport(string name) => Run("gpg", Home(), "--armor", "--export", name);

    /// <summary>Revokes a key by the certificate that gpg makes with it.</summary>
    public string GpgRevoke(string name)
    {
        var certificate = Directory.GetFiles(Path.Combine(_folder.FullName, "openpgp-revocs.d")).Single();
        File.WriteAllText(certificate, File.ReadAllText(certificate).Replace(":-----BEGIN", "-----BEGIN",
            StringComparison.Ordinal));
        Gpg(null, "--import", certificate);
        return GpgExport(name);
    }

    public byte[] GpgSign(string name, byte[] bytes, string how = "--detach-sign", string? at = null,
        params string[] more)
    {
        var (file, signature) = (Write("signed", bytes), Path.Combine(_folder.FullName, "signature"));
        File.Delete(signature);
        Gpg(at, [.. more, "--local-user", name, "--output", signature, how, file]);
        return File.ReadAllBytes(signature);
    }

    private void Gpg(string? at, params string[] arguments) => Run("gpg",
        [.. Home(), .. at is null ? [] : new[] { "--faked-system-time", at }, .. arguments]);

    private string[] Home() => ["--homedir", _folder.FullName, "--batch", "--yes", "--quiet"];

    public string MinisignKey(string name = "minisign")
    {
        Run("minisign", [], "-G", "-W", "-f", "-p", PathOf(name + ".pub"), "-s", PathOf(name + ".key"));
        return File.ReadAllText(PathOf(name + ".pub"));
    }

    public byte[] Minisign(byte[] bytes, string name = "minisign", string? comment = null)
    {
        var file = Write("signed", bytes);
        Run("minisign", comment is null ? [] : ["-t", comment], "-S", "-s", PathOf(name + ".key"), "-m", file, "-x",
            file + ".sig");
        return File.ReadAllBytes(file + ".sig");
    }

    public string SignifyKey()
    {
        Run("signify-openbsd", [], "-G", "-n", "-p", PathOf("signify.pub"), "-s", PathOf("signify.sec"));
        return File.ReadAllText(PathOf("signify.pub"));
    }

    public byte[] Signify(byte[] bytes, bool embedded = false)
    {
        var file = Write("signed", bytes);
        Run("signify-openbsd", embedded ? ["-e"] : [], "-S", "-s", PathOf("signify.sec"), "-m", file, "-x",
            file + ".sig");
        return File.ReadAllBytes(file + ".sig");
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        return PathOf(name);
    }

    private static string Run(string program, string[] first, params string[] more)
    {
        var start = new ProcessStartInfo(program, [.. first, .. more])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', start.ArgumentList)}: {errors.Result}");
        return output;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
