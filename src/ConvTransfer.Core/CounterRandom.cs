namespace ConvTransfer.Core;

/// <summary>A random sequence that is a pure function of (seed, epoch, sample, purpose): no state is shared, so order and threads cannot change it.</summary>
/// <remarks>
/// Each draw mixes a 64-bit counter with SplitMix64's finaliser (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
/// Purposes are small constants that keep, say, the flip of a picture independent of its crop.
/// </remarks>
public struct CounterRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private readonly ulong _key;
    private ulong _counter;

    /// <summary>Starts the sequence that belongs to these four numbers.</summary>
    public CounterRandom(long seed, long epoch = 0, long sample = 0, long purpose = 0)
    {
        ulong key = Mix((ulong)seed + Golden);
        key = unchecked(Mix(key ^ ((ulong)epoch + (Golden * 2))));
        key = unchecked(Mix(key ^ ((ulong)sample + (Golden * 3))));
        _key = unchecked(Mix(key ^ ((ulong)purpose + (Golden * 4))));
    }

    /// <summary>64 uniform bits.</summary>
    public ulong NextUInt64() => Mix(_key + (Golden * ++_counter));

    /// <summary>A uniform number in [0, 1) with 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A uniform integer in [0, <paramref name="exclusiveMax"/>), without bias.</summary>
    public int Next(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        // Lemire 2019: the high half of a product; the few low halves that would favour small values are drawn again.
        ulong range = (ulong)exclusiveMax, threshold = (0UL - range) % range;
        while (true)
        {
            ulong high = Math.BigMul(NextUInt64(), range, out ulong low);
            if (low >= threshold) return (int)high;
        }
    }

    /// <summary>A number from the standard normal distribution (Box and Muller 1958, the cosine branch).</summary>
    public double NextNormal()
    {
        double u = 1.0 - NextDouble(), v = NextDouble();
        return Math.Sqrt(-2.0 * Math.Log(u)) * Math.Cos(2.0 * Math.PI * v);
    }

    /// <summary>Puts the items in a uniformly random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
