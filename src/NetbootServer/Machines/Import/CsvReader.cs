using System.Text;

namespace NetbootServer.Machines.Import;

/// <summary>One record of a CSV file, or what is wrong with it.</summary>
internal sealed record CsvRecord(long Line, IReadOnlyList<string> Fields, string? Fault = null);

/// <summary>
/// Reads CSV (RFC 4180): commas, double quotes around fields with commas, quotes or line breaks, a quote in a field
/// doubled. Lines end with CRLF or LF; blanks around an unquoted field are dropped. Where the first line has no comma,
/// semicolons or tabs separate, as Excel writes them; its line <c>sep=;</c> in front is understood, too.
/// </summary>
internal sealed class CsvReader(TextReader file)
{
    private const int MaxFields = 64, MaxFirstLine = 64 * 1024;
    private readonly StringBuilder _field = new();
    private string _ahead = ""; // the first line, which was read to find the separator
    private int _at;
    private char? _separator;
    private long _line = 1;
    private bool _lost;

    private enum Ending
    {
        Separator,
        Line,
        StrayQuote,
        NeverClosed,
        TooLong,
    }

    /// <summary>The next record; null at the end, and behind a fault that hides where records end. Empty lines are
    /// skipped.</summary>
    public CsvRecord? Next()
    {
        if (_separator is null) FindSeparator();
        while (!_lost && Peek() >= 0)
            if (ReadRecord() is var record
                && (record.Fault is not null || record.Fields.Any(field => field.Length > 0)))
                return record;
        return null;
    }

    private void FindSeparator()
    {
        _ahead = FirstLine();
        if (_ahead.TrimEnd('\r', '\n') is ['s', 'e', 'p', '=', var separator])
        {
            (_separator, _ahead, _line) = (separator, "", 2);
            return;
        }
        var header = string.Concat(_ahead.Split('"').Where((_, i) => i % 2 == 0)); // outside quotes
        _separator = !header.Contains(',', StringComparison.Ordinal)
            ? header.FirstOrDefault(c => c is ';' or '\t') is var c and not '\0' ? c : ',' : ',';
    }

    private string FirstLine()
    {
        var line = new StringBuilder();
        while (line.Length < MaxFirstLine && file.Read() is var next and >= 0)
        {
            line.Append((char)next);
            if (next == '\n') break;
        }
        return line.ToString();
    }

    private int Peek() => _at < _ahead.Length ? _ahead[_at] : file.Peek();

    private int Read() => _at < _ahead.Length ? _ahead[_at++] : file.Read();

    private CsvRecord ReadRecord()
    {
        var (start, fields) = (_line, new List<string>());
        while (true)
        {
            var ending = ReadField();
            if (fields.Count == MaxFields) ending = Ending.TooLong;
            fields.Add(_field.ToString());
            if (ending == Ending.Line) return new(start, fields);
            if (ending != Ending.Separator) return Lose(start, ending);
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
        return Peek() == '"' ? ReadQuoted() : ReadPlain();
    }

    private Ending ReadPlain()
    {
        while (Peek() is var next && next is not (-1 or '\r' or '\n') && next != _separator)
        {
            if (next == '"') return Ending.StrayQuote;
            if (_field.Length == MachineReader.MaxMachineLength) return Ending.TooLong;
            _field.Append((char)Read());
        }
        while (_field.Length > 0 && _field[^1] is ' ' or '\t') _field.Length--;
        return ReadEnding();
    }

    private Ending ReadQuoted()
    {
        Read();
        while (true)
        {
            var next = Read();
            if (next < 0) return Ending.NeverClosed;
            if (_field.Length == MachineReader.MaxMachineLength) return Ending.TooLong;
            if (next == '\r' && Peek() == '\n') continue; // a line break is one character inside
            if (next == '\n') _line++;
            if (next != '"')
            {
                _field.Append((char)next);
                continue;
            }
            if (Peek() != '"') break;
            Read();
            _field.Append('"');
        }
        SkipBlanks();
        return ReadEnding();
    }

    private Ending ReadEnding()
    {
        switch (Read())
        {
            case var next when next == _separator: return Ending.Separator;
            case -1: return Ending.Line;
            case '\r':
                if (Peek() == '\n') Read();
                goto case '\n';
            case '\n':
                _line++;
                return Ending.Line;
            default: return Ending.StrayQuote;
        }
    }

    private void SkipBlanks()
    {
        while (Peek() is var next and (' ' or '\t') && next != _separator) Read();
    }
}
