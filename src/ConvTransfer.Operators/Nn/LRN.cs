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

    // With D = bias + alpha / size · Σ X², dX = dY / D^beta − 2 · alpha · beta / size · X · Σ dY · Y / D, the last sum over the channels whose sums hold this one.
    public override void Gradient(GradientContext g)
    {
        var shape = g.N.InputShape(0);
        Shape planes = new([shape[0], shape[1], shape.Product(2, shape.Rank)]);
        double alpha = g.N.Get(Alpha), beta = g.N.Get(Beta), size = g.N.Get(Size);
        string x = g.Reshaped(g.Input(0), planes), y = g.Reshaped(g.Output(), planes), dy = g.Reshaped(g.Gradient, planes);
        string Times(string a, string b) => g.Node("Mul", [a, b]);
        string Summed(string value, bool backward) => g.Node("MatMul", [g.Node("CastLike", [g.Constant(Neighbours((int)shape[1], g.N.Get(Size), backward)), value]), value]);
        string d = g.Node("Add", [Times(Summed(Times(x, x), false), g.Scalar(alpha / size)), g.Scalar(g.N.Get(Bias))]);
        string others = Times(Times(x, g.Scalar(2 * alpha * beta / size)), Summed(g.Node("Div", [Times(dy, y), d]), true));
        g.Accumulate(0, g.Reshaped(g.Node("Sub", [g.Node("Div", [dy, g.Node("Pow", [d, g.Scalar(beta)])]), others]), shape));
    }

    // 1 in row c wherever a channel belongs to the sum of channel c, or backward the other way round.
    private static TensorData Neighbours(int channels, long size, bool backward)
    {
        float[] band = new float[channels * channels];
        long before = (size - 1) / 2, behind = size - 1 - before;
        for (int c = 0; c < channels; c++)
            for (int k = 0; k < channels; k++)
                if (k >= c - before && k <= c + behind) band[backward ? (k * channels) + c : (c * channels) + k] = 1;
        return TensorData.From<float>("", [channels, channels], band);
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
