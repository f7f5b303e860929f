using System.Reflection;
using System.Runtime.InteropServices;

namespace NetbootServer.Archives;

/// <summary>
/// Unpacks an .xz file of any number of streams by the machine's own liblzma, several times as fast as managed code.
/// Where there is none, <see cref="XzStreams"/> does it.
/// </summary>
internal sealed unsafe partial class LiblzmaStream : ForwardStream
{
    private const string Library = "liblzma.so.5";
    private const int BufferBytes = 256 * 1024;
    private const ulong MemoryLimit = 512UL << 20; // a dictionary is 64 MiB at xz -9, and no bomb may ask for more
    private const uint Concatenated = 8; // LZMA_CONCATENATED
    private const int Run = 0, Finish = 3, Ok = 0, StreamEnd = 1;

    private readonly Stream _packed;
    private readonly byte* _buffer;
    private State* _state;
    private bool _inputEnded;
    private bool _ended;

    /// <summary>Unpacks <paramref name="packed"/>, which is closed with this.</summary>
    public LiblzmaStream(Stream packed)
    {
        _packed = packed;
        _buffer = (byte*)NativeMemory.Alloc(BufferBytes);
        _state = (State*)NativeMemory.AllocZeroed((nuint)sizeof(State));
        if (lzma_stream_decoder(_state, MemoryLimit, Concatenated) is var code and not Ok)
            throw new InvalidOperationException($"liblzma does not begin: {code}");
    }

    /// <summary>Whether this machine has it.</summary>
    public static bool IsThere { get; } = Environment.Is64BitProcess && OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad(Library, Assembly.GetExecutingAssembly(), DllImportSearchPath.SafeDirectories, out _);

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || _ended) return 0;
        ObjectDisposedException.ThrowIf(_state is null, this);
        fixed (byte* output = buffer)
        {
            _state->NextOut = output;
            _state->AvailableOut = (nuint)buffer.Length;
            while (_state->AvailableOut == (nuint)buffer.Length)
            {
                if (_state->AvailableIn == 0 && !_inputEnded) Fill();
                var code = lzma_code(_state, _inputEnded ? Finish : Run);
                _ended = code == StreamEnd;
                if (_ended) break;
                if (code == Ok) continue;
                // What came out before it is good.
                if (_state->AvailableOut < (nuint)buffer.Length) break;
                throw new InvalidDataException($"The xz file is not valid: {Words(code)}.");
            }
            return buffer.Length - (int)_state->AvailableOut;
        }
    }

    private void Fill()
    {
        var read = _packed.Read(new Span<byte>(_buffer, BufferBytes));
        _inputEnded = read == 0;
        _state->NextIn = _buffer;
        _state->AvailableIn = (nuint)read;
    }

    /// <summary>lzma/base.h, lzma_ret.</summary>
    private static string Words(int code) => code switch
    {
        5 or 6 => "it takes more memory than is allowed",
        7 => "it does not begin as one",
        8 => "it is packed in a way that is not known",
        9 => "it is damaged",
        10 => "it is cut off",
        _ => $"liblzma says {code}",
    };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _packed.Dispose();
        Free();
        base.Dispose(disposing);
    }

    private void Free()
    {
        if (_state is null) return;
        lzma_end(_state);
        NativeMemory.Free(_state);
        NativeMemory.Free(_buffer);
        _state = null;
    }

    ~LiblzmaStream() => Free();

    /// <summary>lzma/base.h, lzma_stream, on machines of 64 bits.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 136)]
    private struct State
    {
        public byte* NextIn;
        public nuint AvailableIn;
        public ulong TotalIn;
        public byte* NextOut;
        public nuint AvailableOut;
        public ulong TotalOut;
    }

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int lzma_stream_decoder(State* stream, ulong memoryLimit, uint flags);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int lzma_code(State* stream, int action);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void lzma_end(State* stream);
}
