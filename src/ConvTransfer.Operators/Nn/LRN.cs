using System.Numerics;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>Local response normalization over neighbouring channels: Y = X / (bias + alpha / size · Σ X²)^beta.</summary>
/// <remarks>Source: ONNX LRN-1, -13; 13 adds types only.</remarks>
internal sealed class LRN : PlainOperator
{
    private static readonly TypeVariable T = new("T", TypeVariable.Floats);
    private static readonly FloatAttribute Alpha = new("alpha", 0.0001f);
    private static readonly FloatAttribute Beta = new("beta", 0.75f);
    private static readonly FloatAttribute Bias = new("bias", 1);
    private static readonly IntAttribute Size = new("size") { Required = true };

    public override OperatorSchema Schema { get; } = new("LRN", since: [1, 13]) { Inputs = [new("X", T)], Outputs = [new("Y", T)], Attributes = [Alpha, Beta, Bias, Size] };

    public override OperatorRole Role => OperatorRole.Arithmetic;

    public override TensorType[] InferTypes(NodeContext n)
    {
        n.Require(n.Input(0).Rank >= 2, $"input X is {n.Input(0)}, expected [N, C, …]");
        n.Require(n.Get(Size) >= 1, $"attribute 'size' is {n.Get(Size)}, expected at least 1");
        return [n.Input(0)];
    }

    protected override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(n));

    private readonly struct Maker(NodeContext n) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement>
        {
            var x = n.InputShape(0);
            return new Kernel<TElement>(new((nint)x[0], (nint)x[1], (nint)x.Product(2, x.Rank), n.Get(Size), n.Get(Alpha), n.Get(Beta), n.Get(Bias)));
        }
    }

    private sealed unsafe class Kernel<TElement>(LocalResponseLoop<TElement> loop) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) => loop.Run(run.Input<TElement>(0), run.Output<TElement>(0), run.Crew);
    }
}
