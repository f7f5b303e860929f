using YamlDotNet.Core;

namespace NetbootServer.Machines.Import;

/// <summary>
/// Text for a YAML parser that stops a single value from filling the memory, which YAML itself does not bound.
/// </summary>
/// <param name="text">The text.</param>
/// <param name="what">What a value is, for the fault.</param>
internal sealed class BoundedText(TextReader text, string what = "a machine") : TextReader
{
    private int _used;

    /// <summary>The next value begins: it may have the whole length again.</summary>
    public void Renew() => _used = 0;

    public override int Peek() => text.Peek();

    public override int Read()
    {
        Count(1);
        return text.Read();
    }

    public override int Read(char[] buffer, int index, int count)
    {
        var read = text.Read(buffer, index, count);
        Count(read);
        return read;
    }

    private void Count(int characters)
    {
        _used += characters;
        if (_used > MachineReader.MaxMachineLength)
            throw new YamlException(Mark.Empty, Mark.Empty,
                $"{what} has more than {MachineReader.MaxMachineLength} characters");
    }
}
