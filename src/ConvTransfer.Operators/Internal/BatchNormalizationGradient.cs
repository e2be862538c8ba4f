using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Internal;

/// <summary>The gradients of a batch normalization. With h = (X − mean) / √(variance + epsilon) and m elements of a channel: dB = Σ dY, dScale = Σ dY · h,
/// dX = scale / √(variance + epsilon) · (dY − dB / m − h · dScale / m) where the statistics are the batch's, scale / √(variance + epsilon) · dY where they are frozen.</summary>
/// <remarks>Inputs: dY [N, C, …], X [N, C, …], scale [C], mean [C], variance [C]; outputs dX, dScale [C], dB [C]. Source: Ioffe and Szegedy, Batch Normalization, 2015, section 3.</remarks>
internal sealed class BatchNormalizationGradient : PlainOperator
{
    public const string Name = "BatchNormalizationGradient";

    /// <summary>1 when mean and variance are numbers that do not depend on X.</summary>
    public static readonly IntAttribute FrozenStatistics = new("frozen_statistics");

    private static readonly TypeVariable T = new("T", [ElementType.Float32, ElementType.Float64]);

    public override OperatorSchema Schema { get; } = new(Name, [GradientOperators.Version], GradientOperators.Domain)
    {
        Inputs = [new("dY", T), new("X", T), new("scale", T), new("mean", T), new("variance", T)],
        Outputs = [new("dX", T), new("dScale", T), new("dB", T)],
        Attributes = [BatchStatisticsNormalization.Epsilon, FrozenStatistics],
    };

    public override TensorType[] InferTypes(NodeContext n)
    {
        TensorType dy = n.Input(0), x = n.Input(1);
        n.Require(dy.Rank == x.Rank && Enumerable.Range(0, x.Rank).All(a => x[a].MayEqual(dy[a])), $"X is {x}, dY is {dy}, expected one shape");
        BatchStatisticsNormalization.RequireChannels(n, x, 2, 3, 4);
        return [dy, x with { Dims = [x[1]] }, x with { Dims = [x[1]] }];
    }

    protected override PlainKernel Prepare(NodeContext n)
    {
        var x = n.InputShape(0);
        nint images = (nint)x[0], channels = (nint)x[1], positions = (nint)x.Product(2, x.Rank);
        double epsilon = n.Get(BatchStatisticsNormalization.Epsilon);
        bool frozen = n.Get(FrozenStatistics) != 0;
        return n.Input(0).ElementType == ElementType.Float64
            ? new Kernel<double>(new PlainBatchNormalization<double>(images, channels, positions, epsilon), frozen)
            : new Kernel<float>(F32BatchNormalization.Create(images, channels, positions, epsilon, VectorWidths.Best), frozen);
    }

    private sealed unsafe class Kernel<TElement>(BatchNormalizationWork<TElement> work, bool frozen) : PlainKernel where TElement : unmanaged
    {
        public override void Run(in PlainRun run) => work.Backward(
            new() { DY = run.Input<TElement>(0), X = run.Input<TElement>(1), Scale = run.Input<TElement>(2), Mean = run.Input<TElement>(3), Variance = run.Input<TElement>(4), DX = run.Output<TElement>(0), DScale = run.Output<TElement>(1), DShift = run.Output<TElement>(2), Frozen = frozen },
            run.Crew);
    }
}
