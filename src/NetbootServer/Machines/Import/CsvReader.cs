using System.Text;

namespace NetbootServer.Machines.Import;

/// <summary>One record of a CSV file, or what is wrong with it.</summary>
internal sealed record CsvRecord(long Line, IReadOnlyList<string> Fields, string? Fault = null);

/// <summary>
/// Reads CSV (RFC 4180): commas, double quotes around fields with commas, quotes or line breaks, a quote in a field
/// doubled. Lines end with CRLF or LF; blanks around an unquoted field are dropped.
/// </summary>
internal sealed class CsvReader(TextReader text)
{
    private const int MaxFields = 64;
    private readonly StringBuilder _field = new();
    private long _line = 1;
    private bool _lost;

    private enum Ending
    {
        Comma,
        Line,
        StrayQuote,
        NeverClosed,
        TooLong,
    }

    /// <summary>The next record; null at the end, and behind a fault that hides where records end. Empty lines are
    /// skipped.</summary>
    public CsvRecord? Next()
    {
        while (!_lost && text.Peek() >= 0)
            if (ReadRecord() is var record && (record.Fault is not null || record.Fields is not [""])) return record;
        return null;
    }

    private CsvRecord ReadRecord()
    {
        var (start, fields) = (_line, new List<string>());
        while (true)
        {
            var ending = ReadField();
            if (fields.Count == MaxFields) ending = Ending.TooLong;
            fields.Add(_field.ToString());
            if (ending == Ending.Line) return new(start, fields);
            if (ending != Ending.Comma) return Lose(start, ending);
        }
    }

    private CsvRecord Lose(long start, Ending ending)
    {
        _lost = true;
        return new(start, [], ending switch
        {
            Ending.StrayQuote =>
                "has a quote inside a field: put the whole field in double quotes and double those in it, " +
                "as in \"say \"\"hello\"\"\"; nothing behind this line was read",
            Ending.NeverClosed => "has a double quote that is never closed; nothing behind this line was read",
            _ => $"has more than {MaxFields} fields, or a field of more than {MachineReader.MaxMachineLength} " +
                "characters; nothing behind this line was read",
        });
    }

    private Ending ReadField()
    {
        _field.Clear();
        SkipBlanks();
        return text.Peek() == '"' ? ReadQuoted() : ReadPlain();
    }

    private Ending ReadPlain()
    {
        while (text.Peek() is var next && next is not (-1 or ',' or '\r' or '\n'))
        {
            if (next == '"') return Ending.StrayQuote;
            if (_field.Length == MachineReader.MaxMachineLength) return Ending.TooLong;
            _field.Append((char)text.Read());
        }
        while (_field.Length > 0 && _field[^1] is ' ' or '\t') _field.Length--;
        return ReadEnding();
    }

    private Ending ReadQuoted()
    {
        text.Read();
        while (true)
        {
            var next = text.Read();
            if (next < 0) return Ending.NeverClosed;
            if (_field.Length == MachineReader.MaxMachineLength) return Ending.TooLong;
            if (next == '\r' && text.Peek() == '\n') continue; // a line break is one character inside
            if (next == '\n') _line++;
            if (next != '"')
            {
                _field.Append((char)next);
                continue;
            }
            if (text.Peek() != '"') break;
            text.Read();
            _field.Append('"');
        }
        SkipBlanks();
        return ReadEnding();
    }

    private Ending ReadEnding()
    {
        switch (text.Read())
        {
            case ',': return Ending.Comma;
            case -1: return Ending.Line;
            case '\r':
                if (text.Peek() == '\n') text.Read();
                goto case '\n';
            case '\n':
                _line++;
                return Ending.Line;
            default: return Ending.StrayQuote;
        }
    }

    private void SkipBlanks()
    {
        while (text.Peek() is ' ' or '\t') text.Read();
    }
}
