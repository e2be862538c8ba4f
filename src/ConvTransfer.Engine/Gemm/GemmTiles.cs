using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Gemm;
internal readonly struct Rows1 : ITileRows
{
    public static int Count => 1;
}

internal readonly struct Rows2 : ITileRows
{
    public static int Count => 2;
}

internal readonly struct Rows3 : ITileRows
{
    public static int Count => 3;
}

internal readonly struct Rows4 : ITileRows
{
    public static int Count => 4;
}

internal readonly struct Rows5 : ITileRows
{
    public static int Count => 5;
}

internal readonly struct Rows6 : ITileRows
{
    public static int Count => 6;
}

internal readonly struct Rows7 : ITileRows
{
    public static int Count => 7;
}

internal readonly struct Rows8 : ITileRows
{
    public static int Count => 8;
}

internal readonly struct Rows9 : ITileRows
{
    public static int Count => 9;
}

internal readonly struct Rows10 : ITileRows
{
    public static int Count => 10;
}

internal readonly struct Rows11 : ITileRows
{
    public static int Count => 11;
}

internal readonly struct Rows12 : ITileRows
{
    public static int Count => 12;
}

internal readonly struct Rows13 : ITileRows
{
    public static int Count => 13;
}

internal readonly struct Rows14 : ITileRows
{
    public static int Count => 14;
}

internal readonly struct OneVector : ITileColumns
{
    public static bool Two => false;
}

internal readonly struct TwoVectors : ITileColumns
{
    public static bool Two => true;
}

/// <summary>The tiles of one vector width: which exist, and their kernels. Every member is compiled when it is first called.</summary>
internal sealed unsafe class GemmTiles
{
    private const int MostRows = 14;
    private readonly delegate*<nint, float*, float*, nint, float*, nint, TileFinish*, void>[] _one, _two;

    private GemmTiles(VectorWidth width, int maxRows, delegate*<nint, float*, float*, nint, float*, nint, TileFinish*, void>[] one, delegate*<nint, float*, float*, nint, float*, nint, TileFinish*, void>[] two)
    {
        Width = width;
        MaxRows = maxRows;
        _one = one;
        _two = two;
    }

    /// <summary>The vector width.</summary>
    public VectorWidth Width { get; }

    /// <summary>Lanes of a vector.</summary>
    public int Lanes => (int)Width;

    /// <summary>Columns of a full tile: two vectors.</summary>
    public int Columns => 2 * Lanes;

    /// <summary>The most rows of a tile: as many as the registers hold.</summary>
    public int MaxRows { get; }

    /// <summary>The tiles of 512, 256 and 128 bits.</summary>
    public static GemmTiles For(VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => new(width, 14, Kernels<F32x16, OneVector>(), Kernels<F32x16, TwoVectors>()),
        VectorWidth.Bits256 => new(width, 6, Kernels<F32x8, OneVector>(), Kernels<F32x8, TwoVectors>()),
        _ => new(width, 6, Kernels<F32x4, OneVector>(), Kernels<F32x4, TwoVectors>()),
    };

    /// <summary>The kernel for a number of rows (1 to <see cref="MaxRows"/>) and of vectors (1 or 2).</summary>
    public delegate*<nint, float*, float*, nint, float*, nint, TileFinish*, void> Kernel(int rows, bool twoVectors) => (twoVectors ? _two : _one)[rows];

    private static delegate*<nint, float*, float*, nint, float*, nint, TileFinish*, void>[] Kernels<V, TColumns>()
        where V : unmanaged, IVector<V>
        where TColumns : struct, ITileColumns
    {
        var kernels = new delegate*<nint, float*, float*, nint, float*, nint, TileFinish*, void>[MostRows + 1];
        kernels[1] = &F32Gemm<V, Rows1, TColumns>.Run;
        kernels[2] = &F32Gemm<V, Rows2, TColumns>.Run;
        kernels[3] = &F32Gemm<V, Rows3, TColumns>.Run;
        kernels[4] = &F32Gemm<V, Rows4, TColumns>.Run;
        kernels[5] = &F32Gemm<V, Rows5, TColumns>.Run;
        kernels[6] = &F32Gemm<V, Rows6, TColumns>.Run;
        kernels[7] = &F32Gemm<V, Rows7, TColumns>.Run;
        kernels[8] = &F32Gemm<V, Rows8, TColumns>.Run;
        kernels[9] = &F32Gemm<V, Rows9, TColumns>.Run;
        kernels[10] = &F32Gemm<V, Rows10, TColumns>.Run;
        kernels[11] = &F32Gemm<V, Rows11, TColumns>.Run;
        kernels[12] = &F32Gemm<V, Rows12, TColumns>.Run;
        kernels[13] = &F32Gemm<V, Rows13, TColumns>.Run;
        kernels[14] = &F32Gemm<V, Rows14, TColumns>.Run;
        return kernels;
    }
}
