using System.Numerics;
using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Y = max(X, 0); NaN stays.</summary>
/// <remarks>Source: ONNX Relu-1, -6, -13, -14 (signed integers).</remarks>
internal sealed class Relu : StageOperator
{
    private static readonly TypeVariable T = new("T", [.. TypeVariable.Floats, ElementType.Int32, ElementType.Int8, ElementType.Int16, ElementType.Int64]);

    public override OperatorSchema Schema { get; } = new("Relu", since: [1, 6, 13, 14])
    {
        Inputs = [new("X", T)],
        Outputs = [new("Y", T)],
        Attributes = [LegacyAxis.ConsumedInputs],
    };

    public override OperatorRole Role => OperatorRole.Activation;

    public override TensorType[] InferTypes(NodeContext n)
    {
        var type = n.Input(0).ElementType;
        n.Require(n.Version >= 14 || type.IsFloat(), $"input X is of type {type.OnnxName()}, which opset {n.Opset} does not allow; 14 does");
        return [n.Input(0)];
    }

    public override Node[] Lift(NodeContext n, LiftContext lift) => LegacyAttributes.Without(base.Lift(n, lift), lift, LegacyAxis.ConsumedInputs);

    public override void Gradient(GradientContext g) => g.Accumulate(0, g.InternalNode("ClipGradient", [g.Gradient, g.Output()], ClipGradient.Bounds(0, float.PositiveInfinity)));

    protected override EpilogueStage? Stage(NodeContext n) => EpilogueStage.Relu;

    protected override PlainKernel Prepare(NodeContext n) => new LoopKernel(NumberDispatch.Make<ElementLoop, Maker>(n.Input(0).ElementType, new Maker(n.InputShape(0).ElementCount)));

    private readonly struct Maker(long count) : INumberMaker<ElementLoop>
    {
        public ElementLoop Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement> => new UnaryLoop<TElement, TElement, Of<TElement>>(count, default);
    }

    private readonly struct Of<TElement> : IUnary<TElement, TElement> where TElement : INumber<TElement>
    {
        public TElement Apply(TElement x) => x < TElement.Zero ? TElement.Zero : x;
    }
}
