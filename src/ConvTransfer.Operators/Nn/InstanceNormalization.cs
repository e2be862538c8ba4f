using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y = (X - mean) / sqrt(variance + epsilon) · scale + B, with the mean and variance of each channel of each image.</summary>
/// <remarks>Source: ONNX InstanceNormalization-1, -6, -22; Ulyanov, Vedaldi and Lempitsky 2016. The versions differ in types and in consumed_inputs only.</remarks>
internal sealed class InstanceNormalization : RowNormalizationOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);

    public override OperatorSchema Schema { get; } = new("InstanceNormalization", since: [1, 6, 22])
    {
        Inputs = [new("input", T), new("scale", T), new("B", T)],
        Outputs = [new("output", T)],
        Attributes = [Epsilon, LegacyAxis.ConsumedInputs],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        RequireEpsilon(n);
        var x = n.Input(0);
        n.Require(x.Rank >= 3, $"the input is {x}, expected [N, C, …] with at least one spatial axis");
        for (int i = 1; i < 3; i++) n.Require(n.Input(i).Rank == 1 && n.Input(i)[0].MayEqual(x[1]), $"input '{Core.DisplayText.Escape(n.Node.Inputs[i])}' is {n.Input(i)}, expected one number for each of the {x[1]} channels");
        return [x];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAttributes.Without(base.Lift(n, lift), lift, LegacyAxis.ConsumedInputs);

    public override void Gradient(GradientContext g)
    {
        var x = g.N.InputShape(0);
        var spread = new Shape([x[1], .. Enumerable.Repeat(1L, x.Rank - 2)]);
        RowNormalizationGradient.Emit(g, x, 2, _ => spread, g.N.Get(Epsilon));
    }

    protected override (nint Rows, ScaleLayout Layout) Rows(NodeContext n)
    {
        var x = n.InputShape(0);
        return ((nint)x.Product(0, 2), new ScaleLayout((nint)x[1], 1, (nint)x.Product(2, x.Rank)));
    }
}
