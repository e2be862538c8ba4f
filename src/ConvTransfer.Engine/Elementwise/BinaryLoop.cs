namespace ConvTransfer.Engine.Elementwise;

/// <summary>A function of two numbers.</summary>
internal interface IBinary<TX, TY, TResult>
{
    static abstract TResult Apply(TX x, TY y);
}

/// <summary>A function of two operands of any types, one element at a time.</summary>
internal sealed unsafe class BinaryLoop<TX, TY, TResult, TFunction>(SpreadGeometry geometry) : ElementLoop(geometry)
    where TX : unmanaged where TY : unmanaged where TResult : unmanaged where TFunction : struct, IBinary<TX, TY, TResult>
{
    private protected override void RunRow(void* x, void* y, void* result, nint row, nint from, nint to)
    {
        nint strideX = Geometry.InnerStride(0), strideY = Geometry.InnerStride(1);
        TX* a = (TX*)x + Geometry.Offset(0, row) + (from * strideX);
        TY* b = (TY*)y + Geometry.Offset(1, row) + (from * strideY);
        TResult* z = (TResult*)result + (row * Geometry.Inner);
        for (nint i = from; i < to; i++, a += strideX, b += strideY) z[i] = TFunction.Apply(*a, *b);
    }
}
