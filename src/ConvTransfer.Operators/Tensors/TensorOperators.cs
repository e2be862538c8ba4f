namespace ConvTransfer.Operators.Tensors;

/// <summary>The family's table of contents: shapes, selection, constants and types.</summary>
internal static class TensorOperators
{
    public static Operator[] All { get; } =
    [
        new Cast(),
        new CastLike(),
        new Concat(),
        new Constant(),
        new ConstantOfShape(),
        new Flatten(),
        new Gather(),
        new Identity(),
        new Pad(),
        new Reshape(),
        new ShapeOf(),
        new Size(),
        new Slice(),
        new Squeeze(),
        new Transpose(),
        new Unsqueeze(),
    ];
}
