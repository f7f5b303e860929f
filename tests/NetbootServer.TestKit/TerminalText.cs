using System.Text;

namespace NetbootServer.TestKit;

/// <summary>
/// Turns what a terminal would receive into plain lines, chunk by chunk: escape sequences and control characters go.
/// What was overwritten stays readable: iPXE's "5%", backspaces, "10%" becomes "5%10%".
/// </summary>
/// <remarks>ECMA-48 §5.4 (CSI sequences); firmware also sends two-character sequences such as <c>ESC c</c>.</remarks>
public sealed class TerminalText
{
    private enum State { Text, Escape, ControlSequence, Charset }

    private State state;

    /// <summary>Appends the readable part of a chunk; a sequence cut by the chunk's end goes on in the next.</summary>
    public void Append(ReadOnlySpan<char> chunk, StringBuilder text)
    {
        foreach (var c in chunk)
            state = state switch
            {
                State.Escape => c switch { '[' => State.ControlSequence, '(' or ')' => State.Charset, _ => State.Text },
                State.ControlSequence => c is >= '@' and <= '~' ? State.Text : State.ControlSequence,
                State.Charset => State.Text,
                _ => Read(c, text),
            };
    }

    private static State Read(char c, StringBuilder text)
    {
        if (c == '\x1b')
            return State.Escape;
        if (c is '\n' or '\t' || !char.IsControl(c))
            text.Append(c);
        return State.Text;
    }
}
