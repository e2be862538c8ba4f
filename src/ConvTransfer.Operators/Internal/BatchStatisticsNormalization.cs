using System.Numerics;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>Batch normalization with the statistics of its own batch: Y = (X − mean) / √(variance + epsilon) · scale + B for each channel, and the statistics themselves.</summary>
/// <remarks>
/// Inputs: X [N, C, …], scale [C], B [C]; outputs Y, mean [C] and variance [C], the latter divided by the number of elements.
/// Source: Ioffe and Szegedy, Batch Normalization, 2015, algorithm 1; ONNX BatchNormalization-15 with training_mode.
/// </remarks>
internal sealed class BatchStatisticsNormalization : PlainOperator
{
    public const string Name = "BatchStatisticsNormalization";

    /// <summary>As BatchNormalization's attribute.</summary>
    public static readonly FloatAttribute Epsilon = new("epsilon", 1e-5f);

    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);

    public override OperatorSchema Schema { get; } = new(Name, [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("X", T), new("scale", T), new("B", T)],
        Outputs = [new("Y", T), new("mean", T), new("variance", T)],
        Attributes = [Epsilon],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        var x = n.Input(0);
        RequireChannels(n, x, 1, 2);
        return [x, x with { Dims = [x[1]] }, x with { Dims = [x[1]] }];
    }

    public override void Gradient(GradientContext g)
    {
        if (g.OutputGradient(1) is not null || g.OutputGradient(2) is not null) throw g.N.Unsupported("the statistics of a batch have no gradient of their own");
        if (g.OutputGradient(0) is not { } dy) return;
        string[] gradients = g.Nodes(BatchNormalizationGradient.Name, [dy, g.Input(0), g.Input(1), g.Output(1), g.Output(2)], 3,
            [new NodeAttribute(Epsilon.Name, new AttributeValue.Float(g.N.Get(Epsilon)))], GradientOperators.Domain);
        for (int i = 0; i < 3; i++)
            if (g.IsWanted(i)) g.Accumulate(i, gradients[i]);
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        nint images = (nint)x[0], channels = (nint)x[1], positions = (nint)x.Product(2, x.Rank);
        double epsilon = n.Get(Epsilon);
        return n.Input(0).ElementType == ElementType.Float64
            ? new Kernel<double>(new PlainBatchNormalization<double>(images, channels, positions, epsilon))
            : new Kernel<float>(F32BatchNormalization.Create(images, channels, positions, epsilon, VectorWidths.Best));
    }

    /// <summary>Refuses parameters that are not one number for each channel of X [N, C, …].</summary>
    internal static void RequireChannels(NodeContext n, TensorType x, params ReadOnlySpan<int> parameters)
    {
        n.Require(x.Rank >= 2, $"X is {x}, expected [N, C, …]");
        foreach (int i in parameters) n.Require(n.Input(i).Rank == 1 && n.Input(i)[0].MayEqual(x[1]), $"input {i} is {n.Input(i)}, expected one number for each of the {x[1]} channels");
    }

    private sealed unsafe class Kernel<TElement>(BatchNormalizationWork<TElement> work) : PlainKernel where TElement : unmanaged
    {
        public override void Run(in PlainRun run) =>
            work.Forward(run.Input<TElement>(0), run.Input<TElement>(1), run.Input<TElement>(2), run.Output<TElement>(0), run.Output<TElement>(1), run.Output<TElement>(2), run.Crew);
    }
}
