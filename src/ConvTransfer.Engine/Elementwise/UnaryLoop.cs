namespace ConvTransfer.Engine.Elementwise;

/// <summary>A function of one number, with parameters of its own.</summary>
internal interface IUnary<TX, TResult>
{
    TResult Apply(TX x);
}

/// <summary>A function of one operand, one element at a time.</summary>
internal sealed unsafe class UnaryLoop<TX, TResult, TFunction>(long count, TFunction function) : ElementLoop(new SpreadGeometry([count], [1]))
    where TX : unmanaged where TResult : unmanaged where TFunction : struct, IUnary<TX, TResult>
{
    private readonly TFunction _function = function;

    private protected override void RunRow(void* x, void* y, void* result, nint row, nint from, nint to)
    {
        TX* a = (TX*)x;
        TResult* z = (TResult*)result;
        for (nint i = from; i < to; i++) z[i] = _function.Apply(a[i]);
    }
}
