namespace ConvTransfer.Operators.Tensors;

/// <summary>The family's table of contents: shapes, selection, constants and types.</summary>
internal static class TensorOperators
{
    public static Operator[] All { get; } =
    [
        new Identity(),
    ];
}
