using System.Numerics;
using ConvTransfer.Engine.Normalization;
using ConvTransfer.Operators.Math;

namespace ConvTransfer.Operators.Nn;

/// <summary>A normalization of rows as a routine: inputs X, scale and where given B; outputs Y and, where the operator has them, the mean and inverse deviation of each row.</summary>
internal static class RowNormalizationKernel
{
    /// <summary>The routine for the element type of a node's input 0.</summary>
    public static PlainKernel Of(NodeContext n, nint rows, ScaleLayout layout, double epsilon) =>
        NumberDispatch.Make<PlainKernel, Maker>(n.Input(0).ElementType, new Maker(rows, layout, epsilon));

    private readonly struct Maker(nint rows, ScaleLayout layout, double epsilon) : INumberMaker<PlainKernel>
    {
        public PlainKernel Make<TElement>() where TElement : unmanaged, INumber<TElement>, IMinMaxValue<TElement> => new Kernel<TElement>(new(rows, layout, epsilon));
    }

    private sealed unsafe class Kernel<TElement>(RowNormalization<TElement> work) : PlainKernel where TElement : unmanaged, INumber<TElement>
    {
        public override void Run(in PlainRun run) =>
            work.Run(run.Input<TElement>(0), run.Input<TElement>(1), run.Input<TElement>(2), run.Output<TElement>(0), run.Output<float>(1), run.Output<float>(2), run.Crew);
    }
}
