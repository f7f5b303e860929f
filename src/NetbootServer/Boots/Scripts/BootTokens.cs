using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Scripts;

/// <summary>
/// Makes and verifies the tokens that stand for a boot in machine URLs. A token is base64url of 51 bytes, 68
/// characters: kind (1), boot id (16: 6 of milliseconds since 1970, 10 random), machine (36 bits), seconds of the
/// <see cref="MonotonicClock"/> (30 bits), mark of the one-shot (14 bits, 0 for none), version (6) and the number of
/// its recipe (2), or version (8) alone, HMAC-SHA-256 cut to 16. It is verified without a look-up, so any replica
/// answers it, also after a restart. Its age is counted by the steady clock, so that one is good however the wall clock
/// is set meanwhile.
/// </summary>
/// <param name="key">The signing key, 32 bytes, the same on every replica.</param>
/// <param name="steady">Counts ages.</param>
/// <param name="time">The wall clock.</param>
public sealed class BootTokens(byte[] key, MonotonicClock steady, TimeProvider time)
{
    /// <summary>How long a token is good by itself; an older one is as long as its boot is open.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>How long a menu entry may be chosen.</summary>
    public static readonly TimeSpan MenuLife = TimeSpan.FromHours(1);

    /// <summary>Characters of a token.</summary>
    public const int Length = (Bytes * 8 + 5) / 6;

    private const int SignedBytes = 35, Bytes = SignedBytes + 16;
    private const byte BootKind = 3, MenuKind = 4, RecipeBootKind = 5;

    /// <summary>Where the version begins, and the number of its recipe after 6 bytes of it.</summary>
    private const int VersionAt = 27, RecipeAt = VersionAt + 6;

    /// <summary>
    /// Those of earlier releases: machine (8), version or profile (8), flags (2), and no steady clock.
    /// </summary>
    private const byte EarlierBootKind = 1, EarlierMenuKind = 2;

    /// <summary>After a crash the steady clock stands a little before what it showed.</summary>
    private static readonly TimeSpan Behind = TimeSpan.FromMinutes(2);

    /// <summary>Tokens on a clock that nothing has been loaded into.</summary>
    public BootTokens(byte[] key, TimeProvider time) : this(key, new MonotonicClock(time), time)
    {
    }

    /// <summary>A new boot's token and what it says.</summary>
    /// <param name="machine">Row key of the machine, 0 for none.</param>
    /// <param name="version">The image version's id.</param>
    /// <param name="tookNextBoot">Whether the boot uses up the machine's one-shot.</param>
    /// <param name="nextBoot">When that one-shot was set.</param>
    /// <param name="recipe">Which of the version's recipes it loads; null when that is not known.</param>
    public (string Token, BootTicket Ticket) Mint(
        long machine, string version, bool tookNextBoot, DateTimeOffset? nextBoot = null, int? recipe = null)
    {
        ArgumentNullException.ThrowIfNull(version);
        Span<byte> bytes = stackalloc byte[Bytes];
        var number = recipe is >= 0 and <= ushort.MaxValue ? (ushort?)recipe : null;
        Write(bytes, number is null ? BootKind : RecipeBootKind, machine,
            tookNextBoot ? BootTicket.MarkOf(nextBoot ?? DateTimeOffset.UnixEpoch) : 0);
        Convert.FromHexString(version.AsSpan(0, 16), bytes[VersionAt..SignedBytes], out _, out _);
        if (number is { } known) BinaryPrimitives.WriteUInt16BigEndian(bytes[RecipeAt..], known);
        return (Sign(bytes), TicketOf(bytes));
    }

    /// <summary>What a token says, or null when it is not ours, altered, or older than <see cref="Life"/>.</summary>
    public BootTicket? Verify(string token) => Read(token) is { } ticket && IsFresh(ticket) ? ticket : null;

