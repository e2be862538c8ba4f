namespace ConvTransfer.Operators.Math;

/// <summary>The family's table of contents: arithmetic, functions and products.</summary>
internal static class MathOperators
{
    public static Operator[] All { get; } =
    [
        new Gemm(),
        new MatMul(),
    ];
}
