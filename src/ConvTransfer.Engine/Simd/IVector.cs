namespace ConvTransfer.Engine.Simd;

/// <summary>
/// A vector of float32 lanes, so that a kernel is written once for every width. Kernels are generic in it and are chosen once, outside, by <see cref="VectorWidth"/>;
/// every width may be called in every process, where the hardware lacks it slowly. Addresses need no alignment.
/// </summary>
internal unsafe interface IVector<TSelf> where TSelf : unmanaged, IVector<TSelf>
{
    /// <summary>The number of lanes.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes 0.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>All lanes the same number.</summary>
    static abstract TSelf Splat(float value);

    /// <summary>Reads <see cref="Count"/> numbers.</summary>
    static abstract TSelf Load(float* from);

    /// <summary>Writes <see cref="Count"/> numbers.</summary>
    static abstract void Store(TSelf value, float* to);

    /// <summary>Reads the first <paramref name="count"/> numbers, 0 to <see cref="Count"/>, and nothing beyond them; the other lanes are 0.</summary>
    static abstract TSelf LoadPartial(float* from, int count);

    /// <summary>Writes the first <paramref name="count"/> lanes, 0 to <see cref="Count"/>, and nothing beyond them.</summary>
    static abstract void StorePartial(TSelf value, float* to, int count);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a · b + c, rounded once where the hardware has fused multiply-add, otherwise twice; the same at every width of one machine.</summary>
    static abstract TSelf MulAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The square root, correctly rounded; NaN below 0.</summary>
    static abstract TSelf Sqrt(TSelf a);

    /// <summary>The lesser number; NaN where one of them is NaN; -0 is less than +0.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>The greater number; NaN where one of them is NaN; +0 is greater than -0.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>x &lt; limit ? below : otherwise, lane by lane; a NaN is not below.</summary>
    static abstract TSelf WhereLess(TSelf x, TSelf limit, TSelf below, TSelf otherwise);

    /// <summary>Of 2·<see cref="Count"/> consecutive numbers, given as two vectors, those at even places.</summary>
    static abstract TSelf Even(TSelf low, TSelf high);

    /// <summary>Writes 2·<see cref="Count"/> numbers, those of <paramref name="even"/> to the even places and those of <paramref name="odd"/> to the odd ones.</summary>
    static abstract void StoreInterleaved(TSelf even, TSelf odd, float* to);

    /// <summary>Turns <see cref="Count"/> rows of 4 numbers into 4 rows of <see cref="Count"/>: to[j · toStride + i] = from[i · fromStride + j].</summary>
    static abstract void Turn(float* from, nint fromStride, float* to, nint toStride);
}