    /// <summary>What a token says, however old it is; null when it is not ours, or altered.</summary>
    public BootTicket? Read(string token)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        return Open(token, bytes) && bytes[0] is BootKind or RecipeBootKind or EarlierBootKind ? TicketOf(bytes) : null;
    }

    /// <summary>
    /// Whether a token is good by itself. Either clock may say so: one that was set back takes no token away.
    /// </summary>
    public bool IsFresh(BootTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        return IsYoung(ticket.Started, ticket.StartedAt, Life);
    }

    /// <summary>The instant of something that happens to a boot now (<see cref="BootTicket.At"/>).</summary>
    public DateTimeOffset NowOf(BootTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        return ticket.At(time.GetUtcNow(), steady.Now);
    }

    /// <summary>A token that lets its holder choose one profile from a menu that this server made.</summary>
    public string MintMenuChoice(long machine, string profile)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        Write(bytes, MenuKind, machine, mark: 0);
        ProfileHash(profile, bytes[27..35]);
        return Sign(bytes);
    }

    /// <summary>Whether a menu token allows this machine this profile.</summary>
    public bool AllowsMenuChoice(string token, long machine, string profile)
    {
        Span<byte> bytes = stackalloc byte[Bytes], hash = stackalloc byte[8];
        if (!Open(token, bytes) || bytes[0] is not (MenuKind or EarlierMenuKind)) return false;
        ProfileHash(profile, hash);
        var earlier = bytes[0] == EarlierMenuKind;
        return hash.SequenceEqual(earlier ? bytes[25..33] : bytes[27..35])
            && IsYoung(earlier ? null : StartedOf(Packed.Read(bytes)), StartedAt(bytes), MenuLife)
            && (earlier ? BinaryPrimitives.ReadInt64BigEndian(bytes[17..]) : Packed.Read(bytes).Machine) == machine;
    }

    private void Write(Span<byte> bytes, byte kind, long machine, int mark)
    {
        bytes[0] = kind;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], time.GetUtcNow().ToUnixTimeMilliseconds() << 16);
        RandomNumberGenerator.Fill(bytes[7..17]);
        new Packed(machine, (long)steady.Now.TotalSeconds, mark).Write(bytes);
    }

    private BootTicket TicketOf(ReadOnlySpan<byte> bytes)
    {
        var id = Convert.ToHexStringLower(bytes[1..17]);
        if (bytes[0] == EarlierBootKind)
            return new(id, BinaryPrimitives.ReadInt64BigEndian(bytes[17..]), Convert.ToHexStringLower(bytes[25..33]),
                StartedAt(bytes), bytes[34] == 1);
        var packed = Packed.Read(bytes);
        var hasRecipe = bytes[0] == RecipeBootKind;
        var version = Convert.ToHexStringLower(bytes[VersionAt..(hasRecipe ? RecipeAt : SignedBytes)]);
        return new(id, packed.Machine, version, StartedAt(bytes), packed.Mark != 0)
        {
            Started = StartedOf(packed), NextBootMark = packed.Mark,
            Recipe = hasRecipe ? BinaryPrimitives.ReadUInt16BigEndian(bytes[RecipeAt..]) : null,
        };
    }

    /// <summary>What the steady clock showed: of all readings with these last bits, the one nearest to now.</summary>
    private TimeSpan StartedOf(Packed packed)
    {
        var now = (long)steady.Now.TotalSeconds;
        var ago = (now - packed.Seconds) & Packed.MostSeconds;
        return TimeSpan.FromSeconds(now - (ago <= Packed.MostSeconds / 2 ? ago : ago - Packed.MostSeconds - 1));
    }

    private string Sign(Span<byte> bytes)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key, bytes[..SignedBytes], mac);
        mac[..16].CopyTo(bytes[SignedBytes..]);
        return Base64Url.EncodeToString(bytes);
    }

    private bool Open(string token, Span<byte> bytes)
    {
        if (token is not { Length: Length } || !Base64Url.IsValid(token)
            || !Base64Url.TryDecodeFromChars(token, bytes, out var written) || written != Bytes) return false;
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key, bytes[..SignedBytes], mac);
        return CryptographicOperations.FixedTimeEquals(mac[..16], bytes[SignedBytes..]);
    }

    private bool IsYoung(TimeSpan? started, DateTimeOffset startedAt, TimeSpan life)
    {
        var age = time.GetUtcNow() - startedAt;
        if (started is not { } reading) return age.Duration() <= life;
        var elapsed = steady.Now - reading;
        return (elapsed >= -Behind && elapsed <= life) || (age >= TimeSpan.Zero && age <= life);
    }

    private static DateTimeOffset StartedAt(ReadOnlySpan<byte> bytes) =>
        DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes[1..]) >>> 16);

    private static void ProfileHash(string profile, Span<byte> hash) =>
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(profile)).AsSpan(0, 8).CopyTo(hash);

    /// <summary>Three numbers in ten bytes, from the 17th on.</summary>
    private readonly record struct Packed(long Machine, long Seconds, int Mark)
    {
        public const long MostSeconds = (1L << 30) - 1;
        private const int At = 17, MarkBits = 14;
        private const long MostMachines = 1L << 36;

        public void Write(Span<byte> bytes)
        {
            var machine = Machine < MostMachines ? Machine : 0; // then it counts as one without a record
            var rest = ((Seconds & MostSeconds) << MarkBits) | (long)Mark;
            BinaryPrimitives.WriteUInt64BigEndian(bytes[At..], ((ulong)machine << 28) | (ulong)(rest >> 16));
            BinaryPrimitives.WriteUInt16BigEndian(bytes[(At + 8)..], (ushort)rest);
        }

        public static Packed Read(ReadOnlySpan<byte> bytes)
        {
            var first = BinaryPrimitives.ReadUInt64BigEndian(bytes[At..]);
            var rest = (long)((first & ((1 << 28) - 1)) << 16) | BinaryPrimitives.ReadUInt16BigEndian(
                bytes[(At + 8)..]);
            return new((long)(first >> 28), rest >> MarkBits, (int)(rest & ((1 << MarkBits) - 1)));
        }
    }
}
