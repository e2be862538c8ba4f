using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Tensors;

/// <summary>An operator whose output is its first input under another shape: a plan gives both the same memory.</summary>
internal abstract class AliasOperator : Operator
{
    /// <inheritdoc/>
    public override Tensor[] Evaluate(NodeContext n, Tensor?[] x) => [x[0]!.WithShape(n.OutputShape(0))];

    /// <inheritdoc/>
    public override Step Lower(NodeContext n, LoweringContext plan) => LoweringContext.Alias();

    public override void Gradient(GradientContext g) => g.Accumulate(0, g.Reshaped(g.Gradient, g.N.InputShape(0)));

    /// <inheritdoc/>
    public override Graphs.Dim[]? InferElements(NodeContext n) => n.Elements(0);
}
