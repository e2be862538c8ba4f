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
        new DepthToSpace(),
        new Expand(),
        new Flatten(),
        new Gather(),
        new GatherElements(),
        new GatherND(),
        new Identity(),
        new OneHot(),
        new Pad(),
        new Range(),
        new Reshape(),
        new Resize(),
        new ShapeOf(),
        new Size(),
        new Slice(),
        new SpaceToDepth(),
        new Split(),
        new Squeeze(),
        new Tile(),
        new Transpose(),
        new Unsqueeze(),
        new Upsample(),
        new Where(),
    ];
}
