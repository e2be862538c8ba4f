using ConvTransfer.Core;

namespace ConvTransfer.Imaging;

/// <summary>Counts the scans of a JPEG before it is decoded: a small progressive file with thousands of them would keep a decoder busy for minutes.</summary>
internal static class JpegScans
{
    /// <summary>The most scans that a picture may have; ordinary progressive files have about ten.</summary>
    public const int Max = 1000;

    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;

    /// <summary>Refuses a JPEG with more than <see cref="Max"/> scans; other bytes pass.</summary>
    /// <exception cref="ConvTransferException">There are too many scans.</exception>
    public static void Check(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8])) return;
        int scans = 0;
        for (int at = 2; at + 4 <= bytes.Length;)
        {
            int found = bytes[at..].IndexOf((byte)0xFF);
            if (found < 0 || at + found + 4 > bytes.Length) return;
            at += found + 1;
            byte marker = bytes[at];
            // A decoder stops here too: what follows (a film, say, as some telephones append it) is no part of the picture.
            if (marker == EndOfImage) return;
            // Stuffing, fill bytes, restarts and the markers without content are no segments.
            if (marker is 0x00 or 0x01 or 0xFF or (>= 0xD0 and <= 0xD8)) continue;
            if (marker == StartOfScan && ++scans > Max) throw new ConvTransferException(FailureCause.Limit, $"it has more than {Max} scans, too many to decode");
            at += 1 + ((bytes[at + 1] << 8) | bytes[at + 2]);
        }
    }
}
