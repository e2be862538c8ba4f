using System.Numerics;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Operators.Math;
using ConvTransfer.Operators.Schema;

namespace ConvTransfer.Operators.Nn;

/// <summary>An operator that normalizes rows: inputs X, scale and where given B; outputs Y and, where the operator has them, the mean and inverse deviation of each row. Float32 in vectors.</summary>
internal abstract class RowNormalizationOperator : PlainOperator
{
    protected static readonly FloatAttribute Epsilon = new("epsilon", 1e-5f);

    public sealed override OperatorRole Role => OperatorRole.Arithmetic;

    public sealed override Step Lower(NodeContext n, LoweringContext plan)
    {
        if (n.Input(0).ElementType != ElementType.Float32) return base.Lower(n, plan);
        var (rows, layout) = Rows(n);
        return new Kernel<float>(F32RowNormalization.Create(rows, layout, n.Get(Epsilon), VectorWidths.Best)).ToStep(n, plan);
    }

    /// <summary>The number of rows, and what in them shares a scale.</summary>
    protected abstract (nint Rows, ScaleLayout Layout) Rows(NodeContext n);

    /// <summary>Refuses an epsilon that takes something off the variance.</summary>
    protected static void RequireEpsilon(NodeContext n) => n.Require(n.Get(Epsilon) >= 0, $"attribute 'epsilon' is {n.Get(Epsilon)}, expected at least 0");

    protected sealed override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(Rows(n), n.Get(Epsilon)));

    private readonly struct Maker((nint Rows, ScaleLayout Layout) work, float epsilon) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement> => new Kernel<TElement>(new PlainRowNormalization<TElement>(work.Rows, work.Layout, epsilon));
    }

    private sealed unsafe class Kernel<TElement>(RowNormalization<TElement> work) : PlainKernel where TElement : unmanaged
    {
        public override void Run(in PlainRun run) =>
            work.Run(run.Input<TElement>(0), run.Input<TElement>(1), run.Input<TElement>(2), run.Output<TElement>(0), run.Output<float>(1), run.Output<float>(2), run.Crew);
    }
}
