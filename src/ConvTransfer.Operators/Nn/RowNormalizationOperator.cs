using System.Numerics;
using ConvTransfer.Engine.Movement;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Engine.Threads;
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
        return new Kernel<float>(F32RowNormalization.Create(rows, layout, n.Get(Epsilon), VectorWidths.Best), Spread(n)).ToStep(n, plan);
    }

    /// <summary>The number of rows, and what in them shares a scale.</summary>
    protected abstract (nint Rows, ScaleLayout Layout) Rows(NodeContext n);

    /// <summary>The copies by which scale and B come to lie as the layout has them; null where they do.</summary>
    protected virtual (StridedCopy? Scale, StridedCopy? Shift) Spread(NodeContext n) => (null, null);

    /// <summary>Refuses an epsilon that takes something off the variance.</summary>
    protected static void RequireEpsilon(NodeContext n) => n.Require(n.Get(Epsilon) >= 0, $"attribute 'epsilon' is {n.Get(Epsilon)}, expected at least 0");

    protected sealed override PlainKernel Prepare(NodeContext n) => NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(Rows(n), n.Get(Epsilon), Spread(n)));

    private readonly struct Maker((nint Rows, ScaleLayout Layout) work, float epsilon, (StridedCopy? Scale, StridedCopy? Shift) spread) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement> => new Kernel<TElement>(new PlainRowNormalization<TElement>(work.Rows, work.Layout, epsilon), spread);
    }

    private sealed unsafe class Kernel<TElement>(RowNormalization<TElement> work, (StridedCopy? Scale, StridedCopy? Shift) spread) : PlainKernel where TElement : unmanaged
    {
        public override long ScratchBytes(int crew) => checked((Elements(spread.Scale) + Elements(spread.Shift)) * sizeof(TElement));

        public override void Run(in PlainRun run)
        {
            var memory = (TElement*)run.Scratch;
            var scale = Laid(spread.Scale, run.Input<TElement>(1), memory, run.Crew);
            var shift = Laid(spread.Shift, run.Input<TElement>(2), memory + Elements(spread.Scale), run.Crew);
            work.Run(run.Input<TElement>(0), scale, shift, run.Output<TElement>(0), run.Output<float>(1), run.Output<float>(2), run.Crew);
        }

        private static long Elements(StridedCopy? copy) => copy?.Count ?? 0;

        private static TElement* Laid(StridedCopy? copy, TElement* from, TElement* to, Crew crew)
        {
            if (copy is null) return from;
            copy.Run((byte*)from, (byte*)to, sizeof(TElement), crew);
            return to;
        }
    }
}
