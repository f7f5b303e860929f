using System.Buffers.Binary;
using System.Text;

namespace NetbootServer.Tests.Nix.Nars;

/// <summary>Writes NARs word by word, so that wrong ones can be written, too.</summary>
public sealed class NarText
{
    private readonly MemoryStream _bytes = new();

    public static byte[] Of(Node node) => new NarText().Words("nix-archive-1").Node(node).ToArray();

    public NarText Words(params string[] words)
    {
        foreach (var word in words) Bytes(Encoding.UTF8.GetBytes(word));
        return this;
    }

    public NarText Bytes(ReadOnlySpan<byte> text)
    {
        Length((ulong)text.Length);
        _bytes.Write(text);
        _bytes.Write(new byte[-text.Length & 7]);
        return this;
    }

    public NarText Length(ulong length)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        _bytes.Write(bytes);
        return this;
    }

    public NarText Node(Node node)
    {
        Words("(", "type");
        switch (node)
        {
            case FileNode file:
                Words("regular");
                if (file.Executable) Words("executable", "");
                Words("contents").Bytes(file.Contents);
                break;
            case LinkNode link:
                Words("symlink", "target", link.Target);
                break;
            case FolderNode folder:
                Words("directory");
                foreach (var (name, child) in folder.Children)
                    Words("entry", "(", "name", name, "node").Node(child).Words(")");
                break;
        }
        return Words(")");
    }

    public byte[] ToArray() => _bytes.ToArray();
}

public abstract record Node
{
    public static FileNode File(string text, bool executable = false) => new(Encoding.UTF8.GetBytes(text), executable);

    public static LinkNode Link(string target) => new(target);

    public static FolderNode Folder(params (string, Node)[] children) => new([.. children]);
}

public sealed record FileNode(byte[] Contents, bool Executable) : Node;

public sealed record LinkNode(string Target) : Node;

public sealed record FolderNode(List<(string Name, Node Node)> Children) : Node;
