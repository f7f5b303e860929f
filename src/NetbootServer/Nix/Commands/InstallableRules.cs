using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using NetbootServer.Downloads;

namespace NetbootServer.Nix.Commands;

/// <summary>
/// Which installables may be built: those that match <c>Nix:AllowedInstallables</c>, come from
/// <c>Images:AllowedSources</c> with all of their inputs when they come from the network, and lie below
/// <c>Images:DirectoryRoots</c> when they are on this server.
/// </summary>
public sealed class InstallableRules(IOptions<NixOptions> options, SourceRules urls, DirectoryRoots roots)
{
    private readonly ImmutableArray<string> _patterns = [.. options.Value.AllowedInstallables];

    /// <summary>What is wrong with an installable, or null; links on the disk are looked at when it is built.</summary>
    public string? Fault(string text) => Read(text).Fault;

    /// <summary>The installable, links on the disk resolved.</summary>
    /// <exception cref="SourceException">It may not be built.</exception>
    public Installable Check(string text)
    {
        var (installable, fault) = Read(text);
        if (installable is null)
            throw new SourceException(SourceProblems.NotAllowed,
                $"The installable '{SourceText.Quote(text)}' {fault}.");
        if (installable.LocalPath is not { } path) return installable;
        var real = roots.Real(path);
        if (!File.Exists(real) && !Directory.Exists(real))
            throw new SourceException(SourceProblems.Missing, $"There is no {path} on this server.");
        if (real.Any(c => c is <= ' ' or > '~' or '?' or '#' or '%'))
            throw new SourceException(SourceProblems.NotAllowed,
                $"{real} has characters that cannot stand in an installable.");
        return installable.At(real);
    }

    /// <summary>Whether flakes, their inputs and what Nix code fetches may only come from certain addresses.</summary>
    internal bool AreLimited => urls.AreLimited;

    /// <summary>
    /// Makes sure of all inputs of a flake: it may point at any folder of this server, and anywhere on the network.
    /// </summary>
    /// <param name="flake">The flake.</param>
    /// <param name="metadata">What <c>nix flake metadata</c> says of it.</param>
    /// <exception cref="SourceException">One may not be read or fetched.</exception>
    internal void CheckInputs(string flake, JsonObject metadata)
    {
        foreach (var input in FlakeInput.Of(metadata))
        {
            if (input.IsPart) continue;
            if (input.LocalPath is { } path) CheckPath($"{flake} (input {input.Name})", path);
            if (!urls.AreLimited) continue;
            if (!input.IsLocked)
                throw NotAllowed(flake, input,
                    "is not locked; with Images:AllowedSources it must be: run 'nix flake lock' and commit flake.lock");
            if (input.TakesMore) throw NotAllowed(flake, input, WithMore);
            if (input.LocalPath is not null) continue;
            if (input.Address is not { } address)
                throw NotAllowed(flake, input, "has no address that Images:AllowedSources could allow");
            if (urls.FaultOfRepository(address) is { } fault)
                throw new SourceException(SourceProblems.Refused,
                    $"The flake {flake} has the input '{SourceText.Quote(input.Name)}': {fault}");
        }
    }

    /// <summary>
    /// Nix fetches an input by its address with a query (<c>?narHash=</c>), and allows more behind an address only
    /// after a slash: for an address that is allowed as it is, that is its folder's.
    /// </summary>
    private Uri Fetched(Uri input) =>
        !input.AbsolutePath.EndsWith('/') && urls.Allowed.Any(prefix => prefix.AbsolutePath == input.AbsolutePath)
            ? new Uri(input, ".") : input;

    private const string WithMore = "takes submodules or large files of Git's from wherever the repository says, " +
        "which Images:AllowedSources rules out";

    private static SourceException NotAllowed(string flake, FlakeInput input, string why) =>
        new(SourceProblems.NotAllowed,
            $"The flake {flake} has the input '{SourceText.Quote(input.Name)}', which {why}.");

    private void CheckPath(string flake, string path)
    {
        if (roots.Fault(path) is not null)
            throw new SourceException(SourceProblems.NotAllowed,
                $"The flake {flake} has an input in '{SourceText.Quote(path)}' of this " +
                "server, which is not below one of Images:DirectoryRoots.");
        roots.Real(path);
    }

    /// <summary>Makes sure of where a name of Nix's registry leads.</summary>
    /// <exception cref="SourceException">It may not be fetched.</exception>
    internal void CheckResolved(string flake)
    {
        if (!Installable.TryParse(flake + "#", out var installable, out _)) return;
        if (installable.LocalPath is { } path) CheckPath(flake, path);
        if (installable.Address is { } address && urls.FaultOfRepository(address) is { } refused)
            throw new SourceException(SourceProblems.Refused, $"{flake}: {refused}");
    }

    /// <summary>
    /// What Nix code may fetch while it is evaluated: Nix's setting <c>allowed-uris</c>. An input that was allowed is,
    /// in whichever form it is written.
    /// </summary>
    /// <param name="inputs">Addresses of inputs that were checked.</param>
    internal string AllowedUris(IEnumerable<string> inputs) => urls.AreLimited
        ? string.Join(' ', urls.Allowed.Concat(inputs.Select(input => Fetched(new Uri(input))))
            .SelectMany(FlakeHosts.UrisOf).Distinct())
        : "http:// https:// git:// ssh:// git+http:// git+https:// git+ssh:// github: gitlab: sourcehut:";

    /// <summary>The folders that files with Nix code may read.</summary>
    internal ImmutableArray<string> Roots => roots.All;

    private (Installable? Installable, string? Fault) Read(string text)
    {
        if (!Installable.TryParse(text, out var installable, out var fault)) return (null, fault);
        if (installable.LocalPath is { } path && roots.Fault(path) is { } wrong) fault = wrong;
        if (installable.Address is { } address && urls.FaultOfRepository(address) is { } refused)
            fault = $"is not allowed: {refused.TrimEnd('.')}";
        if (urls.AreLimited && installable.IsOfRegistry)
            fault = "is a name of Nix's registry, which may lead anywhere; with Images:AllowedSources name the flake " +
            "itself, for example github:nix-community/nixos-images#netboot";
        if (urls.AreLimited && installable.TakesMore) fault = WithMore;
        if (!_patterns.IsEmpty && !_patterns.Any(pattern => Matches(pattern, text)))
            fault = $"matches none of Nix:AllowedInstallables ({string.Join(", ", _patterns)})";
        return fault is null ? (installable, null) : (null, fault);
    }

    /// <summary>A pattern matches the whole text; <c>*</c> is any characters.</summary>
    internal static bool Matches(string pattern, string text)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1) return pattern == text;
        if (text.Length < parts[0].Length + parts[^1].Length || !text.StartsWith(parts[0], StringComparison.Ordinal)
            || !text.EndsWith(parts[^1], StringComparison.Ordinal)) return false;
        var (at, end) = (parts[0].Length, text.Length - parts[^1].Length);
        foreach (var part in parts[1..^1])
        {
            var found = text.IndexOf(part, at, end - at, StringComparison.Ordinal);
            if (found < 0) return false;
            at = found + part.Length;
        }
        return true;
    }
}
