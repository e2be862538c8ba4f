namespace ConvTransfer.Operators.Nn;

/// <summary>The family's table of contents: layers of neural networks.</summary>
internal static class NnOperators
{
    public static Operator[] All { get; } =
    [
    ];
}
