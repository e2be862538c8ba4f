using System.Runtime.CompilerServices;
using ConvTransfer.Engine.Simd;

namespace ConvTransfer.Engine.Elementwise;

/// <summary>A function of two float32 numbers that is written for vectors.</summary>
internal interface IVectorBinary
{
    static abstract V Apply<V>(V x, V y) where V : unmanaged, IVector<V>;
}

/// <summary>A function of two float32 operands, a vector at a time where both lie contiguous or one is a single number. Every element gets the bits that it gets alone.</summary>
internal sealed unsafe class VectorBinaryLoop<TFunction>(SpreadGeometry geometry, VectorWidth width) : ElementLoop(geometry) where TFunction : struct, IVectorBinary
{
    private protected override void RunRow(void* x, void* y, void* result, nint row, nint from, nint to)
    {
        nint strideX = Geometry.InnerStride(0), strideY = Geometry.InnerStride(1);
        float* a = (float*)x + Geometry.Offset(0, row) + (from * strideX), b = (float*)y + Geometry.Offset(1, row) + (from * strideY);
        float* z = (float*)result + (row * Geometry.Inner) + from;
        nint count = to - from;
        if (strideX is not (0 or 1) || strideY is not (0 or 1))
        {
            for (nint i = 0; i < count; i++, a += strideX, b += strideY) F32x1.Store(TFunction.Apply(F32x1.Load(a), F32x1.Load(b)), z + i);
            return;
        }
        switch (width)
        {
            case VectorWidth.Bits512: Row<F32x16>(a, strideX, b, strideY, z, count); break;
            case VectorWidth.Bits256: Row<F32x8>(a, strideX, b, strideY, z, count); break;
            default: Row<F32x4>(a, strideX, b, strideY, z, count); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<V>(float* a, nint strideA, float* b, nint strideB, float* z, nint count) where V : unmanaged, IVector<V>
    {
        V fixedA = V.Splat(strideA == 0 ? *a : 0), fixedB = V.Splat(strideB == 0 ? *b : 0);
        nint i = 0;
        for (; i + V.Count <= count; i += V.Count) V.Store(TFunction.Apply(strideA == 0 ? fixedA : V.Load(a + i), strideB == 0 ? fixedB : V.Load(b + i)), z + i);
        int rest = (int)(count - i);
        if (rest > 0) V.StorePartial(TFunction.Apply(strideA == 0 ? fixedA : V.LoadPartial(a + i, rest), strideB == 0 ? fixedB : V.LoadPartial(b + i, rest)), z + i, rest);
    }
}
