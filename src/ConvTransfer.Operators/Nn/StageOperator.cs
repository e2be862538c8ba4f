using ConvTransfer.Engine.Elementwise;
using ConvTransfer.Engine.Epilogues;
using ConvTransfer.Engine.Simd;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Operators.Nn;

/// <summary>An operator that is, for float32 and where its parameters are constant, a stage of an epilogue: fused and on its own it runs the same routine.</summary>
internal abstract class StageOperator : PlainOperator
{
    public override EpilogueStage? AsEpilogue(NodeContext n, int dataInput) => dataInput == 0 && n.Input(0).ElementType == ElementType.Float32 ? Stage(n) : null;

    public override Step Lower(NodeContext n, LoweringContext plan)
    {
        if (AsEpilogue(n, 0) is not { } stage) return base.Lower(n, plan);
        var x = n.InputShape(0);
        // A stage that knows no channels sees one long row.
        var loop = stage.Kind == EpilogueKind.ScaleShift
            ? new StageLoop(stage, x[0], checked((int)x[1]), x.Product(2, x.Rank), VectorWidths.Best)
            : new StageLoop(stage, 1, 1, x.ElementCount, VectorWidths.Best);
        return new Math.StageStep(loop, plan.Input(0), Slot.None, plan.Output(0));
    }

    /// <summary>The stage of a node on float32, or null where it cannot be one.</summary>
    protected abstract EpilogueStage? Stage(NodeContext n);
}
