using System.Security.Cryptography;
using CsCheck;
using NetbootServer.Blobs;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Tests.Nix.Nars;

public sealed class NixBase32Tests
{
    // A line of a real registration and the same hash in a real narinfo of that path.
    private const string Hexadecimal = "3d9376a6569af5949ada200a740a44c6fabc6c8579ef2152c90b00597aced2ca";
    private const string Base32 = "sha256:1jnjrrx5j00br5923vvrhmnbryn68h5782i0vad99xcsask7d4rx";

    [Fact]
    public void A_hash_reads_in_every_notation_and_writes_in_two()
    {
        var bytes = Convert.FromHexString(Hexadecimal);
        string[] notations = [Base32, $"sha256:{Hexadecimal}", $"sha256-{Convert.ToBase64String(bytes)}",
            $"sha256:{Convert.ToBase64String(bytes)}"];
        foreach (var notation in notations)
        {
            Assert.True(NixHash.TryParse(notation, out var hash), notation);
            Assert.Equal(Base32, hash.ToString());
            Assert.Equal(Hexadecimal, hash.Digest.ToString());
        }
        Assert.True(NixHash.TryParseHexadecimal(Hexadecimal, out var same));
        Assert.Equal(new NixHash(Sha256Digest.FromBytes(bytes)), same);
    }

    [Theory]
    [InlineData("sha1:kpcd173cq987hw957sx6m0868wv3x6d9")]
    [InlineData("sha256:1jnjrrx5j00br5923vvrhmnbryn68h5782i0vad99xcsask7d4re")]
    [InlineData("sha256:zjnjrrx5j00br5923vvrhmnbryn68h5782i0vad99xcsask7d4rx")]
    [InlineData("sha256:1jnjrrx5j00br5923vvrhmnbryn68h5782i0vad99xcsask7d4r")]
    [InlineData("1jnjrrx5j00br5923vvrhmnbryn68h5782i0vad99xcsask7d4rx")]
    [InlineData("sha256-3d9376a6569af5949ada200a740a44c6fabc6c8579ef2152c90b00597aced2ca")]
    [InlineData("sha256:")]
    [InlineData("")]
    public void What_is_no_SHA_256_is_refused(string text) => Assert.False(NixHash.TryParse(text, out _));

    [Fact]
    public void Any_bytes_come_back_from_their_text() => Gen.Byte.Array[0, 70].Sample(bytes =>
    {
        var back = new byte[bytes.Length];
        return NixBase32.TryDecode(NixBase32.Encode(bytes), back) && back.AsSpan().SequenceEqual(bytes);
    });

    [Fact]
    public void No_two_texts_are_the_same_hash()
    {
        var text = NixBase32.Encode(SHA256.HashData("x"u8));
        var back = new byte[32];
        // 52 characters hold 260 bits: the four too many must be zero.
        foreach (var first in "23456789abcdfghijklmnpqrsvwxyz")
            Assert.False(NixBase32.TryDecode(first + text[1..], back));
    }
}
